"""The database: transactions with one method for each thing the services do."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from responder.core.caps import History
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.message import MessageKey
from responder.core.verdict import Finding
from responder.ports.records import (
    Arrival,
    Cursor,
    Decision,
    Event,
    MailboxState,
    NewReply,
    Query,
    Settlement,
    StoredMessage,
    StoredReply,
)


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
