"""A delivery report about a reply of ours: linked to it, its address left in peace, its message given to a person."""

from collections.abc import Sequence
from datetime import datetime

from responder.core.errors import StaleError
from responder.core.lifecycle import MessageStage
from responder.core.verdict import Effect, Finding
from responder.ports import Event, StoredMessage, StoredReply, Transaction

WHO = "responder"


def link_bounces(transaction: Transaction, batch: Sequence[StoredMessage], at: datetime) -> int:
    """Look at a batch's failure reports (RFC 3464); how many named a reply of ours."""
    return sum(_link(transaction, one, at) for one in batch if one.message.report and one.message.report.failed)


def _link(transaction: Transaction, report: StoredMessage, at: datetime) -> bool:
    facts = report.message.report
    if facts is None:
        return False
    reply = transaction.reply_by_message_id([*facts.original_ids, *report.message.thread.ids])
    if reply is None:
        return False
    transaction.bounced(reply.outgoing.envelope.recipient, at, reply.id)
    _give_to_person(transaction, reply, at)
    return True


def _give_to_person(transaction: Transaction, reply: StoredReply, at: datetime) -> None:
    """A receipt's message is held already; an answered one comes back."""
    answered = transaction.message(reply.message)
    if answered is None or answered.stage not in {MessageStage.ANSWERED, MessageStage.CLOSED}:
        return
    event = Event(at, WHO, "bounced", "our answer was not delivered", reply.message, reply.id)
    came_back = Finding("outbox.bounced", Effect.HOLD, reply.outgoing.envelope.recipient)
    try:
        transaction.move(reply.message, None, MessageStage.HELD, event, finding=came_back)
    except StaleError:
        return
