"""People's steps, replies, drafts and labels."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from responder.core.errors import StaleError, StoreError
from responder.core.lifecycle import MessageStage, ReplyStage, may_step
from responder.ports import Arrival, Event, Store, Transaction
from tests.adapters.store.samples import (
    HOUR,
    MONEY,
    NOW,
    acknowledge,
    events_of,
    look,
    mail,
    new_reply,
    person_reply,
    put,
    put_answered,
    put_answering,
    put_held,
    replies_of,
    said,
    take,
)


def test_nobody_is_none(store: Store) -> None:
    """What is not there is None, empty or stale, never an error of the database."""
    with store.begin() as transaction:
        assert transaction.message(1) is None
        assert transaction.replies(1) == []
        assert transaction.events(1) == []
        assert transaction.next_ordinal(1) == 1
        with pytest.raises(StaleError):
            transaction.move(1, None, MessageStage.HELD, said())
        with pytest.raises(StaleError):
            transaction.queue_reply(1, None, new_reply(mail(1)), said())
        with pytest.raises(StaleError):
            transaction.cancel(1, said())


def test_a_step_is_guarded_by_the_version_seen(store: Store) -> None:
    """Whoever saw an older version changes nothing; the first one's step stands."""
    held = put_held(store, mail(1))
    with store.begin() as transaction:
        transaction.move(held.id, held.version, MessageStage.CLOSED, said("closed", "spam"))
    with store.begin() as transaction:
        with pytest.raises(StaleError, match="changed meanwhile"):
            transaction.move(held.id, held.version, MessageStage.CLOSED, said())
        with pytest.raises(StaleError, match="changed meanwhile"):
            transaction.queue_reply(held.id, held.version, person_reply(held.message), said())
    closed = look(store, held.id)
    assert (closed.stage, closed.version) == (MessageStage.CLOSED, held.version + 1)
    assert events_of(store, held.id) == ["received", "held", "closed"]
    assert replies_of(store, held.id) == []


@pytest.mark.parametrize("stage", [stage for stage in MessageStage if stage is not MessageStage.ANSWERING])
def test_only_the_lifecycles_steps_are_taken(store: Store, stage: MessageStage) -> None:
    """From each stage a person gets where the lifecycle allows and nowhere else."""
    with store.begin() as transaction:
        transaction.add([Arrival(mail(1), MessageStage.RECORDED)], NOW)
    answered, _ = put_answered(store, mail(2))
    rows = [put(store, mail(3))[0], put_held(store, mail(4)), put_answering(store, mail(5))[0], answered]
    with store.begin() as transaction:
        for row in (transaction.message(1), *rows):
            assert row is not None
            if may_step(row.stage, stage):
                transaction.move(row.id, row.version, stage, said())
                assert transaction.message(row.id) == replace(
                    row, stage=stage, version=row.version + 1, filed=row.filed and row.stage is stage
                )
            else:
                with pytest.raises(StaleError):
                    transaction.move(row.id, row.version, stage, said())
                assert transaction.message(row.id) == row


def test_answering_needs_a_reply(store: Store) -> None:
    """No bare step into ANSWERING: such a message would wait for an answer nobody owes."""
    held = put_held(store, mail(1))
    with pytest.raises(ValueError, match="queue_reply"), store.begin() as transaction:
        transaction.move(held.id, None, MessageStage.ANSWERING, said())


def test_a_step_may_bring_a_finding_and_a_template(store: Store) -> None:
    """Restored or bounced, the message says why it waits; a suggestion may come along."""
    held = put_held(store, mail(1))
    with store.begin() as transaction:
        transaction.move(held.id, None, MessageStage.CLOSED, said())
        restored = replace(MONEY, rule="person.restored")
        transaction.move(held.id, None, MessageStage.HELD, said(), finding=restored, template="education/lost")
    row = look(store, held.id)
    assert (row.findings, row.template) == ((MONEY, restored), "education/lost")


def test_the_event_is_the_persons(store: Store) -> None:
    """Who, when, what and why are kept as given, with the message's id filled in."""
    held = put_held(store, mail(1))
    event = Event(NOW + HOUR, "jo", "dismissed", "thanks only")
    with store.begin() as transaction:
        transaction.move(held.id, None, MessageStage.CLOSED, event)
        assert transaction.events(held.id)[-1] == replace(event, message=held.id)


def test_a_persons_reply_is_a_second_reply(store: Store) -> None:
    """HELD -> ANSWERING with the reply QUEUED; the ordinal follows the receipt's."""
    [row] = put(store, mail(1))
    with store.begin() as transaction:
        transaction.decide([acknowledge(row)], NOW)
        assert transaction.next_ordinal(row.id) == 2
        made = transaction.queue_reply(row.id, 2, person_reply(row.message, 2), said("sent"))
        receipt, own = transaction.replies(row.id)
        last = transaction.events(row.id)
    assert (own.id, own.ordinal, own.automatic, own.stage) == (made, 2, False, ReplyStage.QUEUED)
    assert receipt.stage is ReplyStage.CANCELLED
    assert look(store, row.id).stage is MessageStage.ANSWERING
    assert [event.reply for event in last if event.what == "sent"] == [made]


def test_only_held_messages_are_answered_by_people(store: Store) -> None:
    """A reply to a message in any other stage is stale and leaves no row, even where the transaction goes on."""
    row, _ = put_answering(store, mail(1))
    with store.begin() as transaction, pytest.raises(StaleError):
        transaction.queue_reply(row.id, None, person_reply(row.message, 2), said())
    assert len(replies_of(store, row.id)) == 1


def test_an_owed_reply_is_taken_back(store: Store) -> None:
    """QUEUED -> CANCELLED, its message HELD again, both on record; then the next reply is another one."""
    held = put_held(store, mail(1))
    with store.begin() as transaction:
        reply = transaction.queue_reply(held.id, None, person_reply(held.message), said("sent"))
    with store.begin() as transaction:
        transaction.cancel(reply, said("undone"))
    assert look(store, held.id).stage is MessageStage.HELD
    assert replies_of(store, held.id)[0].stage is ReplyStage.CANCELLED
    assert events_of(store, held.id) == ["received", "held", "sent", "reply cancelled", "undone"]
    with store.begin() as transaction:
        assert transaction.next_ordinal(held.id) == 2
        transaction.queue_reply(held.id, None, person_reply(held.message, 2), said())
        with pytest.raises(StaleError, match="too late"):
            transaction.cancel(reply, said())


def test_a_receipt_taken_back_leaves_its_message_held(store: Store) -> None:
    """Cancelling a receipt moves the reply alone."""
    [row] = put(store, mail(1))
    with store.begin() as transaction:
        transaction.decide([acknowledge(row)], NOW)
        [receipt] = transaction.replies(row.id)
        transaction.cancel(receipt.id, said("no receipt"))
    assert look(store, row.id).stage is MessageStage.HELD
    assert events_of(store, row.id) == ["received", "held", "reply cancelled", "no receipt"]


def test_a_taken_reply_is_too_late_to_take_back(store: Store) -> None:
    """Once leased a reply cannot be cancelled by a person."""
    row, reply = put_answering(store, mail(1))
    take(store)
    with store.begin() as transaction, pytest.raises(StaleError, match="too late"):
        transaction.cancel(reply.id, said())
    assert look(store, row.id).stage is MessageStage.ANSWERING


def test_a_reply_is_found_by_any_of_its_names(store: Store) -> None:
    """The first id that is one of ours decides; thousands of foreign ones do no harm."""
    _, one = put_answering(store, mail(1))
    _, two = put_answering(store, mail(2))
    foreign = [f"<{number}@elsewhere>" for number in range(2000)]
    with store.read() as transaction:
        assert transaction.reply_by_message_id([*foreign, two.outgoing.message_id, one.outgoing.message_id]) == two
        assert transaction.reply_by_message_id(foreign) is None


def test_a_draft_moves_no_version(store: Store) -> None:
    """Saving a draft every second does not make the sender's own view stale."""
    held = put_held(store, mail(1))
    with store.begin() as transaction:
        transaction.draft(held.id, "Re: x\n\nDear Ana")
    assert look(store, held.id) == replace(held, draft="Re: x\n\nDear Ana")
    with store.begin() as transaction:
        transaction.draft(held.id, None)
    assert look(store, held.id) == held
    assert events_of(store, held.id) == ["received", "held"]


def test_a_suggestion_moves_no_version(store: Store) -> None:
    """Another template to start from is a hint, not a step."""
    held = put_held(store, mail(1))
    with store.begin() as transaction:
        transaction.suggest(held.id, "education/lost")
    assert look(store, held.id) == replace(held, template="education/lost")
    with store.begin() as transaction:
        transaction.suggest(held.id, None)
    assert look(store, held.id).template is None


def test_the_last_label_counts(store: Store) -> None:
    """One text teaches one label: the last; oldest first, with what the model said."""
    one, two = put_held(store, mail(1)), put_held(store, mail(2))
    with store.begin() as transaction:
        transaction.correct(one.id, "renewal", "support", "jo", NOW, "m1")
        transaction.correct(two.id, None, "other", "jo", NOW, "")
        transaction.correct(one.id, "renewal", "addon_request", "maria", NOW + HOUR, "m1")
        assert transaction.corrections() == [
            (two.message.subject, two.message.text, None, "other"),
            (one.message.subject, one.message.text, "renewal", "addon_request"),
        ]


@pytest.mark.parametrize(
    "act",
    [
        lambda transaction: transaction.correct(77, None, "other", "jo", NOW, ""),
        lambda transaction: transaction.record(Event(NOW, "jo", "note", "", message=77)),
        lambda transaction: transaction.bounced("a@b.example", NOW, 77),
    ],
    ids=["correct", "record", "bounced"],
)
def test_what_names_no_row_is_refused(store: Store, act: Callable[[Transaction], None]) -> None:
    """Labels, events and bounces of messages or replies that do not exist are an error, not an orphan."""
    with pytest.raises(StoreError), store.begin() as transaction:
        act(transaction)


def test_a_correction_and_a_step_are_one_transaction(store: Store) -> None:
    """A label whose step was stale is not kept when the transaction fails."""
    held = put_held(store, mail(1))
    with pytest.raises(StaleError):
        _correct_and_close(store, held.id, held.version + 1)
    with store.read() as transaction:
        assert transaction.corrections() == []


def test_a_look_changes_nothing(store: Store) -> None:
    """Within `read` writing fails, and a following `begin` writes again on the same connection."""
    held = put_held(store, mail(1))
    with pytest.raises(StoreError), store.read() as transaction:
        transaction.draft(held.id, "x")
    with store.begin() as transaction:
        transaction.draft(held.id, "y")
    assert look(store, held.id).draft == "y"


def _correct_and_close(store: Store, message: int, version: int) -> None:
    with store.begin() as transaction:
        transaction.correct(message, "renewal", "support", "jo", NOW, "m1")
        transaction.move(message, version, MessageStage.CLOSED, said())
