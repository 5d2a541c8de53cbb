"""Between rows and the values of the floors below: what a message, a reply or an event looks like in its table."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from responder.adapters.store.columns import address_key, cut, domain_key, key_of
from responder.adapters.store.packing import (
    pack_address,
    pack_findings,
    pack_part,
    pack_report,
    reasons,
    unpack_address,
    unpack_findings,
    unpack_part,
    unpack_prediction,
    unpack_report,
)
from responder.adapters.store.schema import mailboxes, messages, replies
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.message import Address, Attachment, Headers, Message, MessageKey, Thread
from responder.core.reply_text import normalised
from responder.ports import Arrival, Envelope, MailboxState, NewReply, Outgoing, StoredMessage, StoredReply

HTML_LIMIT = 256 * 1024
"""Bytes of a message's HTML that are kept."""
SEARCHED = 20_000
"""Characters of a text that free words are looked for in."""
_LOOKUPS = {"author_key", "author_domain", "message_key", "body_hash", "search", "author_search", "seen_before"}
MESSAGE = tuple(column for column in messages.c if column.name not in _LOOKUPS)
"""What a StoredMessage is read from."""
MAILBOX = tuple(mailboxes.c)
REPLY = (
    *(column for column in replies.c if column.name not in {"search", "message_key", "author_key"}),
    messages.c.uidvalidity,
    messages.c.uid,
    messages.c.message_id.label("original_id"),
)
"""What a StoredReply is read from: its row beside its message's."""

# ------------------------------------------------------------------------------------------------------------ messages


def message_row(arrival: Arrival, at: datetime, thread_key: str, seen_as: str) -> dict[str, Any]:
    """The row of a new message. `seen_as` names where the same mail was seen before, or is empty."""
    message = arrival.message
    stage = MessageStage.RECORDED if seen_as else arrival.stage
    return {
        **_identity(message),
        **_content(message),
        "stage": stage.value,
        "stored_at": at,
        "seen_before": bool(seen_as),
        "thread_key": thread_key,
        "findings": pack_findings(arrival.findings),
        "also": [],
        "reasons": reasons(arrival.findings),
    }


def _identity(message: Message) -> dict[str, Any]:
    author = message.author
    return {
        "mailbox": message.key.mailbox,
        "uidvalidity": message.key.uidvalidity,
        "uid": message.key.uid,
        "fingerprint": message.fingerprint,
        "message_id": message.message_id,
        "message_key": key_of(message.message_id or ""),
        "author_name": author.name if author else None,
        "author_addr": author.addr if author else None,
        "author_key": address_key(author.addr) if author else None,
        "author_domain": domain_key(author.addr) if author else None,
        "body_hash": body_hash(message),
        "author_search": _author(message),
        "search": _searched(message),
    }


def _content(message: Message) -> dict[str, Any]:
    return {
        "size": message.size,
        "return_path": message.return_path,
        "sender": pack_address(message.sender),
        "reply_to": [pack_address(one) for one in message.reply_to],
        "recipients": [pack_address(one) for one in message.recipients],
        "subject": message.subject,
        "text": message.text,
        "full_text": message.full_text,
        "html": cut(message.html, HTML_LIMIT),
        "headers": message.headers.fields,
        "thread": [message.thread.in_reply_to, message.thread.references],
        "parts": [pack_part(part) for part in message.parts],
        "attachments": [(one.filename, one.content_type, one.size) for one in message.attachments],
        "received_at": message.received_at,
        "sent_at": message.sent_at,
        "report": pack_report(message.report),
        "forwarded": pack_address(message.forwarded),
        "defects": message.defects,
        "unreadable": message.unreadable,
    }


def body_hash(message: Message) -> str | None:
    """SHA-256 of what was newly written, case, space and punctuation folded; None where nothing was written."""
    words = normalised(message.text) or normalised(message.full_text)
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest() if words else None


def _author(message: Message) -> str:
    return f"{message.author.name} <{message.author.addr}>".casefold() if message.author else ""


def _searched(message: Message) -> str:
    return "\n".join((_author(message), message.subject, message.text[:SEARCHED])).casefold()


def stored_message(row: Row[Any]) -> StoredMessage:
    """The message a row holds."""
    return StoredMessage(
        id=row.id,
        message=_message(row),
        stage=MessageStage(row.stage),
        version=row.version,
        stored_at=row.stored_at,
        decided_at=row.decided_at,
        disposition=row.disposition,
        template=row.template,
        prediction=unpack_prediction(row.prediction),
        findings=unpack_findings(row.findings),
        also=unpack_findings(row.also),
        mode=row.mode,
        policy=row.policy,
        draft=row.draft,
        filed=row.filed_stage == row.stage,
    )


def _message(row: Row[Any]) -> Message:
    in_reply_to, references = row.thread
    return Message(
        key=MessageKey(row.mailbox, row.uidvalidity, row.uid),
        fingerprint=row.fingerprint,
        size=row.size,
        message_id=row.message_id,
        return_path=row.return_path,
        author=None if row.author_addr is None else Address(row.author_name, row.author_addr),
        sender=unpack_address(row.sender),
        reply_to=tuple(Address(*one) for one in row.reply_to),
        recipients=tuple(Address(*one) for one in row.recipients),
        subject=row.subject,
        text=row.text,
        full_text=row.full_text,
        html=row.html,
        headers=Headers(tuple((name, value) for name, value in row.headers)),
        thread=Thread(tuple(in_reply_to), tuple(references)),
        parts=tuple(unpack_part(one) for one in row.parts),
        attachments=tuple(Attachment(*one) for one in row.attachments),
        received_at=row.received_at,
        sent_at=row.sent_at,
        report=unpack_report(row.report),
        forwarded=unpack_address(row.forwarded),
        defects=tuple(row.defects),
        unreadable=row.unreadable,
    )


# ------------------------------------------------------------------------------------------------------------- replies


def reply_row(reply: NewReply, message: int, mailbox: str, author_key: str | None, ordinal: int) -> dict[str, Any]:
    """The row of a reply owed from now on, but for its times."""
    outgoing = reply.outgoing
    return {
        "message": message,
        "ordinal": ordinal,
        "mailbox": mailbox,
        "stage": ReplyStage.QUEUED.value,
        "automatic": reply.automatic,
        "receipt": reply.receipt,
        "not_before": reply.not_before,
        "message_id": outgoing.message_id,
        "message_key": key_of(outgoing.message_id),
        "author_key": author_key,
        "recipient_key": address_key(outgoing.envelope.recipient),
        "recipient_domain": domain_key(outgoing.envelope.recipient),
        "sender": outgoing.envelope.sender,
        "recipient": outgoing.envelope.recipient,
        "template": reply.template,
        "template_version": reply.template_version,
        "policy": reply.policy,
        "model": reply.model,
        "subject": reply.subject,
        "search": f"{reply.subject}\n{reply.body[:SEARCHED]}".casefold(),
        "body": reply.body,
        "data": outgoing.data,
    }


def stored_reply(row: Row[Any]) -> StoredReply:
    """The reply a row of REPLY holds."""
    return StoredReply(
        id=row.id,
        message=row.message,
        key=MessageKey(row.mailbox, row.uidvalidity, row.uid),
        ordinal=row.ordinal,
        stage=ReplyStage(row.stage),
        automatic=row.automatic,
        receipt=row.receipt,
        template=row.template,
        template_version=row.template_version,
        outgoing=Outgoing(row.message_id, Envelope(row.sender, row.recipient), bytes(row.data)),
        subject=row.subject,
        body=row.body,
        attempts=row.attempts,
        not_before=row.not_before,
        created_at=row.created_at,
        sent_at=row.sent_at,
        words=row.words,
        original_id=row.original_id,
    )


# ----------------------------------------------------------------------------------------------------------- mailboxes


def mailbox_state(row: Row[Any]) -> MailboxState:
    """The state a mailbox's row holds."""
    return MailboxState(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
