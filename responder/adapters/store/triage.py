"""Decisions: what waits for one, and the writing of a batch under the guard that nobody was quicker."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from responder.adapters.store.histories import read_histories
from responder.adapters.store.ledger import lock_for_person
from responder.adapters.store.packing import pack_findings, pack_prediction, reasons
from responder.adapters.store.rows import MESSAGE, reply_row, stored_message
from responder.adapters.store.schema import failed_readings, messages, replies
from responder.adapters.store.statements import (
    TRIAGE_LOCK,
    Change,
    Part,
    one_at_a_time,
    pieces,
    upsert,
    write_changes,
    write_events,
)
from responder.adapters.store.threads import add_to_threads
from responder.core.caps import History
from responder.core.lifecycle import MessageStage, may_step
from responder.core.message import MessageKey
from responder.core.verdict import Acknowledge, Answer, Effect, Finding, Hold, Ignore
from responder.ports import Decision, Event, NewReply, StoredMessage

POISON = 3
"""Failures after which a message goes to a person."""


class Triage(Part):
    """The triage half of a transaction."""

    def received(self, mailbox: str, limit: int) -> Sequence[StoredMessage]:
        """See ports.Transaction."""
        c = messages.c
        waiting = (c.mailbox == mailbox) & (c.stage == MessageStage.RECEIVED.value)
        rows = self._connection.execute(select(*MESSAGE).where(waiting).order_by(c.id).limit(limit))
        return [stored_message(row) for row in rows]

    def histories(self, messages: Sequence[StoredMessage], at: datetime) -> Sequence[History]:
        """See ports.Transaction."""
        one_at_a_time(self._connection, TRIAGE_LOCK)
        return read_histories(self._connection, messages, at)

    def decide(self, decisions: Sequence[Decision], at: datetime) -> frozenset[int]:
        """See ports.Transaction. A decision that would leave its message without its reply is a ValueError."""
        for decision in decisions:
            _check(decision)
        wanted = {decision.message: decision for decision in decisions}
        return frozenset(id_ for piece in pieces(sorted(wanted)) for id_ in self._decide(piece, wanted, at))

    def _decide(self, ids: Sequence[int], wanted: Mapping[int, Decision], at: datetime) -> list[int]:
        c = messages.c
        still = c.id.in_(ids) & (c.stage == MessageStage.RECEIVED.value)
        columns = (c.id, c.mailbox, c.thread_key, c.author_key, c.version)
        rows = self._connection.execute(select(*columns).where(still).order_by(c.id).with_for_update()).all()
        write_changes(self._connection, messages, [_change(wanted[row.id], row.version, at) for row in rows])
        owed = [(row, reply) for row in rows if (reply := wanted[row.id].reply)]
        answers = insert_replies(self._connection, [(row, 1, reply) for row, reply in owed], at)
        write_events(self._connection, [_event(wanted[row.id], row.id, answers.get(row.id), at) for row in rows])
        return [row.id for row in rows]

    def failed_reading(self, key: MessageKey, at: datetime, why: str) -> int:
        """See ports.Transaction."""
        failures = self._count_failure(key, at, why)
        if failures >= POISON:
            self._hold_poison(key, at, why, failures)
        return failures

    def _count_failure(self, key: MessageKey, at: datetime, why: str) -> int:
        new = upsert(self._connection, failed_readings)
        counted = new.on_conflict_do_update(
            index_elements=["mailbox", "uidvalidity", "uid"],
            set_={"failures": failed_readings.c.failures + 1, "last_at": new.excluded.last_at, "why": new.excluded.why},
        ).returning(failed_readings.c.failures)
        row = {"mailbox": key.mailbox, "uidvalidity": key.uidvalidity, "uid": key.uid, "failures": 1}
        failures: int = self._connection.execute(counted, row | {"last_at": at, "why": why}).scalar_one()
        return failures

    def _hold_poison(self, key: MessageKey, at: datetime, why: str, failures: int) -> None:
        c = messages.c
        here = (c.mailbox == key.mailbox) & (c.uidvalidity == key.uidvalidity) & (c.uid == key.uid)
        id_ = self._connection.execute(select(c.id).where(here)).scalar()
        if id_ is None:
            return
        ledger, entry = lock_for_person(self._connection, id_, None)
        if entry.stage is MessageStage.RECEIVED:
            ledger.note(entry, Finding("intake.poison", Effect.HOLD, why, (("n", str(failures)),)))
            entry.changes |= {"disposition": "hold", "decided_at": at}
            ledger.step(entry, MessageStage.HELD, Event(at, "triage", MessageStage.HELD, why))
            ledger.write(at, "triage")


def insert_replies(
    connection: Connection, owed: Sequence[tuple[Any, int, NewReply]], at: datetime
) -> Mapping[int, int]:
    """New QUEUED replies to locked messages (each with its ordinal); the replies' ids by message."""
    if not owed:
        return {}
    times = {"created_at": at, "counted_at": at}
    rows = [
        reply_row(reply, message.id, message.mailbox, message.author_key, ordinal) | times
        for message, ordinal, reply in owed
    ]
    new = insert(replies).returning(replies.c.id, replies.c.message)
    made = {row.message: row.id for row in connection.execute(new, rows)}
    add_to_threads(connection, [(reply.outgoing.message_id, message.thread_key) for message, _, reply in owed])
    return made


def _check(decision: Decision) -> None:
    reply = decision.reply
    wants = {
        MessageStage.ANSWERING: reply is not None and not reply.receipt,
        MessageStage.HELD: not reply or reply.receipt,
    }
    if not may_step(MessageStage.RECEIVED, decision.stage) or not wants.get(decision.stage, reply is None):
        raise ValueError(f"message {decision.message} cannot be {decision.stage} with this reply")


def _change(decision: Decision, version: int, at: datetime) -> Change:
    name, template = _named(decision)
    prediction = decision.disposition.prediction
    findings = decision.disposition.reasons
    values = {
        "stage": decision.stage.value,
        "version": version + 1,
        "decided_at": at,
        "disposition": name,
        "template": template,
        "prediction": pack_prediction(prediction),
        "intent": prediction.intent.value if prediction else None,
        "findings": pack_findings(findings),
        "also": pack_findings([one for one in decision.findings if one not in findings]),
        "reasons": reasons(findings),
        "mode": decision.mode,
        "policy": decision.policy,
        "draft": decision.draft,
    }
    return Change({"id": decision.message, "stage": MessageStage.RECEIVED.value}, values)


def _named(decision: Decision) -> tuple[str, str | None]:
    match decision.disposition:
        case Answer(template=template):
            return "answer", template
        case Acknowledge(template=template):
            return "acknowledge", template
        case Hold(suggested=suggested):
            return "hold", suggested
        case Ignore():
            return "ignore", None


def _event(decision: Decision, message: int, reply: int | None, at: datetime) -> Event:
    name, _ = _named(decision)
    why = ", ".join(finding.rule for finding in decision.disposition.reasons)
    return Event(at, "triage", decision.stage, f"{name}: {why}" if why else name, message, reply)
