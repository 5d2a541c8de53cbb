"""Stage changes: the rows are locked, the steps checked in memory, the outcome written in a few guarded statements.

Replies are locked before messages, both in one order, so that two transactions wait for each other in one order only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from responder.adapters.store.packing import pack_findings, reasons, unpack_findings
from responder.adapters.store.schema import messages, replies
from responder.adapters.store.statements import Change, pieces, write_changes, write_events
from responder.core.errors import StaleError
from responder.core.lifecycle import MessageStage, ReplyStage, may_step
from responder.core.verdict import Finding
from responder.ports import Event

_UNDER_WAY = frozenset({ReplyStage.QUEUED, ReplyStage.SENDING})


@dataclass(slots=True)
class MessageEntry:
    """A locked message: where it stands, and what is to be written."""

    id: int
    mailbox: str
    thread_key: str
    author_key: str | None
    was: MessageStage
    version: int
    stage: MessageStage
    findings: tuple[Finding, ...]
    changes: dict[str, Any] = field(default_factory=dict)
    steps: int = 0


@dataclass(slots=True)
class ReplyEntry:
    """A locked reply: where it stands, and what is to be written."""

    id: int
    message: int
    receipt: bool
    was: ReplyStage
    stage: ReplyStage
    attempts: int = 0
    changes: dict[str, Any] = field(default_factory=dict)

    def fits(self, message: MessageEntry) -> bool:
        """Whether it may still go out: an answer to a message being answered, a receipt to a held one."""
        return message.stage is (MessageStage.HELD if self.receipt else MessageStage.ANSWERING)


class Ledger:
    """The locked rows of some messages and all their replies. Nothing is written before `write`."""

    def __init__(self, connection: Connection, ids: Sequence[int]) -> None:
        """Lock the messages with these ids and their replies."""
        self._connection = connection
        self._events: list[Event] = []
        self.replies = {one.id: one for piece in pieces(sorted(set(ids))) for one in _lock_replies(connection, piece)}
        self.messages = {one.id: one for piece in pieces(sorted(set(ids))) for one in _lock_messages(connection, piece)}

    def step(self, entry: MessageEntry, stage: MessageStage, event: Event) -> None:
        """Move a message. Raises StaleError when the lifecycle has no such step."""
        check_step(entry, stage)
        entry.stage = stage
        self._changed(entry, event)

    def note(self, entry: MessageEntry, finding: Finding) -> None:
        """Add a finding; it is written with the step it belongs to."""
        entry.findings = (*entry.findings, finding)
        entry.changes |= {"findings": pack_findings(entry.findings), "reasons": reasons(entry.findings)}

    def noted(self, entry: MessageEntry, event: Event) -> None:
        """A change of the message without a step."""
        self._changed(entry, event)

    def step_reply(self, entry: ReplyEntry, stage: ReplyStage, event: Event, **changes: object) -> None:
        """Move a reply. Raises StaleError when the lifecycle has no such step."""
        if not may_step(entry.stage, stage):
            raise StaleError(f"Reply {entry.id} is {entry.stage} by now and cannot become {stage}: load it again.")
        entry.stage = stage
        entry.changes |= {"leased_until": None, "leased_by": None, **changes}
        self._events.append(replace(event, message=entry.message, reply=entry.id))

    def owe(self, reply: int, message: int, *, receipt: bool) -> None:
        """Take up a reply that was queued after the rows were locked."""
        self.replies[reply] = ReplyEntry(reply, message, receipt, ReplyStage.QUEUED, ReplyStage.QUEUED)

    def write(self, at: datetime, who: str) -> None:
        """Withdraw replies their message has no use for, hold messages nobody owes an answer, then write everything."""
        self._withdraw(at, who)
        self._hold_unowed(at, who)
        write_changes(self._connection, replies, [_reply_change(one) for one in self.replies.values() if one.changes])
        write_changes(self._connection, messages, [_message_change(one) for one in self.messages.values() if one.steps])
        write_events(self._connection, self._events)

    def _changed(self, entry: MessageEntry, event: Event) -> None:
        entry.steps += 1
        self._events.append(replace(event, message=entry.id))

    def _withdraw(self, at: datetime, who: str) -> None:
        for reply in self.replies.values():
            message = self.messages[reply.message]
            if reply.stage is ReplyStage.QUEUED and not reply.fits(message):
                event = Event(at, who, reply_event(ReplyStage.CANCELLED), f"the message is {message.stage}")
                self.step_reply(reply, ReplyStage.CANCELLED, event)

    def _hold_unowed(self, at: datetime, who: str) -> None:
        owed = {reply.message for reply in self.replies.values() if not reply.receipt and reply.stage in _UNDER_WAY}
        for message in self.messages.values():
            if message.stage is MessageStage.ANSWERING and message.id not in owed:
                self.step(
                    message, MessageStage.HELD, Event(at, who, MessageStage.HELD, "no answer is under way any more")
                )


def check_step(entry: MessageEntry, stage: MessageStage) -> None:
    """Raise StaleError when the lifecycle has no such step from where the message stands."""
    if not may_step(entry.stage, stage):
        raise StaleError(f"Message {entry.id} is {entry.stage} by now and cannot become {stage}: load it again.")


def reply_event(stage: ReplyStage) -> str:
    """What an event says of a reply's new stage."""
    return f"reply {stage}"


def lock_for_reply(connection: Connection, reply: int) -> tuple[Ledger, ReplyEntry, MessageEntry]:
    """The ledger of the message that a reply belongs to. Raises StaleError when there is no such reply."""
    message = connection.execute(select(replies.c.message).where(replies.c.id == reply)).scalar()
    if message is None:
        raise StaleError(f"There is no reply {reply}.")
    ledger = Ledger(connection, [message])
    return ledger, ledger.replies[reply], ledger.messages[message]


def lock_for_person(connection: Connection, message: int, version: int | None) -> tuple[Ledger, MessageEntry]:
    """The ledger of one message as the person saw it. Raises StaleError when it is another by now."""
    ledger = Ledger(connection, [message])
    entry = ledger.messages.get(message)
    if entry is None:
        raise StaleError(f"There is no message {message}.")
    if version is not None and version != entry.version:
        raise StaleError(f"Message {message} was changed meanwhile (it is {entry.stage} now): load it again.")
    return ledger, entry


def _message_change(entry: MessageEntry) -> Change:
    guards = {"id": entry.id, "stage": entry.was.value, "version": entry.version}
    moved = {"stage": entry.stage.value, "version": entry.version + entry.steps}
    return Change(guards, moved | entry.changes)


def _reply_change(entry: ReplyEntry) -> Change:
    return Change({"id": entry.id, "stage": entry.was.value}, {"stage": entry.stage.value} | entry.changes)


def _lock_messages(connection: Connection, ids: Sequence[int]) -> list[MessageEntry]:
    c = messages.c
    columns = (c.id, c.mailbox, c.thread_key, c.author_key, c.stage, c.version, c.findings)
    locked = select(*columns).where(c.id.in_(ids)).order_by(c.id).with_for_update()
    return [
        MessageEntry(
            id=row.id,
            mailbox=row.mailbox,
            thread_key=row.thread_key,
            author_key=row.author_key,
            was=MessageStage(row.stage),
            version=row.version,
            stage=MessageStage(row.stage),
            findings=unpack_findings(row.findings),
        )
        for row in connection.execute(locked)
    ]


def _lock_replies(connection: Connection, of: Sequence[int]) -> list[ReplyEntry]:
    c = replies.c
    columns = (c.id, c.message, c.receipt, c.stage, c.attempts)
    locked = select(*columns).where(c.message.in_(of)).order_by(c.message, c.ordinal).with_for_update()
    return [
        ReplyEntry(row.id, row.message, row.receipt, ReplyStage(row.stage), ReplyStage(row.stage), row.attempts)
        for row in connection.execute(locked)
    ]
