"""Fetching where it is hard: many messages, big ones, sparse UIDs, other people at work in the same mailbox."""

import pytest

from responder.adapters.imap import fetching
from tests.adapters.imap.accounts import Account, mail
from tests.servers.proxy import Proxy


def fill(account: Account, number: int, body: str = "Hello") -> None:
    """Many messages over one connection, named 0, 1, 2, ..."""
    with account.person(None) as client:
        for n in range(number):
            client.append("INBOX", mail(str(n), body=body))


def expunge(account: Account, *uids: int) -> None:
    """A person deletes for good."""
    with account.person() as client:
        client.delete_messages(list(uids))
        client.expunge(list(uids))


def test_three_hundred_messages_in_batches(on_dovecot: Account) -> None:
    """Each exactly once, in order, none left."""
    fill(on_dovecot, 300)
    inbox = on_dovecot.inbox()
    inbox.select()
    cursor, seen = 0, []
    while batch := inbox.fetch(cursor, 70):
        assert len(batch) <= 70
        seen += [one.raw for one in batch]
        cursor = batch[-1].uid
    assert seen == [mail(str(n)) for n in range(300)]
    assert inbox.count(0) == 300
    inbox.close()


def test_more_than_fit_into_one_command(on_dovecot: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch larger than what one command names is asked for in pieces."""
    monkeypatch.setattr(fetching, "UIDS", 7)
    fill(on_dovecot, 30)
    expunge(on_dovecot, *range(2, 30, 2))
    inbox = on_dovecot.inbox()
    inbox.select()
    assert [one.uid for one in inbox.fetch(0, 100)] == [*range(1, 30, 2), 30]
    inbox.close()


def test_a_big_mailbox_is_searched_in_windows(proxy: Proxy, proxied: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer grows with the mailbox: the library gives up on lines over a million characters."""
    fill(proxied, 40)
    expunge(proxied, *range(5, 31))
    monkeypatch.setattr(fetching, "WINDOW", 4)
    inbox = proxied.inbox()
    inbox.select()
    there = [*range(1, 5), *range(31, 41)]
    assert [one.uid for one in inbox.fetch(0, 100)] == there
    assert [one.uid for one in inbox.fetch(2, 4)] == [3, 4, 31, 32]
    assert inbox.count(0) == len(there)
    assert "SEARCH UID 5:8" in [line.removeprefix("UID ") for line in proxy.commands]
    inbox.close()


def test_memory_is_bounded_by_bytes(on_dovecot: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Big mails come in small batches, one at least, and the rest is news to wait."""
    monkeypatch.setattr(fetching, "BYTES", 10_000)
    fill(on_dovecot, 5, body="x" * 4_000)
    inbox = on_dovecot.inbox()
    inbox.select()
    assert [one.uid for one in inbox.fetch(0, 100)] == [1, 2]
    assert inbox.wait(30)
    assert [one.uid for one in inbox.fetch(2, 100)] == [3, 4]
    assert inbox.wait(30)
    monkeypatch.setattr(fetching, "BYTES", 10)
    assert [one.uid for one in inbox.fetch(4, 100)] == [5]
    assert not inbox.wait(0.1)
    inbox.close()


@pytest.mark.parametrize("moment", ["RFC822.SIZE", "ANSWERED", "BODY.PEEK[]"])
def test_messages_deleted_in_the_middle_of_a_fetch(proxy: Proxy, proxied: Account, moment: str) -> None:
    """What somebody expunges at that moment is missing, the others are whole and under their own UIDs."""
    fill(proxied, 5)
    inbox = proxied.inbox()
    inbox.select()
    waiting = [2, 4]

    def delete(command: str) -> None:
        if moment in command and waiting:
            expunge(proxied, *waiting)
            waiting.clear()

    proxy.before = delete
    fetched = {one.uid: one for one in inbox.fetch(0, 10)}
    assert not waiting
    assert {1, 3, 5} <= fetched.keys()
    for uid, one in fetched.items():
        assert one.truncated is False
        assert one.raw == mail(str(uid - 1))
    assert [one.uid for one in inbox.fetch(0, 10)] == [1, 3, 5]
    inbox.close()


def test_flags_of_one_message_are_not_taken_for_anothers(proxied: Account) -> None:
    """Notices about flags name sequence numbers; number 3 is not UID 3."""
    fill(proxied, 5)
    expunge(proxied, 1, 2)
    inbox = proxied.inbox()
    inbox.select()
    inbox.fetch(0, 10)
    with proxied.person() as client:
        client.add_flags([5], ["\\Answered"])
    assert not inbox.wait(1.2), "the notice came during this"
    assert {one.uid: one.answered for one in inbox.fetch(0, 10)} == {3: False, 4: False, 5: True}
    ids = [f"<{n}@example.org>" for n in (2, 3, 4)]
    assert inbox.answered_elsewhere([3, 4, 5], ids) == {5}
    inbox.close()


@pytest.mark.parametrize(
    ("uids", "expected"),
    [((), ""), ((7,), "7"), ((1, 2, 3), "1:3"), ((5, 1, 2, 9, 10), "1:2,5,9:10")],
)
def test_uid_sets_are_short(uids: tuple[int, ...], expected: str) -> None:
    """Runs are written as ranges, single ones as themselves (RFC 3501 section 9)."""
    assert fetching.uid_set(uids) == expected


def test_null_bytes_and_bare_newlines_come_through(on_embedded: Account) -> None:
    """The bytes are handed over as the server gives them, whatever they are."""
    raw = b"Subject: \xff\xfe\x80\r\n\r\n)\r\n* 1 FETCH (UID 9 BODY[] {3}\r\nabc)\r\nA1 OK done\r\n\xc3\x28"
    on_embedded.deliver(raw)
    inbox = on_embedded.inbox()
    inbox.select()
    (one,) = inbox.fetch(0, 10)
    assert one.raw == raw
    inbox.close()
