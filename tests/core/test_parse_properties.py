"""Any bytes are a message."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from responder.core.body import MAX_TEXT
from responder.core.message import Message, MessageKey
from responder.core.parse import parse

NOW = datetime(2024, 3, 4, 10, 0, tzinfo=UTC)

LINES = st.sampled_from(
    [
        b"From: Ann <ann@uni.example>",
        b"From:",
        b"To: a@x, b@y",
        b"Subject: =?utf-8?Q?a=FF?=",
        b"Subject: =?x?B?/w",
        b"",
        b"Content-Type: multipart/mixed; boundary=b",
        b'Content-Type: multipart/alternative; boundary="b"',
        b"--b",
        b"--b--",
        b"Content-Type: text/html; charset=utf-7",
        b"Content-Type: text/plain; charset=utf-16",
        b"Content-Type: message/rfc822",
        b"Content-Type: application/ms-tnef",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Content-Disposition: attachment; filename*0*=utf-8''%ff",
        b"Content-Type: multipart/report; report-type=delivery-status",
        b"Content-Type: message/delivery-status",
        b"Action: failed",
        b"Final-Recipient: rfc822; a@x",
        b"X-Failed-Recipients: a@x",
        b"Return-Path: <>",
        b"Date: Mon, 4 Mar 2024 10:15:00 +9999",
        b"Message-ID: <a@b",
        b"References: <a@b> x@y",
        b" folded",
        b"On Mon, 4 Mar 2024, a@b.c wrote:",
        b"> quoted",
        b"-- ",
        b"<blockquote>x",
        b"+2AA-",
        b"\x1b$B",
        b"=",
        b"eJ8+IgE=",
        b"---------- Forwarded message ----------",
        b"begin 644 a",
        b"no header line",
    ]
)
MAILS = st.lists(st.one_of(LINES, st.binary(max_size=40)), max_size=40).map(b"\n".join)


def check(message: Message) -> None:
    """What every message keeps, whatever it was made of."""
    assert len(message.fingerprint) == 64
    assert len(message.full_text) <= MAX_TEXT
    assert "\n" not in message.subject
    assert message.sent_at is None or message.sent_at.tzinfo is UTC
    for text in (message.subject, message.text, message.full_text, message.html or "", *message.defects):
        assert "\x00" not in text
        text.encode("utf-8")
    for _, value in message.headers:
        value.encode("utf-8")
    assert all("@" in address.addr for address in (*message.recipients, *message.reply_to))


@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_message(raw: bytes) -> None:
    """Random bytes never raise."""
    check(parse(raw, MessageKey("m", 1, 1), NOW))


@settings(max_examples=400)
@given(MAILS)
def test_any_mixture_of_mail_is_a_message(raw: bytes) -> None:
    """Lines of mail in any order, with bytes between them, never raise."""
    check(parse(raw, MessageKey("m", 1, 1), NOW))


@given(MAILS)
def test_parsing_is_a_function_of_its_bytes(raw: bytes) -> None:
    """The same bytes make the same message, with line feeds or with CR LF the same text."""
    once, again = (parse(raw, MessageKey("m", 1, 1), NOW) for _ in range(2))
    assert once == again
