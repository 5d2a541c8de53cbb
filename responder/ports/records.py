"""What the store keeps, as values: rows on their way in and out of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from classifier.prediction import Prediction
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.message import Message, MessageKey
from responder.core.verdict import Disposition, Finding
from responder.ports.mail import Outgoing

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
