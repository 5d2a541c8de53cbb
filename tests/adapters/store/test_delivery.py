"""The outbox: leases, outcomes, and what follows for the message."""

from dataclasses import replace

import pytest

from responder.core.errors import StaleError
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.verdict import Effect, Finding
from responder.ports import ANSWERED_BY_PERSON, Settlement, Store
from tests.adapters.store.samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    acknowledge,
    answer,
    events_of,
    look,
    mail,
    person_reply,
    put,
    put_answered,
    put_answering,
    put_held,
    replies_of,
    said,
    settle,
    take,
)

REFUSED = Finding("outbox.rejected", Effect.HOLD, "550 no such user", (("words", "550 no such user"),))


def test_a_lease_records_the_attempt(store: Store) -> None:
    """What is leased is SENDING with one attempt more, whole, and said so in its events."""
    row, reply = put_answering(store, mail(1))
    [leased] = take(store)
    assert leased == replace(reply, stage=ReplyStage.SENDING, attempts=1)
    assert replies_of(store, row.id) == [leased]
    assert events_of(store, row.id) == ["received", "answering", "reply sending"]
    assert take(store) == []


def test_what_is_due_goes_soonest_first_and_up_to_the_limit(store: Store) -> None:
    """A lease takes due replies of one mailbox in the order they fell due."""
    for uid, wait in ((1, 3), (2, 1), (3, 2), (4, -1)):
        put_answering(store, mail(uid), at=NOW - wait * MINUTE)
    put_answering(store, mail(5, mailbox="startups"))
    assert [reply.key.uid for reply in take(store, limit=2)] == [1, 3]
    assert [reply.key.uid for reply in take(store)] == [2]
    assert [reply.key.uid for reply in take(store, at=NOW + MINUTE)] == [4]


def test_a_paused_mailbox_sends_only_what_people_wrote(store: Store) -> None:
    """The brake keeps automatic replies QUEUED; people go on."""
    put_answering(store, mail(1))
    held = put_held(store, mail(2))
    with store.begin() as transaction:
        transaction.queue_reply(held.id, None, person_reply(held.message), said())
        transaction.pause("education", NOW, "brake", "30 in an hour")
        assert transaction.next_due("education") == NOW
    assert [reply.message for reply in take(store)] == [held.id]
    with store.begin() as transaction:
        assert transaction.next_due("education") is None
        assert transaction.owed_now("education", NOW) == 1
        transaction.resume("education", NOW, "jo")
        assert transaction.next_due("education") == NOW
    assert len(take(store)) == 1


def test_people_come_first_and_automatic_ones_within_their_room(store: Store) -> None:
    """`automatic` bounds the automatic replies of a lease, never those of people."""
    for uid in (1, 2, 3):
        put_answering(store, mail(uid), at=NOW - HOUR)
    held = put_held(store, mail(4))
    with store.begin() as transaction:
        transaction.queue_reply(held.id, None, person_reply(held.message), said())
        none = transaction.lease("education", 0, NOW, NOW + MINUTE, "d", automatic=5)
        some = transaction.lease("education", 20, NOW, NOW + MINUTE, "d", automatic=2)
        no_more = transaction.lease("education", 20, NOW, NOW + MINUTE, "d", automatic=0)
    assert (none, no_more) == ([], [])
    assert [reply.key.uid for reply in some] == [4, 1, 2]


def test_sent_since_counts_attempts_begun(store: Store) -> None:
    """The brake's count: automatic replies whose attempt began in the window, whatever became of them but refusal."""
    for uid in (1, 2, 3):
        put_answering(store, mail(uid), at=NOW - HOUR)
    one, two, _ = take(store, at=NOW - 30 * MINUTE)
    settle(store, Settlement(one.id, ReplyStage.SENT, MessageStage.ANSWERED), at=NOW)
    settle(store, Settlement(two.id, ReplyStage.FAILED, MessageStage.HELD), at=NOW)
    put_answering(store, mail(4))
    with store.read() as transaction:
        assert transaction.sent_since("education", NOW - HOUR) == 2
        assert transaction.sent_since("education", NOW - 30 * MINUTE) == 0
        assert transaction.sent_since("startups", NOW - HOUR) == 0
        assert transaction.owed_now("education", NOW) == 1
        assert transaction.owed_now("education", NOW - MINUTE) == 0


def test_accepted_is_sent_and_answered(store: Store) -> None:
    """ACCEPTED: the reply is SENT at that time, the message ANSWERED, the server's words kept."""
    row, reply = put_answering(store, mail(1))
    take(store)
    assert settle(store, Settlement(reply.id, ReplyStage.SENT, MessageStage.ANSWERED, "250 2.0.0 ok"), at=NOW + MINUTE)
    [sent] = replies_of(store, row.id)
    assert (sent.stage, sent.sent_at, sent.words) == (ReplyStage.SENT, NOW + MINUTE, "250 2.0.0 ok")
    assert look(store, row.id).stage is MessageStage.ANSWERED
    assert events_of(store, row.id)[-2:] == ["reply sent", "answered"]


def test_deferred_waits_its_time(store: Store) -> None:
    """DEFERRED: QUEUED again, due at retry_at, with its attempts counted; the message stays ANSWERING."""
    row, reply = put_answering(store, mail(1))
    take(store)
    settle(store, Settlement(reply.id, ReplyStage.QUEUED, words="451 later", retry_at=NOW + HOUR))
    [waiting] = replies_of(store, row.id)
    assert (waiting.stage, waiting.not_before, waiting.attempts) == (ReplyStage.QUEUED, NOW + HOUR, 1)
    assert take(store, at=NOW + 59 * MINUTE) == []
    [again] = take(store, at=NOW + HOUR)
    assert (again.attempts, again.outgoing) == (2, reply.outgoing)
    assert look(store, row.id).stage is MessageStage.ANSWERING


def test_an_attempt_not_begun_does_not_count(store: Store) -> None:
    """begun=False gives the attempt back: nothing went over the wire."""
    row, reply = put_answering(store, mail(1))
    take(store)
    settle(store, Settlement(reply.id, ReplyStage.QUEUED, words="a server was away", retry_at=NOW, begun=False))
    assert replies_of(store, row.id)[0].attempts == 0
    assert [again.attempts for again in take(store)] == [1]


def test_refused_goes_to_a_person(store: Store) -> None:
    """REJECTED: FAILED for good, the message HELD with the server's words as a finding."""
    row, reply = put_answering(store, mail(1))
    take(store)
    settle(store, Settlement(reply.id, ReplyStage.FAILED, MessageStage.HELD, "550 no such user", finding=REFUSED))
    held = look(store, row.id)
    assert (held.stage, held.findings) == (MessageStage.HELD, (REFUSED,))
    assert replies_of(store, row.id)[0].stage is ReplyStage.FAILED


def test_a_receipt_leaves_its_message_held(store: Store) -> None:
    """message_stage None settles the reply alone; a refused receipt adds its finding to the held message."""
    rows = put(store, mail(1), mail(2))
    with store.begin() as transaction:
        transaction.decide([acknowledge(row) for row in rows], NOW)
    good, bad = take(store)
    settle(
        store,
        Settlement(good.id, ReplyStage.SENT),
        Settlement(bad.id, ReplyStage.FAILED, MessageStage.HELD, "550", finding=REFUSED),
    )
    one, two = (look(store, row.id) for row in rows)
    assert (one.stage, one.version) == (MessageStage.HELD, 2)
    assert (two.stage, two.version, two.findings[-1]) == (MessageStage.HELD, 3, REFUSED)


def test_an_answer_that_ended_leaves_nobody_waiting(store: Store) -> None:
    """Settled without a word about its message, the message is HELD: nothing stays ANSWERING that nobody answers."""
    row, reply = put_answering(store, mail(1))
    take(store)
    settle(store, Settlement(reply.id, ReplyStage.FAILED))
    assert look(store, row.id).stage is MessageStage.HELD


def test_only_what_is_sending_or_in_doubt_is_settled(store: Store) -> None:
    """A late or repeated settlement is left out of the answer and changes nothing."""
    row, reply = put_answering(store, mail(1))
    done = Settlement(reply.id, ReplyStage.SENT, MessageStage.ANSWERED)
    assert settle(store, done) == frozenset()
    assert settle(store, Settlement(reply.id, ReplyStage.CANCELLED, MessageStage.CLOSED)) == frozenset()
    assert settle(store, replace(done, reply=999)) == frozenset()
    take(store)
    assert settle(store, done) == {reply.id}
    assert settle(store, done) == frozenset()
    assert settle(store, Settlement(reply.id, ReplyStage.QUEUED)) == frozenset()
    assert look(store, row.id).version == 3


def test_a_lease_that_ran_out_is_in_doubt(store: Store) -> None:
    """A SENDING reply past its lease is expired, never leased again, and ends IN_DOUBT with a person."""
    row, reply = put_answering(store, mail(1))
    take(store)
    with store.begin() as transaction:
        assert transaction.expired("education", NOW + 4 * MINUTE) == []
        [lost] = transaction.expired("education", NOW + 5 * MINUTE)
        assert transaction.expired("startups", NOW + DAY) == []
    assert lost.id == reply.id
    assert take(store, at=NOW + DAY) == []
    settle(store, Settlement(reply.id, ReplyStage.IN_DOUBT, MessageStage.HELD, "stopped"))
    assert look(store, row.id).stage is MessageStage.HELD
    with store.begin() as transaction:
        assert transaction.expired("education", NOW + DAY) == []


def test_in_doubt_ends_by_a_look(store: Store) -> None:
    """IN_DOUBT becomes SENT when it is found, by whoever looked, and never QUEUED."""
    row, reply = put_answering(store, mail(1))
    take(store)
    settle(store, Settlement(reply.id, ReplyStage.IN_DOUBT, MessageStage.HELD))
    assert settle(store, Settlement(reply.id, ReplyStage.QUEUED)) == frozenset()
    assert settle(store, Settlement(reply.id, ReplyStage.SENT, MessageStage.CLOSED, "it arrived", who="jo"))
    assert look(store, row.id).stage is MessageStage.CLOSED
    with store.read() as transaction:
        assert [event.who for event in transaction.events(row.id)][-2:] == ["jo", "jo"]


def test_a_person_was_quicker(store: Store) -> None:
    """CANCELLED at the lease: the message is CLOSED and its thread remembers the person."""
    row, reply = put_answering(store, mail(1))
    take(store)
    settle(store, Settlement(reply.id, ReplyStage.CANCELLED, MessageStage.CLOSED, ANSWERED_BY_PERSON))
    assert look(store, row.id).stage is MessageStage.CLOSED
    [following] = put(store, mail(2, thread=replace(mail(2).thread, in_reply_to=(row.message.message_id or "",))))
    with store.begin() as transaction:
        [history] = transaction.histories([following], NOW)
    assert (history.thread_person, history.thread_automatic) == (True, 0)


def test_a_group_is_settled_together(store: Store) -> None:
    """Twenty outcomes of every kind are one call."""
    pairs = [put_answering(store, mail(uid)) for uid in range(1, 21)]
    kinds = [
        (ReplyStage.SENT, MessageStage.ANSWERED),
        (ReplyStage.QUEUED, None),
        (ReplyStage.FAILED, MessageStage.HELD),
        (ReplyStage.IN_DOUBT, MessageStage.HELD),
        (ReplyStage.CANCELLED, MessageStage.CLOSED),
    ]
    take(store)
    outcomes = [Settlement(reply.id, *kinds[n % 5]) for n, (_, reply) in enumerate(pairs)]
    assert settle(store, *outcomes) == {reply.id for _, reply in pairs}
    with store.read() as transaction:
        assert transaction.outbox() == {stage: 4 for stage, _ in kinds}
        assert transaction.count()["education"] == {
            MessageStage.ANSWERED: 4,
            MessageStage.ANSWERING: 4,
            MessageStage.HELD: 8,
            MessageStage.CLOSED: 4,
        }


def test_a_receipt_is_withdrawn_when_its_message_is_done(store: Store) -> None:
    """An owed receipt is CANCELLED as soon as its message leaves the hold queue: nobody is told to wait for nothing."""
    rows = put(store, mail(1), mail(2))
    with store.begin() as transaction:
        transaction.decide([acknowledge(row) for row in rows], NOW)
        transaction.move(rows[0].id, None, MessageStage.CLOSED, said())
        transaction.queue_reply(rows[1].id, None, person_reply(rows[1].message, 2), said())
    assert [reply.stage for row in rows for reply in replies_of(store, row.id)] == ["cancelled", "cancelled", "queued"]
    assert "reply cancelled" in events_of(store, rows[0].id)
    assert [reply.ordinal for reply in take(store)] == [2]


def test_a_deferred_receipt_whose_message_is_done_is_withdrawn(store: Store) -> None:
    """What a deferral puts back after its message was closed is CANCELLED, not owed for ever."""
    [row] = put(store, mail(1))
    with store.begin() as transaction:
        transaction.decide([acknowledge(row)], NOW)
    [receipt] = take(store)
    with store.begin() as transaction:
        transaction.move(row.id, None, MessageStage.CLOSED, said())
    assert settle(store, Settlement(receipt.id, ReplyStage.QUEUED, words="451")) == {receipt.id}
    assert replies_of(store, row.id)[0].stage is ReplyStage.CANCELLED
    with store.read() as transaction:
        assert transaction.next_due("education") is None


def test_an_owed_answer_is_withdrawn_when_a_person_takes_over(store: Store) -> None:
    """ANSWERING -> HELD or CLOSED by a person cancels the QUEUED answer in the same step."""
    for uid, stage in ((1, MessageStage.HELD), (2, MessageStage.CLOSED)):
        row, _ = put_answering(store, mail(uid))
        with store.begin() as transaction:
            transaction.move(row.id, row.version, stage, said())
        assert replies_of(store, row.id)[0].stage is ReplyStage.CANCELLED
    assert take(store) == []


def test_an_answer_on_the_wire_is_not_overtaken(store: Store) -> None:
    """While its answer is SENDING a message stays ANSWERING: taking it back is too late."""
    row, reply = put_answering(store, mail(1))
    take(store)
    with store.begin() as transaction:
        for stage in (MessageStage.HELD, MessageStage.CLOSED):
            with pytest.raises(StaleError, match="being sent"):
                transaction.move(row.id, None, stage, said())
        with pytest.raises(StaleError, match="too late"):
            transaction.cancel(reply.id, said())
    assert look(store, row.id).stage is MessageStage.ANSWERING


def test_next_due_is_the_soonest(store: Store) -> None:
    """The watcher sleeps until the next reply falls due."""
    with store.read() as transaction:
        assert transaction.next_due("education") is None
    put_answering(store, mail(1), at=NOW + HOUR)
    put_answering(store, mail(2), at=NOW + MINUTE)
    put_answering(store, mail(3, mailbox="startups"), at=NOW)
    with store.read() as transaction:
        assert transaction.next_due("education") == NOW + MINUTE


def test_undo_time_is_kept(store: Store) -> None:
    """A person's reply leaves not before its time."""
    held = put_held(store, mail(1))
    with store.begin() as transaction:
        transaction.queue_reply(held.id, None, person_reply(held.message, not_before=NOW + MINUTE), said())
    assert take(store) == []
    assert len(take(store, at=NOW + MINUTE)) == 1


def test_an_answered_message_comes_back_when_the_answer_bounces(store: Store) -> None:
    """ANSWERED -> HELD with a finding, found by the reply's Message-ID; the address is remembered."""
    row, reply = put_answered(store, mail(1))
    bounce = Finding("outbox.bounced", Effect.HOLD, "ana@uni.example")
    with store.begin() as transaction:
        named = transaction.reply_by_message_id(["<nobody@x>", reply.outgoing.message_id])
        assert named == reply
        transaction.bounced(reply.outgoing.envelope.recipient, NOW, reply.id)
        transaction.move(row.id, None, MessageStage.HELD, said("bounced"), finding=bounce)
    assert look(store, row.id).findings == (bounce,)


def test_a_failed_lease_rolls_back(store: Store) -> None:
    """A crash inside the leasing transaction leaves the reply QUEUED and untried."""
    row, reply = put_answering(store, mail(1))
    with pytest.raises(KeyboardInterrupt):
        _crash_leasing(store)
    assert replies_of(store, row.id) == [reply]
    assert events_of(store, row.id) == ["received", "answering"]


def test_many_answers_keep_their_order(store: Store) -> None:
    """A backlog drains oldest first over several leases."""
    rows = put(store, *(mail(uid) for uid in range(1, 51)))
    with store.begin() as transaction:
        transaction.decide([answer(row) for row in rows], NOW)
    drained = [reply.key.uid for _ in range(5) for reply in take(store, limit=12)]
    assert drained == list(range(1, 51))


def _crash_leasing(store: Store) -> None:
    with store.begin() as transaction:
        assert transaction.lease("education", 5, NOW, NOW + MINUTE, "d", automatic=5)
        raise KeyboardInterrupt
