"""What people do: steps, replies, drafts, labels; every step guarded by the version they saw."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, select, update

from responder.adapters.store.columns import address_key, key_of
from responder.adapters.store.ledger import (
    Ledger,
    MessageEntry,
    check_step,
    lock_for_person,
    lock_for_reply,
    reply_event,
)
from responder.adapters.store.rows import MESSAGE, REPLY, stored_message, stored_reply
from responder.adapters.store.schema import bounces, corrections, events, messages, replies
from responder.adapters.store.statements import Part, pieces, write_events
from responder.adapters.store.triage import insert_replies
from responder.core.errors import StaleError
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.verdict import Finding
from responder.ports import ANSWERED_BY_PERSON, ANSWERED_ELSEWHERE, Event, NewReply, StoredMessage, StoredReply

_ANSWERED = (ANSWERED_BY_PERSON, ANSWERED_ELSEWHERE)


class People(Part):
    """The people's half of a transaction."""

    def message(self, id: int) -> StoredMessage | None:  # noqa: A002 - the port's word
        """See ports.Transaction."""
        row = self._connection.execute(select(*MESSAGE).where(messages.c.id == id)).first()
        return None if row is None else stored_message(row)

    def replies(self, message: int) -> Sequence[StoredReply]:
        """See ports.Transaction."""
        theirs = _replies().where(replies.c.message == message).order_by(replies.c.ordinal)
        return [stored_reply(row) for row in self._connection.execute(theirs)]

    def reply_by_message_id(self, message_ids: Sequence[str]) -> StoredReply | None:
        """See ports.Transaction. Of several, the first that is ours."""
        wanted = list(dict.fromkeys(key_of(one) for one in message_ids))
        for piece in pieces(wanted):
            named = _replies().add_columns(replies.c.message_key).where(replies.c.message_key.in_(piece))
            rows = self._connection.execute(named).all()
            if rows:
                return stored_reply(min(rows, key=lambda row: piece.index(row.message_key)))
        return None

    def move(
        self,
        id: int,  # noqa: A002 - the port's word
        version: int | None,
        stage: MessageStage,
        event: Event,
        *,
        finding: Finding | None = None,
        template: str | None = None,
    ) -> None:
        """See ports.Transaction."""
        if stage is MessageStage.ANSWERING:
            raise ValueError("a message is answering only with a reply: queue_reply")
        ledger, entry = lock_for_person(self._connection, id, version)
        _not_on_the_wire(ledger, entry)
        if finding:
            ledger.note(entry, finding)
        if template is not None:
            entry.changes["template"] = template
        if event.what.startswith(_ANSWERED) or event.why.startswith(_ANSWERED):
            entry.changes["answered_by_person"] = True
        ledger.step(entry, stage, event)
        ledger.write(event.at, event.who)

    def note(self, id: int, finding: Finding, event: Event) -> None:  # noqa: A002 - as above
        """See ports.Transaction."""
        ledger, entry = lock_for_person(self._connection, id, None)
        ledger.note(entry, finding)
        ledger.noted(entry, event)
        ledger.write(event.at, event.who)

    def queue_reply(self, id: int, version: int | None, reply: NewReply, event: Event) -> int:  # noqa: A002 - as above
        """See ports.Transaction."""
        ledger, entry = lock_for_person(self._connection, id, version)
        check_step(entry, MessageStage.ANSWERING)
        ordinal = self.next_ordinal(id)
        made = insert_replies(self._connection, [(entry, ordinal, reply)], event.at)[id]
        ledger.owe(made, id, receipt=reply.receipt)
        ledger.step(entry, MessageStage.ANSWERING, replace(event, reply=made))
        ledger.write(event.at, event.who)
        return made

    def cancel(self, reply: int, event: Event) -> None:
        """See ports.Transaction."""
        ledger, entry, message = lock_for_reply(self._connection, reply)
        if entry.stage is not ReplyStage.QUEUED:
            raise StaleError(f"Reply {reply} is {entry.stage} by now: too late to take it back.")
        ledger.step_reply(entry, ReplyStage.CANCELLED, Event(event.at, event.who, reply_event(ReplyStage.CANCELLED)))
        if message.stage is MessageStage.ANSWERING:
            ledger.step(message, MessageStage.HELD, replace(event, reply=reply))
        else:
            ledger.noted(message, replace(event, reply=reply))
        ledger.write(event.at, event.who)

    def next_ordinal(self, id: int) -> int:  # noqa: A002 - as above
        """See ports.Transaction."""
        last = select(func.max(replies.c.ordinal)).where(replies.c.message == id)
        return (self._connection.execute(last).scalar() or 0) + 1

    def suggest(self, id: int, template: str | None) -> None:  # noqa: A002 - as above
        """See ports.Transaction."""
        self._connection.execute(update(messages).where(messages.c.id == id).values(template=template))

    def draft(self, id: int, text: str | None) -> None:  # noqa: A002 - as above
        """See ports.Transaction."""
        self._connection.execute(update(messages).where(messages.c.id == id).values(draft=text))

    def correct(  # noqa: PLR0917 - as above
        self,
        id: int,  # noqa: A002 - as above
        said: str | None,
        corrected: str,
        who: str,
        at: datetime,
        model: str,
    ) -> None:
        """See ports.Transaction."""
        row = {"message": id, "said": said, "corrected": corrected, "who": who, "at": at, "model": model}
        self._connection.execute(insert(corrections), row)

    def corrections(self) -> Sequence[tuple[str, str, str | None, str]]:
        """See ports.Transaction."""
        c = corrections.c
        last = select(func.max(c.id)).group_by(c.message)
        labelled = (
            select(messages.c.subject, messages.c.text, c.said, c.corrected)
            .select_from(corrections.join(messages, messages.c.id == c.message))
            .where(c.id.in_(last))
            .order_by(c.id)
        )
        return [(row.subject, row.text, row.said, row.corrected) for row in self._connection.execute(labelled)]

    def bounced(self, address: str, at: datetime, reply: int | None) -> None:
        """See ports.Transaction."""
        self._connection.execute(insert(bounces), {"address_key": address_key(address), "at": at, "reply": reply})

    def record(self, event: Event) -> None:
        """See ports.Transaction."""
        write_events(self._connection, [event])

    def events(self, message: int) -> Sequence[Event]:
        """See ports.Transaction."""
        rows = self._connection.execute(select(events).where(events.c.message == message).order_by(events.c.id))
        return [Event(row.at, row.who, row.what, row.why, row.message, row.reply) for row in rows]


def _replies() -> Select[Any]:
    return select(*REPLY).select_from(replies.join(messages, messages.c.id == replies.c.message))


def _not_on_the_wire(ledger: Ledger, message: MessageEntry) -> None:
    """An answer that is being sent cannot be overtaken; a receipt may go on."""
    if any(
        one.stage is ReplyStage.SENDING and one.fits(message) and not one.receipt for one in ledger.replies.values()
    ):
        raise StaleError(f"The answer to message {message.id} is being sent right now: look again in a minute.")
