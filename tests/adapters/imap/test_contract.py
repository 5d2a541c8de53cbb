"""What ports.Inbox promises, on every server and with every kind of protection."""

import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from responder.adapters.imap import ImapInbox
from responder.core.errors import MailboxChangedError
from responder.ports import Filing
from responder.services.filing import KEYWORDS
from tests.adapters.imap.accounts import LONG_AGO, SIZE_LIMIT, Account, mail


def after(seconds: float, act: object) -> threading.Timer:
    """Do something in another thread soon."""
    timer = threading.Timer(seconds, act)
    timer.start()
    return timer


def recent() -> datetime:
    """A time of receipt within what is looked at first in Sent."""
    return datetime.now(UTC) - timedelta(minutes=1)


def test_select_says_which_incarnation(inbox: ImapInbox, account: Account) -> None:
    """The UIDVALIDITY stays the same from call to call and from connection to connection."""
    first = inbox.select()
    assert first > 0
    assert inbox.select() == first
    other = account.inbox()
    assert other.select() == first
    other.close()


def test_fetch_brings_what_is_newer_in_order(inbox: ImapInbox, account: Account) -> None:
    """Ascending UIDs above the cursor, no more than asked for, the raw bytes as delivered."""
    for name in "abcde":
        account.deliver(mail(name))
    inbox.select()
    everything = inbox.fetch(0, 100)
    uids = [one.uid for one in everything]
    assert uids == sorted(uids)
    assert [one.raw for one in everything] == [mail(name) for name in "abcde"]
    assert [one.uid for one in inbox.fetch(0, 2)] == uids[:2]
    assert [one.uid for one in inbox.fetch(uids[1], 2)] == uids[2:4]
    assert inbox.fetch(uids[-1], 100) == []
    assert inbox.count(0) == 5
    assert inbox.count(uids[2]) == 2
    assert inbox.count(uids[-1]) == 0


def test_an_empty_mailbox_is_no_error(inbox: ImapInbox) -> None:
    """Nothing there: nothing fetched, nothing counted."""
    inbox.select()
    assert inbox.fetch(0, 10) == []
    assert inbox.count(0) == 0


def test_a_cursor_beyond_every_message_brings_nothing(inbox: ImapInbox, account: Account) -> None:
    """`n:*` names the last message even when it is older than n; it is not fetched twice."""
    account.deliver(mail("a"))
    inbox.select()
    (only,) = inbox.fetch(0, 10)
    assert inbox.fetch(only.uid, 10) == []
    assert inbox.fetch(only.uid + 1000, 10) == []


def test_reading_marks_nothing_as_read(inbox: ImapInbox, account: Account) -> None:
    """People see what they have not read yet as unread."""
    account.deliver(mail("a"))
    account.deliver(mail("big", body="x" * 2 * SIZE_LIMIT))
    inbox.select()
    assert len(inbox.fetch(0, 10)) == 2
    assert all(flags == set() for flags in account.flags().values())


def test_times_are_those_of_receipt_in_utc(inbox: ImapInbox, account: Account) -> None:
    """INTERNALDATE, whatever zone the server tells it in."""
    account.deliver(mail("a"), at=LONG_AGO)
    account.deliver(mail("b"), at=datetime(2026, 7, 1, 1, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))))
    inbox.select()
    first, second = inbox.fetch(0, 10)
    assert first.internal_date == LONG_AGO
    assert second.internal_date == datetime(2026, 6, 30, 19, 30, tzinfo=UTC)
    assert {first.internal_date.tzinfo, second.internal_date.tzinfo} == {UTC}


def test_of_a_large_message_only_the_header_is_read(inbox: ImapInbox, account: Account) -> None:
    """Over the limit: truncated, with its true size; the others are not affected."""
    large = mail("large", "Subject: big", body="x" * (SIZE_LIMIT + 1))
    account.deliver(large)
    account.deliver(mail("small"))
    inbox.select()
    first, second = inbox.fetch(0, 10)
    assert (first.truncated, first.size) == (True, len(large))
    assert first.raw == large.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert (second.truncated, second.raw) == (False, mail("small"))


def test_fetch_tells_what_a_person_answered(inbox: ImapInbox, account: Account) -> None:
    r"""\Answered of each message and of no other."""
    account.deliver(mail("a"))
    account.deliver(mail("b"), flags=["\\Answered"])
    inbox.select()
    assert [one.answered for one in inbox.fetch(0, 10)] == [False, True]


def test_wait_sees_mail_arrive(inbox: ImapInbox, account: Account) -> None:
    """True as soon as there is new mail, and only once for the same mail."""
    inbox.select()
    inbox.fetch(0, 10)
    started = time.monotonic()
    timer = after(0.2, lambda: account.deliver(mail("a")))
    assert inbox.wait(20)
    assert time.monotonic() - started < 10
    timer.join()
    assert not inbox.wait(0.3)
    assert [one.raw for one in inbox.fetch(0, 10)] == [mail("a")]


def test_wait_sees_mail_that_came_after_the_fetch(inbox: ImapInbox, account: Account) -> None:
    """Mail between fetch and wait is news, although the server has nothing new to tell."""
    inbox.select()
    inbox.fetch(0, 10)
    account.deliver(mail("a"))
    inbox.select()
    assert inbox.wait(20)


def test_wait_ends_without_news(inbox: ImapInbox, account: Account) -> None:
    """False after the time given, mail that was fetched already being none."""
    account.deliver(mail("a"))
    inbox.select()
    inbox.fetch(0, 10)
    assert not inbox.wait(0.3)
    assert not inbox.wait(0)


def test_wait_sees_what_a_small_fetch_left_over(inbox: ImapInbox, account: Account) -> None:
    """After a fetch of fewer than there are, the rest is news."""
    for name in "abc":
        account.deliver(mail(name))
    inbox.select()
    assert inbox.wait(0.1) is False, "nothing was fetched yet: what lies there is known to the caller"
    first = inbox.fetch(0, 1)[-1].uid
    assert inbox.wait(20)
    second = inbox.fetch(first, 1)[-1].uid
    assert inbox.wait(20)
    third = inbox.fetch(second, 1)[-1].uid
    assert not inbox.wait(0.1)
    assert first < second < third


def test_wake_ends_a_wait(inbox: ImapInbox) -> None:
    """From another thread, during the wait or before it."""
    inbox.select()
    timer = after(0.2, inbox.wake)
    started = time.monotonic()
    assert inbox.wait(30)
    timer.join()
    inbox.wake()
    inbox.wake()
    assert inbox.wait(30)
    assert time.monotonic() - started < 15
    assert not inbox.wait(0.1), "one wake, one waking"


def test_polling_works_like_idle(account: Account) -> None:
    """Without IDLE: news is seen, wake is heard."""
    inbox = account.inbox(idle=False)
    inbox.select()
    inbox.fetch(0, 10)
    assert not inbox.wait(0.1)
    timer = after(0.2, inbox.wake)
    assert inbox.wait(30)
    timer.join()
    account.deliver(mail("a"))
    assert inbox.wait(0.1)
    inbox.close()


def test_a_person_who_answers_is_noticed(inbox: ImapInbox, account: Account) -> None:
    r"""By \Answered, or by a reply in Sent; what is answered later is noticed later."""
    for name in "abcd":
        account.deliver(mail(name))
    inbox.select()
    a, b, c, d = (one.uid for one in inbox.fetch(0, 10))
    ids = [f"<{name}@example.org>" for name in "abcd"]
    assert inbox.answered_elsewhere([a, b, c, d], ids) == frozenset()
    with account.person() as client:
        client.add_flags([a], ["\\Answered"])
    account.deliver(mail("r1", "In-Reply-To: <b@example.org>"), folder="Sent", at=recent())
    assert inbox.answered_elsewhere([a, b, c, d], ids) == {a, b}
    account.deliver(mail("r2", "References: <x@example.org>\r\n <c@example.org>"), folder="Sent", at=recent())
    assert inbox.answered_elsewhere([a, b, c, d], ids) == {a, b, c}
    assert inbox.answered_elsewhere([d], [""]) == frozenset()
    assert inbox.answered_elsewhere([], []) == frozenset()


def test_what_answers_nobody_is_not_taken_for_an_answer(inbox: ImapInbox, account: Account) -> None:
    """Our own replies (X-Loop), forwards, and mails that only mention the message somewhere in the thread."""
    account.deliver(mail("a"))
    inbox.select()
    (one,) = inbox.fetch(0, 10)
    for name, headers in {
        "ours": ("In-Reply-To: <a@example.org>", "X-Loop: responder-1"),
        "forward": ("Subject: Fwd: question", "In-Reply-To: <a@example.org>"),
        "encoded": ("Subject: =?utf-8?q?WG=3A_R=C3=BCckfrage?=", "In-Reply-To: <a@example.org>"),
        "later": ("In-Reply-To: <b@example.org>", "References: <a@example.org> <b@example.org>"),
    }.items():
        account.deliver(mail(name, *headers), folder="Sent", at=recent())
    assert inbox.answered_elsewhere([one.uid], ["<a@example.org>"]) == frozenset()


def test_in_sent_finds_by_message_id(inbox: ImapInbox, account: Account) -> None:
    """New mail at once, and mail older than what is read of Sent at first."""
    inbox.select()
    assert not inbox.in_sent("<new@example.org>")
    account.deliver(mail("new"), folder="Sent", at=recent())
    account.deliver(mail("old"), folder="Sent", at=datetime(2020, 1, 1, tzinfo=UTC))
    assert inbox.in_sent("<new@example.org>")
    assert inbox.in_sent("<old@example.org>")
    assert not inbox.in_sent("<other@example.org>")
    assert not inbox.in_sent('<a"b\r\nA1 LOGOUT@example.org>')


def test_copies_are_kept_once(inbox: ImapInbox, account: Account) -> None:
    """Each Message-ID once, marked as read, however often it is asked for."""
    copies = [(f"<{name}@example.org>", mail(name)) for name in "ab"]
    inbox.select()
    assert inbox.keep_sent(copies[:1]) == {"<a@example.org>"}
    assert inbox.keep_sent(copies) == {"<a@example.org>", "<b@example.org>"}
    other = account.inbox()
    assert other.keep_sent(copies) == {"<a@example.org>", "<b@example.org>"}
    other.close()
    assert account.ids("Sent") == [b"<a@example.org>", b"<b@example.org>"]
    assert all(flags == {"\\Seen"} for flags in account.flags("Sent").values())
    assert inbox.keep_sent([]) == frozenset()


def test_the_mailbox_is_selected_again_after_sent(inbox: ImapInbox, account: Account) -> None:
    """Looking into Sent does not change what fetch and file speak of."""
    account.deliver(mail("a"))
    account.deliver(mail("sent"), folder="Sent", at=recent())
    inbox.select()
    assert not inbox.in_sent("<nobody@example.org>")
    (one,) = inbox.fetch(0, 10)
    assert one.raw == mail("a")
    assert not inbox.in_sent("<nobody@example.org>")
    assert inbox.file([Filing(one.uid, "$AutoHeld")]) == {one.uid}
    assert account.flags() == {one.uid: {"$AutoHeld"}}
    assert all(flags == set() for flags in account.flags("Sent").values())


def test_filing_shows_the_decision(inbox: ImapInbox, account: Account) -> None:
    r"""Keyword, \Answered, and a folder that is made where it is missing; twice is as good as once."""
    for name in "abc":
        account.deliver(mail(name))
    inbox.select()
    a, b, c = (one.uid for one in inbox.fetch(0, 10))
    filings = [
        Filing(a, "$AutoAnswered", answered=True, folder="Done/Answered"),
        Filing(b, "$AutoHeld"),
        Filing(c, "$AutoAnswered", answered=True),
    ]
    for _ in range(2):
        assert inbox.file(filings) == {a, b, c}
        assert account.flags() == {b: {"$AutoHeld"}, c: {"$AutoAnswered", "\\Answered"}}
        assert account.ids("Done/Answered") == [b"<a@example.org>"]
    assert list(account.flags("Done/Answered").values()) == [{"$AutoAnswered", "\\Answered"}]


def test_a_message_shows_one_state(inbox: ImapInbox, account: Account) -> None:
    """A later decision replaces the earlier one's keyword; other people's keywords stay."""
    account.deliver(mail("a"), flags=["$Work", "\\Flagged"])
    inbox.select()
    (one,) = inbox.fetch(0, 10)
    for keyword in KEYWORDS.values():
        assert inbox.file([Filing(one.uid, keyword)]) == {one.uid}
        assert account.flags() == {one.uid: {"$Work", "\\Flagged", keyword}}


def test_a_keyword_that_is_no_atom_is_not_set(inbox: ImapInbox, account: Account) -> None:
    """With a space it would become two, with a parenthesis an error; the rest of the filing is done."""
    account.deliver(mail("a"))
    inbox.select()
    (one,) = inbox.fetch(0, 10)
    for keyword in ("$Auto Held", "$Auto)Held", "", "$Auto\r\nHeld"):
        assert inbox.file([Filing(one.uid, keyword, answered=True)]) == {one.uid}
    assert account.flags() == {one.uid: {"\\Answered"}}


def test_what_is_gone_is_done(inbox: ImapInbox, account: Account) -> None:
    """A message that somebody deleted or moved needs no filing."""
    account.deliver(mail("a"))
    account.deliver(mail("b"))
    inbox.select()
    a, b = (one.uid for one in inbox.fetch(0, 10))
    with account.person() as client:
        client.delete_messages([a])
        client.expunge([a])
    assert inbox.file([Filing(a, "$AutoHeld", folder="Held"), Filing(b, "$AutoHeld", folder="Held")]) == {a, b}
    assert account.ids("Held") == [b"<b@example.org>"]
    assert inbox.file([]) == frozenset()


def test_filing_into_the_mailbox_itself_moves_nothing(inbox: ImapInbox, account: Account) -> None:
    """The folder that is watched as the target: the message keeps its UID."""
    account.deliver(mail("a"))
    inbox.select()
    (one,) = inbox.fetch(0, 10)
    assert inbox.file([Filing(one.uid, "$AutoHeld", folder="INBOX")]) == {one.uid}
    assert account.flags() == {one.uid: {"$AutoHeld"}}


@pytest.mark.parametrize("name", ["Rückfragen", "Programme für Bildung/答え", "R&D", 'odd "name"', "with space"])
def test_any_folder_name_will_do(account: Account, name: str) -> None:
    """Non-ASCII, spaces, quotes and ampersands: as the target and as the mailbox that is watched."""
    account.deliver(mail("a"))
    inbox = account.inbox()
    inbox.select()
    (one,) = inbox.fetch(0, 10)
    assert inbox.file([Filing(one.uid, "$AutoHeld", folder=name)]) == {one.uid}
    assert name in [folder.name for folder in inbox.folders()]
    inbox.close()
    watching = account.inbox(folder=name)
    watching.select()
    assert [one.raw for one in watching.fetch(0, 10)] == [mail("a")]
    watching.close()


def test_a_mailbox_made_anew_is_another_one(account: Account) -> None:
    """After deletion and re-creation select tells the new UIDVALIDITY; until then no call mixes up the UIDs."""
    account.create("Programs")
    account.deliver(mail("old"), folder="Programs")
    inbox = account.inbox(folder="Programs")
    before = inbox.select()
    (old,) = inbox.fetch(0, 10)
    inbox.close()
    time.sleep(1.1)  # Dovecot takes the seconds of the clock as UIDVALIDITY
    with account.person(None) as client:
        client.delete_folder("Programs")
    account.create("Programs")
    account.deliver(mail("new"), folder="Programs")
    with pytest.raises(MailboxChangedError):
        inbox.file([Filing(old.uid, "$AutoAnswered", answered=True)])
    with pytest.raises(MailboxChangedError):
        inbox.fetch(0, 10)
    assert inbox.wait(10), "news, in a way"
    assert inbox.select() != before
    assert [one.raw for one in inbox.fetch(0, 10)] == [mail("new")]
    inbox.close()


def test_a_message_moved_out_and_back_is_new(inbox: ImapInbox, account: Account) -> None:
    """It comes back under a higher UID, so the cursor sees it (the store knows it by its fingerprint)."""
    account.deliver(mail("a"))
    account.create("Elsewhere")
    inbox.select()
    (first,) = inbox.fetch(0, 10)
    with account.person() as client:
        client.move([first.uid], "Elsewhere")
    assert inbox.fetch(0, 10) == []
    with account.person("Elsewhere") as client:
        client.move(client.search(), "INBOX")
    (again,) = inbox.fetch(first.uid, 10)
    assert again.uid > first.uid
    assert again.raw == first.raw


def test_mail_read_by_somebody_else_is_still_new(inbox: ImapInbox, account: Account) -> None:
    r"""\Seen and \Recent are no work list."""
    account.deliver(mail("a"))
    with account.person() as client:
        client.fetch(client.search(), ["BODY[]"])
    inbox.select()
    assert len(inbox.fetch(0, 10)) == 1


def test_close_is_not_the_end(inbox: ImapInbox, account: Account) -> None:
    """Closing twice is fine, and the next call connects again with the same cursor."""
    account.deliver(mail("a"))
    before = inbox.select()
    inbox.close()
    inbox.close()
    assert len(inbox.fetch(0, 10)) == 1
    assert inbox.select() == before


def test_what_check_asks(inbox: ImapInbox) -> None:
    """Capabilities after the login, folders, the Sent folder, and whether keywords are kept."""
    assert {"IDLE", "MOVE", "UIDPLUS"} <= inbox.capabilities()
    assert {"INBOX", "Sent"} <= {folder.name for folder in inbox.folders()}
    assert inbox.sent_folder() == "Sent"
    assert inbox.keeps("$AutoHeld")
    assert inbox.keeps("\\Answered")
