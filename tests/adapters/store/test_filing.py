"""What the server does not show yet, and the mailboxes' own state."""

from dataclasses import replace

import pytest

from responder.core.lifecycle import MessageStage
from responder.ports import Arrival, Event, MailboxState, Store
from tests.adapters.store.samples import (
    HOUR,
    MINUTE,
    NOW,
    hold,
    ignore,
    look,
    mail,
    person_reply,
    put,
    put_answered,
    put_answering,
    put_held,
    replies_of,
    said,
    take,
)


def unfiled(store: Store, mailbox: str = "education", uidvalidity: int = 7, limit: int = 100) -> list[int]:
    """Ids the server does not show yet."""
    with store.read() as transaction:
        return [row.id for row in transaction.unfiled(mailbox, uidvalidity, limit)]


def test_decided_messages_are_unfiled_until_filed(store: Store) -> None:
    """HELD, IGNORED, ANSWERED and CLOSED are shown on the server; RECEIVED and ANSWERING pass too soon."""
    rows = put(store, mail(1), mail(2), mail(3))
    with store.begin() as transaction:
        transaction.decide([hold(rows[0]), ignore(rows[1])], NOW)
    answered, _ = put_answered(store, mail(4))
    put_answering(store, mail(5))
    assert unfiled(store) == [rows[0].id, rows[1].id, answered.id]
    assert unfiled(store, limit=2) == [rows[0].id, rows[1].id]
    with store.begin() as transaction:
        transaction.filed([rows[0].id, answered.id], [MessageStage.HELD, MessageStage.ANSWERED])
    assert unfiled(store) == [rows[1].id]
    assert [look(store, row.id).filed for row in (*rows, answered)] == [True, False, False, True]


def test_a_message_that_moved_on_is_unfiled_again(store: Store) -> None:
    """Filing a stage that is no longer the message's leaves it to be filed."""
    held = put_held(store, mail(1))
    with store.begin() as transaction:
        transaction.move(held.id, None, MessageStage.CLOSED, said())
        transaction.filed([held.id], [MessageStage.HELD])
    assert unfiled(store) == [held.id]
    with store.begin() as transaction:
        transaction.filed([held.id], [MessageStage.CLOSED])
    assert unfiled(store) == []


def test_filing_is_of_one_mailbox_and_one_uidvalidity(store: Store) -> None:
    """UIDs of another incarnation of the mailbox mean nothing."""
    here = put_held(store, mail(1))
    put_held(store, mail(1, uidvalidity=8))
    put_held(store, mail(1, mailbox="startups"))
    assert unfiled(store) == [here.id]


def test_recorded_mail_is_left_alone(store: Store) -> None:
    """What is only on record is not touched on the server, until a person takes it up."""
    with store.begin() as transaction:
        transaction.add([Arrival(mail(1), MessageStage.RECORDED, "older than the start")], NOW)
    assert unfiled(store) == []
    with store.begin() as transaction:
        transaction.move(1, 1, MessageStage.HELD, said())
    assert unfiled(store) == [1]


def test_sent_replies_want_their_copy(store: Store) -> None:
    """Each SENT reply of the mailbox is unkept until its copy lies in Sent."""
    rows = [put_answered(store, mail(uid)) for uid in (1, 2, 3)]
    put_answered(store, mail(4, mailbox="startups"))
    put_answering(store, mail(5))
    with store.begin() as transaction:
        assert [reply.id for reply in transaction.unkept("education", 2)] == [reply.id for _, reply in rows[:2]]
        transaction.kept([reply.id for _, reply in rows[:2]])
        [left] = transaction.unkept("education", 10)
    assert left == replies_of(store, rows[2][0].id)[0]


def test_a_mailbox_starts_when_it_is_first_seen(store: Store) -> None:
    """started_at is set once and stays."""
    with store.begin() as transaction:
        assert transaction.mailbox("education", NOW) == MailboxState("education", NOW)
        assert transaction.mailbox("education", NOW + HOUR) == MailboxState("education", NOW)
        transaction.mailbox("startups", NOW + HOUR)
        assert [state.name for state in transaction.mailboxes()] == ["education", "startups"]


def test_polls_are_noted(store: Store) -> None:
    """A good look sets its time and clears the error; a failed one leaves the time of the last good one."""
    with store.begin() as transaction:
        transaction.polled("education", NOW, server_count=12)
        good = transaction.mailbox("education", NOW)
        transaction.polled("education", NOW + HOUR, "connection refused")
        bad = transaction.mailbox("education", NOW)
        transaction.polled("education", NOW + 2 * HOUR)
        again = transaction.mailbox("education", NOW)
    assert good == MailboxState("education", NOW, polled_at=NOW, server_count=12)
    assert bad == replace(good, last_error="connection refused")
    assert again == replace(good, polled_at=NOW + 2 * HOUR)


def test_a_pause_stays_until_resumed(store: Store) -> None:
    """The first pause is the one on record; resume clears it and says when."""
    with store.begin() as transaction:
        transaction.pause("education", NOW, "brake", "31 in an hour")
        transaction.pause("education", NOW + MINUTE, "jo", "looking")
        paused = transaction.mailbox("education", NOW)
        transaction.resume("education", NOW + HOUR, "jo")
        transaction.resume("education", NOW + 2 * HOUR, "jo")
        running = transaction.mailbox("education", NOW)
    assert (paused.paused_at, paused.paused_by, paused.pause_reason) == (NOW, "brake", "31 in an hour")
    assert (running.paused_at, running.paused_by, running.pause_reason) == (None, "", "")
    assert running.resumed_at == NOW + HOUR


def test_resuming_what_runs_is_nothing(store: Store) -> None:
    """A resume without a pause starts no new window of the brake."""
    with store.begin() as transaction:
        transaction.mailbox("education", NOW)
        transaction.resume("education", NOW, "jo")
        assert transaction.mailbox("education", NOW).resumed_at is None


def test_events_without_a_message(store: Store) -> None:
    """An event may stand alone; one that names a message stands in its story."""
    held = put_held(store, mail(1))
    with store.begin() as transaction:
        transaction.record(Event(NOW, "jo", "published", "education/renewal"))
        noted = Event(NOW + HOUR, "jo", "note", "asked finance", held.id)
        transaction.record(noted)
        assert transaction.events(held.id)[-1] == noted


def test_a_copy_of_a_persons_reply_is_wanted_too(store: Store) -> None:
    """People's replies go into Sent like the automatic ones."""
    held = put_held(store, mail(1))
    with store.begin() as transaction:
        transaction.queue_reply(held.id, None, person_reply(held.message), said())
    assert len(take(store)) == 1
    with store.read() as transaction:
        assert transaction.unkept("education", 5) == []


@pytest.mark.parametrize("stages", [[], [MessageStage.HELD, MessageStage.HELD]])
def test_filed_takes_parallel_lists(store: Store, stages: list[MessageStage]) -> None:
    """Ids and stages of unequal length are a mistake of the caller."""
    with pytest.raises(ValueError, match="argument"), store.begin() as transaction:
        transaction.filed([1], stages)
