"""The training texts: read from TOML, checked as a whole, told apart by writer.

A file holds one `writer` and any number of `[[text]]` with `id`, `intent`, `program`, `persona`, `subject`, `body` and,
where they apply, `second`, `cues`, `note`.
"""

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from classifier.prediction import Intent, Program
from classifier.text import compose_text

CORPUS = Path(__file__).parent / "corpus"
KEYS = frozenset({"id", "intent", "program", "second", "cues", "persona", "note", "subject", "body"})
MINIMUM_PER_INTENT = 20
MINIMUM_WRITERS = 5


class CorpusError(Exception):
    """The training texts cannot be used; carries every problem at once."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Join the problems, one a line."""
        super().__init__("\n".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled text."""

    id: str
    writer: str
    intent: Intent
    program: Program | None
    """None: not known, nothing is learned about it."""
    subject: str
    body: str
    second: Intent | None = None
    cues: tuple[str, ...] = ()
    persona: str = ""
    note: str = ""
    weight: float = 1.0
    """How much it counts in training; corrections by people count more."""

    @property
    def text(self) -> str:
        """What the model reads."""
        return compose_text(self.subject, self.body)


def load_corpus(folder: Path = CORPUS) -> list[Sample]:
    """Every text of every file, by id. Raises CorpusError naming file and text of every problem."""
    problems: list[str] = []
    samples = [sample for path in sorted(folder.glob("*.toml")) for sample in _file(path, problems)]
    counts = Counter(sample.id for sample in samples)
    problems += [f"{name}: this id is used {count} times" for name, count in counts.items() if count > 1]
    if not samples and not problems:
        problems.append(f"{folder}: no training texts (*.toml) here")
    if problems:
        raise CorpusError(problems)
    return sorted(samples, key=lambda sample: sample.id)


def require_enough(samples: Sequence[Sample]) -> None:
    """Raise CorpusError saying what is missing where there is too little to learn from, or texts contradict."""
    counts = Counter(sample.intent for sample in samples)
    problems = [
        f"{intent}: {counts[intent]} texts, at least {MINIMUM_PER_INTENT} are needed"
        for intent in Intent
        if counts[intent] < MINIMUM_PER_INTENT
    ]
    writers = len({sample.writer for sample in samples})
    if writers < MINIMUM_WRITERS:
        problems.append(f"{writers} writers, at least {MINIMUM_WRITERS} are needed")
    problems += _contradictions(samples)
    if problems:
        raise CorpusError(problems)


def fingerprint(samples: Sequence[Sample]) -> str:
    """SHA-256 over all that training sees, independent of files and order."""
    rows = sorted(json.dumps(asdict(sample), sort_keys=True, ensure_ascii=False) for sample in samples)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def key_of(text: str) -> str:
    """What a text is known by where the text itself is not kept."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _contradictions(samples: Sequence[Sample]) -> Iterator[str]:
    seen: dict[str, Sample] = {}
    for sample in samples:
        before = seen.setdefault(" ".join(sample.text.lower().split()), sample)
        if before.intent is not sample.intent:
            yield f"{before.id} and {sample.id}: the same words as {before.intent} and as {sample.intent}"


def _file(path: Path, problems: list[str]) -> Iterator[Sample]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{path.name}: {error}")
        return
    writer = content.get("writer")
    if not isinstance(writer, str) or not writer:
        problems.append(f"{path.name}: `writer` is missing")
        return
    for number, row in enumerate(content.get("text", []), start=1):
        try:
            yield _sample(writer, row)
        except (KeyError, TypeError, ValueError) as error:
            problems.append(f"{path.name}: text {row.get('id', number)}: {_said(error)}")


def _sample(writer: str, row: dict[str, Any]) -> Sample:
    if unknown := row.keys() - KEYS:
        raise ValueError(f"unknown keys {', '.join(sorted(unknown))}")
    words = {key: row.get(key, "") for key in ("persona", "note")}
    wanted = {key: row[key] for key in ("id", "subject", "body")}
    if not all(isinstance(value, str) for value in (*words.values(), *wanted.values())) or not row["id"]:
        raise ValueError("id, subject, body, persona and note are words")
    if not compose_text(row["subject"], row["body"]):
        raise ValueError("subject and body are both empty")
    intent, second = Intent(row["intent"]), row.get("second")
    return Sample(
        **wanted,
        **words,
        writer=writer,
        intent=intent,
        program=Program(row["program"]),
        second=None if second in {None, "", intent} else Intent(second),
        cues=tuple(row.get("cues", ())),
    )


def _said(error: Exception) -> str:
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
