"""A delivery report about a reply of ours: linked to it, its address left in peace, its message given to a person."""

from collections.abc import Sequence
from datetime import datetime

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
    """An answered message comes back; one that is held (its receipt came back) says so there. Once each."""
    message = transaction.message(reply.message)
    if message is None:
        return
    came_back = Finding("outbox.bounced", Effect.HOLD, reply.outgoing.envelope.recipient)
    event = Event(at, WHO, "bounced", f"our {_word(reply)} was not delivered", reply.message, reply.id)
    if message.stage in {MessageStage.ANSWERED, MessageStage.CLOSED}:
        transaction.move(reply.message, None, MessageStage.HELD, event, finding=came_back)
    elif came_back not in message.findings:
        transaction.note(reply.message, came_back, event)


def _word(reply: StoredReply) -> str:
    return "receipt" if reply.receipt else "answer"
