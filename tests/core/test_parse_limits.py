"""What hostile mail runs into: limits that say so. Anything quadratic would not come back at this size."""

from datetime import UTC, datetime

import pytest

from responder.core.body import MAX_KEPT_HTML, MAX_TEXT
from responder.core.message import Message, MessageKey
from responder.core.parse import parse

KEY = MessageKey("education", 7, 9)
NOW = datetime(2024, 3, 4, 10, 0, tzinfo=UTC)
SIZE = 600_000


def read(raw: bytes) -> Message:
    """A message of some bytes."""
    return parse(raw, KEY, NOW)


def filled(start: bytes, piece: bytes) -> bytes:
    """`piece` again and again behind `start`."""
    return start + piece * (SIZE // len(piece))


MIXED = b"From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n"


@pytest.mark.parametrize(
    ("raw", "unreadable"),
    [
        (filled(b"", b"a:" + b"b" * 400 + b"\n"), "header section over 500 kB"),
        (b"a: b\n" * 3_000 + b"\nx", "more than 2000 header fields"),
        (filled(MIXED, b"--b\n\n"), "more than 1000 MIME parts"),
        (
            b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5_000)),
            "parts nested deeper than 30",
        ),
        (filled(b"", b"Content-Type: message/rfc822\n\n"), "parts nested deeper than 30"),
        (b"Content-Type: text/plain; charset=utf-8\n\n" + b"\xff\xfe\x80\x81" * 400, ""),
    ],
)
def test_limits_say_which_one_was_hit(raw: bytes, unreadable: str) -> None:
    """A message past a limit is a message all the same, and `unreadable` says why nothing sure can be said."""
    assert read(raw).unreadable == unreadable


@pytest.mark.parametrize(
    "piece",
    [
        b"a",
        b"\n",
        b"\r",
        b"\x00",
        b" ",
        b">",
        b"> a\n",
        b"--b\n",
        b"\r--b ",
        b"=",
        b"=\n",
        b"On 2024 a@b.c wrote:\n",
        b"From: a@b\nSent: 2020\nTo: x\nSubject: y\n",
        b"--\n",
        b"Best regards,\nJohn\n",
        b"<a@b>:\n",
        b"wrote:\n",
        b"_" * 40 + b"\n",
        b"confidential e-mail for the intended recipient\n\n",
        b"Sent from my iPhone\n",
        b"<b id=1><p>",
        b"\xcc\x81\xcc\x95",
        b"\xff",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n",
        b"begin 644 a\n",
        b"\x1b$B",
        b"+AAA-",
        b"~{",
    ],
)
@pytest.mark.parametrize(
    "start",
    [
        b"",
        MIXED,
        b"Subject: ",
        b"Content-Type: text/html\n\n",
        b"Content-Type: text/plain; format=flowed\n\n",
        b"Content-Transfer-Encoding: base64\n\n",
        b"Content-Transfer-Encoding: quoted-printable\n\n",
    ],
)
def test_any_long_input_is_read(start: bytes, piece: bytes) -> None:
    """Megabytes of one thing come back as a message within the caps."""
    message = read(filled(start, piece))
    assert len(message.full_text) <= MAX_TEXT
    assert len(message.html or "") <= MAX_KEPT_HTML
    assert len(message.parts) <= 1_001


@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "".join(f"<b id={n}>" for n in range(2_000)) + "<p>x" * 2_000,
        "<div>" * 40_000,
        "<blockquote>x" * 15_000,
        "<font color=1><div>" * 10_000,
        "<b>" * 80_000,
    ],
)
def test_html_that_would_explode_elsewhere_is_left_out(html: str) -> None:
    """The console cleans HTML with a parser that builds a tree; it never gets what such a parser cannot take."""
    message = read(b"Content-Type: text/html\n\n" + html.encode())
    assert message.html is None
    assert any("explode" in defect for defect in message.defects)


def test_long_but_plain_html_is_kept() -> None:
    """A long table, unclosed paragraphs and many bold words are what people send."""
    html = "<table>" + "<tr><td><b>x</b><p>y<td><font color=red>z</font>" * 3_000 + "</table>"
    assert read(b"Content-Type: text/html\n\n" + html.encode()).html is not None


def test_long_text_is_cut_and_said_to_be_cut() -> None:
    """The cap of the text is a defect, not a loss in silence."""
    message = read(filled(b"From: a@x.example\n\n", b"word " * 20 + b"\n"))
    assert len(message.full_text) <= MAX_TEXT
    assert f"text cut at {MAX_TEXT} characters" in message.defects
    assert not message.unreadable


def test_a_large_attachment_is_measured_and_not_decoded() -> None:
    """The size comes from the encoded length."""
    encoded = b"QUJD" * 19 + b"\r\n"
    raw = (
        MIXED
        + b"--b\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n"
        + encoded * 50_000
        + b"--b--\n"
    )
    message = read(raw)
    assert [attachment.filename for attachment in message.attachments] == ["a.pdf"]
    assert abs(message.attachments[0].size - 50_000 * 57) <= 2


def test_a_header_section_alone_says_that_more_was_not_fetched() -> None:
    """`truncated` makes a message that a person must see."""
    message = parse(b"From: a@x.example\nSubject: big\n\n", KEY, NOW, truncated=True)
    assert message.subject == "big"
    assert "only the header section" in message.unreadable


def test_nothing_is_a_message_too() -> None:
    """Zero bytes: no author, no text, no exception."""
    message = read(b"")
    assert (message.author, message.text, message.full_text, message.html, message.size) == (None, "", "", None, 0)
    assert (message.key, message.received_at) == (KEY, NOW)
    assert not message.unreadable


def test_text_that_is_mostly_lost_is_unreadable() -> None:
    """When the characters are gone, `unreadable` says so rather than guessing on."""
    message = read(b"Content-Type: text/plain; charset=iso-2022-kr\n\n" + b"\x1b$)C\x0e" + b"\x80\x81\x82" * 300)
    assert "decoded" in message.unreadable or message.defects


def test_defects_are_few_and_without_content() -> None:
    """A thousand broken parts do not make a thousand remarks, and no remark repeats what a stranger wrote at length."""
    message = read(filled(MIXED, b"--b\nContent-Type: multipart/mixed; boundary=secret\n\n"))
    assert len(message.defects) <= 20
    assert all(len(defect) < 100 and "secret" not in defect for defect in message.defects)
