"""`responder explain`: decide raw messages as the daemon in auto mode would, with an empty history, and send nothing.

The JSON form is a contract (one object a line, all keys always present); other programs rely on it.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from responder.app import build
from responder.printing import lines, printable
from responder.services.explaining import Explained


def run(args: argparse.Namespace) -> int:
    """Explain each file in order, flushed as soon as it is decided; 1 when a file could not be opened."""
    app = build(args.env_file)
    explainer = app.explainer(args.mailbox)
    failed = False
    for path in _paths(args.files):
        try:
            raw = Path(path).read_bytes()
        except (OSError, ValueError) as error:
            failed = True
            _print_error(path, getattr(error, "strerror", None) or str(error), as_json=args.json)
            continue
        explained = explainer(raw, app.clock())
        if args.json:
            _write_json({"path": _echo(path), **as_contract(explained)})
        else:
            _write_people(path, explained)
    return 1 if failed else 0


def as_contract(explained: Explained) -> dict[str, Any]:
    """The keys of the contract, null where unknown."""
    message, prediction = explained.message, explained.prediction
    return {
        "from": message.author.addr if message.author else None,
        "subject": message.subject,
        "date": message.sent_at.isoformat() if message.sent_at else None,
        "text": message.text,
        "full_text": message.full_text,
        "may_reply": explained.may_reply,
        "program": explained.program,
        "intent": prediction.intent if prediction else None,
        "confidence": round(prediction.confidence, 4) if prediction else None,
        "runner_up": prediction.runner_up if prediction else None,
        "disposition": explained.outcome,
        "template": explained.template,
        "findings": [{"rule": f.rule, "effect": f.effect, "detail": f.detail} for f in explained.findings],
        "reasons": list(explained.reasons),
        "evidence": [{"text": one.text, "weight": round(one.weight, 4)} for one in explained.evidence],
    }


def _paths(given: list[str]) -> Iterator[str]:
    for path in given:
        if path == "-":
            for line in sys.stdin.buffer:
                yield os.fsdecode(line.removesuffix(b"\n"))
        else:
            yield path


def _print_error(path: str, error: str, *, as_json: bool) -> None:
    if as_json:
        _write_json({"path": _echo(path), "error": error})
    else:
        sys.stderr.write(f"responder: {printable(path)}: {error}\n")


def _echo(path: str) -> str:
    """The path's bytes as UTF-8, whatever the locale made of them; other bytes as surrogates (PEP 383)."""
    return os.fsencode(path).decode("utf-8", "surrogateescape")


def _write_json(value: dict[str, Any]) -> None:
    """A path is echoed byte for byte, whatever its encoding; everything else is plain ASCII JSON."""
    sys.stdout.buffer.write(json.dumps(value).encode("ascii") + b"\n")
    sys.stdout.buffer.flush()


def _write_people(path: str, explained: Explained) -> None:
    message, prediction = explained.message, explained.prediction
    author = message.author.addr if message.author else "nobody"
    template = f" {explained.template}" if explained.template else ""
    lines("", f"{path}: {explained.outcome.upper()}{template}", f"  from {author}: {message.subject or '(no subject)'}")
    if prediction:
        sure = min(round(prediction.confidence * 100), 99)
        lines(f"  {explained.program} x {prediction.intent}, {sure} of 100; runner-up {prediction.runner_up}")
    for reason in explained.reasons:
        lines(f"  - {reason}")
    if explained.evidence:
        said = ", ".join(f'"{one.text}" ({one.weight:+.2f})' for one in explained.evidence)
        lines(f"  spoke for it: {said}")
