"""wait and wake: IDLE as servers really do it, interrupted, renewed, refused, cut."""

import threading
import time
from collections.abc import Callable

import pytest

from responder.adapters.imap import inbox as module
from responder.core.errors import InboxError
from responder.demo.imap_server import EmbeddedImap
from tests.adapters.imap.accounts import Account, mail
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Fault, Proxy

SOON = 10.0
"""Seconds within which everything here happens, on a slow machine too."""


def during(seconds: float, act: Callable[[], object]) -> threading.Timer:
    """Do something while the test waits."""
    timer = threading.Timer(seconds, act)
    timer.start()
    return timer


def test_mail_delivered_while_idle(dovecot: Dovecot, on_dovecot: Account) -> None:
    """Delivered as a mail server does, seen long before the wait would end, and there at the next fetch."""
    inbox = on_dovecot.inbox()
    inbox.select()
    inbox.fetch(0, 10)
    started = time.monotonic()
    timer = during(0.2, lambda: dovecot.deliver(on_dovecot.endpoint.user, mail("a")))
    assert inbox.wait(60)
    assert time.monotonic() - started < SOON
    (one,) = inbox.fetch(0, 10)
    assert one.raw.endswith(mail("a"))
    timer.join()
    inbox.close()


def test_a_connection_closed_in_idle(proxy: Proxy, proxied: Account) -> None:
    """The library would report silence for ever; here it is an error at once, and the next call connects anew."""
    inbox = proxied.inbox()
    inbox.select()
    inbox.fetch(0, 10)
    timer = during(0.2, proxy.close_all)
    started = time.monotonic()
    with pytest.raises(InboxError):
        inbox.wait(60)
    assert time.monotonic() - started < SOON
    timer.join()
    proxied.deliver(mail("a"))
    assert inbox.wait(60), "mail that came while there was no connection"
    inbox.close()


def test_bye_in_idle(proxy: Proxy, proxied: Account) -> None:
    """A server that says goodbye is believed, with its words."""
    inbox = proxied.inbox()
    inbox.select()
    timer = during(0.2, lambda: proxy.say(b"* BYE shutting down for lunch"))
    with pytest.raises(InboxError, match="lunch"):
        inbox.wait(60)
    timer.join()
    inbox.close()


def test_a_dead_line_in_idle(proxy: Proxy, proxied: Account) -> None:
    """Nothing comes back any more: noticed when IDLE ends, after the timeout, never later."""
    inbox = proxied.inbox(timeout=0.5)
    inbox.select()
    timer = during(0.2, proxy.black_hole)
    started = time.monotonic()
    with pytest.raises(InboxError, match="no answer in time"):
        inbox.wait(1)
    assert time.monotonic() - started < SOON
    timer.join()
    assert inbox.select() > 0
    inbox.close()


def test_idle_is_renewed(proxy: Proxy, proxied: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended and begun anew, so that a dead line shows and no server logs us out for being quiet."""
    monkeypatch.setattr(module, "RENEW", 0.05)
    inbox = proxied.inbox()
    inbox.select()
    assert not inbox.wait(0.5)
    assert proxy.commands.count("IDLE") >= 3
    inbox.close()


def test_a_server_that_makes_conversation(proxy: Proxy, proxied: Account) -> None:
    """Dovecot's "Still here" and other people's flags are no news; the mail behind them is."""
    proxied.deliver(mail("a"))
    inbox = proxied.inbox()
    inbox.select()
    inbox.fetch(0, 10)
    talk = [during(0.1, lambda: proxy.say(b"* OK Still here")), during(0.3, lambda: proxy.say(b"* OK Still here"))]
    with proxied.person() as client:
        client.add_flags(client.search(), ["\\Flagged"])
    assert not inbox.wait(1.5)
    assert proxy.commands.count("IDLE") >= 3
    for timer in talk:
        timer.join()
    proxied.deliver(mail("b"))
    assert inbox.wait(60)
    inbox.close()


@pytest.mark.parametrize(
    "said",
    [b"+ idling\r\n* 1 EXISTS\r\n", b"* 1 EXISTS\r\n+ idling\r\n", b"* OK Hold on\r\n+ idling\r\n* 1 EXISTS\r\n"],
    ids=["in one packet with the continuation", "before the continuation", "with more before it"],
)
def test_news_at_the_very_beginning_of_idle(dovecot: Dovecot, on_dovecot: Account, said: bytes) -> None:
    """Mail that comes between the last look and IDLE, announced before anybody listens, and never again."""

    def rewrite(line: bytes) -> bytes:
        if line.startswith(b"+ idling"):
            on_dovecot.deliver(mail("a"))
            return said
        return b"" if line.startswith(b"* ") and idling() else line

    def idling() -> bool:
        return bool(proxy.commands) and proxy.commands[-1] == "IDLE"

    with Proxy(dovecot.plain, rewrite=rewrite) as proxy:
        inbox = on_dovecot.through(proxy.port).inbox()
        inbox.select()
        inbox.fetch(0, 10)
        started = time.monotonic()
        assert inbox.wait(60)
        assert time.monotonic() - started < SOON
        assert len(inbox.fetch(0, 10)) == 1
        inbox.close()


def test_idle_that_is_refused(proxy: Proxy, proxied: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offered but not given: polled instead, without asking for it again."""
    monkeypatch.setattr(module, "POLL", 0.05)
    proxy.on("IDLE", Fault.NO, times=100)
    inbox = proxied.inbox()
    inbox.select()
    inbox.fetch(0, 10)
    timer = during(0.3, lambda: proxied.deliver(mail("a")))
    assert inbox.wait(60)
    timer.join()
    assert proxy.commands.count("IDLE") == 1
    inbox.close()


def test_idle_that_never_tells(dovecot: Dovecot, on_dovecot: Account) -> None:
    """Courier's IDLE says nothing: the look at the end of the wait finds the mail."""

    def rewrite(line: bytes) -> bytes:
        return b"" if line.startswith(b"* ") and proxy.commands[-1:] == ["IDLE"] else line

    with Proxy(dovecot.plain, rewrite=rewrite) as proxy:
        inbox = on_dovecot.through(proxy.port).inbox()
        inbox.select()
        inbox.fetch(0, 10)
        timer = during(0.1, lambda: on_dovecot.deliver(mail("a")))
        assert inbox.wait(1.5)
        timer.join()
        inbox.close()


def test_many_wakes_are_one(embedded: EmbeddedImap, on_embedded: Account) -> None:
    """However often it is called, by however many threads, without anybody waiting: never an error, never blocking."""
    inbox = on_embedded.inbox()
    inbox.select()
    threads = [threading.Thread(target=lambda: [inbox.wake() for _ in range(2000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert not any(thread.is_alive() for thread in threads)
    while inbox.wait(0.05):
        pass
    assert embedded.port
    inbox.close()
