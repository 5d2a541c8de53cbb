"""Connecting and logging in: who is let in, what is refused, and what is never sent."""

import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

from responder.adapters.imap import ImapInbox
from responder.core.endpoint import Endpoint, Secret, Security
from responder.core.errors import InboxError, LoginError
from tests.adapters.imap.accounts import Account
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.proxy import Fault, Proxy


def without(*words: bytes) -> Callable[[bytes], bytes]:
    """A server that does not offer these."""

    def rewrite(line: bytes) -> bytes:
        for word in words:
            line = line.replace(word, b"")
        return line

    return rewrite


def test_a_wrong_password_is_a_login_error(account: Account) -> None:
    """Told apart from every other failure: trying again soon is pointless."""
    inbox = account.with_password("wrong").inbox()
    for _ in range(2):
        with pytest.raises(LoginError, match="refuses the user name or password"):
            inbox.select()


def test_small_packets_are_not_held_back(inbox: ImapInbox) -> None:
    """TCP_NODELAY and a timeout are set however the connection is protected."""
    inbox.select()
    assert inbox._session is not None
    sock = inbox._session._client.socket()
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    assert sock.gettimeout() == 10.0


@pytest.mark.parametrize("code", ["UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG"])
def test_a_server_in_trouble_is_no_login_error(dovecot: Dovecot, on_dovecot: Account, code: str) -> None:
    """RFC 5530: the password may be right; the next attempt may come soon."""
    with Proxy(dovecot.plain, rewrite=lambda line: line.replace(b"AUTHENTICATIONFAILED", code.encode())) as proxy:
        inbox = on_dovecot.through(proxy.port).with_password("wrong").inbox()
        with pytest.raises(InboxError, match=code) as caught:
            inbox.select()
    assert not isinstance(caught.value, LoginError)


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.BYE, Fault.HOLE])
def test_a_line_lost_during_login_is_no_login_error(proxy: Proxy, proxied: Account, fault: Fault) -> None:
    """The library calls it one; the mailbox would rest for minutes over a restart of the server."""
    proxy.on("AUTHENTICATE", fault)
    inbox = proxied.inbox(timeout=0.5)
    with pytest.raises(InboxError) as caught:
        inbox.select()
    assert not isinstance(caught.value, LoginError)
    assert inbox.select() > 0
    inbox.close()


def test_no_password_leaves_the_machine_without_tls() -> None:
    """Refused before anything is sent; loopback is the exception."""
    endpoint = Endpoint("mail.example.invalid", 143, Security.PLAIN, "ada", Secret("secret"))
    with pytest.raises(InboxError, match="no password without TLS"):
        ImapInbox(endpoint, size_limit=1).select()


def test_an_untrusted_certificate_is_refused(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    """With TLS and with STARTTLS: without SSL_CERT_FILE nobody vouches for the test's server."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    for security in (Security.TLS, Security.STARTTLS):
        with pytest.raises(InboxError, match="certificate is not trusted"):
            ImapInbox(dovecot.endpoint("nobody", security), size_limit=1, timeout=10).select()


def test_a_certificate_for_another_name_is_refused(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trusted, but not for the host we meant."""
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.ca_file))
    monkeypatch.setattr(socket, "create_connection", to_loopback(socket.create_connection))
    for security in (Security.TLS, Security.STARTTLS):
        endpoint = replace(dovecot.endpoint("nobody", security), host="mail.example.test")
        with pytest.raises(InboxError, match="certificate is not trusted"):
            ImapInbox(endpoint, size_limit=1, timeout=10).select()


def to_loopback(connect: Callable[..., socket.socket]) -> Callable[..., socket.socket]:
    """Every name is this machine."""

    def connected(address: tuple[str, int], *rest: object, **options: object) -> socket.socket:
        return connect(("127.0.0.1", address[1]), *rest, **options)

    return connected


def test_starttls_that_is_not_offered_is_not_skipped(dovecot: Dovecot, on_dovecot: Account) -> None:
    """An attacker who takes the offer away gets no password."""
    with Proxy(dovecot.plain, rewrite=without(b"STARTTLS")) as proxy:
        endpoint = replace(on_dovecot.endpoint, port=proxy.port, security=Security.STARTTLS)
        with pytest.raises(InboxError, match="offers no STARTTLS"):
            ImapInbox(endpoint, size_limit=1, timeout=10).select()
        assert not [line for line in proxy.commands if line.startswith(("LOGIN", "AUTHENTICATE"))]


def test_login_where_authenticate_is_not_offered(dovecot: Dovecot, on_dovecot: Account) -> None:
    """LOGIN, with user names that need quoting."""
    with Proxy(dovecot.plain, rewrite=without(b" AUTH=PLAIN")) as proxy:
        for user in (on_dovecot.endpoint.user, "two words", "odd*name"):
            inbox = replace_user(on_dovecot.through(proxy.port), user).inbox()
            assert inbox.select() > 0
            inbox.close()
        assert not [line for line in proxy.commands if line.startswith("AUTHENTICATE")]
        for password in ("falsch-ß", "wrong"):
            with pytest.raises(LoginError):
                on_dovecot.through(proxy.port).with_password(password).inbox().select()


def replace_user(account: Account, user: str) -> Account:
    """The same server, somebody else."""
    return Account(replace(account.endpoint, user=user), account.desk)


def test_login_disabled(dovecot: Dovecot, on_dovecot: Account) -> None:
    """RFC 3501 section 6.2.3: LOGINDISABLED forbids even to try."""

    def rewrite(line: bytes) -> bytes:
        return line.replace(b"AUTH=PLAIN", b"LOGINDISABLED")

    with Proxy(dovecot.plain, rewrite=rewrite) as proxy:
        with pytest.raises(InboxError, match="takes no password on this connection"):
            on_dovecot.through(proxy.port).inbox().select()
        assert not [line for line in proxy.commands if line.startswith("LOGIN ")]


def test_any_character_in_a_password(on_dovecot: Account) -> None:
    """AUTHENTICATE PLAIN carries UTF-8; here it is refused for being wrong, not for being odd."""
    for password in ("pässwörd", 'a"b\\c', "spa ce", "{3}"):
        with pytest.raises(LoginError):
            on_dovecot.with_password(password).inbox().select()
    inbox = on_dovecot.with_password(PASSWORD).inbox()
    assert inbox.select() > 0
    inbox.close()
