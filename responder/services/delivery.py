"""The outbox's way to the wire: lease, look once more whether a person was quicker, send, settle.

The attempt is on record before the wire (a lease); what happened is settled for a group in one transaction. A lease
that ran out without being settled means the process died between the two: that reply's fate is unknown, people decide.
SMTP cannot give exactly-once (RFC 1047): at most one reply, and none lost from sight.
"""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.core.errors import TransportError
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.mailbox import Mailbox, Mode
from responder.core.verdict import Effect, Finding
from responder.ports import (
    ANSWERED_BY_PERSON,
    Inbox,
    Outcome,
    OutcomeKind,
    Settlement,
    Store,
    StoredReply,
    Transport,
)

GROUP = 20
"""Leased at once, so that a kill leaves little in doubt."""
ATTEMPTS = 12
"""About twenty hours with the backoff below; then a person decides."""
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
        self.settle_expired()
        if not self._owes():
            return 0
        self.inbox.select()  # with a server away, nothing is leased and no attempt counted
        self.transport.connect()
        now = self.clock()
        until = now + self.lease
        leased = self._lease(now, until)
        if leased:
            self._send(leased, until)
        return len(leased)

    def settle_expired(self) -> int:
        """Replies whose attempt began in a process that died: in Sent they are sent, else in doubt."""
        with self.store.read() as transaction:
            expired = transaction.expired(self.mailbox.name, self.clock())
        if not expired:
            return 0
        settlements = [self._recovered(reply) for reply in expired]
        with self.store.begin() as transaction:
            transaction.settle(settlements, self.clock())
        log.warning("unknown sends found", extra={"mailbox": self.mailbox.name, "count": len(expired)})
        return len(expired)

    def _owes(self) -> bool:
        with self.store.read() as transaction:
            due = transaction.next_due(self.mailbox.name)
        return due is not None and due <= self.clock()

    def _send(self, leased: Sequence[StoredReply], until: datetime) -> None:
        """Try each; however it ends, settle what is known of each in one transaction.

        A reply whose fate is unknown (None) is not settled: its lease runs out, then `settle_expired` looks into Sent.
        """
        known: dict[int, Settlement | None] = {}
        try:
            gone = self._answered_by_people(leased)
            for reply in leased:
                known[reply.id] = None
                known[reply.id] = self._cancelled(reply) if reply.id in gone else self._attempt(reply, until)
        except TransportError:
            known.popitem()  # nothing of this one was handed over
            raise
        finally:
            self._settle(leased, known)

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
        if reply.automatic and self.mailbox.mode is not Mode.AUTO:
            return self._withdrawn(reply)
        if self.clock() > until - self.lease / 2:
            return self._back(reply, "the group took too long", self.clock())
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
        return Settlement(reply.id, ReplyStage.CANCELLED, MessageStage.CLOSED, ANSWERED_BY_PERSON)

    def _withdrawn(self, reply: StoredReply) -> Settlement:
        """Decided in auto mode, which has been switched off since: what is owed goes to a person."""
        finding = Finding("mode.draft", Effect.HOLD, self.mailbox.mode)
        words = f"the mailbox is in {self.mailbox.mode} mode now"
        return Settlement(reply.id, ReplyStage.CANCELLED, _after(reply, MessageStage.HELD), words, finding=finding)

    def _back(self, reply: StoredReply, words: str, retry_at: datetime) -> Settlement:
        return Settlement(reply.id, ReplyStage.QUEUED, words=words, retry_at=retry_at, begun=False)

    def _settle(self, leased: Sequence[StoredReply], known: Mapping[int, Settlement | None]) -> None:
        """Settle what was tried; what was not even begun goes back."""
        now = self.clock()
        begun = [settlement for settlement in known.values() if settlement]
        back = [self._back(r, "not begun: a server was away", now + FIRST_RETRY) for r in leased if r.id not in known]
        with self.store.begin() as transaction:
            transaction.settle([*begun, *back], now)


def _after(reply: StoredReply, stage: MessageStage) -> MessageStage | None:
    """A receipt leaves its message held."""
    return None if reply.receipt else stage


def backoff(attempts: int) -> timedelta:
    """Doubling from a minute to six hours, with some jitter so that a crowd does not come back at once."""
    step: timedelta = min(FIRST_RETRY * 2 ** min(attempts - 1, 20), LAST_RETRY)
    return step * random.uniform(0.9, 1.1)  # noqa: S311 - spreading retries, no secret
