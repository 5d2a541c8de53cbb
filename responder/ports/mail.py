"""Mail servers: one IMAP connection to a mailbox, one SMTP connection for its replies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message as it lies on the server. `raw` holds the header section alone when the size is over the limit."""

    uid: int
    raw: bytes
    internal_date: datetime
    size: int
    answered: bool = False
    """The server's \\Answered flag at the time of the fetch."""
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Filing:
    """What should be true of one message in its mailbox; stating it twice changes nothing."""

    uid: int
    keyword: str
    """The state as an IMAP keyword, e.g. $AutoReplied or $AutoHeld."""
    answered: bool = False
    folder: str | None = None
    """Where it moves to; None leaves it where it is."""


class Inbox(Protocol):
    """One IMAP connection to one mailbox. One thread at a time. Any method may raise InboxError: close and reopen."""

    def select(self) -> int:
        """Connect where needed, select the mailbox, return its UIDVALIDITY."""

    def fetch(self, after: int, limit: int) -> Sequence[Fetched]:
        """Messages with UID > after, ascending, `limit` at most; never marks anything read (BODY.PEEK[])."""

    def count(self, after: int) -> int:
        """How many messages with UID > after the server holds."""

    def wait(self, seconds: float) -> bool:
        """Wait for news, IDLE where offered; True as soon as something may have changed, False after `seconds`."""

    def wake(self) -> None:
        """Make a `wait` in another thread return soon. The one method another thread may call."""

    def answered_elsewhere(self, uids: Sequence[int], message_ids: Sequence[str]) -> frozenset[int]:
        """Of messages (uid and Message-ID in parallel), the uids flagged as answered or with a reply in Sent."""

    def in_sent(self, message_id: str) -> bool:
        """Whether the Sent folder holds a message with this Message-ID (False where there is no such folder)."""

    def file(self, filings: Sequence[Filing]) -> frozenset[int]:
        """Make it so, in batches; the uids that are done (a message gone meanwhile counts as done)."""

    def keep_sent(self, copies: Sequence[tuple[str, bytes]]) -> frozenset[str]:
        """Append (Message-ID, bytes) to Sent unless it is there already; the ids that are there now."""

    def close(self) -> None:
        """Log out where possible; never raises."""


class OutcomeKind(StrEnum):
    """What became of one attempt to hand a reply over."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What SMTP told us, with the server's own words (no addresses beyond those it named)."""

    kind: OutcomeKind
    words: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """SMTP's sense only (RFC 5321 section 2.3.1): reverse-path and the one recipient."""

    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A finished reply."""

    message_id: str
    envelope: Envelope
    data: bytes


class Transport(Protocol):
    """Mail submission over one persistent connection. One thread at a time."""

    def connect(self) -> Sequence[str]:
        """Have a session, opened where there is none; the server's extensions. Raises TransportError."""

    def send(self, outgoing: Outgoing) -> Outcome:
        """One attempt. Never raises for what the server or the line does.

        A line lost before the final dot was sent is DEFERRED, after it IN_DOUBT. Raises TransportError only when no
        session can be had at all, or the account is refused: nothing of this mail was handed over.
        """

    def close(self) -> None:
        """QUIT where possible; never raises."""
