"""Replies owed, leased and settled; the attempt is on record before anything goes over the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, exists, func, or_, select, update

from responder.adapters.store.ledger import Ledger, MessageEntry, ReplyEntry, reply_event
from responder.adapters.store.rows import REPLY, stored_reply
from responder.adapters.store.schema import mailboxes, messages, replies
from responder.adapters.store.statements import LEASE_LOCK, Part, one_at_a_time, pieces, write_events
from responder.core.lifecycle import MessageStage, ReplyStage, may_step
from responder.ports import ANSWERED_BY_PERSON, Event, Settlement, StoredReply

_UNSETTLED = frozenset({ReplyStage.SENDING, ReplyStage.IN_DOUBT})
_TRIED = (ReplyStage.SENDING.value, ReplyStage.SENT.value, ReplyStage.IN_DOUBT.value)


class Delivery(Part):
    """The delivery half of a transaction."""

    def lease(
        self, mailbox: str, limit: int, at: datetime, until: datetime, owner: str, *, automatic: int
    ) -> Sequence[StoredReply]:
        """See ports.Transaction. What people wrote goes first; rows another daemon holds locked are passed over."""
        due = self._due(mailbox, at, limit, automatic=False)
        due += self._due(mailbox, at, min(limit - len(due), automatic), automatic=True)
        if not due:
            return []
        self._take([row.id for row in due], at, until, owner)
        taken = select(*REPLY).select_from(_with_message()).where(replies.c.id.in_([row.id for row in due]))
        by_id = {row.id: stored_reply(row) for row in self._connection.execute(taken)}
        leased = [by_id[row.id] for row in due]
        write_events(self._connection, [_attempt(reply, at, owner) for reply in leased])
        return leased

    def _due(self, mailbox: str, at: datetime, limit: int, *, automatic: bool) -> list[Row[Any]]:
        if limit <= 0:
            return []
        c = replies.c
        due = select(c.id).select_from(_with_message()).where(*_owed(mailbox, automatic=automatic), c.not_before <= at)
        first = due.order_by(c.not_before, c.id).limit(limit).with_for_update(of=replies, skip_locked=True)
        return list(self._connection.execute(first))

    def _take(self, ids: Sequence[int], at: datetime, until: datetime, owner: str) -> None:
        c = replies.c
        queued = c.id.in_(ids) & (c.stage == ReplyStage.QUEUED.value)
        sending = {"stage": ReplyStage.SENDING.value, "leased_until": until, "leased_by": owner, "counted_at": at}
        self._connection.execute(update(replies).where(queued).values(sending | {"attempts": c.attempts + 1}))

    def sent_since(self, mailbox: str, since: datetime) -> int:
        """See ports.Transaction."""
        one_at_a_time(self._connection, LEASE_LOCK)
        c = replies.c
        tried = (c.mailbox == mailbox) & (c.counted_at > since) & c.automatic & c.stage.in_(_TRIED)
        return self._connection.execute(select(func.count()).select_from(replies).where(tried)).scalar_one()

    def owed_now(self, mailbox: str, at: datetime) -> int:
        """See ports.Transaction."""
        c = replies.c
        owed = (c.mailbox == mailbox) & (c.stage == ReplyStage.QUEUED.value) & c.automatic & (c.not_before <= at)
        return self._connection.execute(select(func.count()).select_from(replies).where(owed)).scalar_one()

    def next_due(self, mailbox: str) -> datetime | None:
        """See ports.Transaction."""
        soonest = [
            self._connection.execute(
                select(replies.c.not_before)
                .select_from(_with_message())
                .where(*_owed(mailbox, automatic=automatic))
                .order_by(replies.c.not_before)
                .limit(1)
            ).scalar()
            for automatic in (False, True)
        ]
        return min((moment for moment in soonest if moment), default=None)

    def expired(self, mailbox: str, at: datetime) -> Sequence[StoredReply]:
        """See ports.Transaction."""
        c = replies.c
        sending = (c.mailbox == mailbox) & (c.stage == ReplyStage.SENDING.value) & (c.leased_until <= at)
        rows = self._connection.execute(select(*REPLY).select_from(_with_message()).where(sending).order_by(c.id))
        return [stored_reply(row) for row in rows]

    def settle(self, settlements: Sequence[Settlement], at: datetime) -> frozenset[int]:
        """See ports.Transaction. A message that has moved on keeps its stage; its reply is settled all the same."""
        wanted = {settlement.reply: settlement for settlement in settlements}
        done = [one for piece in pieces(wanted.values()) for one in self._settle(piece, at)]
        return frozenset(done)

    def _settle(self, settlements: Sequence[Settlement], at: datetime) -> list[int]:
        of = select(replies.c.message).where(replies.c.id.in_([one.reply for one in settlements]))
        ledger = Ledger(self._connection, list(self._connection.execute(of).scalars()))
        done = [one for one in settlements if _may_settle(ledger.replies.get(one.reply), one.stage)]
        for one in done:
            _settle(ledger, one, at)
        ledger.write(at, "delivery")
        return [one.reply for one in done]


def _with_message() -> FromClause:
    return replies.join(messages, messages.c.id == replies.c.message)


def _owed(mailbox: str, *, automatic: bool) -> tuple[ColumnElement[bool], ...]:
    """A queued reply its message still has use for; an automatic one only where the mailbox is not paused."""
    c = replies.c
    queued = (c.mailbox == mailbox) & (c.stage == ReplyStage.QUEUED.value)
    receipt = c.receipt & (messages.c.stage == MessageStage.HELD.value)
    answer = ~c.receipt & (messages.c.stage == MessageStage.ANSWERING.value)
    if not automatic:
        return queued, ~c.automatic, or_(receipt, answer)
    paused = exists().where(mailboxes.c.name == mailbox, mailboxes.c.paused_at.is_not(None))
    return queued, c.automatic, or_(receipt, answer), ~paused


def _attempt(reply: StoredReply, at: datetime, owner: str) -> Event:
    why = f"attempt {reply.attempts}, leased by {owner}"
    return Event(at, "delivery", reply_event(ReplyStage.SENDING), why, reply.message, reply.id)


def _may_settle(reply: ReplyEntry | None, stage: ReplyStage) -> bool:
    return reply is not None and reply.stage in _UNSETTLED and may_step(reply.stage, stage)


def _settle(ledger: Ledger, one: Settlement, at: datetime) -> None:
    reply = ledger.replies[one.reply]
    event = Event(at, one.who, reply_event(one.stage), one.words)
    changes = _changes(one, reply, at)
    ledger.step_reply(reply, one.stage, event, words=one.words, **changes)
    _follow(ledger, ledger.messages[reply.message], one, at)


def _changes(one: Settlement, reply: ReplyEntry, at: datetime) -> dict[str, Any]:
    match one.stage:
        case ReplyStage.SENT:
            return {"sent_at": at}
        case ReplyStage.QUEUED:
            return {"not_before": one.retry_at or at, "attempts": reply.attempts - (not one.begun)}
        case _:
            return {}


def _follow(ledger: Ledger, message: MessageEntry, one: Settlement, at: datetime) -> None:
    """What a settled reply means for its message."""
    by_person = one.stage is ReplyStage.CANCELLED and one.words.startswith(ANSWERED_BY_PERSON)
    if by_person:
        message.changes["answered_by_person"] = True
    if one.finding:
        ledger.note(message, one.finding)
    if one.message_stage and may_step(message.stage, one.message_stage):
        ledger.step(message, one.message_stage, Event(at, one.who, one.message_stage, one.words, reply=one.reply))
    elif by_person or one.finding:
        ledger.noted(message, Event(at, one.who, "noted", one.words, reply=one.reply))
