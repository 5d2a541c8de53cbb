"""What arrived, as values. Built by `core.parse`, never changed afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class MessageKey:
    """Where a message lies on its server; UIDs mean nothing without UIDVALIDITY (RFC 9051 section 2.3.1.1)."""

    mailbox: str
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Address:
    """A display name, decoded, and a bare address with its domain in lower case."""

    name: str
    addr: str

    @property
    def local(self) -> str:
        """The part before the last @, in lower case."""
        return self.addr.rpartition("@")[0].lower()

    @property
    def domain(self) -> str:
        """The part after the last @, in lower case."""
        return self.addr.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in their order, names as written, values unfolded and stripped but not decoded."""

    fields: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, in order; names compare case-insensitively (RFC 5322 section 1.2.2)."""
        wanted = name.lower()
        return tuple(value for field, value in self.fields if field.lower() == wanted)

    def first(self, name: str) -> str | None:
        """The first value of a field, or None."""
        return next(iter(self.all(name)), None)

    def __contains__(self, name: str) -> bool:
        return bool(self.all(name))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.fields)


@dataclass(frozen=True, slots=True)
class Part:
    """One MIME part, containers included; sizes in bytes after transfer decoding (0 for containers)."""

    content_type: str
    """Lower case, e.g. text/calendar."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Content-Type parameters, names in lower case (method, report-type, protocol, ...)."""
    disposition: str = ""
    """inline, attachment or empty."""
    filename: str = ""
    content_id: str = ""
    size: int = 0

    def parameter(self, name: str) -> str:
        """A Content-Type parameter or the empty string."""
        return dict(self.parameters).get(name, "")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part a person would see as a file. Inline images, signature logos, vCards and signatures do not count."""

    filename: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Thread:
    """The conversation a message belongs to: message ids with their angle brackets (RFC 5322 section 3.6.4)."""

    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id named, each once, References first."""
        return tuple(dict.fromkeys((*self.references, *self.in_reply_to)))


@dataclass(frozen=True, slots=True)
class Report:
    """A machine's report about a mail: on delivery (RFC 3464), disposition (RFC 8098) or complaints (RFC 5965)."""

    kind: str
    """delivery-status, disposition-notification, feedback-report, or the report-type as written."""
    failed: bool = False
    """A delivery that failed for good (Action: failed, or X-Failed-Recipients); a delay is no failure."""
    recipients: tuple[str, ...] = ()
    original_ids: tuple[str, ...] = ()
    """Message ids found in the returned headers."""


@dataclass(frozen=True, slots=True)
class Message:
    """One mail as the rest of the program sees it."""

    key: MessageKey
    fingerprint: str
    """SHA-256 of the raw bytes, hex."""
    size: int
    """Of the raw message, bytes."""
    message_id: str | None
    return_path: str | None
    """None: no such field (that is not the null path); "" is the null path <> at any position."""
    author: Address | None
    """The first From address; None when missing or unparsable."""
    sender: Address | None
    reply_to: tuple[Address, ...]
    recipients: tuple[Address, ...]
    """To, Cc, Resent-To, Resent-Cc in order."""
    subject: str
    """Decoded, one line, no control characters."""
    text: str
    """What the person newly wrote: no quoted history, no signature."""
    full_text: str
    """The whole readable body."""
    html: str | None
    headers: Headers
    thread: Thread
    parts: tuple[Part, ...]
    attachments: tuple[Attachment, ...]
    received_at: datetime
    """INTERNALDATE, UTC."""
    sent_at: datetime | None = None
    """The Date field, UTC; None when missing or unreadable."""
    report: Report | None = None
    forwarded: Address | None = None
    """The author named in a forwarded block or message/rfc822 part; "" addr when only the block is plain to see."""
    defects: tuple[str, ...] = ()
    """What could not be read, in words without content: "unknown charset x-foo in part 2"."""
    unreadable: str = ""
    """Why nothing sure can be said about the content (parser limit, damage); empty when readable."""
