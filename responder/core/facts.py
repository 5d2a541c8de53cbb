"""facts.toml: what ages or belongs to the company. No code and no template names a company, a vendor or a link."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from responder.core.errors import PolicyError
from responder.core.slots import COMMON_FACTS, MAIL_SLOTS, MAY_BE_EMPTY, PROGRAM_FACTS

_URL = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~/%+=&?#@,-]*)?")
_TABLES = frozenset({"facts", "programs", "words", "senders"})
_SENDERS = frozenset({"verifier", "signing"})


@dataclass(frozen=True, slots=True)
class Facts:
    """The checked content of facts.toml."""

    common: Mapping[str, str]
    programs: Mapping[str, Mapping[str, str]]
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Lists of names for the phrases of cues.toml."""
    senders: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Domains of the vendors whose mail screening must know: verifier, signing."""

    def of(self, program: str) -> dict[str, str]:
        """Every slot a template of the program may use besides the mail's values; empty facts are there as ""."""
        named = {f"{name}_{key}": value for name, facts in self.programs.items() for key, value in facts.items()}
        return {**named, **dict.fromkeys(PROGRAM_FACTS, ""), **self.common, **self.programs.get(program, {})}


def load_facts(tables: Mapping[str, object]) -> Facts:
    """The facts of a parsed facts.toml. Raises PolicyError with every problem, each naming its key."""
    problems = [f"facts.toml: {name} is no table of facts" for name in tables if name not in _TABLES]
    common = _facts("facts", _table(tables, "facts", problems), COMMON_FACTS, problems)
    programs = {
        name: _facts(f"programs.{name}", table, PROGRAM_FACTS, problems)
        for name, table in _table(tables, "programs", problems).items()
    }
    if not programs:
        problems.append("facts.toml: programs: there must be one at least")
    words = {name: _texts("words", name, value, problems) for name, value in _table(tables, "words", problems).items()}
    senders = {
        name: frozenset(one.lower() for one in _texts("senders", name, value, problems))
        for name, value in _table(tables, "senders", problems).items()
    }
    problems += [f"facts.toml: senders.{name} is not known" for name in senders if name not in _SENDERS]
    if problems:
        raise PolicyError(problems)
    return Facts(common, programs, words, senders)


def slot_names(facts: Facts) -> frozenset[str]:
    """Every variable a template may name."""
    return frozenset(MAIL_SLOTS).union(*(facts.of(program) for program in facts.programs))


def _table(tables: Mapping[str, object], name: str, problems: list[str]) -> Mapping[str, object]:
    table = tables.get(name, {})
    if isinstance(table, Mapping):
        return table
    problems.append(f"facts.toml: {name} must be a table")
    return {}


def _facts(where: str, table: object, known: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    if not isinstance(table, Mapping):
        problems.append(f"facts.toml: {where} must be a table")
        return {}
    problems += [f"facts.toml: {where}.{key} is no known fact" for key in table if key not in known]
    facts = {}
    for key in known:
        value = table.get(key, "")
        if not isinstance(value, str):
            problems.append(f"facts.toml: {where}.{key} must be a text")
            continue
        if not value and key not in MAY_BE_EMPTY:
            problems.append(f"facts.toml: {where}.{key} is missing")
        if value and key.endswith("_url") and _URL.fullmatch(value) is None:
            problems.append(f"facts.toml: {where}.{key} must be an https:// link without blanks or brackets")
        facts[key] = value.strip()
    return facts


def _texts(table: str, name: str, value: object, problems: list[str]) -> list[str]:
    if isinstance(value, list) and value and all(isinstance(one, str) and one for one in value):
        return value
    problems.append(f"facts.toml: {table}.{name} must be a list of texts")
    return []
