"""Cues: named phrase rules over what the person newly wrote. The rules are data (templates/cues.toml); this reads them.

Which program and intent a cue matters for is the policy's question; here every hit is found and kept.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from responder.core.codes import find_codes, mask
from responder.core.cue_tables import Cue, load_cues
from responder.core.dates import within, written_days
from responder.core.phrases import NEGATIONS, Words
from responder.core.reading import PhraseBook, Reading
from responder.core.screen.subject import LONGEST, bare_subject
from responder.core.verdict import Finding

__all__ = ["Cue", "failing_examples", "find_cues", "load_cues", "mask"]

NEGATION_REACH = 4
DAYS_BEHIND = 60
DAY_REACH = 70
"""Characters between a phrase and the day that belongs to it."""
WHOLE_LENGTH = 80
"""A text that is one thing only (thanks) has at most so many words, and so many that no phrase knows (names):"""
WHOLE_UNKNOWN = 5
_REPLY_SUBJECT = re.compile(r"\s*(?:(?:re|aw|sv|antw|odp|ref|rif|res|vs|ynt)\s*:|$)", re.IGNORECASE)


def find_cues(
    subject: str, text: str, cues: Sequence[Cue], *, author: str = "", today: date | None = None
) -> tuple[Finding, ...]:
    """Every rule that hits, with its first words; once for each program or intent it speaks to.

    `author` is the bare address of who wrote, `today` the day of receipt; without them cues that ask for a domain or
    for a day that is near do not hit. Takes time linear in the text.
    """
    book = _book(cues)
    head = book.read(bare_subject(subject) + subject[LONGEST:])  # the Re: of a reply is no word of the writer's
    mail = _Mail(subject, text, head, book.read(text), author.rpartition("@")[2].lower(), today)
    found = [(cue, hit) for cue in cues if (hit := _find(cue, mail)) is not None]
    rules = {cue.rule for cue, _ in found}
    counted = [(cue, hit) for cue, hit in found if not cue.beside or not rules.isdisjoint(cue.beside)]
    return tuple({(cue.rule, cue.about): hit for cue, hit in reversed(counted)}.values())[::-1]


def failing_examples(cues: Sequence[Cue]) -> list[str]:
    """The examples that do not behave as cues.toml says, in words."""
    wrong = []
    for cue in cues:
        group = (cue, *(other for other in cues if other.rule in cue.beside))
        wrong += [f"{cue.name}: should hit {example!r}" for example in cue.hits if not _hits(cue, group, example)]
        wrong += [f"{cue.name}: should pass {example!r}" for example in cue.passes if _hits(cue, group, example)]
    return wrong


def _hits(cue: Cue, group: Sequence[Cue], example: str) -> bool:
    """An example is a text, with "Subject: ...", "From: ..." or "Today: 2026-11-05" lines before it."""
    given = {}
    while example.startswith(("Subject:", "From:", "Today:")):
        line, _, example = example.partition("\n")
        name, _, value = line.partition(":")
        given[name] = value.strip()
    today = date.fromisoformat(given["Today"]) if "Today" in given else None
    found = find_cues(given.get("Subject", ""), example, group, author=given.get("From", ""), today=today)
    return any(finding.rule == cue.rule for finding in found)


@dataclass(frozen=True, slots=True)
class _Mail:
    subject: str
    text: str
    head: Reading
    body: Reading
    domain: str
    today: date | None


_BOOKS: list[tuple[Sequence[Cue], PhraseBook]] = []
"""The last few sets of cues asked for with their phrases indexed, told apart by identity; a set never changes."""


def _book(cues: Sequence[Cue]) -> PhraseBook:
    for known, book in _BOOKS:
        if known is cues:
            return book
    groups = {f"{cue.name} {kind}": getattr(cue, kind) for cue in cues for kind in ("phrases", "filler", "exceptions")}
    _BOOKS[:] = [(cues, PhraseBook(groups)), *_BOOKS[:3]]
    return _BOOKS[0][1]


def _find(cue: Cue, mail: _Mail) -> Finding | None:
    if cue.whole:
        return _finding(cue, "") if _whole(cue, mail) else None
    if cue.codes:
        return _finding(cue, "") if any(True for part in (mail.text, mail.subject) for _ in find_codes(part)) else None
    for reading, scope in ((mail.body, "text"), (mail.head, "subject")):
        if cue.scope in (scope, "both") and (span := _first(cue, reading, mail.today)):
            return _finding(cue, mask(reading.words.excerpt(*span)))
    if mail.domain and any(f".{mail.domain}".endswith(f".{end}") for end in cue.domains):
        return _finding(cue, mail.domain)
    return None


def _finding(cue: Cue, detail: str) -> Finding:
    slots = [*cue.slots, *(("about", one) for one in cue.about)]
    if cue.slot:
        slots.append((cue.slot, detail))
    return Finding(cue.rule, cue.effect, detail, tuple(slots))


def _first(cue: Cue, reading: Reading, today: date | None) -> tuple[int, int] | None:
    """The first hit that stands, as (first token, token after the last)."""
    hits = sorted(reading.spans(f"{cue.name} phrases"))
    excepted = reading.covered(f"{cue.name} exceptions") if hits else set()
    words = reading.words
    near = _near_days(words, today, cue.days) if hits and cue.days is not None else None
    for span in hits:
        if not excepted.isdisjoint(range(*span)) or (cue.negation and _negated(words, span[0])):
            continue
        if near is not None and not _is_near(words.spans[span[0]][0], near):
            continue
        if cue.quoted or not _in_quotes(words, span[0]):
            return span
    return None


def _near_days(words: Words, today: date | None, ahead: int) -> list[int]:
    """Where days are written that count for a cue with `days`, ascending."""
    if today is None:
        return []
    days = written_days(words.clean, today)
    return [place for place, day in days if within(day, today, ahead, DAYS_BEHIND)]


def _is_near(position: int, places: Sequence[int]) -> bool:
    index = bisect_left(places, position - DAY_REACH)
    return index < len(places) and places[index] <= position + DAY_REACH


def _negated(words: Words, start: int) -> bool:
    """Whether a negation stands shortly before, in the same clause. "Not only" is none."""
    for index in range(start - 1, max(-1, start - 1 - NEGATION_REACH), -1):
        token = words.tokens[index]
        if token in (".", ","):
            return False
        if token in NEGATIONS and words.tokens[index + 1] not in ("only", "just"):
            return True
    return False


def _in_quotes(words: Words, start: int) -> bool:
    """Whether an odd number of double quotes stands before the token in its paragraph (400 characters back at most)."""
    position = words.spans[start][0]
    before = words.clean[max(0, position - 400) : position].rpartition("\n\n")[2]
    return before.count('"') % 2 == 1


def _whole(cue: Cue, mail: _Mail) -> bool:
    """Whether the text is this one thing, and the subject no fresh one that says something else."""
    body, head = mail.body, mail.head
    if (
        len(body.words.tokens) > WHOLE_LENGTH
        or "?" in mail.text
        or "?" in mail.subject
        or "<link>" in body.words.places
    ):
        return False
    if not body.has(f"{cue.name} phrases") or not _covers(cue, body):
        return False
    return _REPLY_SUBJECT.match(mail.subject) is not None or _covers(cue, head)


def _covers(cue: Cue, reading: Reading) -> bool:
    """Whether phrases make up the text but for a few names, which begin with a capital and hold no figures."""
    if reading.has(f"{cue.name} exceptions"):
        return False
    words = reading.words
    covered = reading.covered(f"{cue.name} phrases") | reading.covered(f"{cue.name} filler")
    said = [index for index, token in enumerate(words.tokens) if token not in (".", ",")]
    unknown = [words.clean[slice(*words.spans[index])] for index in said if index not in covered]
    names = all(word[0].isupper() and word.isalpha() and word != word.upper() for word in unknown)
    return names and len(unknown) <= WHOLE_UNKNOWN
