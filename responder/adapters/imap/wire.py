# ruff: noqa: SLF001, ANN401 - this is the one file that reaches behind imapclient, which has no types
"""What imapclient does not offer, or not well enough, said through the imaplib object inside it."""

import socket
import ssl
from collections.abc import MutableMapping, Sequence
from typing import Any

from responder.adapters.imap.waiting import Bell, await_readable
from responder.core.errors import InboxError


def hush(client: Any) -> None:
    """Stop imaplib's tracing: it formats every answer, whole mails included, for a log that nobody reads."""
    client._imap.debug = 0


def offered(client: Any) -> Sequence[str]:
    """Capabilities as last asked. Not IMAPClient.capabilities(): that remembers those of before the login for ever."""
    told: Sequence[str] = client._imap.capabilities
    return told


def ask_capabilities(client: Any) -> frozenset[str]:
    """CAPABILITY after the login, also for what imapclient itself decides by it; in upper case."""
    client._cached_capabilities = told = client._do_capabilites()
    return frozenset(word.decode("ascii", "replace").upper() for word in told)


def list_lines(client: Any, *options: str) -> list[Any]:
    """LIST of everything with options (RFC 5258); a line is bytes, or a tuple where it holds a literal."""
    kind, lines = client._imap._simple_command("LIST", '""', '"*"', *options)
    client._checkok("list", kind, lines)
    _, lines = client._imap._untagged_response(kind, lines, "LIST")
    return [line for line in lines if line]


def noop(client: Any) -> None:
    """NOOP. imapclient's own parses every untagged line and fails on those it does not know."""
    client._checkok("noop", *client._imap.noop())


def untagged(client: Any) -> MutableMapping[str, list[bytes]]:
    """The untagged responses by name that no command has taken; they are kept for ever unless somebody takes them."""
    gathered: MutableMapping[str, list[bytes]] = client._imap.untagged_responses
    return gathered


def idle(client: Any, seconds: float, bell: Bell) -> None:
    """IDLE (RFC 2177) until the server says something, `bell` rings or `seconds` have passed.

    imapclient's idle_check is not used: it returns [] for ever once the server has closed the connection, and it
    overlooks what came in one packet with the continuation. Here any readable socket ends the IDLE, and reading up to
    the tagged answer finds out what it was: news, "Still here", BYE or the end.
    """
    imap = client._imap
    tag = imap._command("IDLE")
    while imap._get_response() is not None:  # untagged lines may come before the continuation
        if imap.tagged_commands[tag] is not None:
            client._checkok("idle", *imap.tagged_commands.pop(tag))
            raise InboxError("the server ended IDLE before it began")
    if "EXISTS" not in imap.untagged_responses and not _has_buffered(imap, client.socket()):
        await_readable(seconds, client.socket(), bell.near)
    imap.send(b"DONE\r\n")
    client._checkok("idle", *imap._command_complete("IDLE", tag))


def _has_buffered(imap: Any, sock: socket.socket) -> bool:
    """Whether something was read from the socket, or decrypted, together with the last line."""
    if hasattr(imap, "_readbuf"):  # Python 3.14 keeps the buffer here
        return bool(imap._readbuf) or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0)
    timeout = sock.gettimeout()
    sock.settimeout(0)
    try:
        return bool(imap.file.peek(1))
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    finally:
        sock.settimeout(timeout)
