"""The floor between the services and the world: Protocols and their value types. No port is ever a mock in a test."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from classifier.prediction import Evidence, Prediction
from responder.core.caps import History
from responder.core.cues import Cue
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.message import Message, MessageKey
from responder.core.policy import Policy
from responder.core.verdict import Disposition, Finding

# --------------------------------------------------------------------------------------------------------- the world


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


class Classify(Protocol):
    """Text in, prediction out. Thread-safe."""

    version: str

    def __call__(self, texts: Sequence[str], programs: Sequence[str]) -> Sequence[Prediction]:
        """One prediction a text; `programs` holds each text's mailbox program, or "unknown"."""

    def evidence(self, text: str, program: str) -> Sequence[Evidence]:
        """What drove the intent, strongest first, five at most."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered template, before it becomes a mail."""

    template: str
    version: str
    """Twelve hex digits of the SHA-256 of the template's file."""
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What staff edit besides the templates: one consistent reading of policy, cues and facts."""

    policy: Policy
    cues: tuple[Cue, ...]
    facts: Mapping[str, str]
    vendor_domains: frozenset[str]
    """The verification vendor's sender domains."""
    version: str
    """Twelve hex digits of the SHA-256 over the three files."""


class Render(Protocol):
    """Templates by name, as `education/renewal`. Thread-safe; re-read when files change, the last good set stays."""

    def __call__(self, template: str, values: Mapping[str, str]) -> Rendered:
        """Render with facts and values. Raises TemplateError: missing, broken, unfilled or too long."""

    def wrap(self, subject: str, body: str) -> Rendered:
        """A person's own words (Markdown) as a Rendered; the same safety, no variables."""

    def names(self) -> Sequence[str]:
        """Every template there is."""

    def rules(self) -> Rules:
        """Policy, cues and facts as of now; the last good set where the files are broken."""


# --------------------------------------------------------------------------------------------------------- the store

ANSWERED_BY_PERSON = "answered by a person"
"""How the words of a settlement, an event or an arrival begin when a person of ours has answered outside this program.
The store remembers it for the thread (`History.thread_person`)."""
ANSWERED_ELSEWHERE = "answered elsewhere"
"""The same, as the reason people give when they dismiss a message."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far intake has come in one incarnation of a mailbox."""

    uidvalidity: int
    last_uid: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message about to be stored by intake, with the stage it enters (RECEIVED or RECORDED) and why."""

    message: Message
    stage: MessageStage
    why: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class MailboxState:
    """What the database knows of a mailbox."""

    name: str
    started_at: datetime
    """The first start: older mail is recorded, never answered."""
    paused_at: datetime | None = None
    paused_by: str = ""
    pause_reason: str = ""
    resumed_at: datetime | None = None
    """A person's resume starts the brake's window anew."""
    polled_at: datetime | None = None
    last_error: str = ""
    server_count: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of triage for one message, to be written under the guard stage = received."""

    message: int
    disposition: Disposition
    stage: MessageStage
    reply: "NewReply | None" = None
    policy: str = ""
    mode: str = ""
    draft: str | None = None
    """The reply's words where it is not sent by itself: first line the subject, a blank line, then the body."""
    findings: tuple[Finding, ...] = ()
    """Every rule and cue that hit, those that decided nothing included."""


@dataclass(frozen=True, slots=True)
class NewReply:
    """A reply owed from now on (not before `not_before`)."""

    outgoing: Outgoing
    automatic: bool
    receipt: bool
    template: str | None
    template_version: str
    subject: str
    body: str
    """The text/plain body, for people to read later."""
    not_before: datetime
    policy: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message's row."""

    id: int
    message: Message
    stage: MessageStage
    version: int
    """Counts changes; the optimistic lock."""
    stored_at: datetime
    decided_at: datetime | None
    disposition: str | None
    """answer, acknowledge, hold, ignore."""
    template: str | None
    """The template answered with, or suggested."""
    prediction: Prediction | None
    findings: tuple[Finding, ...]
    """What decided, in the order it was found; what came later (an undelivered answer, a person's step) at the end."""
    also: tuple[Finding, ...] = ()
    """Rules and cues that hit and decided nothing here."""
    mode: str = ""
    policy: str = ""
    draft: str | None = None
    """A person's edited draft: first line the subject, a blank line, then the body."""
    filed: bool = False


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A reply's row."""

    id: int
    message: int
    key: MessageKey
    ordinal: int
    stage: ReplyStage
    automatic: bool
    receipt: bool
    template: str | None
    template_version: str
    outgoing: Outgoing
    subject: str
    body: str
    attempts: int
    not_before: datetime
    created_at: datetime
    sent_at: datetime | None = None
    words: str = ""
    """What the server said last."""
    original_id: str | None = None
    """Message-ID of the mail it answers."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a leased reply, and what follows for it and its message."""

    reply: int
    stage: ReplyStage
    message_stage: MessageStage | None = None
    """The message's next stage; None leaves it (a receipt was sent: the message stays held)."""
    words: str = ""
    retry_at: datetime | None = None
    """For QUEUED again."""
    finding: Finding | None = None
    """Added to the message's findings: outbox.rejected, outbox.in-doubt, ..."""
    who: str = "delivery"
    """For the events: delivery, or the person who looked where an unknown send went."""
    begun: bool = True
    """False with QUEUED: nothing went over the wire, the attempt does not count."""


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what, when and why; one for every stage change."""

    at: datetime
    who: str
    what: str
    why: str = ""
    message: int | None = None
    reply: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Which messages to list."""

    stages: Sequence[MessageStage] = ()
    mailbox: str | None = None
    words: str = ""
    """Free words over subject, sender, new text and our replies, each of which must occur; "two words" in quotes; and
    from: to: (whom we wrote to) reason: (a rule or its first part) intent: is: (a stage, or draft)."""
    limit: int = 50
    before: int | None = None
    """Only ids below this one (paging, newest first)."""
    oldest_first: bool = False
    after: int | None = None
    """Only ids above this one (paging, oldest first)."""


class Transaction(Protocol):
    """One unit of work. Commits when its `with` block ends well, rolls back otherwise.

    Every stage change is one guarded UPDATE and writes its Event. A guard that does not hold raises StaleError for a
    single row, and is left out of the returned set for batches.
    """

    # intake
    def cursor(self, mailbox: str, uidvalidity: int) -> Cursor | None:
        """How far intake has come; None in a mailbox never read, or renumbered since."""

    def move_cursor(self, mailbox: str, cursor: Cursor, at: datetime) -> None:
        """Remember how far intake has come; never backwards."""

    def add(self, arrivals: Iterable[Arrival], at: datetime) -> int:
        """INSERT .. ON CONFLICT DO NOTHING on (mailbox, uidvalidity, uid); the number of new rows.

        A mail whose second key (mailbox, Message-ID, fingerprint) is known under another UIDVALIDITY or UID, in the
        database or earlier in `arrivals`, is RECORDED, not RECEIVED.
        """

    # mailboxes
    def mailbox(self, name: str, at: datetime) -> MailboxState:
        """The mailbox's state; made with started_at = at on first sight."""

    def mailboxes(self) -> Sequence[MailboxState]:
        """Every mailbox ever seen, by name."""

    def polled(self, name: str, at: datetime, error: str = "", server_count: int | None = None) -> None:
        """Note a look at the server.

        One that went well sets polled_at and clears the error, a failed one sets the error and leaves polled_at.
        """

    def pause(self, name: str, at: datetime, who: str, why: str) -> None:
        """Send nothing automatic from here until `resume`; the first pause stays on record."""

    def resume(self, name: str, at: datetime, who: str) -> None:
        """Send again; nothing happens where the mailbox is not paused."""

    # triage
    def received(self, mailbox: str, limit: int) -> Sequence[StoredMessage]:
        """Messages in stage RECEIVED, oldest first."""

    def histories(self, messages: Sequence[StoredMessage], at: datetime) -> Sequence[History]:
        """One a message, in order; read in the deciding transaction, a few statements for the whole batch.

        Replies that the same batch is about to grant are not in it: the caller adds them up. It serialises the deciders
        of one database until the commit, so that two daemons never both see the last room of a quota.
        """

    def decide(self, decisions: Sequence[Decision], at: datetime) -> frozenset[int]:
        """Write dispositions, stages, findings, replies and events of those still in stage RECEIVED; their ids."""

    def failed_reading(self, key: MessageKey, at: datetime, why: str) -> int:
        """Count a failure to handle this message; how many there were.

        The third one holds it (intake.poison) where it is stored and still RECEIVED.
        """

    # delivery
    def lease(
        self, mailbox: str, limit: int, at: datetime, until: datetime, owner: str, *, automatic: int
    ) -> Sequence[StoredReply]:
        """Up to `limit` owed replies that are due, moved to SENDING with attempts + 1.

        Of automatic ones `automatic` at most, and none where the mailbox is paused (replies by people go on).
        """

    def sent_since(self, mailbox: str, since: datetime) -> int:
        """Automatic replies whose last attempt began after `since`: SENDING, SENT or IN_DOUBT.

        It serialises the leasers of one database until the commit, so that two daemons never both see the last room.
        """

    def owed_now(self, mailbox: str, at: datetime) -> int:
        """Automatic replies QUEUED and due."""

    def expired(self, mailbox: str, at: datetime) -> Sequence[StoredReply]:
        """Replies in SENDING whose lease has run out: their fate is unknown."""

    def settle(self, settlements: Sequence[Settlement], at: datetime) -> frozenset[int]:
        """Write outcomes of replies still SENDING (or IN_DOUBT); their ids."""

    def next_due(self, mailbox: str) -> datetime | None:
        """When the next owed reply falls due (automatic ones of a paused mailbox never do)."""

    # filing
    def unfiled(self, mailbox: str, uidvalidity: int, limit: int) -> Sequence[StoredMessage]:
        """Messages whose place and flags on the server do not show their stage yet."""

    def filed(self, ids: Sequence[int], stages: Sequence[MessageStage]) -> None:
        """The server shows these stages now (in parallel); a message that moved on meanwhile stays unfiled."""

    def unkept(self, mailbox: str, limit: int) -> Sequence[StoredReply]:
        """Sent replies without their copy in Sent."""

    def kept(self, ids: Sequence[int]) -> None:
        """The copies of these replies lie in Sent."""

    # people
    def message(self, id: int) -> StoredMessage | None:  # noqa: A002 - the row's own word
        """One message, or None."""

    def replies(self, message: int) -> Sequence[StoredReply]:
        """Every reply to a message, by ordinal."""

    def reply_by_message_id(self, message_ids: Sequence[str]) -> StoredReply | None:
        """The reply of ours that one of these ids names (for bounces and threads)."""

    def find(self, query: Query) -> Sequence[StoredMessage]:
        """The messages a query asks for, by id."""

    def count(self) -> Mapping[str, Mapping[MessageStage, int]]:
        """Messages per mailbox and stage."""

    def outbox(self) -> Mapping[ReplyStage, int]:
        """Replies per stage."""

    def oldest_held(self) -> datetime | None:
        """When the longest waiting held message arrived."""

    def move(
        self,
        id: int,  # noqa: A002 - as above
        version: int | None,
        stage: MessageStage,
        event: Event,
        *,
        finding: Finding | None = None,
        template: str | None = None,
    ) -> None:
        """A person's step, guarded by version (None: whatever it is) and the lifecycle. Raises StaleError.

        A message whose answer is being sent is stale too. A QUEUED reply the new stage has no use for is CANCELLED with
        it. ANSWERING is no such step: `queue_reply`.
        """

    def note(self, id: int, finding: Finding, event: Event) -> None:  # noqa: A002 - as above
        """Add a finding where the message stands. Raises StaleError when there is no such message."""

    def queue_reply(self, id: int, version: int | None, reply: NewReply, event: Event) -> int:  # noqa: A002 - as above
        """HELD -> ANSWERING with a QUEUED reply in one step; the reply's id. Raises StaleError.

        A receipt not yet sent is CANCELLED.
        """

    def cancel(self, reply: int, event: Event) -> None:
        """QUEUED -> CANCELLED; its message ANSWERING -> HELD. Raises StaleError once it is leased."""

    def next_ordinal(self, id: int) -> int:  # noqa: A002 - as above
        """The ordinal the next reply to this message gets, from 1; it makes the reply's Message-ID."""

    def suggest(self, id: int, template: str | None) -> None:  # noqa: A002 - as above
        """Which template a person would start from; no stage changes, no version moves."""

    def draft(self, id: int, text: str | None) -> None:  # noqa: A002 - as above
        """Keep a person's draft; no stage changes, no version moves."""

    def correct(  # noqa: PLR0917 - one row's columns
        self,
        id: int,  # noqa: A002 - as above
        said: str | None,
        corrected: str,
        who: str,
        at: datetime,
        model: str,
    ) -> None:
        """Keep a person's label beside what the model said; the last one of a message counts."""

    def corrections(self) -> Sequence[tuple[str, str, str | None, str]]:
        """(subject, text, said, corrected), the last word on each message, oldest first."""

    def bounced(self, address: str, at: datetime, reply: int | None) -> None:
        """Mail to this address failed for good."""

    def record(self, event: Event) -> None:
        """Write an event that goes with no stage change."""

    def events(self, message: int) -> Sequence[Event]:
        """What happened to a message and its replies, in order."""


class Store(Protocol):
    """The database. Thread-safe; a transaction belongs to one thread."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A read-write transaction (SQLite: BEGIN IMMEDIATE). Raises StoreError when the database cannot be used."""

    def read(self) -> AbstractContextManager[Transaction]:
        """One consistent look that waits for no writer; its writing methods raise StoreError."""

    def close(self) -> None:
        """Close every connection."""
