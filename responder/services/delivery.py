"""The outbox's way to the wire: lease, look once more whether a person was quicker, send, settle.

The attempt is on record before the wire (a lease); what happened is settled for a group in one transaction. A lease
that ran out without being settled means the process died between the two: that reply's fate is unknown, people decide.
SMTP cannot give exactly-once (RFC 1047): at most one reply, and none lost from sight.
"""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.core.errors import TransportError
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.mailbox import Mailbox
from responder.core.verdict import Effect, Finding
from responder.ports import Inbox, Outcome, OutcomeKind, Settlement, Store, StoredReply, Transport

GROUP = 20
"""Leased at once, so that a kill leaves little in doubt."""
ATTEMPTS = 12
"""About two days with the backoff below; then a person decides."""
FIRST_RETRY = timedelta(seconds=60)
LAST_RETRY = timedelta(hours=6)
HOUR = timedelta(hours=1)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Sends what one mailbox owes."""

    store: Store
    mailbox: Mailbox
    transport: Transport
    inbox: Inbox
    """To see whether a person answered meanwhile, and whether an unknown send lies in Sent."""
    owner: str
    lease: timedelta
    clock: Callable[[], datetime]

    def __call__(self) -> int:
        """Send one group; how many replies were leased. Raises InboxError or TransportError when a server is away."""
        now = self.clock()
        until = now + self.lease
        self.settle_expired()
        leased = self._lease(now, until)
        if not leased:
            return 0
        settlements: list[Settlement] = []
        try:
            gone = self._answered_by_people(leased)
            for reply in leased:
                settled = self._cancelled(reply) if reply.id in gone else self._attempt(reply, until)
                settlements.append(settled)  # one by one: what was sent before an error must be settled as sent
        finally:
            self._settle(leased, settlements)
        return len(leased)

    def settle_expired(self) -> int:
        """Replies whose attempt began in a process that died: in Sent they are sent, else in doubt."""
        with self.store.begin() as transaction:
            expired = transaction.expired(self.mailbox.name, self.clock())
        if not expired:
            return 0
        settlements = [self._recovered(reply) for reply in expired]
        with self.store.begin() as transaction:
            transaction.settle(settlements, self.clock())
        log.warning("unknown sends found", extra={"mailbox": self.mailbox.name, "count": len(expired)})
        return len(expired)

    def _lease(self, now: datetime, until: datetime) -> Sequence[StoredReply]:
        """A group within the brake; a mailbox that has used its hour up and owes more pauses itself."""
        with self.store.begin() as transaction:
            state = transaction.mailbox(self.mailbox.name, now)
            since = max(now - HOUR, state.resumed_at) if state.resumed_at else now - HOUR
            sent = transaction.sent_since(self.mailbox.name, since)
            room = self.mailbox.brake_per_hour - sent
            if room > 0 or state.paused_at:
                return transaction.lease(self.mailbox.name, GROUP, now, until, self.owner, automatic=max(room, 0))
            leased = transaction.lease(self.mailbox.name, GROUP, now, until, self.owner, automatic=0)
            if not leased and transaction.owed_now(self.mailbox.name, now):
                why = f"brake: {sent} automatic replies in an hour, {self.mailbox.brake_per_hour} allowed"
                transaction.pause(self.mailbox.name, now, "responder", why)
                log.critical("mailbox paused itself", extra={"mailbox": self.mailbox.name, "sent_in_hour": sent})
            return leased

    def _answered_by_people(self, leased: Sequence[StoredReply]) -> frozenset[int]:
        """Replies whose mail a person has answered from a mail program meanwhile (or whose receipt is overtaken)."""
        uidvalidity = self.inbox.select()
        here = [reply for reply in leased if reply.automatic and reply.key.uidvalidity == uidvalidity]
        uids = [reply.key.uid for reply in here]
        answered = self.inbox.answered_elsewhere(uids, [reply.original_id or "" for reply in here])
        return frozenset(reply.id for reply in here if reply.key.uid in answered)

    def _attempt(self, reply: StoredReply, until: datetime) -> Settlement:
        if self.clock() > until - self.lease / 2:
            return Settlement(reply.id, ReplyStage.QUEUED, words="the group took too long", retry_at=self.clock())
        outcome = self.transport.send(reply.outgoing)
        log.info("attempt", extra={"mailbox": self.mailbox.name, "reply": reply.id, "outcome": outcome.kind})
        return self._settlement(reply, outcome)

    def _settlement(self, reply: StoredReply, outcome: Outcome) -> Settlement:
        match outcome.kind:
            case OutcomeKind.ACCEPTED:
                return Settlement(reply.id, ReplyStage.SENT, _after(reply, MessageStage.ANSWERED), outcome.words)
            case OutcomeKind.DEFERRED if reply.attempts < ATTEMPTS:
                retry_at = self.clock() + backoff(reply.attempts)
                return Settlement(reply.id, ReplyStage.QUEUED, words=outcome.words, retry_at=retry_at)
            case OutcomeKind.DEFERRED | OutcomeKind.REJECTED:
                return self._to_person(reply, ReplyStage.FAILED, "outbox.rejected", outcome.words)
            case OutcomeKind.IN_DOUBT:
                if self.inbox.in_sent(reply.outgoing.message_id):
                    return Settlement(reply.id, ReplyStage.SENT, _after(reply, MessageStage.ANSWERED), "found in Sent")
                return self._to_person(reply, ReplyStage.IN_DOUBT, "outbox.in-doubt", outcome.words)

    def _recovered(self, reply: StoredReply) -> Settlement:
        return self._settlement(reply, Outcome(OutcomeKind.IN_DOUBT, "the program stopped during the attempt"))

    def _to_person(self, reply: StoredReply, stage: ReplyStage, rule: str, words: str) -> Settlement:
        finding = Finding(rule, Effect.HOLD, words[:200], (("words", words[:200]),))
        return Settlement(reply.id, stage, _after(reply, MessageStage.HELD), words, finding=finding)

    def _cancelled(self, reply: StoredReply) -> Settlement:
        return Settlement(reply.id, ReplyStage.CANCELLED, MessageStage.CLOSED, "answered by a person")

    def _settle(self, leased: Sequence[StoredReply], settlements: list[Settlement]) -> None:
        """Settle what was tried; what was not even begun goes back."""
        tried = {settlement.reply for settlement in settlements}
        now = self.clock()
        back = [
            Settlement(reply.id, ReplyStage.QUEUED, words="not begun: a server was away", retry_at=now + FIRST_RETRY)
            for reply in leased
            if reply.id not in tried
        ]
        with self.store.begin() as transaction:
            transaction.settle([*settlements, *back], now)


def _after(reply: StoredReply, stage: MessageStage) -> MessageStage | None:
    """A receipt leaves its message held."""
    return None if reply.receipt else stage


def backoff(attempts: int) -> timedelta:
    """Doubling from a minute to six hours, with some jitter so that a crowd does not come back at once."""
    step: timedelta = min(FIRST_RETRY * 2 ** min(attempts - 1, 20), LAST_RETRY)
    return step * random.uniform(0.9, 1.1)  # noqa: S311 - spreading retries, no secret


__all__ = ["Delivery", "TransportError", "backoff"]
