"""One consistent reading of the templates folder: policy.toml, cues.toml, facts.toml and <program>/<intent>.md."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from responder.adapters.template_source import Problem, Source, read_source, render
from responder.core.cues import Cue, failing_examples, load_cues
from responder.core.errors import PolicyError, TemplateError
from responder.core.facts import Facts, load_facts, slot_names
from responder.core.policy import Policy, load_policy
from responder.core.reasons import without_row
from responder.ports import Rules

TABLES = ("policy.toml", "cues.toml", "facts.toml")
_NAME = re.compile(r"[a-z0-9_-]+/[a-z0-9_-]+")
_PLACE = re.compile(r"\(at line (\d+)")
_SAMPLES: tuple[Mapping[str, str], ...] = (
    {},
    {"first_name": "Ana", "subject": "Our licence", "mailbox": "program@example.org", "ticket_ref": "1A2B3C4D"},
    {"first_name": "<b>[x](https://evil.example)</b>", "subject": "{{ 1 }}\n**x**", "today": "5 November 2026"},
)
"""What every template is tried with: nothing known, the usual, and a hostile mail's values."""

Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """The folder as it was at one moment."""

    stamp: Stamp
    sources: Mapping[str, Source]
    rules: Rules
    facts: Facts
    problems: tuple[Problem, ...]
    """What is wrong with it, though it can be used: broken templates (not among the sources), failing examples."""


def stamp_of(folder: Path) -> Stamp:
    """What tells one state of the folder from another, without reading its files: names, times, sizes, inodes."""
    stats = ((path, path.stat()) for path in _files(folder))
    return tuple((str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino) for path, stat in stats)


def load_set(folder: Path, *, examples: bool = True) -> TemplateSet:
    """Read and check everything, the cues' examples where asked for.

    Raises PolicyError when policy, cues or facts cannot be used, OSError as it comes.
    """
    stamp = stamp_of(folder)
    raw = {name: (folder / name).read_bytes() for name in TABLES}
    facts = load_facts(_parsed("facts.toml", raw))
    cues = load_cues(_parsed("cues.toml", raw), facts.words)
    rules = {cue.rule for cue in cues}
    if unknown := without_row(sorted(rules)):
        raise PolicyError([f"cues.toml: {rule}: has no sentence in core.reasons" for rule in unknown])
    policy = load_policy(_parsed("policy.toml", raw), rules)
    sources, problems = _sources(folder, facts)
    problems += [_problem(f"cues.toml: {what}", raw) for what in (failing_examples(cues) if examples else ())]
    problems += [
        Problem("policy.toml", 0, f"{name} is not there") for name in sorted(policy.templates - _names(folder))
    ]
    return TemplateSet(stamp, MappingProxyType(sources), _rules(policy, cues, facts, raw), facts, tuple(problems))


def check_folder(folder: Path) -> list[Problem]:
    """Everything wrong with the folder, templates tried out on samples; empty when nothing is."""
    try:
        found = load_set(folder)
    except PolicyError as error:
        raw = {name: _bytes(folder / name) for name in TABLES}
        return [_problem(what, raw) for what in error.problems]
    except OSError as error:
        return [Problem(Path(error.filename or folder).name, 0, error.strerror or "cannot be read")]
    unused = sorted(found.sources.keys() - found.rules.policy.templates)
    return [
        *found.problems,
        *(Problem(f"{name}.md", 0, "no row of the policy names it") for name in unused),
        *(problem for source in found.sources.values() for problem in _tried(source, found.facts)),
    ]


def problems_of(error: PolicyError | OSError, folder: Path) -> tuple[Problem, ...]:
    """An error of `load_set` as problems."""
    if isinstance(error, OSError):
        return (Problem(Path(error.filename or folder).name, 0, error.strerror or "cannot be read"),)
    raw = {name: _bytes(folder / name) for name in TABLES}
    return tuple(_problem(what, raw) for what in error.problems)


def _tried(source: Source, facts: Facts) -> Iterator[Problem]:
    """A template that needs what only some mails give is reported: those mails would be held."""
    said = set()
    for values in _SAMPLES:
        try:
            render(
                source,
                {"mailbox": "program@example.org", "ticket_ref": "0", "today": "today", **values},
                _of(source, facts),
            )
        except TemplateError as error:
            said.add(str(error))
    yield from (Problem(f"{source.name}.md", 0, what) for what in sorted(said))


def _of(source: Source, facts: Facts) -> dict[str, str]:
    return facts.of(source.name.partition("/")[0])


def _files(folder: Path) -> list[Path]:
    return [*(folder / name for name in TABLES), *sorted(folder.glob("*/*.md"))]


def _names(folder: Path) -> frozenset[str]:
    return frozenset(_name(path) for path in folder.glob("*/*.md"))


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _sources(folder: Path, facts: Facts) -> tuple[dict[str, Source], list[Problem]]:
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    slots = slot_names(facts)
    for path in sorted(folder.glob("*/*.md")):
        name = _name(path)
        if _NAME.fullmatch(name) is None:
            problems.append(Problem(f"{name}.md", 0, "its name must be made of a-z, 0-9, - and _"))
            continue
        read = read_source(name, path.read_bytes(), slots)
        if isinstance(read, Source):
            sources[name] = read
        else:
            problems += read
    return sources, problems


def _rules(policy: Policy, cues: tuple[Cue, ...], facts: Facts, raw: Mapping[str, bytes]) -> Rules:
    version = hashlib.sha256(b"\0".join(raw[name] for name in TABLES)).hexdigest()[:12]
    return Rules(policy, cues, facts.of(""), facts.senders.get("verifier", frozenset()), version)


def _parsed(name: str, raw: Mapping[str, bytes]) -> dict[str, object]:
    try:
        return tomllib.loads(raw[name].decode("utf-8"))
    except UnicodeDecodeError:
        raise PolicyError([f"{name}: is not UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([f"{name}: {error}"]) from None


def _problem(what: str, raw: Mapping[str, bytes]) -> Problem:
    """A problem told as "file: key: words", with the line where the key stands."""
    file, _, words = what.partition(": ")
    if place := _PLACE.search(words):
        return Problem(file, int(place[1]), words)
    table = words.partition(":")[0].strip()
    lines = raw.get(file, b"").decode("utf-8", "replace").splitlines()
    while table:
        for number, line in enumerate(lines, 1):
            if line.strip() in (f"[{table}]", f'["{table}"]'):
                return Problem(file, number, words)
        table = table.rpartition(".")[0]
    return Problem(file, 0, words)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
