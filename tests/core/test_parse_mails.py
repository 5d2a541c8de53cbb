"""Sample mails, byte for byte, and what parsing makes of each."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from responder.core.message import Message, MessageKey
from responder.core.parse import parse

FOLDER = Path(__file__).parent / "mails"
EXPECTED = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))


def seen(message: Message) -> dict[str, object]:
    """A message in the words of expected.toml."""
    report = message.report
    forwarded = message.forwarded
    return {
        "subject": message.subject,
        "author": [message.author.name, message.author.addr] if message.author else [],
        "recipients": [address.addr for address in message.recipients],
        "text": message.text,
        "full_text": message.full_text,
        "thread": list(message.thread.ids),
        "message_id": message.message_id,
        "return_path": message.return_path,
        "sent_at": message.sent_at,
        "parts": [part.content_type for part in message.parts],
        "has_html": message.html is not None,
        "defects": list(message.defects),
        "unreadable": message.unreadable,
        "report": [report.kind, report.failed, list(report.recipients), list(report.original_ids)] if report else None,
        "forwarded": [forwarded.name, forwarded.addr] if forwarded else None,
        "is_forward": forwarded is not None,
        "attachments": [attachment.filename for attachment in message.attachments],
    }


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_sample_mail_is_read_as_written_down(name: str) -> None:
    """Each field named in expected.toml has the value written there."""
    raw = (FOLDER / f"{name}.eml").read_bytes()
    message = parse(raw, MessageKey("education", 1, 1), datetime(2024, 3, 4, tzinfo=UTC))
    wanted = EXPECTED[name]
    assert {field: value for field, value in seen(message).items() if field in wanted} == wanted


def test_no_sample_mail_is_left_out() -> None:
    """Every mail beside expected.toml stands in it."""
    assert {path.stem for path in FOLDER.glob("*.eml")} == set(EXPECTED)


def test_a_relay_that_replaced_our_message_id() -> None:
    """Some relays give our reply an id of their own: the one we gave it stands beside it and is read, too."""
    raw = (
        b"From: mailer-daemon@relay.example\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        b"Final-Recipient: rfc822; ana@uni.example\r\nAction: failed\r\n\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
        b"Message-ID: <theirs@relay.example>\r\nOriginal-Message-ID: <ours@company.example>\r\n\r\nhello\r\n--b--\r\n"
    )
    report = parse(raw, MessageKey("education", 1, 1), datetime(2026, 11, 1, tzinfo=UTC)).report
    assert report is not None
    assert {"<theirs@relay.example>", "<ours@company.example>"} <= set(report.original_ids)
