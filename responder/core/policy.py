"""policy.toml as a value: program x intent -> what to do, with which template, how sure to be, which cues matter."""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from classifier.prediction import Intent
from responder.core.errors import PolicyError

ANY = "any"
"""A program's name in the table that stands for all without a row of their own."""
INTENT_NAMES: Mapping[str, str] = MappingProxyType(
    {
        Intent.NEW_APPLICATION: "New application",
        Intent.RENEWAL: "Renewal",
        Intent.ADDON_REQUEST: "Add-on request",
        Intent.REJECTION_DISPUTE: "Rejection dispute",
        Intent.SUPPORT: "Support",
        Intent.OTHER: "Other",
    }
)
_ROW_KEYS = frozenset({"action", "template", "needs", "cues", "variants"})
_VARIANT_KEYS = frozenset({"cue", "action", "template"})
_SURENESS = ("confidence", "margin", "familiarity", "program", "program_doubt")


class Action(StrEnum):
    """What a row does when nothing speaks against it."""

    REPLY = "reply"
    ACKNOWLEDGE = "acknowledge"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Variant:
    """Another action and template where a cue hits."""

    cue: str
    action: Action
    template: str


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of the table."""

    program: str
    intent: str
    action: Action
    template: str | None
    needs: float
    """The confidence needed, 0..1."""
    cues: frozenset[str] = frozenset()
    """Rules that hold a mail of this row, besides those that always do."""
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure the model must be, each 0..1."""

    confidence: float
    margin: float
    """The lead over the runner-up."""
    familiarity: float
    program: float
    """To answer for another program than the mailbox's."""
    program_doubt: float
    """From here on another program than the mailbox's is a doubt."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole table."""

    rows: Mapping[tuple[str, str], Row]
    sure: Sureness
    always: frozenset[str]
    """Cues that hold whatever is asked."""

    def row(self, program: str, intent: str) -> Row | None:
        """The row of a program and an intent; None: there is none."""
        return self.rows.get((program, intent)) or self.rows.get((ANY, intent))

    @property
    def selective(self) -> frozenset[str]:
        """Cues that hold or vary only where a row names them."""
        named = (row.cues.union(variant.cue for variant in row.variants) for row in self.rows.values())
        return frozenset[str]().union(*named) - self.always

    @property
    def templates(self) -> frozenset[str]:
        """Every template a row names."""
        rows = self.rows.values()
        return frozenset(
            name for row in rows for name in (row.template, *(variant.template for variant in row.variants)) if name
        )


def load_policy(
    tables: Mapping[str, object], rules: Collection[str] | None = None, templates: Collection[str] | None = None
) -> Policy:
    """The policy of a parsed policy.toml, checked against the rules and templates there are, where given.

    Raises PolicyError with every problem, each naming its key.
    """
    reader = _Reader(rules, templates)
    policy = reader.read(tables)
    if policy is None or reader.problems:
        raise PolicyError(reader.problems)
    return policy


class _Reader:
    """Reads the tables and gathers every problem."""

    def __init__(self, rules: Collection[str] | None, templates: Collection[str] | None) -> None:
        self.problems: list[str] = []
        self._rules = rules
        self._templates = templates
        self._groups: dict[str, tuple[str, ...]] = {}

    def read(self, tables: Mapping[str, object]) -> Policy | None:
        sure = self._sureness(self._table(tables, "sure"))
        for name, value in self._table(tables, "groups").items():
            self._groups[name] = tuple(self._cues(f"groups.{name}", value))
        always = frozenset(self._cues("always", tables.get("always", [])))
        rows = {}
        for program, intents in tables.items():
            if program in ("sure", "groups", "always"):
                continue
            if not isinstance(intents, Mapping):
                self._say(program, "must be a table of intents")
                continue
            for intent, table in intents.items():
                if (row := self._row(program, intent, table, sure)) is not None:
                    rows[program, intent] = row
        if sure is None:
            return None
        policy = Policy(rows, sure, always)
        self._check_use(policy)
        return policy

    def _check_use(self, policy: Policy) -> None:
        """A cue that matters nowhere is a mistake too, unless it only seems so because a row could not be read."""
        if self.problems:
            return
        if not policy.rows:
            self._say("policy", "there are no rows")
        for rule in sorted({*(self._rules or ())} - policy.always - policy.selective - {"request.thanks"}):
            self._say(rule, "is a cue that no row and no group of always names")

    def _sureness(self, table: Mapping[str, object]) -> Sureness | None:
        numbers = [self._share(f"sure.{key}", table.get(key)) for key in _SURENESS]
        for key in table:
            if key not in _SURENESS:
                self._say(f"sure.{key}", f"is not one of {', '.join(_SURENESS)}")
        given = [number for number in numbers if number is not None]
        return Sureness(*given) if len(given) == len(_SURENESS) else None

    def _row(self, program: str, intent: str, table: object, sure: Sureness | None) -> Row | None:
        where = f"{program}.{intent}"
        before = len(self.problems)
        if intent not in tuple(Intent):
            self._say(where, f"{intent} is no intent")
        if not isinstance(table, Mapping):
            self._say(where, "must be a table")
            return None
        self._check_keys(where, table, _ROW_KEYS)
        action = self._action(where, table.get("action"))
        template = self._template(where, table.get("template"), needed=action is not Action.HOLD)
        least = sure.confidence if sure else 0.0
        needs = self._share(f"{where}.needs", table.get("needs", least))
        if needs is not None and needs < least:
            self._say(f"{where}.needs", f"may only be raised above {least}")
        cues = self._cues(f"{where}.cues", table.get("cues", []))
        variants = self._variants(where, table.get("variants", []))
        if action is None or needs is None or len(self.problems) > before:
            return None
        return Row(program, intent, action, template, needs, frozenset(cues), tuple(variants))

    def _variants(self, where: str, value: object) -> list[Variant]:
        if not isinstance(value, list):
            self._say(f"{where}.variants", "must be a list")
            return []
        found = []
        for table in value:
            if not isinstance(table, Mapping):
                self._say(f"{where}.variants", "must be tables of cue, action and template")
                continue
            self._check_keys(f"{where}.variants", table, _VARIANT_KEYS)
            action = self._action(f"{where}.variants", table.get("action"))
            template = self._template(f"{where}.variants", table.get("template"), needed=True)
            cues = self._cues(f"{where}.variants.cue", [table.get("cue")])
            if action and template and cues:
                found.append(Variant(cues[0], action, template))
        return found

    def _cues(self, where: str, value: object) -> list[str]:
        """Rules by name, groups taken apart."""
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self._say(where, "must be a list of cues and groups")
            return []
        found: list[str] = []
        for one in value:
            if one in self._groups:
                found += self._groups[one]
            elif "." not in one or (self._rules is not None and one not in self._rules):
                self._say(where, f"there is no cue or group {one}{self._near(one)}")
            else:
                found.append(one)
        return found

    def _near(self, name: str) -> str:
        near = difflib.get_close_matches(name, [*(self._rules or ()), *self._groups], 1)
        return f" (did you mean {near[0]}?)" if near else ""

    def _template(self, where: str, value: object, *, needed: bool) -> str | None:
        if value is None and not needed:
            return None
        if not isinstance(value, str):
            self._say(f"{where}.template", "must name a template")
            return None
        if self._templates is not None and value not in self._templates:
            self._say(f"{where}.template", f"{value} is not there")
        return value

    def _action(self, where: str, value: object) -> Action | None:
        if value in tuple(Action):
            return Action(str(value))
        self._say(f"{where}.action", f"must be one of {', '.join(Action)}")
        return None

    def _share(self, where: str, value: object) -> float | None:
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        self._say(where, "must be a number from 0 to 1")
        return None

    def _check_keys(self, where: str, table: Mapping[str, object], known: Collection[str]) -> None:
        for key in table:
            if key not in known:
                self._say(f"{where}.{key}", "is no key of a row")

    def _table(self, tables: Mapping[str, object], name: str) -> Mapping[str, object]:
        table = tables.get(name, {})
        if isinstance(table, Mapping):
            return table
        self._say(name, "must be a table")
        return {}

    def _say(self, where: str, what: str) -> None:
        self.problems.append(f"policy.toml: {where}: {what}")
