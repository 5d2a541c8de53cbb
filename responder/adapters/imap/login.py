"""Connecting and logging in: TLS with certificate checks, timeouts from the first byte on, no delay of small packets.

A CA file of one's own is named by the usual environment variable SSL_CERT_FILE.
"""

import logging
import socket
import ssl
from contextlib import suppress
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError
from imapclient.exceptions import LoginError as RefusedLoginError

from responder.adapters.imap import wire
from responder.adapters.imap.failures import explain, explained, printable
from responder.core.endpoint import Endpoint, Security, is_loopback
from responder.core.errors import InboxError, LoginError

_PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")
"""RFC 5530 section 3: the server has a problem, the credentials may be right."""
logging.getLogger("imapclient.imaplib").setLevel(logging.WARNING)  # its debug lines hold mail


def open_client(endpoint: Endpoint, timeout: float) -> Any:  # noqa: ANN401 - the library has no types
    """A connected, logged-in IMAPClient. Raises LoginError for refused credentials, else InboxError."""
    place = f"{endpoint.host}:{endpoint.port}"
    if endpoint.security is Security.PLAIN and not is_loopback(endpoint.host):
        raise InboxError(f"{place}: no password without TLS: use imaps:// or imap+starttls://")
    with explained(f"connecting to {place}"):
        client = _connect(endpoint, timeout)
    try:
        with explained(f"connecting to {place}"):
            _secure(client, endpoint, place)
        with explained(f"login at {place}"):
            _log_in(client, endpoint, place)
    except BaseException:
        abandon(client)
        raise
    return client


def abandon(client: Any) -> None:  # noqa: ANN401
    """Close the socket without a word; never raises."""
    with suppress(Exception):
        client.shutdown()


def _connect(endpoint: Endpoint, timeout: float) -> Any:  # noqa: ANN401
    tls = endpoint.security is Security.TLS
    context = ssl.create_default_context() if tls else None
    client = IMAPClient(endpoint.host, endpoint.port, ssl=tls, ssl_context=context, timeout=timeout)
    client.normalise_times = False
    wire.hush(client)
    return client


def _secure(client: Any, endpoint: Endpoint, place: str) -> None:  # noqa: ANN401
    """TCP_NODELAY and STARTTLS (RFC 3501 section 6.2.1; what was offered in clear is asked again by the library)."""
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if endpoint.security is Security.STARTTLS:
        if "STARTTLS" not in wire.offered(client):
            raise InboxError(f"{place} offers no STARTTLS: use imaps://")
        client.starttls(ssl.create_default_context())


def _log_in(client: Any, endpoint: Endpoint, place: str) -> None:  # noqa: ANN401
    try:
        _give_credentials(client, endpoint, place)
    except RefusedLoginError as error:
        # imapclient calls a connection lost during login a login error too; what really happened is its context.
        if isinstance(error.__context__, IMAPClientAbortError):
            raise explain(f"login at {place}", error.__context__) from None
        words = printable(str(error).removeprefix("b'").removesuffix("'")).replace(endpoint.password or "\0", "***")
        if any(code in words.upper() for code in _PASSING):
            raise InboxError(f"{place} cannot log anybody in at present: {words}") from None
        raise LoginError(f"{place} refuses the user name or password: {words}") from None


def _give_credentials(client: Any, endpoint: Endpoint, place: str) -> None:  # noqa: ANN401
    """AUTHENTICATE PLAIN where offered (RFC 4616; any character may be in it), else LOGIN (ASCII only)."""
    offered = wire.offered(client)
    if "AUTH=PLAIN" in offered:
        client.plain_login(endpoint.user, str(endpoint.password))
        return
    if "LOGINDISABLED" in offered:
        raise InboxError(f"{place} takes no password on this connection: use imaps:// or imap+starttls://")
    if not (endpoint.user + endpoint.password).isascii():
        raise LoginError(f"{place} takes only ASCII in user name and password")
    quoted = endpoint.user.replace("\\", "\\\\").replace('"', '\\"')
    client.login(f'"{quoted}"', str(endpoint.password))
