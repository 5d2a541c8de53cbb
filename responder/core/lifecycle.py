"""The stages of a message and of a reply, and which step may follow which.

The reply is a row of its own: an Acknowledge is a held message with a receipt sent, and a person's answer is a second
reply. FAILED and IN_DOUBT put the message into the hold queue.
"""

from enum import StrEnum


class MessageStage(StrEnum):
    """Where a message stands."""

    RECEIVED = "received"
    ANSWERING = "answering"
    HELD = "held"
    IGNORED = "ignored"
    RECORDED = "recorded"
    """Older than the start, or seen in shadow mode: on record, never answered by itself."""
    ANSWERED = "answered"
    CLOSED = "closed"


class ReplyStage(StrEnum):
    """Where a reply stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    CANCELLED = "cancelled"


_M = MessageStage
_R = ReplyStage

MESSAGE_STEPS: dict[MessageStage, frozenset[MessageStage]] = {
    _M.RECEIVED: frozenset({_M.ANSWERING, _M.HELD, _M.IGNORED, _M.RECORDED}),
    _M.ANSWERING: frozenset({_M.ANSWERED, _M.HELD, _M.CLOSED}),
    _M.HELD: frozenset({_M.ANSWERING, _M.CLOSED}),
    _M.IGNORED: frozenset({_M.HELD}),
    _M.RECORDED: frozenset({_M.HELD}),
    _M.ANSWERED: frozenset({_M.HELD}),
    _M.CLOSED: frozenset({_M.HELD}),
}
"""RECORDED and ANSWERED go to HELD by a person, or (ANSWERED) when our answer bounces."""

REPLY_STEPS: dict[ReplyStage, frozenset[ReplyStage]] = {
    _R.QUEUED: frozenset({_R.SENDING, _R.CANCELLED}),
    _R.SENDING: frozenset({_R.SENT, _R.QUEUED, _R.FAILED, _R.IN_DOUBT, _R.CANCELLED}),
    _R.IN_DOUBT: frozenset({_R.SENT, _R.CANCELLED}),
    _R.SENT: frozenset(),
    _R.FAILED: frozenset(),
    _R.CANCELLED: frozenset(),
}
"""SENDING goes back to QUEUED only when the server surely did not take the reply (a deferral); a lease that ran out
while SENDING is IN_DOUBT, which ends by a look into Sent or by a person."""


def may_step(old: MessageStage | ReplyStage, new: MessageStage | ReplyStage) -> bool:
    """Whether the step is one of the lifecycle's."""
    if isinstance(old, MessageStage):
        return isinstance(new, MessageStage) and new in MESSAGE_STEPS[old]
    return isinstance(new, ReplyStage) and new in REPLY_STEPS[old]
