"""What every part of a transaction needs: inserts that may meet a known row, long lists in pieces, events, locks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Table, bindparam, insert, text, update
from sqlalchemy.dialects import sqlite

from responder.adapters.store.schema import events
from responder.core.errors import StaleError
from responder.ports import Event

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

CHUNK = 500
"""Values in one IN (..) or rows in one INSERT; far below either database's limits."""
INTAKE_LOCK, TRIAGE_LOCK, MIGRATION_LOCK, LEASE_LOCK = 7_305_001, 7_305_002, 7_305_003, 7_305_004
"""Numbers of PostgreSQL's advisory locks; any will do that nobody else in the database uses."""
READ_ONLY = "responder_read_only"
"""The execution option of a connection that only looks."""
T = TypeVar("T")


class Part:
    """One concern of a transaction, on its connection."""

    def __init__(self, connection: Connection) -> None:
        """Take the open connection; whoever opened it commits."""
        self._connection = connection


def upsert(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """An INSERT that knows ON CONFLICT; both databases spell it alike."""
    if not is_postgresql(connection):
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - commands on SQLite start without it

    return postgresql.insert(table)


def is_postgresql(connection: Connection) -> bool:
    """Whether several writers may be at work at once (SQLite has one)."""
    return connection.dialect.name == "postgresql"


def one_at_a_time(connection: Connection, lock: int) -> None:
    """Wait until no other transaction holds this lock; it is ours until the end. SQLite has one writer anyway."""
    if is_postgresql(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def pieces(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The values in lists of `size` at most."""
    rest = iter(values)
    while piece := list(islice(rest, size)):
        yield piece


@dataclass(frozen=True, slots=True)
class Change:
    """One row's new values, and what must still be true of it."""

    guards: dict[str, Any]
    values: dict[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """For the guarded UPDATE."""
        guards = {f"was_{name}": value for name, value in self.guards.items()}
        return guards | {f"new_{name}": value for name, value in self.values.items()}


def write_changes(connection: Connection, table: Table, changes: Sequence[Change]) -> None:
    """One guarded UPDATE for each set of columns that change together. Raises StaleError when a guard does not hold."""
    kinds: dict[frozenset[str], list[Change]] = {}
    for change in changes:
        kinds.setdefault(frozenset(change.values), []).append(change)
    for names, alike in kinds.items():
        guards = (table.c[name] == bindparam(f"was_{name}") for name in alike[0].guards)
        new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        result = connection.execute(update(table).where(*guards).values(new), [one.parameters for one in alike])
        if result.rowcount != len(alike):
            raise StaleError("Somebody else changed the same rows meanwhile: load them again.")


def write_events(connection: Connection, written: Sequence[Event]) -> None:
    """Append events, in order."""
    if written:
        connection.execute(insert(events), [_event_row(event) for event in written])


def _event_row(event: Event) -> dict[str, Any]:
    return {
        "at": event.at,
        "who": event.who,
        "what": event.what,
        "why": event.why,
        "message": event.message,
        "reply": event.reply,
    }
