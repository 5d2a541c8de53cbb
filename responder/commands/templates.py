"""`responder templates`: check the whole set, preview one reply."""

import argparse
from dataclasses import asdict
from pathlib import Path

from responder.app import App, build
from responder.core.errors import ResponderError
from responder.core.message import MessageKey
from responder.core.parse import parse
from responder.core.slots import reply_values
from responder.printing import as_json, lines

SAMPLE = b"From: Ana Costa <ana@university.example>\r\nSubject: Question about our licence\r\n\r\nHello\r\n"


def run(args: argparse.Namespace) -> int:
    """Run one verb; `check` answers 1 when anything is wrong."""
    app = build(args.env_file)
    return _check(app, args) if args.verb == "check" else _preview(app, args)


def _check(app: App, args: argparse.Namespace) -> int:
    problems = app.check_templates()
    if args.json:
        as_json([asdict(problem) for problem in problems])
    else:
        lines(*(str(problem) for problem in problems))
        if not problems:
            lines(f"{len(app.templates.names())} templates, policy, cues and facts agree")
    return 1 if problems else 0


def _preview(app: App, args: argparse.Namespace) -> int:
    message = parse(_raw(args.message), MessageKey("preview", 1, 1), app.clock())
    program = args.template.partition("/")[0]
    address = next((one.reply_from.address for one in app.mailboxes.values() if one.program == program), "")
    rendered = app.templates(args.template, reply_values(message, address or f"{program}@example.org", app.clock()))
    lines(
        f"Subject: {rendered.subject}",
        f"Version: {rendered.version}",
        "",
        rendered.html if args.html else rendered.text,
    )
    return 0


def _raw(path: Path | None) -> bytes:
    if path is None:
        return SAMPLE
    try:
        return path.read_bytes()
    except OSError as error:
        raise ResponderError(f"{path}: {error.strerror}") from None
