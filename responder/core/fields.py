"""Header fields: from bytes to unfolded values (RFC 5322 section 2.2), encoded words (RFC 2047), parameters (RFC 2231).

Own code instead of the standard library's `email`: that one raises on some real mail, recurses with the nesting of its
input and is slower than linear on hostile mail.
"""

import binascii
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from responder.core import charsets

MAX_BLOCK: Final = 500_000
"""Bytes of one header section that are read."""
MAX_FIELDS: Final = 2_000
MAX_VALUE: Final = 100_000
"""Characters kept of one value."""
_MAX_STRUCTURED: Final = 4_000
"""Characters of a Content-Type or Content-Disposition that are read for parameters."""

_END: Final = re.compile(rb"\n\r?\n")
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")
_NAME: Final = re.compile(r"[!-9;-~]{1,200}[ \t]*\Z")
_ENCODED_WORD: Final = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_PARAMETER: Final = re.compile(r";\s*([^\s=;]{1,80})\s*=\s*(\"(?:[^\"\\]|\\.)*+\"|[^;]*+)", re.DOTALL)
_CONTINUED: Final = re.compile(r"(.+?)\*(?:(\d{1,4})(\*?))?\Z", re.DOTALL)
_SHAPED_LIKE_A_FIELD: Final = re.compile(
    r"(?:from|to|cc|subject|date|message-id|mime-version|content-[a-z-]{2,30}|received|reply-to|x-[a-z0-9-]{2,60}):",
    re.IGNORECASE,
)
_LOOK_AHEAD: Final = 5


@dataclass(frozen=True, slots=True)
class Section:
    """A header section as it was read: where the body starts in the same bytes, and what was wrong."""

    fields: tuple[tuple[str, str], ...]
    body: int
    defects: tuple[str, ...] = ()
    cut: str = ""
    """Why fields are missing; empty when all were read."""


def read(source: bytes, start: int, end: int) -> Section:
    """The fields between two offsets; names as written, values unfolded and stripped."""
    if source.startswith((b"\n", b"\r\n"), start, end):
        return Section((), source.find(b"\n", start, end) + 1)
    found = _END.search(source, start, end)
    stop, body = (found.start(), found.end()) if found else (end, end)
    cut = ""
    if stop - start > MAX_BLOCK:
        stop, cut = start + MAX_BLOCK, "header section over 500 kB"
    lines = _FOLD.sub("", _decoded(source[start:stop])).split("\n", MAX_FIELDS * 2)
    if len(lines) > MAX_FIELDS:
        lines, cut = lines[:MAX_FIELDS], f"more than {MAX_FIELDS} header fields"
    fields, rest, defects = _fields(lines)
    if rest:
        body = _offset_of(rest, source, start, end)
    return Section(fields, body, defects, cut)


def _decoded(block: bytes) -> str:
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError:
        return "\n".join(charsets.decode(line)[0].replace("\n", " ") for line in block.split(b"\n", MAX_FIELDS * 2))


def _fields(lines: list[str]) -> tuple[tuple[tuple[str, str], ...], str, tuple[str, ...]]:
    """Fields, the line with which a body begins that no empty line announced, and defects."""
    fields: list[tuple[str, str]] = []
    defects: dict[str, None] = {}
    for index, line in enumerate(lines):
        name, colon, value = line.partition(":")
        if colon and _NAME.match(name):
            fields.append((name.rstrip(), _value(value, defects)))
        elif line.startswith(("From ", ">From ")) or not line.strip():
            continue
        elif any(_SHAPED_LIKE_A_FIELD.match(later) for later in lines[index + 1 : index + 1 + _LOOK_AHEAD]):
            defects["a line among the header fields that is none"] = None
            _continue(fields, line)
        else:
            defects["no empty line between header and body"] = None
            return tuple(fields), line, tuple(defects)
    return tuple(fields), "", tuple(defects)


def _value(value: str, defects: dict[str, None]) -> str:
    if len(value) > MAX_VALUE:
        defects[f"a header value over {MAX_VALUE} characters was cut"] = None
        value = value[:MAX_VALUE]
    if "\x00" in value or "\r" in value:
        value = value.replace("\x00", "").replace("\r", " ")
    return value.strip()


def _continue(fields: list[tuple[str, str]], line: str) -> None:
    """A continuation line that lost its indentation belongs to the field above it."""
    if fields and len(fields[-1][1]) < MAX_VALUE:
        name, value = fields[-1]
        fields[-1] = (name, f"{value} {line.strip()[:MAX_VALUE]}")


def _offset_of(line: str, source: bytes, start: int, end: int) -> int:
    """Where a line of the decoded section lies in the bytes; the end where it cannot be found again."""
    first = line.rstrip("\r")[:200].encode("utf-8", "replace")
    at = source.find(b"\n" + first, start, end)
    if source.startswith(first, start):
        return start
    return at + 1 if at >= 0 else end


def decode_words(value: str) -> tuple[str, str]:
    """A value with its encoded words decoded, and a defect ("" when none); damaged ones stay as they are."""
    if "=?" not in value:
        return value, ""
    out: list[str] = []
    pending: list[tuple[str, bytes]] = []
    defect, end = "", 0
    for match in _ENCODED_WORD.finditer(value):
        between = value[end : match.start()]
        if between.strip() or not pending:
            defect = _flush(pending, out) or defect
            out.append(between)
        end = match.end()
        pending.append((match[1].partition("*")[0].lower(), _word_bytes(match[2], match[3])))
    defect = _flush(pending, out) or defect
    out.append(value[end:])
    return "".join(out), defect


def _flush(pending: list[tuple[str, bytes]], out: list[str]) -> str:
    """Neighbours of one charset are decoded together: some programs cut a character in two, against RFC 2047."""
    defect, label, run = "", "", list[bytes]()
    for charset, raw in (*pending, ("", b"")):
        if charset != label and run:
            text, wrong = charsets.decode(b"".join(run), label)
            out.append(text)
            defect, run = wrong or defect, []
        label = charset
        run.append(raw)
    pending.clear()
    return defect


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "bB":
        return unbase64(raw)
    return binascii.a2b_qp(raw.replace(b" ", b"_"), header=True)


def unbase64(raw: bytes) -> bytes:
    """Decoded base64, whatever else lies between; a last group that is cut short is kept as far as it goes."""
    try:
        return binascii.a2b_base64(raw)
    except binascii.Error:
        kept = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        kept = kept[: len(kept) - (len(kept) % 4 == 1)]
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def parameters(value: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The value before the first semicolon, in lower case, and the parameters: RFC 2231 undone, names in lower case."""
    value = value[:_MAX_STRUCTURED]
    head = value.partition(";")[0].strip().lower()
    if ";" not in value:
        return head, ()
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, raw in _PARAMETER.findall(value):
        text = _unquoted(raw)
        split = _CONTINUED.match(name.lower())
        if split is None:
            plain.setdefault(name.lower(), charsets.clean_line(decode_words(text)[0]))
        else:
            section = pieces.setdefault(split[1], {})
            section.setdefault(int(split[2] or 0), (text, bool(split[3]) or split[2] is None))
    return head, (*(plain | {name: _joined(section) for name, section in pieces.items()}).items(),)


def _unquoted(raw: str) -> str:
    raw = raw.strip()
    if raw.startswith('"'):
        return re.sub(r"\\(.)", r"\1", raw.strip('"'), flags=re.DOTALL)
    return raw.partition(" (")[0]


def _joined(section: dict[int, tuple[str, bool]]) -> str:
    """RFC 2231 sections 3 and 4: numbered pieces, percent-encoded where marked, the charset before the first."""
    label, raw = "", b""
    for index in sorted(section):
        text, encoded = section[index]
        if encoded and text.count("'") >= 2 and not raw:  # charset'language'text
            label, _, text = text.split("'", 2)
        raw += unquote_to_bytes(text) if encoded else text.encode("utf-8", "replace")
    return charsets.clean_line(charsets.decode(raw, label)[0])
