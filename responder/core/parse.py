"""Bytes to a Message. Never raises on content: what cannot be read is noted, and the work is linear in the size."""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from responder.core import attachments, body, charsets, fields, forwarded, mime, reply_text, report
from responder.core.addresses import addresses
from responder.core.message import Address, Headers, Message, MessageKey, Thread

MAX_SUBJECT: Final = 1_000
MAX_IDS: Final = 200
_MAX_DEFECTS: Final = 20
_MAX_ID: Final = 1_000

_ID: Final = re.compile(r"<[^<>\s]{1,1000}>")
_BARE_ID: Final = re.compile(r"[^\s<>,;()\"]{1,500}@[^\s<>,;()\"]{1,500}")
_DATE_COMMENT: Final = re.compile(r"\([^()]{0,200}\)")


def parse(raw: bytes, key: MessageKey, received_at: datetime, *, truncated: bool = False) -> Message:
    """The message in some bytes, any bytes. `truncated`: they are the header section alone, more was not fetched."""
    tree = mime.split(raw)
    headers = tree.headers
    defects = dict(tree.defects)
    found = body.body_of(tree.root)
    subject = _subject(headers, defects)
    author = _author(headers, defects)
    written = reply_text.split(found.text, found.html, author=author, forward=forwarded.is_forward_subject(subject))
    reported = report.report_of(tree.root, headers, found.text)
    defects |= found.defects
    return Message(
        key=key,
        fingerprint=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        message_id=_message_id(headers),
        return_path=_return_path(headers),
        author=author,
        sender=next(iter(_addresses(headers, "sender")), None),
        reply_to=_addresses(headers, "reply-to"),
        recipients=_addresses(headers, "to", "cc", "resent-to", "resent-cc"),
        subject=subject,
        text=written.text,
        full_text=found.text,
        html=found.html,
        headers=headers,
        thread=Thread(_ids(headers.all("in-reply-to")), _ids(headers.all("references"))),
        parts=tuple(entity.part() for entity in tree.root.walk()),
        attachments=attachments.of(tree.root, found),
        received_at=received_at,
        sent_at=_sent_at(headers, defects),
        report=reported,
        forwarded=None if reported else _forwarded(tree.root, written.forwarded),
        defects=tuple(defects)[:_MAX_DEFECTS],
        unreadable=_unreadable(tree.limit, found.damage, truncated=truncated),
    )


def _unreadable(limit: str, damage: str, *, truncated: bool) -> str:
    if truncated:
        return "larger than the size limit: only the header section was fetched"
    return limit or damage


def _subject(headers: Headers, defects: dict[str, None]) -> str:
    text, defect = fields.decode_words((headers.first("subject") or "")[: MAX_SUBJECT * 10])
    if defect:
        defects[f"{defect} in the subject"] = None
    return charsets.clean_line(text)[:MAX_SUBJECT].rstrip()


def _author(headers: Headers, defects: dict[str, None]) -> Address | None:
    """The first From address; RFC 5322 section 3.6.2 allows several, section 3.6 one field."""
    values = headers.all("from")
    named = _addresses(headers, "from")
    if len(values) > 1:
        defects["several From fields"] = None
    elif len(named) > 1:
        defects["several From addresses"] = None
    elif not named:
        defects["no From address" if values else "no From field"] = None
    return named[0] if named else None


def _addresses(headers: Headers, *names: str) -> tuple[Address, ...]:
    values = (value for name in names for value in headers.all(name))
    return tuple(address for value in values for address in addresses(value))


def _return_path(headers: Headers) -> str | None:
    """RFC 5321 section 4.4: the reverse-path; "" when any occurrence is the null one, None when there is no field."""
    values = [value.strip() for value in headers.all("return-path")]
    if not values:
        return None
    if any(_DATE_COMMENT.sub("", value).strip() in {"", "<>", "< >"} for value in values):
        return ""
    found = [address.addr for value in values for address in addresses(value)]
    return found[0] if found else values[0].strip("<> ")[:_MAX_ID]


def _message_id(headers: Headers) -> str | None:
    value = headers.first("message-id")
    return next(iter(_ids([value])), None) if value else None


def _ids(values: Iterable[str]) -> tuple[str, ...]:
    """Message ids with their angle brackets (RFC 5322 section 3.6.4), bare ones too; the last ones of a long list."""
    found: list[str] = []
    for value in values:
        bracketed = _ID.findall(value)
        found += bracketed or [f"<{bare}>" for bare in _BARE_ID.findall(value)]
    return tuple(found[-MAX_IDS:])


def _sent_at(headers: Headers, defects: dict[str, None]) -> datetime | None:
    """RFC 5322 sections 3.3 and 4.3, obsolete forms too."""
    value = headers.first("date")
    if value is None:
        return None
    try:
        sent = parsedate_to_datetime(_DATE_COMMENT.sub(" ", value[:200]).strip())
        return (sent if sent.tzinfo else sent.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        defects["unreadable date"] = None
        return None


def _forwarded(root: mime.Entity, named: Address | None) -> Address | None:
    """The author of an attached mail, else whom the forwarded block names."""
    for entity in root.walk():
        if entity.is_message and entity.children:
            return next(iter(addresses(entity.children[0].first("from"))), Address("", ""))
    return named
