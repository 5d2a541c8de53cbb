"""What may go wrong on an IMAP connection, as the errors the services know."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, InvalidCriteriaError

from responder.core.errors import InboxError

WORDS = 200
"""Characters of a server's text that are passed on."""
_ANSWERED_NO = re.compile(r"[\w ]{1,40} (?:failed:|command error: BAD) ?")
"""How imapclient and imaplib word a tagged NO or BAD; their other errors leave the connection in an unknown state."""


class RefusedError(InboxError):
    """The server answered NO or BAD: the command did nothing, the session lives on (RFC 3501 section 7.1)."""


class LostError(InboxError):
    """The session is over: the server closed it or said BYE. A new one may work at once."""


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn whatever a library call raises into an InboxError without the server's data in it.

    The library lets its parser's bare ValueError, KeyError and AttributeError through when an answer is odd.
    """
    try:
        yield
    except InboxError:
        raise
    except Exception as error:  # noqa: BLE001 - see above: anything may come, and all of it ends the session
        raise explain(what, error) from None


def explain(what: str, error: BaseException) -> InboxError:
    """The InboxError for a library's error; only a tagged NO or BAD is a RefusedError."""
    if isinstance(error, IMAPClientAbortError):
        return LostError(f"{what}: the server ended the session ({_abort_words(error)})")
    if isinstance(error, OSError):
        return _explain_network(what, error)
    if isinstance(error, InvalidCriteriaError):
        return RefusedError(f"{what} refused")
    if isinstance(error, IMAPClientError) and (said := _ANSWERED_NO.match(str(error))):
        return RefusedError(f"{what} refused: {printable(str(error)[said.end() :])}")
    return InboxError(f"{what}: an answer nobody can read ({type(error).__name__})")


def _explain_network(what: str, error: OSError) -> InboxError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return InboxError(f"{what}: the server's certificate is not trusted ({error.verify_message})")
    if isinstance(error, TimeoutError):
        return InboxError(f"{what}: no answer in time")
    if isinstance(error, ConnectionError):
        return LostError(f"{what}: the connection broke ({error.strerror or type(error).__name__})")
    return InboxError(f"{what}: {error.strerror or type(error).__name__}")


def printable(words: str) -> str:
    """A server's text on one short line."""
    return " ".join("".join(c if c.isprintable() else " " for c in words[: 2 * WORDS]).split())[:WORDS]


def _abort_words(error: BaseException) -> str:
    """The library quotes what it could not read: that may be somebody's mail and is not repeated."""
    words = str(error)
    return "an answer nobody can read" if "unexpected" in words or "unterminated" in words else printable(words)
