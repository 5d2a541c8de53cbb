"""The MIME tree as offsets into the raw bytes (RFC 2046): nothing is copied or decoded until asked for.

Work is linear in the size times the depth, which is bounded; so are the parts.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from responder.core import fields
from responder.core.message import Headers, Part

MAX_DEPTH: Final = 30
MAX_PARTS: Final = 1_000
_MAX_INNER: Final = 2_000_000
"""Bytes of an encoded message/rfc822 part that are decoded to look inside."""

_REST_OF_DELIMITER: Final = re.compile(rb"(--)?[ \t]*(?:\r?\n|\r|\Z)")
_TYPE: Final = re.compile(r"[a-z0-9][\w.+-]{0,80}/[\w.+-]{1,100}\Z", re.ASCII)
_TYPE_GUESSES: Final = {"text": "text/plain", "html": "text/html", "multipart": "multipart/mixed"}
MESSAGE_TYPES: Final = ("message/rfc822", "message/global", "message/news")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of bytes that is not copied."""

    source: bytes = field(repr=False)
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def count(self, byte: bytes) -> int:
        """How often a byte occurs."""
        return self.source.count(byte, self.start, self.end)

    def head(self, limit: int) -> bytes:
        """A copy of the first `limit` bytes."""
        return self.source[self.start : min(self.end, self.start + limit)]


@dataclass(frozen=True, slots=True)
class Entity:
    """One node: its fields, and where its body lies."""

    number: str
    """As IMAP counts them: 1, 1.2, ...; empty for the message itself."""
    fields: tuple[tuple[str, str], ...]
    content_type: str
    parameters: tuple[tuple[str, str], ...]
    disposition: str
    filename: str
    content_id: str
    encoding: str
    span: Span
    children: list["Entity"] = field(default_factory=list)

    def first(self, name: str) -> str:
        """The first value of a field, or the empty string."""
        return next((value for field_, value in self.fields if field_.lower() == name), "")

    def parameter(self, name: str) -> str:
        """A Content-Type parameter or the empty string."""
        return dict(self.parameters).get(name, "")

    @property
    def is_message(self) -> bool:
        """Whether the body is itself a mail."""
        return self.content_type in MESSAGE_TYPES

    @property
    def is_multipart(self) -> bool:
        """Whether the body was split into parts."""
        return self.content_type.startswith("multipart/") and bool(self.children)

    @property
    def size(self) -> int:
        """Bytes after transfer decoding, reckoned without decoding; 0 for a multipart."""
        if self.is_multipart:
            return 0
        length = len(self.span)
        if self.encoding == "base64":
            breaks = self.span.count(b"\n") + self.span.count(b"\r")
            return max(0, (length - breaks) * 3 // 4 - min(2, self.span.count(b"=")))
        if self.encoding == "quoted-printable":
            return max(0, length - 2 * self.span.count(b"="))
        return length

    def body(self, limit: int) -> bytes:
        """The decoded body, of at most `limit` encoded bytes."""
        return _decoded(self.span.head(limit), self.encoding)

    def walk(self) -> Iterator["Entity"]:
        """This entity and all below it, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.walk()

    def part(self) -> Part:
        """The same as the rest of the program sees it."""
        return Part(self.content_type, self.parameters, self.disposition, self.filename, self.content_id, self.size)


@dataclass(slots=True)
class Tree:
    """The split message and what went wrong in splitting it."""

    root: Entity
    headers: Headers
    count: int = 1
    defects: dict[str, None] = field(default_factory=dict)
    limit: str = ""
    """Which limit was hit; empty when everything was read."""


def split(raw: bytes) -> Tree:
    """The whole tree of a message. Any bytes make one."""
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    section = fields.read(raw, 0, len(raw))
    root = _entity("", section.fields, Span(raw, section.body, len(raw)), "text/plain")
    tree = Tree(root, Headers(section.fields), defects=dict.fromkeys(section.defects), limit=section.cut)
    pending = [(root, 0)]
    while pending:
        entity, depth = pending.pop()
        if depth >= MAX_DEPTH and _is_container(entity):
            tree.limit = tree.limit or f"parts nested deeper than {MAX_DEPTH}"
            continue
        _open(entity, tree)
        pending.extend((child, depth + 1) for child in reversed(entity.children))
    return tree


def _is_container(entity: Entity) -> bool:
    return entity.is_message or entity.content_type.startswith("multipart/")


def _open(entity: Entity, tree: Tree) -> None:
    """Find the children of a container."""
    if entity.is_message:
        span = entity.span
        if entity.encoding in ("base64", "quoted-printable"):
            source = entity.body(_MAX_INNER)
            span = Span(source, 0, len(source))
        if len(span):
            _add(entity, tree, span, "text/plain")
    elif entity.content_type.startswith("multipart/"):
        default = "message/rfc822" if entity.content_type == "multipart/digest" else "text/plain"
        for span in _spans(entity, tree):
            if tree.count >= MAX_PARTS:
                tree.limit = tree.limit or f"more than {MAX_PARTS} MIME parts"
                return
            _add(entity, tree, span, default)


def _add(parent: Entity, tree: Tree, span: Span, default: str) -> None:
    section = fields.read(span.source, span.start, span.end)
    number = f"{parent.number}.{len(parent.children) + 1}".lstrip(".")
    tree.count += 1
    tree.limit = tree.limit or section.cut
    for defect in section.defects:
        tree.defects[f"{defect} in part {number}"] = None
    parent.children.append(_entity(number, section.fields, Span(span.source, section.body, span.end), default))


def _spans(entity: Entity, tree: Tree) -> Iterator[Span]:
    """From one delimiter line to the next (RFC 2046 section 5.1.1); a missing last one is forgiven."""
    boundary = dict(entity.parameters).get("boundary", "").encode("utf-8", "replace")
    opened: int | None = None
    if not boundary:
        tree.defects[f"no boundary in {_where(entity)}"] = None
        return
    for line, after, closing in _delimiters(entity, b"--" + boundary):
        if opened is not None:
            yield Span(entity.span.source, opened, max(opened, line))
        opened = None if closing else after
        if closing:
            return
    tree.defects[f"no closing boundary in {_where(entity)}"] = None
    if opened is not None:
        yield Span(entity.span.source, opened, entity.span.end)


def _delimiters(entity: Entity, needle: bytes) -> Iterator[tuple[int, int, bool]]:
    """(end of the text before, start of the text after, whether it is the last) of each delimiter line."""
    source, start, end = entity.span.source, entity.span.start, entity.span.end
    at = source.find(needle, start, end)
    while at >= 0:
        after = at + len(needle)
        if at == start or source[at - 1] in b"\r\n":
            rest = _REST_OF_DELIMITER.match(source, after, end)
            if rest:
                yield _before_break(source, start, at), rest.end(), rest[1] is not None
                after = rest.end()
        at = source.find(needle, max(after - 1, at + 1), end)


def _before_break(source: bytes, start: int, at: int) -> int:
    """The line break before a delimiter belongs to the delimiter."""
    if at > start and source[at - 1] == 0x0A:
        at -= 1
    if at > start and source[at - 1] == 0x0D:
        at -= 1
    return at


def _entity(number: str, found: tuple[tuple[str, str], ...], span: Span, default: str) -> Entity:
    content_type, disposition, filename, content_id, encoding = default, "", "", "", ""
    parameters: tuple[tuple[str, str], ...] = ()
    for name, value in reversed(found):
        match name.lower():
            case "content-type":
                content_type, parameters = _content_type(value, default)
            case "content-disposition":
                disposition, named = fields.parameters(value)
                filename = dict(named).get("filename", "")
            case "content-transfer-encoding":
                encoding = value.partition(";")[0].partition("(")[0].strip(" \t\"'").lower()
            case "content-id":
                content_id = value.strip("<> \t")[:200]
    filename = (filename or dict(parameters).get("name", ""))[:250]
    if disposition not in ("inline", "attachment", ""):
        disposition = "attachment"  # RFC 2183 section 2.8
    return Entity(number, found, content_type, parameters, disposition, filename, content_id, encoding, span)


def _content_type(value: str, default: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """RFC 2045 section 5.2: what cannot be read counts as the default."""
    named, parameters = fields.parameters(value)
    named = named.replace(" ", "")
    named = _TYPE_GUESSES.get(named, named)
    return (named if _TYPE.match(named) else default), parameters


def _decoded(raw: bytes, encoding: str) -> bytes:
    """Transfer decoding that takes damage as it comes; an unknown encoding is taken as none."""
    match encoding:
        case "base64":
            return fields.unbase64(raw)
        case "quoted-printable":
            return binascii.a2b_qp(raw)
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return b"".join(_uuline(line) for line in raw.split(b"\n"))
        case _:
            return raw


def _uuline(line: bytes) -> bytes:
    if not line.strip() or line.startswith((b"begin ", b"end")):
        return b""
    try:
        return binascii.a2b_uu(line.rstrip(b"\r\n"))
    except binascii.Error:
        return b""


def _where(entity: Entity) -> str:
    return f"part {entity.number}" if entity.number else "the message"


def known_encoding(encoding: str) -> bool:
    """Whether a Content-Transfer-Encoding is one we undo (RFC 2045 section 6.1; uuencode from practice)."""
    return encoding in (
        "", "7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "uuencode", "x-uue", "uue"
    )  # fmt: skip
