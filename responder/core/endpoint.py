"""Where a mail server listens and as whom we log in."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address


class Security(StrEnum):
    """How a connection is protected."""

    TLS = "tls"
    """From the first byte (RFC 8314)."""
    STARTTLS = "starttls"
    """Upgraded before anything else is said."""
    PLAIN = "plain"
    """Not at all: loopback addresses only, where a password is involved."""


class Secret(str):
    """A password: a plain string to a library, never shown by repr or a log's %r."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('***')"


NO_SECRET = Secret()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server, the account on it and (IMAP) the folder watched."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: Secret = NO_SECRET
    folder: str = "INBOX"


def is_loopback(host: str) -> bool:
    """Whether a password may go there without TLS: the machine itself, named by address or as localhost."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
