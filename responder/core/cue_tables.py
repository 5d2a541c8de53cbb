"""cues.toml as values: the rules, read whole, with every mistake told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from responder.core.errors import PolicyError
from responder.core.phrases import Phrase, compile_phrases
from responder.core.verdict import Effect

SCOPES = ("text", "subject", "both")
_KEYS = frozenset(
    """effect scope phrases filler except negation quoted about beside days domains whole codes slot slots hits
    passes""".split()
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
    days: int | None = None
    """Hits only where a day is written near that lies at most so many days ahead, or a little in the past."""
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
        days=table.get("days"),
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
