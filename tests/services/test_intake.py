"""Intake: new mail into the database with its cursor, once each, whatever happens on the way."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from responder.adapters.imap import ImapInbox
from responder.core.errors import InboxError
from responder.core.lifecycle import MessageStage
from responder.core.message import Message
from responder.ports import Cursor
from responder.services import intake
from responder.services.intake import Taken, check_counts, take_in
from tests.system.installation import RENEWAL, Installation, mail, rules


def take(ours: Installation, inbox: ImapInbox, batch: int = 100) -> Taken:
    """One round."""
    return take_in(ours.app.store, inbox, ours.app.mailboxes["education"], ours.now(), batch)


@pytest.fixture
def inbox(ours: Installation) -> ImapInbox:
    """A connection to the mailbox."""
    return ours.app.inbox("education")


def five(ours: Installation) -> None:
    """Five mails."""
    for number in range(5):
        ours.deliver(mail(f"ana@n{number}.example", RENEWAL))


def cursor(ours: Installation, inbox: ImapInbox) -> Cursor | None:
    """How far intake has come."""
    validity = inbox.select()
    with ours.app.store.read() as transaction:
        return transaction.cursor("education", validity)


def test_batches(ours: Installation, inbox: ImapInbox) -> None:
    """A full batch asks for the next one; every mail is stored once, in order; the cursor stands behind the last."""
    five(ours)
    assert [take(ours, inbox, 2) for _ in range(4)] == [
        Taken(2, 2, more=True),
        Taken(2, 2, more=True),
        Taken(1, 1, more=False),
        Taken(),
    ]
    stored = ours.messages()
    uids = [one.message.key.uid for one in stored]
    assert uids == sorted(uids)
    assert {one.stage for one in stored} == {MessageStage.RECEIVED}
    reached = cursor(ours, inbox)
    assert reached is not None
    assert reached.last_uid == uids[-1]


def test_an_empty_mailbox(ours: Installation, inbox: ImapInbox) -> None:
    """Nothing to take is nothing taken."""
    assert take(ours, inbox) == Taken()


def test_the_same_batch_again(ours: Installation, inbox: ImapInbox) -> None:
    """A cursor that was lost (a crash before the commit, a restored backup) costs a second look, no second row."""
    five(ours)
    take(ours, inbox)
    with closing(sqlite3.connect(ours.world.folder / "responder.db")) as database:
        database.execute("DELETE FROM cursors")
        database.commit()
    assert take(ours, inbox) == Taken(5, 0)
    assert len(ours.messages()) == 5


def test_nothing_is_kept_of_a_failed_transaction(
    ours: Installation, inbox: ImapInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows and cursor are one transaction: where the cursor cannot be written no row stays; the next round has all."""
    five(ours)
    with monkeypatch.context() as patch:
        patch.setattr("responder.adapters.store.transaction.SqlTransaction.move_cursor", power_cut)
        with pytest.raises(RuntimeError, match="power"):
            take(ours, inbox)
    assert ours.messages() == []
    assert take(ours, inbox) == Taken(5, 5)


def power_cut(*_: object) -> None:
    """In the middle of a transaction."""
    raise RuntimeError("power")


def test_a_server_that_is_away(ours: Installation, inbox: ImapInbox) -> None:
    """It raises InboxError, and loses nothing."""
    five(ours)
    ours.imap.drop_connections()
    ours.imap.stop()
    with pytest.raises(InboxError):
        take(ours, inbox)
    assert ours.messages() == []


def test_the_cut_off(ours: Installation, inbox: ImapInbox) -> None:
    """By the server's time of arrival: older mail is recorded with the reason, mail of the very moment is received."""
    since = ours.app.mailboxes["education"].answer_since
    assert since is not None
    ours.deliver(mail("ana@uni.example", RENEWAL), at=since - timedelta(seconds=1))
    ours.deliver(mail("bob@uni.example", RENEWAL), at=since)
    take(ours, inbox)
    old, new = ours.messages()
    assert (old.stage, new.stage) == (MessageStage.RECORDED, MessageStage.RECEIVED)
    assert "before the mailbox was started" in ours.app.review.events(old.id)[0].why


def test_answered_by_a_person_already(ours: Installation, inbox: ImapInbox) -> None:
    r"""\Answered at first sight: recorded, with the reason."""
    ours.imap.deliver("education", mail("ana@uni.example", RENEWAL), flags=["\\Answered"])
    take(ours, inbox)
    assert ours.only().stage is MessageStage.RECORDED
    assert ours.app.review.events(ours.only().id)[0].why.startswith("answered by a person")


def test_the_same_mail_twice(ours: Installation, inbox: ImapInbox) -> None:
    """The same bytes under another UID are the same mail: recorded; a reused Message-ID on other bytes is new mail."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.deliver(mail("ana@uni.example", f"{RENEWAL} Please hurry."))
    ours.deliver(mail("ana@uni.example", RENEWAL, message_id=""))
    ours.deliver(mail("bob@uni.example", RENEWAL, message_id=""))
    take(ours, inbox)
    assert [one.stage for one in ours.messages()] == [
        MessageStage.RECEIVED,
        MessageStage.RECORDED,
        *[MessageStage.RECEIVED] * 3,
    ]


def test_a_defect_of_the_parser(ours: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail on which the parser fails is stored unread and held; the mails beside it go their way."""
    real = intake.parse

    def trips(raw: bytes, *given: object, **named: bool) -> Message:
        if b"tripwire" in raw:
            raise RecursionError
        return real(raw, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(intake, "parse", trips)
    ours.deliver(mail("ana@uni.example", "tripwire"))
    ours.deliver(mail("bob@uni.example", RENEWAL))
    ours.work()
    failed, fine = ours.messages()
    assert (failed.stage, fine.stage) == (MessageStage.HELD, MessageStage.ANSWERED)
    assert "intake.unreadable" in rules(failed)
    assert "RecursionError" in (failed.message.unreadable or "")


def test_counts(ours: Installation, inbox: ImapInbox) -> None:
    """What the server holds beyond the cursor is noted: mail that is left lying shows in `status`."""
    five(ours)
    mailbox = ours.app.mailboxes["education"]
    assert check_counts(ours.app.store, inbox, mailbox, ours.now()) == 5
    take(ours, inbox, 2)
    assert check_counts(ours.app.store, inbox, mailbox, ours.now()) == 3
    with ours.app.store.read() as transaction:
        (state,) = transaction.mailboxes()
    assert state.server_count == 3
    assert state.polled_at is not None


def test_the_first_start_is_remembered(ours: Installation, inbox: ImapInbox) -> None:
    """The moment of the first start does not move with later ones."""
    take(ours, inbox)
    with ours.app.store.read() as transaction:
        (first,) = transaction.mailboxes()
    ours.ahead = timedelta(days=3)
    ours.start()
    take(ours, inbox)
    with ours.app.store.read() as transaction:
        (later,) = transaction.mailboxes()
    assert later.started_at == first.started_at


def test_dates_without_sense(ours: Installation, inbox: ImapInbox) -> None:
    """A mail that says it is from another century is read by the time it arrived."""
    arrived = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
    ours.deliver(mail("ana@uni.example", RENEWAL, "Date: Mon, 1 Jan 1900 00:00:00 +9999"), at=arrived)
    take(ours, inbox)
    assert ours.only().message.received_at == arrived
    assert ours.only().stage is MessageStage.RECEIVED
