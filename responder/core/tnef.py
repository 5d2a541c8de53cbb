"""winmail.dat, Outlook's own container (MS-OXTNEF): its text and the names of its files, read in one pass.

Own code: the library at hand copies the rest of its input for every attribute and believes any row count.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from responder.core import charsets
from responder.core.message import Attachment

SIGNATURE: Final = b"\x78\x9f\x3e\x22"
_MAX_ATTRIBUTES: Final = 2_000
_MAX_PROPERTIES: Final = 2_000
_MAX_TEXT: Final = 2_000_000

# MS-OXTNEF section 2.1.3.2: attribute ids; further ones stand in _Reader.take: 0x800C attBody, 0x9002 attAttachRendData
# (begins a file), 0x9003 attMsgProps, 0x9005 attAttachment, 0x9007 attOemCodepage.
_ATTACH_DATA: Final = 0x800F
_ATTACH_TITLE: Final = 0x8010
# MS-OXPROPS: property ids.
_PR_BODY: Final = 0x1000
_PR_HTML: Final = 0x1013
_PR_LONG_FILENAME: Final = 0x3707
_PR_INTERNET_CODEPAGE: Final = 0x3FDE

_FIXED: Final = {0x2: 4, 0x3: 4, 0x4: 4, 0x5: 8, 0x6: 8, 0x7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
"""Bytes of each property type of fixed size, padded to four (MS-OXTNEF section 2.1.3.4)."""
_STRING8: Final = 0x1E
_UNICODE: Final = 0x1F
_COUNTED: Final = (0xD, _STRING8, _UNICODE, 0x102)
_NAMED: Final = 0x8000


@dataclass(frozen=True, slots=True)
class Contents:
    """What a winmail.dat holds. `complete` is False where it could not be read to its end."""

    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    complete: bool = True


def read(raw: bytes) -> Contents:
    """The contents of a TNEF stream; never raises, an empty and incomplete result for anything else."""
    if not raw.startswith(SIGNATURE):
        return Contents(complete=False)
    reader = _Reader()
    complete = True
    for ident, start, size in _attributes(raw):
        complete = complete and start + size <= len(raw)
        reader.take(ident, raw[start : start + min(size, _MAX_TEXT)], size)
    return reader.contents(complete=complete)


def _attributes(raw: bytes) -> Iterator[tuple[int, int, int]]:
    """(id, offset of the data, length of the data) of each attribute."""
    at = 6
    for _ in range(_MAX_ATTRIBUTES):
        if at + 9 > len(raw):
            return
        size = _number(raw, at + 5, 4)
        yield _number(raw, at + 1, 2), at + 9, size
        at += 11 + size


class _Reader:
    """Gathers what the attributes tell, in their order."""

    def __init__(self) -> None:
        self._text = ""
        self._html = b""
        self._codepage = 0
        self._files: list[tuple[str, int]] = []

    def take(self, ident: int, body: bytes, size: int) -> None:
        """One attribute."""
        match ident:
            case 0x800C if not self._text:
                self._text = self._decoded(body)
            case 0x9007:
                self._codepage = _number(body, 0, 4)
            case 0x9003:
                self._take_properties(body)
            case 0x9002 if len(self._files) < _MAX_PROPERTIES:
                self._files.append(("", 0))
            case 0x8010 | 0x800F | 0x9005 if self._files:
                self._take_file(ident, body, size)
            case _:
                pass

    def _take_properties(self, body: bytes) -> None:
        for ident, kind, value in _properties(body):
            if ident == _PR_BODY:
                self._text = self._string(kind, value) or self._text
            elif ident == _PR_HTML:
                self._html = value
            elif ident == _PR_INTERNET_CODEPAGE:
                self._codepage = _number(value, 0, 4)

    def _take_file(self, ident: int, body: bytes, size: int) -> None:
        name, length = self._files[-1]
        if ident == _ATTACH_TITLE:
            name = name or self._decoded(body)
        elif ident == _ATTACH_DATA:
            length = size
        else:
            names = [self._string(kind, value) for prop, kind, value in _properties(body) if prop == _PR_LONG_FILENAME]
            name = next(filter(None, names), name)
        self._files[-1] = (name, length)

    def _string(self, kind: int, value: bytes) -> str:
        return value.decode("utf-16-le", "replace").rstrip("\x00") if kind == _UNICODE else self._decoded(value)

    def _decoded(self, value: bytes) -> str:
        label = {65001: "utf-8", 20127: "ascii", 28591: "latin-1"}.get(self._codepage, f"cp{self._codepage}")
        return charsets.decode(value.rstrip(b"\x00"), label if self._codepage else "")[0]

    def contents(self, *, complete: bool) -> Contents:
        """Everything gathered."""
        files = tuple(
            Attachment(charsets.clean_line(name)[:250], "application/octet-stream", size) for name, size in self._files
        )
        return Contents(self._text, self._decoded(self._html), files, complete)


def _properties(body: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(id, type, value) of each MAPI property; stops at the first one it cannot step over."""
    at = 4
    for _ in range(min(_number(body, 0, 4), _MAX_PROPERTIES)):
        kind, ident = _number(body, at, 2), _number(body, at + 2, 2)
        at += 4
        if ident >= _NAMED:
            at = _after_name(body, at)
        if kind in _FIXED:
            yield ident, kind, body[at : at + _FIXED[kind]]
            at += _FIXED[kind]
        elif kind in _COUNTED:
            size = _number(body, at + 4, 4)
            yield ident, kind, body[at + 8 : at + 8 + size]
            at += 8 + size + (-size % 4)
            if _number(body, at - 8 - size - (-size % 4), 4) != 1:
                return
        else:
            return
        if at >= len(body):
            return


def _after_name(body: bytes, at: int) -> int:
    """A named property has a GUID, a kind, and an id or a name before its value."""
    if _number(body, at + 16, 4) == 0:
        return at + 24
    size = _number(body, at + 20, 4)
    return at + 24 + size + (-size % 4)


def _number(body: bytes, at: int, size: int) -> int:
    return int.from_bytes(body[at : at + size], "little")
