"""Charsets, HTML, flowed text and winmail.dat: bytes that become text."""

import pytest

from responder.core import charsets, tnef
from responder.core.body import unflowed
from responder.core.html_text import html_to_text


@pytest.mark.parametrize(
    ("text", "written_as", "label"),
    [
        ("Grüße aus Köln", "utf-8", "utf-8"),
        ("Grüße aus Köln", "utf-8", "iso-8859-1"),
        ("Grüße aus Köln", "latin-1", "utf-8"),
        ("Grüße aus Köln", "latin-1", "us-ascii"),
        ("Grüße aus Köln", "latin-1", ""),
        ("Grüße – „so“", "cp1252", "iso-8859-1"),
        ("中文邮件正文", "gbk", "gb2312"),
        ("中文邮件正文", "gbk", "utf-8"),
        ("中文邮件正文", "gbk", ""),
        ("日本語のメール", "iso-2022-jp", "iso-2022-jp"),
        ("日本語のメール", "iso-2022-jp", "us-ascii"),
        ("日本語のメール", "cp932", "shift_jis"),
        ("Привет, это письмо", "koi8-r", "koi8-r"),
        ("Привет, это письмо", "koi8-r", "x-unknown"),
        ("Привет, это письмо", "cp1251", "utf-8"),
        ("안녕하세요", "cp949", "ks_c_5601-1987"),
        ("Zażółć", "iso8859-2", "ISO-8859-2"),
        ("text", "ascii", "punycode"),
        ("text", "ascii", "unicode_escape"),
        ("text", "utf-16", "utf-16"),
        ("text", "ascii", "../../etc/passwd"),
    ],
)
def test_text_survives_a_wrong_label(text: str, written_as: str, label: str) -> None:
    """Whatever the label says, the words come out."""
    assert charsets.decode(text.encode(written_as), label)[0] == text


@pytest.mark.parametrize(
    "label", ["punycode", "unicode_escape", "idna", "zlib", "rot13", "base64", "hex", "x", "0", "\0"]
)
def test_codecs_that_are_no_charsets_are_never_used(label: str) -> None:
    """Python's codec registry holds more than charsets."""
    assert charsets.codec_of(label) is None


def test_text_is_cleaned_once_for_everybody() -> None:
    """Line feeds, NFC, no controls, direction marks, non-breaking or trailing spaces, no half characters."""
    assert charsets.clean("a\r\nb\rc\x00\x07 \u00a0\nu\u0308\u202e\ufeff\ud800 d \t\n") == "a\nb\nc\nü\ufffd d\n"


def test_a_run_of_combining_marks_stays_cheap() -> None:
    """Python's normalisation is quadratic in such a run; ours works on bounded words."""
    assert charsets.clean("a" + "\u0315\u0300" * 200_000).startswith("\u00e0")


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("a  \n b&nbsp;&amp; c", "a b\u00a0& c"),
        ("<b>a</b><i>b</i>", "ab"),
        ("<p>a</p><blockquote><p>q</p><blockquote>r</blockquote></blockquote>b", "a\n\n> q\n>\n>> r\n>\nb"),
        ("a<!-- <p>b</p> -->c", "ac"),
        ("a<script>if (a < b) {}</script>b<style>x</style>", "ab"),
        ("a<p hidden>x</p><p style='DISPLAY : none'>y</p>b", "a\n\nb"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("1 < 2 and <3", "1 < 2 and <3"),
        ('<a href="x>y">text</a>', "text"),
        ('<a href="never closed>text</a> more', "text more"),
        ("<p>a", "a"),
        ("</p></div>a", "a"),
        ("<!doctype html><html><head><title>t</title></head><body>a</body></html>", "a"),
        ("x<![endif]-->y", "xy"),
        ("", ""),
    ],
)
def test_html_becomes_lines(html: str, wanted: str) -> None:
    """Blocks are lines, paragraphs have an empty line between them, quotes a mark; hidden things are left out."""
    assert html_to_text(html) == wanted


@pytest.mark.parametrize(
    "piece",
    [
        "<p>",
        "<b>",
        "<div>",
        "<blockquote>",
        "<",
        "<!--",
        '<a "',
        '<a ">" ',
        "<script>",
        "&#",
        "<b></x>",
        "</x><b>",
        "<p><b id=1><i>",
        "<select><option>",
        "<table><tr><td>",
        "<font color=1><p>x",
        "\x00<",
        "<a b=",
    ],
)
def test_no_html_is_nested_enough_to_hurt(piece: str) -> None:
    """Half a megabyte of anything is one pass: no tree is built (formatting nested in a tree would multiply)."""
    assert len(html_to_text(piece * (512_000 // len(piece)))) <= 512_000 * 2


@pytest.mark.parametrize(
    ("text", "delete_space", "wanted"),
    [
        ("a \nb\nc", False, "a b\nc"),
        ("a \nb", True, "ab"),
        ("> a \n> b\nc", False, "> a b\nc"),
        ("a \n> b", False, "a \n> b"),
        ("a \n-- \nAnn", False, "a \n-- \nAnn"),
        (" >a", False, ">a"),
        ("", False, ""),
    ],
)
def test_flowed_lines_are_joined(text: str, wanted: str, *, delete_space: bool) -> None:
    """RFC 3676 sections 4.1 to 4.5."""
    assert unflowed(text, delete_space=delete_space) == wanted


@pytest.mark.parametrize("body", [b"", b"\x00" * 100_000, b"\xff" * 100_000, b"\x02\x02\x90" * 100_000])
def test_a_hostile_winmail_is_read_as_far_as_it_goes(body: bytes) -> None:
    """Lengths that lie and attributes without end stop at a limit."""
    found = tnef.read(tnef.SIGNATURE + b"\x01\x00" + body)
    assert len(found.attachments) <= 2_000


def test_what_is_no_winmail_is_said_to_be_incomplete() -> None:
    """Without the signature nothing is read."""
    assert tnef.read(b"PK\x03\x04") == tnef.Contents(complete=False)
