"""The readable text of a MIME tree: which part speaks, in which charset, with what flow undone."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from responder.core import charsets, fields, mime, tnef
from responder.core.html_elements import is_explosive
from responder.core.html_text import MAX_HTML, html_to_text
from responder.core.message import Attachment
from responder.core.mime import Entity

MAX_TEXT: Final = 500_000
"""Characters of the whole text."""
MAX_KEPT_HTML: Final = 256_000
_MAX_ENCODED: Final = 3_000_000
"""Bytes of one text part that are decoded."""
_MAX_TNEF: Final = 8_000_000
_STUB: Final = 300
_TNEF_TYPES: Final = ("application/ms-tnef", "application/vnd.ms-tnef")
_NO_LETTER: Final = ("text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/rfc822-headers")

_STUB_WORDS: Final = re.compile(
    r"html[- ](?:capable|compatible|enabled|e-?mail|format|version|mail|view)|(?:support|display|show|read|view)\w*"
    r"(?: \w+){0,3} html|html-?(?:f\u00e4hig|darstellung|format|anzeige)|formato html|format html|au format html"
    r"|view (?:this|the) (?:e-?mail|message|mail) (?:in|on) (?:your|a|the|an?) (?:web )?browser"
    r"|if you (?:can't|cannot|can not) (?:see|read|view) this|im browser (?:ansehen|\u00f6ffnen|anzeigen)",
    re.IGNORECASE,
)
_LOOKS_LIKE_HTML: Final = re.compile(
    r"\s{0,40}<(?:!doctype html|html|head|body|div|p|table)\b[^<>]{0,300}>", re.IGNORECASE
)
_META_CHARSET: Final = re.compile(rb"<meta[^<>]{1,200}charset=[\"']?([\w.:-]{2,30})", re.IGNORECASE)
_INNER_HEADERS: Final = ("From", "Date", "Subject", "To")


@dataclass(slots=True)
class Body:
    """Text and HTML of a message, files found inside a winmail.dat, and what went wrong."""

    text: str = ""
    html: str | None = None
    files: list[Attachment] = field(default_factory=list)
    has_tnef: bool = False
    defects: dict[str, None] = field(default_factory=dict)
    damage: str = ""


def body_of(root: Entity) -> Body:
    """The whole readable body, cleaned (see charsets.clean)."""
    body = Body()
    pieces = _pieces(root, body)
    text = "\n\n".join(piece for piece in pieces if piece)
    if len(text) > MAX_TEXT:
        body.defects[f"text cut at {MAX_TEXT} characters"] = None
        text = text[:MAX_TEXT].rstrip()
    body.text = text
    if charsets.is_damaged(text):
        body.damage = "most of the text could not be decoded"
    if body.html is not None:
        body.html = _kept(body.html, body)
    return body


def _kept(html: str, body: Body) -> str | None:
    """The HTML that is stored: cut, without half characters, and only if another parser can take it."""
    html = charsets.without_surrogates(html.replace("\x00", ""))
    if len(html) > MAX_KEPT_HTML:
        body.defects[f"HTML cut at {MAX_KEPT_HTML} characters"] = None
        html = html[:MAX_KEPT_HTML]
    if is_explosive(html):
        body.defects["HTML left out: its nesting would explode in a parser"] = None
        return None
    return html


def is_body_text(entity: Entity) -> bool:
    """Whether a leaf is text of the letter and no file."""
    return (
        entity.content_type.startswith("text/")
        and entity.content_type not in _NO_LETTER
        and entity.disposition != "attachment"
        and (not entity.filename or not entity.number)
    )


def _pieces(entity: Entity, body: Body) -> list[str]:
    """The texts of an entity in their order."""
    if entity.content_type == "multipart/alternative" and entity.children:
        return _alternative(entity, body)
    if entity.content_type == "multipart/related" and entity.children:
        return _pieces(_root_of(entity), body)
    if entity.is_multipart:
        children = (child for child in entity.children if not _is_returned(child, entity))
        return [piece for child in children for piece in _pieces(child, body)]
    return _leaf(entity, body)


def _leaf(entity: Entity, body: Body) -> list[str]:
    if entity.is_message:
        return [_forwarded_message(entity)]
    if entity.content_type in _TNEF_TYPES or entity.filename.lower() == "winmail.dat":
        return _tnef(entity, body)
    if entity.content_type.startswith("multipart/") or is_body_text(entity):
        return [_text(entity, body)]
    return []


def _is_returned(child: Entity, parent: Entity) -> bool:
    """The mail a report brings back is nobody's message."""
    return parent.content_type == "multipart/report" and child.is_message


def _root_of(related: Entity) -> Entity:
    """RFC 2387 section 3.2: the part the start parameter names, else the first."""
    start = related.parameter("start").strip("<>")
    return next((child for child in related.children if start and child.content_id == start), related.children[0])


def _alternative(entity: Entity, body: Body) -> list[str]:
    """Plain text where it says something, else the richest alternative that does (RFC 2046 section 5.1.4)."""
    plain = [child for child in entity.children if child.content_type == "text/plain" and is_body_text(child)]
    said = [piece for child in plain for piece in _pieces(child, body)]
    others = [child for child in entity.children if child not in plain]
    if _is_stub(said):
        told = ([*filter(None, _pieces(child, body))] for child in reversed(others))
        return next(filter(None, told), said)
    rich = (inner for child in others for inner in child.walk() if inner.content_type == "text/html")
    for inner in filter(is_body_text, rich):
        _keep_html(_decoded(inner, body), body)
    return said


def _keep_html(html: str, body: Body) -> None:
    if body.html is None:
        body.html = html
    elif len(body.html) < MAX_KEPT_HTML:
        body.html = f"{body.html}\n{html}"


def _is_stub(pieces: Iterable[str]) -> bool:
    """Nothing, or only the remark that the real text is HTML."""
    text = " ".join(pieces).strip()
    return not text or (len(text) < _STUB and _STUB_WORDS.search(text) is not None)


def _text(entity: Entity, body: Body) -> str:
    text = _decoded(entity, body)
    if entity.content_type == "text/html" or (entity.content_type == "text/plain" and _LOOKS_LIKE_HTML.match(text)):
        _keep_html(text, body)
        return charsets.clean(html_to_text(text)).strip("\n")
    if entity.content_type in {"text/enriched", "text/richtext"}:
        text = re.sub(r"<(/?)[a-zA-Z-]{1,40}>", "", text).replace("<<", "<")
    if entity.parameter("format").lower() == "flowed":
        text = unflowed(text.replace("\r\n", "\n"), delete_space=entity.parameter("delsp").lower() == "yes")
    return charsets.clean(text).strip("\n")


def _decoded(entity: Entity, body: Body) -> str:
    raw = entity.body(_MAX_ENCODED)
    where = f"part {entity.number}" if entity.number else "the message"
    if len(entity.span) > _MAX_ENCODED:
        body.defects[f"text of {where} cut at {_MAX_ENCODED} bytes"] = None
    if not mime.known_encoding(entity.encoding):
        body.defects[f"unknown transfer encoding in {where}"] = None
    label = entity.parameter("charset")
    if not label and entity.content_type == "text/html" and (declared := _META_CHARSET.search(raw[:2_000])):
        label = declared[1].decode("ascii")
    text, defect = charsets.decode(raw, label)
    if defect:
        body.defects[f"{defect} in {where}"] = None
    return text.removeprefix("\ufeff")[: MAX_HTML + 1]


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """RFC 3676 section 4: lines that end in a space go on in the next one of the same quote depth."""
    out: list[str] = []
    run: list[str] = []
    depth = 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        level = len(line) - len(content)
        content = content.removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        if run and (level != depth or content == "-- "):
            out.append(_flowed_line(run, depth))
            run = []
        depth = level
        run.append(content[:-1] if flows and delete_space else content)
        if not flows:
            out.append(_flowed_line(run, depth))
            run = []
    if run:
        out.append(_flowed_line(run, depth))
    return "\n".join(out)


def _flowed_line(run: list[str], depth: int) -> str:
    text = "".join(run)
    return f"{'>' * depth} {text}" if depth else text


def _forwarded_message(entity: Entity) -> str:
    """A mail attached to the mail, written the way mail programs write one inline."""
    if not entity.children:
        return ""
    inner = entity.children[0]
    named = [(name, charsets.clean_line(fields.decode_words(inner.first(name.lower()))[0])) for name in _INNER_HEADERS]
    lines = [f"{name}: {value[:500]}" for name, value in named if value]
    return "\n".join(["---------- Forwarded message ----------", *lines, "", body_of(inner).text]).rstrip("\n")


def _tnef(entity: Entity, body: Body) -> list[str]:
    found = tnef.read(entity.body(_MAX_TNEF))
    body.has_tnef = True
    body.files += found.attachments
    if not found.complete:
        body.defects["winmail.dat could not be read to its end"] = None
    if found.text.strip():
        return [charsets.clean(found.text).strip("\n")]
    if found.html.strip() and body.html is None:
        body.html = found.html
        return [charsets.clean(html_to_text(found.html)).strip("\n")]
    return []
