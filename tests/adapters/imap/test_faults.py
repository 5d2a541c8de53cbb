"""Whatever breaks, and whenever: an InboxError at most, nothing hangs, and the next round makes everything right."""

import contextlib
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from responder.adapters.imap import ImapInbox
from responder.adapters.imap import inbox as module
from responder.core.errors import InboxError, LoginError
from responder.demo.imap_server import EmbeddedImap
from responder.ports import Filing
from tests.adapters.imap.accounts import Account, mail
from tests.servers.dovecot import Dovecot, free_port
from tests.servers.proxy import Fault, Proxy

COPY = ("<reply@example.org>", mail("reply", "In-Reply-To: <a@example.org>", "X-Loop: us"))
LONGEST = 20.0
"""Seconds no round may last, with answers awaited for half a second."""


def work(inbox: ImapInbox) -> None:
    """Everything the daemon asks of an inbox, once."""
    inbox.select()
    uids = [one.uid for one in inbox.fetch(0, 10)]
    if uids:
        inbox.answered_elsewhere(uids, ["<a@example.org>", "<b@example.org>"][: len(uids)])
    inbox.file([Filing(uid, "$AutoAnswered", answered=True, folder="Done") for uid in uids])
    inbox.keep_sent([COPY])
    inbox.in_sent("<nobody@example.org>")
    inbox.wait(0.02)


def commands_of_one_round(dovecot: Dovecot, account: Account) -> int:
    """How many commands a round without faults takes."""
    fill(account)
    with Proxy(dovecot.plain) as proxy:
        inbox = account.through(proxy.port).inbox()
        work(inbox)
        total = len(proxy.commands)
        inbox.close()
        return total


def fill(account: Account) -> None:
    """Two messages that wait for their answers."""
    account.deliver(mail("a"))
    account.deliver(mail("b"))


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_at_any_command_costs_one_round(
    dovecot: Dovecot, new_account: Callable[[], Account], fault: Fault
) -> None:
    """After the fault the same inbox works again; every message is filed, the copy lies in Sent exactly once."""
    total = commands_of_one_round(dovecot, new_account())
    assert total > 15
    for nth in range(1, total + 1, 3 if fault is Fault.HOLE else 1):
        account = new_account()
        fill(account)
        with Proxy(dovecot.plain) as proxy:
            proxy.on("*", fault, nth=nth)
            inbox = account.through(proxy.port).inbox(timeout=0.5 if fault is Fault.HOLE else 10.0)
            started = time.monotonic()
            with contextlib.suppress(InboxError):
                work(inbox)
            assert time.monotonic() - started < LONGEST
            proxy.mend()
            work(inbox)
            inbox.close()
        assert account.flags() == {}, (fault, nth)
        assert account.ids("Done") == [b"<a@example.org>", b"<b@example.org>"], (fault, nth)
        assert all(flags == {"$AutoAnswered", "\\Answered"} for flags in account.flags("Done").values()), (fault, nth)
        assert account.ids("Sent") == [b"<reply@example.org>"], (fault, nth)


def test_a_server_that_is_gone(embedded: EmbeddedImap, on_embedded: Account) -> None:
    """An InboxError while it is away, also for a connection that was open; work goes on when it is back."""
    on_embedded.deliver(mail("a"))
    inbox = on_embedded.inbox()
    inbox.select()
    embedded.stop()
    with pytest.raises(InboxError):
        inbox.fetch(0, 10)
    with pytest.raises(InboxError, match="refused") as caught:
        inbox.select()
    assert not isinstance(caught.value, LoginError)
    embedded.start()
    inbox.select()
    assert inbox.fetch(0, 10) == [], "the embedded server forgets everything when it stops"
    inbox.close()


def test_nobody_listens() -> None:
    """The error names the place."""
    port = free_port()
    account = Account(EmbeddedImap({"a": "b"}).endpoint("a"), EmbeddedImap({"a": "b"}).endpoint("a")).through(port)
    with pytest.raises(InboxError, match=f"127.0.0.1:{port}"):
        account.inbox().select()


def test_a_server_that_never_speaks(proxy: Proxy, proxied: Account) -> None:
    """Connected, but no greeting: given up after the timeout."""
    proxy.mute_new = True
    started = time.monotonic()
    with pytest.raises(InboxError, match="no answer in time"):
        proxied.inbox(timeout=0.3).select()
    assert time.monotonic() - started < LONGEST


def test_a_connection_closed_while_nobody_looked(
    embedded: EmbeddedImap, on_embedded: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long rest the connection is tried first and replaced without an error: a reply must not wait for that."""
    monkeypatch.setattr(module, "STALE", 0.0)
    inbox = on_embedded.inbox()
    inbox.select()
    embedded.drop_connections()
    on_embedded.deliver(mail("a"))
    assert len(inbox.fetch(0, 10)) == 1
    embedded.drop_connections()
    assert not inbox.in_sent("<a@example.org>")
    embedded.drop_connections()
    inbox.select()
    inbox.close()


def test_a_mailbox_that_is_not_there(account: Account) -> None:
    """Refused with the folder's name; it works as soon as somebody makes it."""
    inbox = account.inbox(folder="Programs")
    for _ in range(2):
        with pytest.raises(InboxError, match="Programs"):
            inbox.select()
    account.create("Programs")
    assert inbox.select() > 0
    inbox.close()


def test_an_answer_nobody_can_read(proxy: Proxy, proxied: Account) -> None:
    """Garbage ends the session; what it was is not repeated, since it may be somebody's mail."""
    inbox = proxied.inbox()
    inbox.select()
    proxy.say(b"my dear doctor, the rash is back")
    with pytest.raises(InboxError) as caught:
        inbox.fetch(0, 10)
    assert "rash" not in str(caught.value)
    assert inbox.select() > 0
    inbox.close()


def test_no_mail_and_no_password_in_the_log(proxy: Proxy, proxied: Account, caplog: pytest.LogCaptureFixture) -> None:
    """Even at the most talkative level, and for a refused login too."""
    caplog.set_level(logging.DEBUG)
    proxied.deliver(mail("a", "Subject: my rash", body="the rash is back"))
    work(inbox := proxied.inbox())
    inbox.close()
    with pytest.raises(LoginError) as caught:
        proxied.with_password("Tr0ub4dor").inbox().select()
    for told in (caplog.text, str(caught.value), repr(proxied.with_password("Tr0ub4dor"))):
        assert "rash" not in told
        assert "Tr0ub4dor" not in told
        assert "secret" not in told
    assert proxy.commands


def test_a_refused_fetch_loses_no_mail(proxy: Proxy, proxied: Account) -> None:
    """A batch the server refuses is fetched one by one; what cannot be read at all is still handed over."""
    for name in "abc":
        proxied.deliver(mail(name))
    inbox = proxied.inbox()
    inbox.select()
    proxy.on("FETCH", Fault.NO, nth=2)
    assert [(one.raw, one.truncated) for one in inbox.fetch(0, 10)] == [(mail(name), False) for name in "abc"]
    proxy.on("FETCH", Fault.NO, nth=2, times=2)
    first, *others = inbox.fetch(0, 10)
    assert (first.raw, first.truncated) == (mail("a").partition(b"\r\n\r\n")[0] + b"\r\n\r\n", True)
    assert [one.raw for one in others] == [mail("b"), mail("c")]
    proxy.on("FETCH", Fault.NO, times=10)
    assert [(one.uid, one.raw, one.truncated) for one in inbox.fetch(0, 2)] == [(1, b"", True), (2, b"", True)]
    inbox.close()


def test_a_mail_in_sent_that_cannot_be_read(proxy: Proxy, proxied: Account) -> None:
    """It must not keep back every reply for ever: the others in Sent are read, that one is passed over."""
    fill(proxied)
    for name in "abc":
        raw = mail(f"r{name}", f"In-Reply-To: <{name}@example.org>")
        proxied.deliver(raw, folder="Sent", at=datetime.now(UTC))
    inbox = proxied.inbox()
    inbox.select()
    proxy.on("FETCH", Fault.NO, times=2)
    assert inbox.answered_elsewhere([1, 2], ["<a@example.org>", "<b@example.org>"]) == {2}
    inbox.close()


def test_odd_mail_in_sent(on_dovecot: Account) -> None:
    """Headers that no program should have written, a megabyte of them too."""
    inbox = on_dovecot.inbox()
    inbox.select()
    for n, header in enumerate(
        (
            b"Subject: =?no-such-charset?q?Fwd:?=",
            b"Subject: " + b"=?a?q?" * 80_000,
            b"Subject: =?utf-8?b?!?=\r\nReferences: " + b"<" * 500_000,
            b"In-Reply-To: " + b"<a" * 250_000 + b">" * 10,
            b"In-Reply-To: \xff\xfe <x@example.org>\r\nIn-Reply-To:",
            b"\xff: \x00\r\nReferences:\r\n <y@example.org>",
        )
    ):
        raw = header + b"\r\nMessage-ID: <odd%d@example.org>\r\n\r\n" % n
        on_dovecot.deliver(raw, folder="Sent", at=datetime.now(UTC))
        assert inbox.in_sent(f"<odd{n}@example.org>")
    inbox.close()


def test_a_refused_batch_of_filing_leaves_the_others_done(proxy: Proxy, proxied: Account) -> None:
    """What the server will not do is left out of the answer and tried again by the caller."""
    fill(proxied)
    inbox = proxied.inbox()
    inbox.select()
    a, b = (one.uid for one in inbox.fetch(0, 10))
    filings = [Filing(a, "$AutoAnswered", answered=True), Filing(b, "$AutoHeld")]
    proxy.on("STORE", Fault.NO)
    done = inbox.file(filings)
    assert len(done) == 1
    assert inbox.file(filings) == {a, b}
    assert proxied.flags() == {a: {"$AutoAnswered", "\\Answered"}, b: {"$AutoHeld"}}
    inbox.close()


def test_a_refused_copy_does_not_keep_back_the_others(proxy: Proxy, proxied: Account) -> None:
    """A quota, a size limit: that copy is left out, the rest is kept."""
    inbox = proxied.inbox()
    inbox.select()
    proxy.on("APPEND", Fault.NO)
    copies = [(f"<{name}@example.org>", mail(name)) for name in "ab"]
    assert inbox.keep_sent(copies) == {"<b@example.org>"}
    assert inbox.keep_sent(copies) == {"<a@example.org>", "<b@example.org>"}
    inbox.close()


def test_a_folder_deleted_meanwhile_is_made_again(proxied: Account) -> None:
    """Somebody tidies up between two batches."""
    fill(proxied)
    inbox = proxied.inbox()
    inbox.select()
    a, b = (one.uid for one in inbox.fetch(0, 10))
    assert inbox.file([Filing(a, "$AutoHeld", folder="Held")]) == {a}
    with proxied.person(None) as client:
        client.delete_folder("Held")
    assert inbox.file([Filing(b, "$AutoHeld", folder="Held")]) == {b}
    assert proxied.ids("Held") == [b"<b@example.org>"]
    inbox.close()
