"""Decisions: a batch under the guard that nobody was quicker."""

from dataclasses import replace

import pytest

from responder.core.errors import StoreError
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.message import MessageKey
from responder.core.verdict import Effect, Finding
from responder.ports import Decision, Query, Store
from tests.adapters.store.samples import (
    HOUR,
    MONEY,
    NOW,
    PREDICTION,
    acknowledge,
    answer,
    events_of,
    hold,
    ignore,
    look,
    mail,
    new_reply,
    put,
    put_held,
    received,
    replies_of,
    said,
)

LATER = NOW + HOUR


def test_received_gives_one_mailbox_oldest_first(store: Store) -> None:
    """Work comes in the order of arrival, of one mailbox, as much as asked for."""
    put(store, mail(3), mail(1), mail(2, mailbox="startups"))
    with store.begin() as transaction:
        assert [row.message.key.uid for row in transaction.received("education", 10)] == [3, 1]
        assert [row.message.key.uid for row in transaction.received("education", 1)] == [3]
        assert transaction.received("opensource", 10) == []


def test_a_batch_of_decisions_is_written_whole(store: Store) -> None:
    """Each kind of disposition arrives in its stage with its reasons, its prediction and its event."""
    rows = put(store, mail(1), mail(2), mail(3), mail(4))
    made = [answer(rows[0]), acknowledge(rows[1]), hold(rows[2], draft="Re: x\n\nDear"), ignore(rows[3])]
    with store.begin() as transaction:
        assert transaction.decide(made, LATER) == frozenset(row.id for row in rows)
    one, two, three, four = (look(store, row.id) for row in rows)
    assert [row.stage for row in (one, two, three, four)] == ["answering", "held", "held", "ignored"]
    assert [row.disposition for row in (one, two, three, four)] == ["answer", "acknowledge", "hold", "ignore"]
    assert {row.version for row in (one, two, three, four)} == {2}
    assert {row.decided_at for row in (one, two, three, four)} == {LATER}
    assert (one.prediction, two.prediction, four.prediction) == (PREDICTION, PREDICTION, None)
    assert (one.template, two.template, three.template) == (
        "education/renewal",
        "education/receipt",
        "education/renewal",
    )
    assert (two.findings, three.findings) == ((MONEY,), (MONEY,))
    assert (one.policy, one.mode, three.draft) == ("p1", "auto", "Re: x\n\nDear")
    assert events_of(store, three.id) == ["received", "held"]


def test_an_answer_brings_its_reply(store: Store) -> None:
    """The reply's bytes and its way are stored with the decision, QUEUED and never tried."""
    [row] = put(store, mail(1))
    with store.begin() as transaction:
        transaction.decide([answer(row)], LATER)
    [reply] = replies_of(store, row.id)
    wanted = new_reply(row.message)
    assert reply.outgoing == wanted.outgoing
    assert (reply.stage, reply.attempts, reply.ordinal, reply.key) == (ReplyStage.QUEUED, 0, 1, row.message.key)
    assert (reply.automatic, reply.receipt, reply.template) == (True, False, "education/renewal")
    assert (reply.subject, reply.body, reply.template_version) == (wanted.subject, wanted.body, "0123456789ab")
    assert (reply.created_at, reply.not_before, reply.sent_at) == (LATER, NOW, None)
    assert reply.original_id == row.message.message_id


def test_only_received_messages_are_decided(store: Store) -> None:
    """Who comes second is left out of the answer and changes nothing."""
    rows = put(store, mail(1), mail(2))
    with store.begin() as transaction:
        transaction.decide([ignore(rows[0])], NOW)
    with store.begin() as transaction:
        assert transaction.decide([answer(rows[0]), answer(rows[1])], LATER) == {rows[1].id}
        assert transaction.decide([answer(replace(rows[0], id=999))], LATER) == frozenset()
    assert look(store, rows[0].id).stage is MessageStage.IGNORED
    assert replies_of(store, rows[0].id) == []


def test_no_decisions_are_no_work(store: Store) -> None:
    """An empty batch is allowed everywhere."""
    with store.begin() as transaction:
        assert transaction.decide([], NOW) == frozenset()
        assert transaction.histories([], NOW) == []
        assert transaction.settle([], NOW) == frozenset()
        assert transaction.add([], NOW) == 0
        assert transaction.reply_by_message_id([]) is None
        transaction.filed([], [])
        transaction.kept([])


@pytest.mark.parametrize(
    "changed",
    [
        {"reply": None},
        {"reply": new_reply(mail(1), receipt=True)},
        {"stage": MessageStage.HELD},
        {"stage": MessageStage.IGNORED},
        {"stage": MessageStage.RECORDED},
        {"stage": MessageStage.ANSWERED, "reply": None},
        {"stage": MessageStage.CLOSED, "reply": None},
        {"stage": MessageStage.RECEIVED, "reply": None},
    ],
    ids=lambda changed: "-".join(map(str, changed.values()))[:30],
)
def test_a_decision_without_its_reply_is_refused(store: Store, changed: dict[str, object]) -> None:
    """ANSWERING needs an answer, HELD bears a receipt at most, the others none: else a mail is lost from sight."""
    [row] = put(store, mail(1))
    wrong = replace(answer(row), **changed)
    with pytest.raises(ValueError, match="cannot be"), store.begin() as transaction:
        transaction.decide([wrong], NOW)
    assert look(store, row.id).stage is MessageStage.RECEIVED


def test_one_automatic_reply_a_message_is_the_databases_rule(store: Store) -> None:
    """A second automatic reply is refused by the database itself, and nothing of that transaction stays."""
    row = put_held(store, mail(1))
    with store.begin() as transaction:
        transaction.queue_reply(row.id, None, new_reply(row.message), said())
        [reply] = transaction.replies(row.id)
        transaction.cancel(reply.id, said())
    with pytest.raises(StoreError), store.begin() as transaction:
        transaction.queue_reply(row.id, None, new_reply(row.message, 2), said())
    assert look(store, row.id).stage is MessageStage.HELD
    assert len(replies_of(store, row.id)) == 1


def test_a_replys_message_id_is_its_own(store: Store) -> None:
    """Two replies with one Message-ID are refused: a retry is the same row, a second reply another id."""
    rows = put(store, mail(1), mail(2))
    twice = replace(answer(rows[1]), reply=new_reply(rows[0].message))
    with pytest.raises(StoreError), store.begin() as transaction:
        transaction.decide([answer(rows[0]), twice], NOW)
    assert [look(store, row.id).stage for row in rows] == ["received", "received"]


def test_findings_with_slots_survive(store: Store) -> None:
    """A finding comes back with its words."""
    [row] = put(store, mail(1))
    finding = Finding("model.unsure", Effect.HOLD, "81 of 100", (("n", "81"), ("m", "93")))
    with store.begin() as transaction:
        transaction.decide([hold(row, MONEY, finding)], NOW)
    assert look(store, row.id).findings == (MONEY, finding)


def test_the_third_failure_holds_a_message(store: Store) -> None:
    """A message that cannot be handled goes to a person after three tries, not round for ever."""
    [row] = put(store, mail(1))
    counts = []
    for _ in range(3):
        assert look(store, row.id).stage is MessageStage.RECEIVED
        with store.begin() as transaction:
            counts.append(transaction.failed_reading(row.message.key, NOW, "ValueError"))
    held = look(store, row.id)
    assert counts == [1, 2, 3]
    assert (held.stage, held.disposition, held.decided_at) == (MessageStage.HELD, "hold", NOW)
    assert held.findings == (Finding("intake.poison", Effect.HOLD, "ValueError", (("n", "3"),)),)
    assert events_of(store, row.id) == ["received", "held"]


def test_failures_of_a_mail_not_stored_are_counted(store: Store) -> None:
    """A key without a row counts all the same."""
    with store.begin() as transaction:
        assert [transaction.failed_reading(MessageKey("education", 7, 5), NOW, "x") for _ in range(4)] == [1, 2, 3, 4]


def test_a_failure_after_the_decision_moves_nothing(store: Store) -> None:
    """Only what is still RECEIVED is held as poison."""
    [row] = put(store, mail(1))
    with store.begin() as transaction:
        transaction.decide([ignore(row)], NOW)
        for _ in range(3):
            transaction.failed_reading(row.message.key, NOW, "x")
    assert look(store, row.id).stage is MessageStage.IGNORED


def test_a_shadow_decision_is_recorded(store: Store) -> None:
    """Shadow mode writes its disposition and leaves the message RECORDED."""
    [row] = put(store, mail(1))
    shadow = Decision(row.id, hold(row).disposition, MessageStage.RECORDED, mode="shadow", draft="Re: x\n\nHello")
    with store.begin() as transaction:
        transaction.decide([shadow], NOW)
        [found] = transaction.find(Query(words="is:draft"))
    assert (found.stage, found.mode, found.disposition) == (MessageStage.RECORDED, "shadow", "hold")


def test_six_hundred_decisions_are_one_group(store: Store) -> None:
    """A large batch of every kind is decided in one go."""
    rows = put(store, *(mail(uid) for uid in range(1, 601)))
    kinds = (answer, acknowledge, hold, ignore)
    with store.begin() as transaction:
        decided = transaction.decide([kinds[n % 4](row) for n, row in enumerate(rows)], NOW)
        counted = transaction.count()["education"]
    assert len(decided) == 600
    assert counted == {MessageStage.ANSWERING: 150, MessageStage.HELD: 300, MessageStage.IGNORED: 150}


def test_adding_again_changes_no_decision(store: Store) -> None:
    """Intake that repeats a batch after a crash leaves what was decided meanwhile."""
    row = put_held(store, mail(1))
    with store.begin() as transaction:
        assert transaction.add([received(mail(1))], LATER) == 0
    assert look(store, row.id) == row


def test_findings_that_decided_nothing_stay_on_record(store: Store) -> None:
    """Every rule that hit is kept: what decided apart from what did not."""
    row = put(store, mail(1))[0]
    other = Finding("cue.seats", Effect.HOLD, "40 seats")
    decision = replace(hold(row), findings=(MONEY, other))
    with store.begin() as transaction:
        transaction.decide([decision], NOW)
    found = look(store, row.id)
    assert (found.findings, found.also) == ((MONEY,), (other,))
