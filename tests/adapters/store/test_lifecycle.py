"""The whole life of messages and replies in any order, with crashes: what must hold holds after every step."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from responder.adapters.store import open_store
from responder.core.errors import StaleError
from responder.core.lifecycle import MessageStage, ReplyStage, may_step
from responder.core.message import Message, MessageKey
from responder.ports import Arrival, Event, Query, Settlement, StoredMessage, StoredReply, Transaction
from tests.adapters.store.samples import (
    MINUTE,
    NOW,
    acknowledge,
    answer,
    hold,
    ignore,
    mail,
    person_reply,
    said,
)

KINDS = (answer, acknowledge, hold, ignore)
LIVE = {ReplyStage.QUEUED, ReplyStage.SENDING}
OUTCOMES = (
    (ReplyStage.SENT, MessageStage.ANSWERED),
    (ReplyStage.QUEUED, None),
    (ReplyStage.FAILED, MessageStage.HELD),
    (ReplyStage.IN_DOUBT, MessageStage.HELD),
    (ReplyStage.CANCELLED, MessageStage.CLOSED),
    (ReplyStage.SENT, None),
    (ReplyStage.FAILED, MessageStage.ANSWERED),
)


class CrashError(Exception):
    """The process dies before the commit."""


class Lifecycle(RuleBasedStateMachine):
    """Intake, triage, delivery and people, in any order; each step may crash before its commit."""

    template: Path

    @initialize()
    def start(self) -> None:
        """An empty database."""
        self.folder = Path(tempfile.mkdtemp(prefix="lifecycle-"))
        shutil.copy(self.template, self.folder / "store.db")
        self.store = open_store(f"sqlite:///{self.folder / 'store.db'}")
        self.arrived: set[MessageKey] = set()
        self.messages: dict[int, StoredMessage] = {}
        self.replies: dict[int, StoredReply] = {}
        self.clock = NOW

    def teardown(self) -> None:
        """Away with it."""
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    def act(self, work: Callable[[Transaction], object], *, crash: bool) -> None:
        """One transaction; a crash leaves no trace, a stale step is told and leaves none either."""
        self.clock += MINUTE
        try:
            with self.store.begin() as transaction:
                work(transaction)
                _die_if(crash=crash)
        except (StaleError, CrashError):
            self.unchanged()

    def unchanged(self) -> None:
        """Nothing is other than it was at the last look."""
        messages, replies, _ = self.now()
        assert (messages, replies) == (self.messages, self.replies)

    def now(self) -> tuple[dict[int, StoredMessage], dict[int, StoredReply], list[Event]]:
        """Everything there is."""
        with self.store.read() as transaction:
            messages = {row.id: row for row in transaction.find(Query(limit=1000))}
            replies = {reply.id: reply for id_ in messages for reply in transaction.replies(id_)}
            events = [event for id_ in messages for event in transaction.events(id_)]
        return messages, replies, events

    @rule(
        uids=st.lists(st.integers(1, 9), min_size=1, max_size=4),
        uidvalidity=st.integers(7, 8),
        recorded=st.booleans(),
        crash=st.booleans(),
    )
    def arrive(self, uids: list[int], uidvalidity: int, *, recorded: bool, crash: bool) -> None:
        """A batch comes; parts of it may be known, by key or by content."""
        batch = [_mail(uid, uidvalidity) for uid in uids]
        stage = MessageStage.RECORDED if recorded else MessageStage.RECEIVED
        self.act(lambda t: t.add([Arrival(one, stage) for one in batch], self.clock), crash=crash)
        if not crash:
            self.arrived |= {one.key for one in batch}

    @rule(kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=5), stale=st.booleans(), crash=st.booleans())
    def decide(self, kinds: list[Callable[..., object]], *, stale: bool, crash: bool) -> None:
        """Triage decides what waits, or what it read long ago."""

        def work(transaction: Transaction) -> None:
            waiting = list(self.messages.values()) if stale else transaction.received("education", 5)
            decided = transaction.decide([kind(row) for kind, row in zip(kinds, waiting, strict=False)], self.clock)
            assert all(self.messages[id_].stage is MessageStage.RECEIVED for id_ in decided)

        self.act(work, crash=crash)

    @rule(limit=st.integers(0, 4), automatic=st.integers(0, 4), crash=st.booleans())
    def lease(self, limit: int, automatic: int, *, crash: bool) -> None:
        """A daemon takes what is due."""

        def work(transaction: Transaction) -> None:
            until = self.clock + 2 * MINUTE
            leased = transaction.lease("education", limit, self.clock, until, "d", automatic=automatic)
            assert len(leased) <= limit
            assert sum(reply.automatic for reply in leased) <= automatic
            assert all(self.replies[reply.id].stage is ReplyStage.QUEUED for reply in leased)

        self.act(work, crash=crash)

    @rule(outcomes=st.lists(st.tuples(st.integers(1, 12), st.sampled_from(OUTCOMES)), max_size=4), crash=st.booleans())
    def settle(self, outcomes: list[tuple[int, tuple[ReplyStage, MessageStage | None]]], *, crash: bool) -> None:
        """Outcomes come in, also for replies that are not on the wire."""

        def work(transaction: Transaction) -> None:
            made = [Settlement(reply, *outcome, retry_at=self.clock) for reply, outcome in outcomes]
            for id_ in transaction.settle(made, self.clock):
                assert self.replies[id_].stage in {ReplyStage.SENDING, ReplyStage.IN_DOUBT}

        self.act(work, crash=crash)

    @rule(crash=st.booleans())
    def expire(self, *, crash: bool) -> None:
        """Leases that ran out are in doubt."""

        def work(transaction: Transaction) -> None:
            lost = transaction.expired("education", self.clock)
            made = [Settlement(reply.id, ReplyStage.IN_DOUBT, MessageStage.HELD) for reply in lost]
            assert transaction.settle(made, self.clock) == {reply.id for reply in lost}

        self.act(work, crash=crash)

    @rule(
        id_=st.integers(1, 8),
        stage=st.sampled_from([stage for stage in MessageStage if stage is not MessageStage.ANSWERING]),
        seen=st.booleans(),
        crash=st.booleans(),
    )
    def move(self, id_: int, stage: MessageStage, *, seen: bool, crash: bool) -> None:
        """A person takes a step, with or without having seen the last change."""
        self.act(lambda t: t.move(id_, self._version(id_, seen=seen), stage, said(at=self.clock)), crash=crash)

    @rule(id_=st.integers(1, 8), seen=st.booleans(), automatic=st.booleans(), crash=st.booleans())
    def send(self, id_: int, *, seen: bool, automatic: bool, crash: bool) -> None:
        """A person answers, or lets the first automatic answer go."""

        def work(transaction: Transaction) -> None:
            ordinal = transaction.next_ordinal(id_)
            first = automatic and not any(reply.automatic for reply in transaction.replies(id_))
            message = self.messages[id_].message if id_ in self.messages else mail(1)
            reply = replace(person_reply(message, ordinal), automatic=first)
            transaction.queue_reply(id_, self._version(id_, seen=seen), reply, said(at=self.clock))

        self.act(work, crash=crash)

    @rule(reply=st.integers(1, 12), crash=st.booleans())
    def cancel(self, reply: int, *, crash: bool) -> None:
        """A person takes a reply back."""
        self.act(lambda t: t.cancel(reply, said(at=self.clock)), crash=crash)

    @rule(uid=st.integers(1, 9), crash=st.booleans())
    def fail(self, uid: int, *, crash: bool) -> None:
        """A message cannot be handled."""
        self.act(lambda t: t.failed_reading(MessageKey("education", 7, uid), self.clock, "x"), crash=crash)

    @rule(paused=st.booleans(), crash=st.booleans())
    def brake(self, *, paused: bool, crash: bool) -> None:
        """The mailbox pauses or goes on."""
        at = self.clock
        turn = (lambda t: t.pause("education", at, "jo", "")) if paused else (lambda t: t.resume("education", at, "jo"))
        self.act(turn, crash=crash)

    def _version(self, id_: int, *, seen: bool) -> int | None:
        return self.messages[id_].version if seen and id_ in self.messages else None

    @invariant()
    def whatever_happened(self) -> None:
        """Compare with the last look, then remember this one."""
        if not hasattr(self, "store"):
            return
        messages, replies, events = self.now()
        _check_nothing_lost(self.arrived, messages)
        _check_steps(self.messages, messages, replies, events)
        _check_replies(messages, replies)
        self.messages, self.replies = messages, replies


def _die_if(*, crash: bool) -> None:
    if crash:
        raise CrashError


def _mail(uid: int, uidvalidity: int) -> Message:
    """The same mail under both UIDVALIDITYs, one higher in the second: a renumbered mailbox."""
    first = mail(uid)
    return first if uidvalidity == 7 else replace(first, key=replace(first.key, uidvalidity=8, uid=uid + 1))


def _check_nothing_lost(arrived: set[MessageKey], messages: dict[int, StoredMessage]) -> None:
    """Every mail that came has one row; of one content at most one was not merely recorded when it came."""
    assert {row.message.key for row in messages.values()} == arrived
    assert len(messages) == len(arrived)


def _check_steps(
    before: dict[int, StoredMessage],
    messages: dict[int, StoredMessage],
    replies: dict[int, StoredReply],
    events: list[Event],
) -> None:
    """Every change of a message has its event, and what changed went along the lifecycle."""
    for row in messages.values():
        told = [event for event in events if event.message == row.id and not event.what.startswith("reply ")]
        assert len(told) == row.version
        assert all(event.at <= later.at for event, later in pairwise(told))
        old = before.get(row.id)
        if old is not None and old.stage is not row.stage:
            assert row.version > old.version
            assert row.version - old.version > 1 or may_step(old.stage, row.stage)
    for reply in replies.values():
        told = [event.what for event in events if event.reply == reply.id and event.what.startswith("reply ")]
        stages = [ReplyStage.QUEUED, *(ReplyStage(what.removeprefix("reply ")) for what in told)]
        assert stages[-1] is reply.stage
        assert all(may_step(one, two) for one, two in pairwise(stages))
        assert stages.count(ReplyStage.SENDING) == reply.attempts


def _check_replies(messages: dict[int, StoredMessage], replies: dict[int, StoredReply]) -> None:
    """One automatic reply a message; nothing owed that nobody waits for; nobody waiting for what is not owed."""
    automatic = [reply.message for reply in replies.values() if reply.automatic]
    assert len(automatic) == len(set(automatic))
    assert len({reply.outgoing.message_id for reply in replies.values()}) == len(replies)
    for reply in replies.values():
        if reply.stage is ReplyStage.QUEUED:
            wanted = MessageStage.HELD if reply.receipt else MessageStage.ANSWERING
            assert messages[reply.message].stage is wanted
        assert (reply.sent_at is not None) == (reply.stage is ReplyStage.SENT)
    owed = {reply.message for reply in replies.values() if not reply.receipt and reply.stage in LIVE}
    assert {row.id for row in messages.values() if row.stage is MessageStage.ANSWERING} <= owed


@pytest.mark.parametrize("length", [15, 50])
def test_any_order_of_steps_keeps_every_promise(migrated_sqlite: Path, length: int) -> None:
    """No illegal step, one automatic reply at most, an event for every change, nothing lost, whatever crashes."""

    class Here(Lifecycle):
        template = migrated_sqlite

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=30,
            stateful_step_count=length,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
