"""Cues: named phrase rules over what the person newly wrote. The rules are data (templates/cues.toml); this reads them.

Which program and intent a cue matters for is the policy's question; here every hit is found and kept.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from responder.core.codes import find_codes, mask
from responder.core.errors import PolicyError
from responder.core.phrases import NEGATIONS, Phrase, Words, compile_phrases, split_words
from responder.core.verdict import Effect, Finding

__all__ = ["Cue", "failing_examples", "find_cues", "load_cues", "mask"]

SCOPES = ("text", "subject", "both")
NEGATION_REACH = 4
WHOLE_LENGTH = 80
"""A text that is one thing only (thanks) has at most so many words, and so many that no phrase knows (names):"""
WHOLE_UNKNOWN = 5
_REPLY_SUBJECT = re.compile(r"\s*(?:(?:re|aw|sv|antw|odp|ref|rif|res|vs|ynt)\s*:|$)", re.IGNORECASE)
_KEYS = frozenset(
    "effect scope phrases filler except negation quoted about beside domains whole codes slot slots hits passes".split()
)


@dataclass(frozen=True, slots=True)
class Cue:
    """One rule of cues.toml."""

    name: str
    """Unique; what follows a slash tells apart several ways to the same rule."""
    rule: str
    effect: Effect
    scope: str
    """text, subject or both."""
    phrases: tuple[Phrase, ...]
    filler: tuple[Phrase, ...] = ()
    """With `whole`: what may stand beside the phrases."""
    exceptions: tuple[Phrase, ...] = ()
    """A hit that shares a word with one of these does not count."""
    negation: bool = False
    """Whether a negation shortly before the hit cancels it."""
    quoted: bool = True
    """Whether a hit within double quotes counts."""
    about: tuple[str, ...] = ()
    """The programs or intents it speaks to; empty: all. Read by `decide` from the finding's slots."""
    beside: tuple[str, ...] = ()
    """Rules of which one must hit as well."""
    domains: tuple[str, ...] = ()
    """Ends of the author's domain that hit by themselves, as "mil"."""
    whole: bool = False
    """Hits only where phrases, fillers and a few names make up the whole text."""
    codes: bool = False
    """Hits on tokens that look like coupon codes."""
    slots: tuple[tuple[str, str], ...] = ()
    slot: str = ""
    """The slot of the rule's sentence that takes the words that hit."""
    hits: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()


def load_cues(tables: Mapping[str, object], words: Mapping[str, Sequence[str]] | None = None) -> tuple[Cue, ...]:
    """The cues of a parsed cues.toml: a table `lists` of word lists, then one table a cue.

    `words` are further lists (names from facts.toml). Raises PolicyError with every problem, each naming its cue.
    """
    problems: list[str] = []
    lists = {**_lists(tables.get("lists", {}), problems), **(words or {})}
    cues = [_cue(name, table, lists, problems) for name, table in tables.items() if name != "lists"]
    if problems:
        raise PolicyError(problems)
    return tuple(cue for cue in cues if cue is not None)


def find_cues(subject: str, text: str, cues: Sequence[Cue], *, author: str = "") -> tuple[Finding, ...]:
    """Every cue that hits, once, with its first words. `author` is the bare address of who wrote, where known.

    Takes time linear in the text.
    """
    mail = _Mail(subject, text, split_words(subject), split_words(text), author.rpartition("@")[2].lower())
    found = [(cue, hit) for cue in cues if (hit := _find(cue, mail)) is not None]
    rules = {cue.rule for cue, _ in found}
    return tuple(hit for cue, hit in found if not cue.beside or not rules.isdisjoint(cue.beside))


def failing_examples(cues: Sequence[Cue]) -> list[str]:
    """The examples that do not behave as cues.toml says, in words."""
    wrong = []
    for cue in cues:
        group = (cue, *(other for other in cues if other.rule in cue.beside))
        wrong += [f"{cue.name}: should hit {example!r}" for example in cue.hits if not _hits(cue, group, example)]
        wrong += [f"{cue.name}: should pass {example!r}" for example in cue.passes if _hits(cue, group, example)]
    return wrong


def _hits(cue: Cue, group: Sequence[Cue], example: str) -> bool:
    """An example is a text, or "Subject: ..." or "From: ..." lines and a text."""
    subject = author = ""
    while example.startswith(("Subject:", "From:")):
        line, _, example = example.partition("\n")
        if line.startswith("Subject:"):
            subject = line.removeprefix("Subject:").strip()
        else:
            author = line.removeprefix("From:").strip()
    return any(finding.rule == cue.rule for finding in find_cues(subject, example, group, author=author))


@dataclass(frozen=True, slots=True)
class _Mail:
    subject: str
    text: str
    head: Words
    body: Words
    domain: str


def _find(cue: Cue, mail: _Mail) -> Finding | None:
    if cue.whole:
        return _finding(cue, "") if _whole(cue, mail) else None
    if cue.codes:
        return _finding(cue, "") if any(True for part in (mail.text, mail.subject) for _ in find_codes(part)) else None
    for words, scope in ((mail.body, "text"), (mail.head, "subject")):
        if cue.scope in (scope, "both") and (span := _first(cue, words)):
            return _finding(cue, mask(words.excerpt(*span)))
    if mail.domain and any(f".{mail.domain}".endswith(f".{end}") for end in cue.domains):
        return _finding(cue, mail.domain)
    return None


def _finding(cue: Cue, detail: str) -> Finding:
    slots = [*cue.slots, *(("about", one) for one in cue.about)]
    if cue.slot:
        slots.append((cue.slot, detail))
    return Finding(cue.rule, cue.effect, detail, tuple(slots))


def _first(cue: Cue, words: Words) -> tuple[int, int] | None:
    """The first hit that stands, as (first token, token after the last)."""
    excepted: set[int] | None = None
    for span in sorted(_spans(cue.phrases, words)):
        if excepted is None:
            excepted = {index for start, end in _spans(cue.exceptions, words) for index in range(start, end)}
        if not excepted.isdisjoint(range(*span)) or (cue.negation and _negated(words, span[0])):
            continue
        if cue.quoted or not _in_quotes(words, span[0]):
            return span
    return None


def _spans(phrases: Sequence[Phrase], words: Words) -> Iterator[tuple[int, int]]:
    return (span for phrase in phrases for span in phrase.spans(words))


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
    if len(body.tokens) > WHOLE_LENGTH or "?" in mail.text or "?" in mail.subject or "<link>" in body.places:
        return False
    if _has(cue.exceptions, body) or not _has(cue.phrases, body) or not _covers(cue, body):
        return False
    return _REPLY_SUBJECT.match(mail.subject) is not None or (not _has(cue.exceptions, head) and _covers(cue, head))


def _has(phrases: Sequence[Phrase], words: Words) -> bool:
    return any(True for _ in _spans(phrases, words))


def _covers(cue: Cue, words: Words) -> bool:
    """Whether phrases make up the text but for a few names, which begin with a capital and hold no figures."""
    covered = {index for start, end in _spans(cue.phrases + cue.filler, words) for index in range(start, end)}
    said = [index for index, token in enumerate(words.tokens) if token not in (".", ",")]
    unknown = [words.clean[slice(*words.spans[index])] for index in said if index not in covered]
    names = all(word[0].isupper() and word.isalpha() and word != word.upper() for word in unknown)
    return names and len(unknown) <= WHOLE_UNKNOWN


def _lists(table: object, problems: list[str]) -> dict[str, Sequence[str]]:
    if not isinstance(table, Mapping):
        problems.append("cues.toml: lists must be a table")
        return {}
    lists: dict[str, Sequence[str]] = {}
    for name, entries in table.items():
        if _is_texts(entries) and entries:
            lists[name] = entries
        else:
            problems.append(f"cues.toml: lists.{name} must be a list of words")
    return lists


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _cue(name: str, table: object, lists: Mapping[str, Sequence[str]], problems: list[str]) -> Cue | None:
    before = len(problems)
    if not isinstance(table, Mapping):
        problems.append(f"cues.toml: {name} must be a table")
        return None
    _check_shape(name, table, problems)
    if len(problems) > before:
        return None
    phrases, filler, exceptions = (
        _phrases(name, table.get(key, []), lists, problems) for key in ("phrases", "filler", "except")
    )
    return Cue(
        name=name,
        rule=name.partition("/")[0],
        effect=Effect(table["effect"]),
        scope=table.get("scope", "both"),
        phrases=phrases,
        filler=filler,
        exceptions=exceptions,
        negation=table.get("negation", False),
        quoted=table.get("quoted", True),
        about=tuple(table.get("about", ())),
        beside=tuple(table.get("beside", ())),
        domains=tuple(table.get("domains", ())),
        whole=table.get("whole", False),
        codes=table.get("codes", False),
        slots=tuple(table.get("slots", {}).items()),
        slot=table.get("slot", ""),
        hits=tuple(_example(one, lists) for one in table["hits"]),
        passes=tuple(_example(one, lists) for one in table["passes"]),
    )


def _check_shape(name: str, table: Mapping[str, object], problems: list[str]) -> None:
    where = f"cues.toml: {name}"
    problems += [f"{where}: {key} is no key of a cue" for key in table if key not in _KEYS]
    if table.get("effect") not in tuple(Effect):
        problems.append(f"{where}: effect must be one of {', '.join(Effect)}")
    if table.get("scope", "both") not in SCOPES:
        problems.append(f"{where}: scope must be one of {', '.join(SCOPES)}")
    for key in ("phrases", "filler", "except", "about", "beside", "domains", "hits", "passes"):
        if not _is_texts(table.get(key, [])):
            problems.append(f"{where}: {key} must be a list of texts")
    for key in ("negation", "quoted", "whole", "codes"):
        if not isinstance(table.get(key, False), bool):
            problems.append(f"{where}: {key} must be true or false")
    slots = table.get("slots", {})
    if (
        not isinstance(slots, Mapping)
        or not _is_texts(list(slots.values()))
        or not isinstance(table.get("slot", ""), str)
    ):
        problems.append(f"{where}: slots must be a table of texts, slot a text")
    if not (table.get("phrases") or table.get("codes") or table.get("domains")):
        problems.append(f"{where}: no phrases")
    if not (table.get("hits") and table.get("passes")):
        problems.append(f"{where}: needs examples both ways, hits and passes")


def _phrases(
    name: str, sources: Sequence[str], lists: Mapping[str, Sequence[str]], problems: list[str]
) -> tuple[Phrase, ...]:
    compiled: list[Phrase] = []
    for source in sources:
        try:
            compiled += compile_phrases(source, lists)
        except ValueError as error:
            problems.append(f"cues.toml: {name}: {error}")
    return tuple(compiled)


def _example(example: str, lists: Mapping[str, Sequence[str]]) -> str:
    """An example with {list} replaced by the list's first entry, so that it need not name what facts.toml names."""
    for name, entries in lists.items():
        example = example.replace(f"{{{name}}}", entries[0])
    return example
