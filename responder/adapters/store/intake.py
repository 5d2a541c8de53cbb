"""New mail: cursors, rows, the second key that knows a mail again, and the conversation each mail belongs to."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select, text

from responder.adapters.store.columns import key_of
from responder.adapters.store.rows import message_row
from responder.adapters.store.schema import FIRST_SEEN, cursors, messages
from responder.adapters.store.statements import INTAKE_LOCK, Part, one_at_a_time, pieces, upsert, write_events
from responder.adapters.store.threads import join_threads
from responder.core.lifecycle import MessageStage
from responder.core.message import Message, MessageKey
from responder.ports import ANSWERED_BY_PERSON, Arrival, Cursor, Event

ROWS = 100
"""Messages in one INSERT."""
_ENTRIES = frozenset({MessageStage.RECEIVED, MessageStage.RECORDED})
SecondKey = tuple[str, str, str]


class Intake(Part):
    """The intake half of a transaction."""

    def cursor(self, mailbox: str, uidvalidity: int) -> Cursor | None:
        """See ports.Transaction."""
        here = (cursors.c.mailbox == mailbox) & (cursors.c.uidvalidity == uidvalidity)
        row = self._connection.execute(select(cursors.c.last_uid).where(here)).first()
        return None if row is None else Cursor(uidvalidity, row.last_uid)

    def move_cursor(self, mailbox: str, cursor: Cursor, at: datetime) -> None:
        """See ports.Transaction."""
        new = upsert(self._connection, cursors)
        forward = new.on_conflict_do_update(
            index_elements=["mailbox", "uidvalidity"],
            set_={"last_uid": new.excluded.last_uid, "moved_at": new.excluded.moved_at},
            where=cursors.c.last_uid < new.excluded.last_uid,
        )
        self._connection.execute(
            forward,
            {"mailbox": mailbox, "uidvalidity": cursor.uidvalidity, "last_uid": cursor.last_uid, "moved_at": at},
        )

    def add(self, arrivals: Iterable[Arrival], at: datetime) -> int:
        """See ports.Transaction. Intakes wait for each other, so that the second key and the threads are certain."""
        one_at_a_time(self._connection, INTAKE_LOCK)
        return sum(self._add(piece, at) for piece in pieces(arrivals, ROWS))

    def _add(self, arrivals: Sequence[Arrival], at: datetime) -> int:
        for arrival in arrivals:
            if arrival.stage not in _ENTRIES:
                raise ValueError(f"a message enters received or recorded, not {arrival.stage}")
        seen = self._seen_before([arrival.message for arrival in arrivals])
        threads = join_threads(self._connection, [arrival.message for arrival in arrivals])
        rows = [
            {
                **message_row(arrival, at, thread, seen.get(arrival.message.key, "")),
                "answered_by_person": arrival.why.startswith(ANSWERED_BY_PERSON),
            }
            for arrival, thread in zip(arrivals, threads, strict=True)
        ]
        new = upsert(self._connection, messages).on_conflict_do_nothing(
            index_elements=["mailbox", "uidvalidity", "uid"]
        )
        kept = self._connection.execute(
            new.returning(messages.c.id, messages.c.mailbox, messages.c.uidvalidity, messages.c.uid, messages.c.stage),
            rows,
        ).all()
        why = {arrival.message.key: arrival.why for arrival in reversed(arrivals)} | seen
        write_events(
            self._connection,
            [
                Event(at, "intake", row.stage, why[MessageKey(row.mailbox, row.uidvalidity, row.uid)], row.id)
                for row in sorted(kept)
            ],
        )
        return len(kept)

    def _seen_before(self, arrived: Sequence[Message]) -> dict[MessageKey, str]:
        """Which of these were seen under another UIDVALIDITY or UID, in the database or earlier in the batch."""
        first: dict[SecondKey, MessageKey] = self._first_seen(arrived)
        seen: dict[MessageKey, str] = {}
        for message in arrived:
            before = first.setdefault(_second_key(message), message.key)
            if before != message.key:
                seen[message.key] = f"seen before as {before.mailbox}/{before.uidvalidity}/{before.uid}"
        return seen

    def _first_seen(self, arrived: Sequence[Message]) -> dict[SecondKey, MessageKey]:
        c = messages.c
        columns = (c.mailbox, c.message_key, c.fingerprint, c.uidvalidity, c.uid)
        known = select(*columns).where(
            c.fingerprint.in_({message.fingerprint for message in arrived}), text(FIRST_SEEN)
        )
        return {
            (row.mailbox, row.message_key, row.fingerprint): MessageKey(row.mailbox, row.uidvalidity, row.uid)
            for row in self._connection.execute(known)
        }


def _second_key(message: Message) -> SecondKey:
    return message.key.mailbox, key_of(message.message_id or ""), message.fingerprint
