"""Machines' reports about a mail: delivery status (RFC 3464), disposition (RFC 8098), feedback (RFC 5965)."""

import re
from collections.abc import Iterable
from typing import Final

from responder.core import charsets, fields
from responder.core.addresses import addresses
from responder.core.message import Headers, Report
from responder.core.mime import Entity

_MAX_REPORT: Final = 100_000
"""Bytes of a report part that are read."""
_MAX_IDS: Final = 20
_MAX_RECIPIENTS: Final = 50
_ID: Final = re.compile(r"<[^<>\s]{1,500}>")
_ID_FIELD: Final = re.compile(
    r"^[ \t>]{0,8}(?:original-)?message-id:[ \t]*+(?:\n[ \t]++)?(<[^<>\s]{1,500}>)", re.IGNORECASE | re.MULTILINE
)

_KINDS: Final = {
    "message/delivery-status": "delivery-status",
    "message/global-delivery-status": "delivery-status",
    "message/disposition-notification": "disposition-notification",
    "message/global-disposition-notification": "disposition-notification",
    "message/feedback-report": "feedback-report",
}
_RETURNED: Final = ("text/rfc822-headers", "message/global-headers")


def report_of(root: Entity, headers: Headers, text: str) -> Report | None:
    """The report a message is, or None. `text` is searched for message ids only where it is one."""
    entities = list(root.walk())
    undelivered = headers.all("x-failed-recipients")
    kind = _kind(entities)
    if not kind and not undelivered:
        return None
    blocks = [block for entity in entities if entity.content_type in _KINDS for block in _blocks(entity)]
    recipients = (*(address.addr for value in undelivered for address in addresses(value)), *_recipients(blocks))
    failed = bool(undelivered) or any(_first(block, "action").lower().startswith("failed") for block in blocks)
    named = [_first(block, "original-message-id") for block in blocks]
    ids = (*_ids_of_parts(entities), *named, *_ID_FIELD.findall(text))
    return Report(
        kind or "delivery-status",
        failed,
        tuple(dict.fromkeys(recipients))[:_MAX_RECIPIENTS],
        tuple(dict.fromkeys(filter(_ID.fullmatch, ids)))[:_MAX_IDS],
    )


def _kind(entities: Iterable[Entity]) -> str:
    """From the report part itself where there is one, else from multipart/report's parameter (RFC 6522 section 3)."""
    named = ""
    for entity in entities:
        if entity.content_type in _KINDS:
            return _KINDS[entity.content_type]
        if entity.content_type == "multipart/report":
            named = named or entity.parameter("report-type").lower()[:60] or "report"
    return named


def _blocks(entity: Entity) -> list[Headers]:
    """The groups of fields in a report, divided by empty lines (RFC 3464 section 2.1)."""
    inner = entity.children[0] if entity.children else entity
    text = charsets.decode(inner.body(_MAX_REPORT))[0].replace("\r\n", "\n").encode("utf-8", "replace")
    groups = text.strip(b"\n").split(b"\n\n")[: _MAX_RECIPIENTS * 2]
    return [Headers(fields.read(group, 0, len(group)).fields) for group in groups]


def _first(block: Headers, name: str) -> str:
    return block.first(name) or ""


def _recipients(blocks: Iterable[Headers]) -> list[str]:
    """Final-Recipient: rfc822; address (RFC 3464 section 2.3.2)."""
    values = [_first(block, "final-recipient") or _first(block, "original-recipient") for block in blocks]
    found = [addresses(value.rpartition(";")[2])[:1] for value in values if value]
    return [address.addr for one in found for address in one]


def _ids_of_parts(entities: Iterable[Entity]) -> list[str]:
    """Message-ID of the returned message or of its returned header, and the one a relay may have replaced."""
    found: list[str] = []
    for entity in entities:
        if entity.is_message and entity.children:
            returned = entity.children[0]
            found += _ID.findall(returned.first("message-id")) + _ID.findall(returned.first("original-message-id"))
        elif entity.content_type in _RETURNED:
            text = charsets.decode(entity.body(_MAX_REPORT))[0]
            found += _ID_FIELD.findall(text.replace("\r\n", "\n"))
    return found
