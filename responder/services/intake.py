"""New mail into the database: fetched in batches, parsed, stored together with the cursor.

The rows and the cursor are one transaction, so a crash repeats a batch at most, and the unique key drops the repeats.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from responder.core.lifecycle import MessageStage
from responder.core.mailbox import Mailbox
from responder.core.message import Headers, Message, MessageKey, Thread
from responder.core.parse import parse
from responder.core.verdict import Effect, Finding
from responder.ports import Arrival, Cursor, Fetched, Inbox, Store

BATCH = 100
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one round of intake brought."""

    fetched: int = 0
    stored: int = 0
    more: bool = False
    """A full batch came: ask again at once."""


def take_in(store: Store, inbox: Inbox, mailbox: Mailbox, at: datetime, batch: int = BATCH) -> Taken:
    """Fetch and store the next batch. Raises InboxError; nothing is lost by it."""
    uidvalidity = inbox.select()
    with store.begin() as transaction:
        started_at = transaction.mailbox(mailbox.name, at).started_at
        cursor = transaction.cursor(mailbox.name, uidvalidity) or Cursor(uidvalidity, 0)
    fetched = inbox.fetch(cursor.last_uid, batch)
    if not fetched:
        return Taken()
    cut_off = mailbox.cut_off(started_at)
    arrivals = [_arrival(one, MessageKey(mailbox.name, uidvalidity, one.uid), cut_off) for one in fetched]
    last = max(one.uid for one in fetched)
    with store.begin() as transaction:
        stored = transaction.add(arrivals, at)
        transaction.move_cursor(mailbox.name, replace(cursor, last_uid=last), at)
    return Taken(len(fetched), stored, more=len(fetched) >= batch)


def check_counts(store: Store, inbox: Inbox, mailbox: Mailbox, at: datetime) -> int:
    """Messages the server holds beyond the cursor, noted in the mailbox's state: the alarm against mail left lying."""
    uidvalidity = inbox.select()
    with store.begin() as transaction:
        cursor = transaction.cursor(mailbox.name, uidvalidity) or Cursor(uidvalidity, 0)
    waiting = inbox.count(cursor.last_uid)
    with store.begin() as transaction:
        transaction.polled(mailbox.name, at, server_count=waiting)
    return waiting


def _arrival(fetched: Fetched, key: MessageKey, cut_off: datetime) -> Arrival:
    message = _read(fetched, key)
    if fetched.truncated:
        size = str(round(fetched.size / 1_000_000))
        too_large = Finding("intake.too-large", Effect.HOLD, f"{size} MB", (("n", size),))
        return _staged(message, fetched, cut_off, (too_large,))
    return _staged(message, fetched, cut_off, ())


def _staged(message: Message, fetched: Fetched, cut_off: datetime, findings: Sequence[Finding]) -> Arrival:
    if message.received_at < cut_off:
        return Arrival(message, MessageStage.RECORDED, "arrived before the mailbox was started", tuple(findings))
    if fetched.answered:
        return Arrival(message, MessageStage.RECORDED, "answered by a person before it was read", tuple(findings))
    return Arrival(message, MessageStage.RECEIVED, "", tuple(findings))


def _read(fetched: Fetched, key: MessageKey) -> Message:
    """Parse; a defect of the parser costs one message its content, never the mailbox its flow."""
    try:
        return parse(fetched.raw, key, fetched.internal_date, truncated=fetched.truncated)
    except Exception as error:
        log.exception("parser failed", extra={"mailbox": key.mailbox, "uid": key.uid})
        return _unreadable(fetched, key, type(error).__name__)


def _unreadable(fetched: Fetched, key: MessageKey, why: str) -> Message:
    return Message(
        key=key,
        fingerprint=hashlib.sha256(fetched.raw).hexdigest(),
        size=fetched.size,
        message_id=None,
        return_path=None,
        author=None,
        sender=None,
        reply_to=(),
        recipients=(),
        subject="",
        text="",
        full_text="",
        html=None,
        headers=Headers(),
        thread=Thread(),
        parts=(),
        attachments=(),
        received_at=fetched.internal_date.astimezone(UTC),
        defects=(f"parser failed: {why}",),
        unreadable=f"the parser failed with {why}",
    )
