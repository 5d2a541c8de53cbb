"""Intake: rows, cursors and the second key."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from responder.core.errors import StoreError
from responder.core.lifecycle import MessageStage
from responder.core.message import Address, Headers, Message, Thread
from responder.ports import ANSWERED_BY_PERSON, Arrival, Cursor, Query, Store
from tests.adapters.store.samples import (
    HOUR,
    MONEY,
    NOW,
    events_of,
    full_mail,
    hold,
    look,
    mail,
    person_reply,
    put,
    put_held,
    received,
    replies_of,
    said,
)


def test_a_message_comes_back_as_it_went_in(store: Store) -> None:
    """Every field of a message survives the database."""
    for message in (mail(1), full_mail()):
        [row] = put(store, message)
        assert look(store, row.id).message == message


def test_a_new_row_says_when_it_came_and_how_it_stands(store: Store) -> None:
    """A new message is RECEIVED, undecided, at version 1, with the event of its coming."""
    [row] = put(store, mail())
    assert (row.stage, row.version, row.stored_at, row.decided_at) == (MessageStage.RECEIVED, 1, NOW, None)
    assert events_of(store, row.id) == ["received"]


def test_adding_twice_adds_once(store: Store) -> None:
    """The key (mailbox, UIDVALIDITY, UID) makes intake idempotent, in one batch and over several."""
    with store.begin() as transaction:
        assert transaction.add([received(mail(1)), received(mail(2)), received(mail(1))], NOW) == 2
    with store.begin() as transaction:
        assert transaction.add([received(mail(2)), received(mail(3))], NOW) == 1
        rows = transaction.received("education", 10)
    assert [row.message.key.uid for row in rows] == [1, 2, 3]
    assert [events_of(store, row.id) for row in rows] == [["received"]] * 3


def test_a_thousand_messages_enter_in_one_call(store: Store) -> None:
    """A batch larger than one statement's parameters is taken in pieces."""
    with store.begin() as transaction:
        assert transaction.add((received(mail(uid)) for uid in range(1, 1001)), NOW) == 1000
        assert len(transaction.received("education", 2000)) == 1000


def test_a_renumbered_mailbox_is_recorded_not_received(store: Store) -> None:
    """The second key (mailbox, Message-ID, fingerprint) knows a mail again under another UIDVALIDITY."""
    first = mail(1)
    put(store, first)
    again = replace(first, key=replace(first.key, uidvalidity=8, uid=501))
    with store.begin() as transaction:
        assert transaction.add([received(again)], NOW) == 1
        assert [row.message for row in transaction.received("education", 10)] == [first]
        assert transaction.count() == {"education": {MessageStage.RECEIVED: 1, MessageStage.RECORDED: 1}}


def test_a_mail_seen_before_names_where(store: Store) -> None:
    """The event of a recorded twin says under which key the mail was seen first."""
    first = mail(1)
    put(store, first)
    [twin] = _recorded(store, replace(first, key=replace(first.key, uidvalidity=8, uid=501)))
    with store.read() as transaction:
        [event] = transaction.events(twin)
    assert (event.what, event.why) == ("recorded", "seen before as education/7/1")


def test_the_second_key_works_within_one_batch(store: Store) -> None:
    """Two copies in the same batch: the first is received, the second recorded."""
    first = mail(1)
    twin = replace(first, key=replace(first.key, uid=2))
    with store.begin() as transaction:
        assert transaction.add([received(first), received(twin)], NOW) == 2
        rows = transaction.received("education", 10)
    assert [row.message.key.uid for row in rows] == [1]


@pytest.mark.parametrize(
    "changed",
    [{"fingerprint": "f" * 64}, {"message_id": "<other@uni.example>"}, {"key": mail(3, mailbox="startups").key}],
    ids=["other bytes", "other Message-ID", "other mailbox"],
)
def test_another_mail_is_received(store: Store, changed: dict[str, object]) -> None:
    """The second key needs all three: mailbox, Message-ID and bytes."""
    first = mail(1)
    [_, other] = put(store, first, replace(first, **({"key": replace(first.key, uid=2)} | changed)))
    assert other.stage is MessageStage.RECEIVED


def test_mails_without_message_id_are_known_by_their_bytes(store: Store) -> None:
    """Without a Message-ID the fingerprint alone is the second key."""
    first = mail(1, message_id=None)
    put(store, first)
    [twin] = _recorded(store, replace(first, key=replace(first.key, uid=2)))
    assert look(store, twin).stage is MessageStage.RECORDED


def test_recorded_mail_keeps_its_reason_and_findings(store: Store) -> None:
    """Mail older than the start is recorded with the caller's words."""
    with store.begin() as transaction:
        transaction.add([Arrival(mail(1), MessageStage.RECORDED, "arrived before the start", (MONEY,))], NOW)
        [row] = transaction.find(Query())
        [event] = transaction.events(row.id)
    assert (row.stage, row.findings, event.why) == (MessageStage.RECORDED, (MONEY,), "arrived before the start")


def test_only_received_and_recorded_are_entries(store: Store) -> None:
    """Intake cannot put a message anywhere else, and a refused batch leaves nothing behind."""
    with pytest.raises(ValueError, match="held"), store.begin() as transaction:
        transaction.add([received(mail(1)), Arrival(mail(2), MessageStage.HELD)], NOW)
    with store.read() as transaction:
        assert transaction.count() == {}


def test_hostile_characters_do_no_harm(store: Store) -> None:
    """NUL and lone surrogates, which PostgreSQL and UTF-8 refuse, are replaced in text and kept in JSON."""
    nasty = "a\x00b\ud800c"
    message = mail(
        1,
        message_id=f"<{nasty}@x>",
        author=Address(nasty, f"{nasty}@x.example"),
        subject=nasty,
        text=nasty,
        full_text=nasty,
        html=nasty,
        headers=Headers((("X-Nasty", nasty),)),
        thread=Thread((nasty,), (nasty,)),
        defects=(nasty,),
        unreadable=nasty,
    )
    [row] = put(store, message)
    stored = look(store, row.id).message
    assert stored.subject == stored.text == stored.html == "a\ufffdb\ufffdc"
    assert stored.headers == message.headers
    assert stored.defects == message.defects
    with store.begin() as transaction:
        assert transaction.histories([row], NOW)
        transaction.decide([hold(row, replace(MONEY, detail=nasty))], NOW)
        transaction.draft(row.id, nasty)
        reply = person_reply(message, subject=nasty, body=nasty)
        transaction.queue_reply(row.id, None, reply, said(nasty, nasty))
    assert replies_of(store, row.id)[0].body == "a\ufffdb\ufffdc"
    assert look(store, row.id).findings[0].detail == nasty


def test_endless_identifiers_do_no_harm(store: Store) -> None:
    """Ids and addresses beyond what an index may hold are stored whole and found by digest."""
    tail = "".join(chr(97 + (7 * i * i) % 26) for i in range(100_000))
    ids = tuple(f"<{number}{tail}@x>" for number in range(3))
    message = mail(1, message_id=f"<{tail}@x>", author=Address("", f"{tail}@{tail}.example"), thread=Thread((), ids))
    [row] = put(store, message)
    assert look(store, row.id).message == message
    [twin] = _recorded(store, replace(message, key=replace(message.key, uid=2)))
    assert twin != row.id


def test_ten_thousand_references_are_cut_to_fifty(store: Store) -> None:
    """A hostile References field costs no more than a long one, and both its ends still join threads."""
    ids = tuple(f"<{number}@flood>" for number in range(10_000))
    put_held(store, mail(1, thread=Thread((), ids)))
    with store.begin() as transaction:
        transaction.queue_reply(1, None, person_reply(mail(1)), said())
    [root, near, middle] = put(
        store, *(mail(2 + n, message_id=one) for n, one in enumerate((ids[0], ids[-1], ids[5000])))
    )
    with store.begin() as transaction:
        histories = transaction.histories([root, near, middle], NOW)
    assert [history.thread_person for history in histories] == [True, True, False]


def test_html_is_cut_and_nothing_else(store: Store) -> None:
    """HTML is kept to 256 kB in whole characters; the text is kept whole."""
    message = mail(1, html="é" * 300_000, full_text="é" * 300_000)
    [row] = put(store, message)
    stored = look(store, row.id).message
    assert stored.html == "é" * 131_072
    assert stored.full_text == message.full_text


def test_instants_come_back_in_utc(store: Store) -> None:
    """Other zones are the same instant, to the microsecond."""
    there = NOW.astimezone(timezone(timedelta(hours=-7)))
    [row] = put(store, mail(1, received_at=there))
    assert row.message.received_at == NOW
    assert row.message.received_at.tzinfo == NOW.tzinfo


def test_a_naive_datetime_is_refused(store: Store) -> None:
    """A datetime without a zone is a mistake of the caller, not a guess of ours."""
    with pytest.raises((TypeError, StoreError)), store.begin() as transaction:
        transaction.add([received(mail(1, received_at=NOW.replace(tzinfo=None)))], NOW)


def test_a_cursor_starts_nowhere_and_moves_forward_only(store: Store) -> None:
    """The cursor is of one mailbox and UIDVALIDITY; a late writer cannot turn it back."""
    with store.begin() as transaction:
        assert transaction.cursor("education", 7) is None
        transaction.move_cursor("education", Cursor(7, 100), NOW)
        transaction.move_cursor("education", Cursor(7, 40), NOW + HOUR)
        assert transaction.cursor("education", 7) == Cursor(7, 100)
        transaction.move_cursor("education", Cursor(7, 140), NOW + HOUR)
        assert transaction.cursor("education", 7) == Cursor(7, 140)
        assert transaction.cursor("education", 8) is None
        assert transaction.cursor("startups", 7) is None


def test_rows_and_cursor_are_one_transaction(store: Store) -> None:
    """A crash between the two leaves neither."""
    with pytest.raises(KeyboardInterrupt):
        _crash(store)
    with store.read() as transaction:
        assert transaction.cursor("education", 7) is None
        assert transaction.count() == {}
        assert transaction.mailboxes() == []


def test_mail_answered_before_it_was_read_marks_its_thread(store: Store) -> None:
    """What a person answered from a mail program counts as the person's word in the thread."""
    root = mail(1)
    with store.begin() as transaction:
        transaction.add([Arrival(root, MessageStage.RECORDED, f"{ANSWERED_BY_PERSON} before it was read")], NOW)
    [next_mail] = put(store, mail(2, thread=Thread((root.message_id or "",))))
    with store.begin() as transaction:
        assert transaction.histories([next_mail], NOW)[0].thread_person


def _recorded(store: Store, message: Message) -> list[int]:
    """Store it, which must record it; its id."""
    with store.begin() as transaction:
        assert transaction.add([received(message)], NOW) == 1
        newest = transaction.find(Query())[0]
    assert newest.stage is MessageStage.RECORDED
    return [newest.id]


def _crash(store: Store) -> None:
    with store.begin() as transaction:
        transaction.mailbox("education", NOW)
        transaction.add([received(mail(1))], NOW)
        transaction.move_cursor("education", Cursor(7, 1), NOW)
        raise KeyboardInterrupt
