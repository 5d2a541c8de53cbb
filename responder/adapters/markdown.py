"""Markdown as text/plain that reads well and as small HTML, from one token stream with a closed set of tags.

Words from the mail never pass through the Markdown parser: they travel as marks (private-use characters) and are put
in, as plain words, when the tokens are written out. So no value can become markup or a link. A new line in the source
is a new line in the mail.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

MARK = re.compile("\ue000([\ue100-\ue1ff])\ue001")
"""A value's mark in a rendered source."""
_IN_ADDRESS = re.compile(r"(?:://|www\.|mailto:|@)[^\s]{0,200}\ue000|\ue001(?:\.\w|@|:/|/\w)", re.IGNORECASE)
PRIVATE = re.compile("[\ue000-\uf8ff]")
_LINK = re.compile(r"(?:https://|mailto:)[^\s\ue000-\uf8ff]+", re.IGNORECASE)
_TAGS = {
    "strong": "strong",
    "em": "em",
    "paragraph": "p",
    "bullet_list": "ul",
    "list_item": "li",
    "blockquote": "blockquote",
}
_KEPT = re.compile(r"[^\w\s'’,.:;/&+()–-]+")
_JOINT = re.compile(r"(?<=\w)\.(?=\w)|:(?=[^\W\d])")
VALUE_LENGTH = 80


def mark(number: int) -> str:
    """What stands in the source for value number 0..255."""
    return f"\ue000{chr(0xE100 + number)}\ue001"


def plain_words(value: str, limit: int = VALUE_LENGTH) -> str:
    """A value as words no program takes for a link, an address or markup: one line, at most `limit` characters."""
    words = _KEPT.sub(" ", value.replace("://", " ").replace("_", " "))
    return " ".join(_JOINT.sub(lambda joint: f"{joint[0]} ", words).split())[:limit].rstrip()


def to_text(source: str, values: Mapping[str, str]) -> str:
    """Plain text: a link as "words: address" at the end of a line, else as "words (address)"."""
    writer = _Text(values)
    return "\n".join(line.rstrip() for line in writer.blocks(_parse(source)).splitlines()).strip() + "\n"


def to_html(source: str, values: Mapping[str, str]) -> str:
    """A whole, small HTML page; no classes, styles, images or scripts."""
    body = "".join(_html(token, values) for token in _parse(source))
    return f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n{body}</body></html>\n'


def linked_marks(source: str) -> bool:
    """Whether a value stands inside an address, or where it would make one, as in {{ x }}.example."""
    return _IN_ADDRESS.search(source) is not None


def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
    parser.disable(["html_block", "html_inline", "image", "reference"])
    parser.validateLink = lambda url: _LINK.fullmatch(url) is not None  # type: ignore[method-assign]
    return parser


_PARSER = _markdown()


def _parse(source: str) -> list[Token]:
    return _PARSER.parse(source)


def _fill(words: str, values: Mapping[str, str]) -> str:
    return MARK.sub(lambda match: values.get(match[0], ""), words)


# ------------------------------------------------------------------------------------------------------------- HTML


def _html(token: Token, values: Mapping[str, str]) -> str:
    """One token as HTML; a kind not named here is left out or, where it has words, becomes them."""
    if token.type == "inline":
        return "".join(_html(child, values) for child in token.children or ())
    words = html.escape(_fill(token.content, values))
    if token.type in ("fence", "code_block"):
        return f"<pre>{words}</pre>\n"
    if token.type in ("text", "code_inline"):
        return words
    return "" if token.hidden else _tag(token)


def _tag(token: Token) -> str:
    plain = {"softbreak": "<br>\n", "hardbreak": "<br>\n", "link_close": "</a>"}
    if token.type in plain:
        return plain[token.type]
    if token.type == "link_open":
        return f'<a href="{html.escape(str(token.attrs.get("href", "")))}">'
    kind, _, end = token.type.rpartition("_")
    if kind == "ordered_list":
        start = f' start="{int(token.attrs["start"])}"' if "start" in token.attrs else ""
        return f"<ol{start}>\n" if end == "open" else "</ol>\n"
    name = f"h{token.tag[1]}" if kind == "heading" else _TAGS.get(kind)
    if name is None:
        return ""
    inline = name in ("strong", "em")
    if end == "open":
        return f"<{name}>" + ("\n" if name in ("ul", "blockquote") else "")
    return f"</{name}>" + ("" if inline else "\n")


# ------------------------------------------------------------------------------------------------------- plain text


@dataclass
class _Text:
    """Writes tokens as plain text."""

    values: Mapping[str, str]
    counters: list[int | None] = field(default_factory=list)
    """One a list that is open: the next number, None for bullets."""

    def blocks(self, tokens: Sequence[Token]) -> str:
        """The tokens of one level: blocks apart by an empty line, items of a tight list by none."""
        pieces: list[str] = []
        position = 0
        while position < len(tokens):
            end = _closing(tokens, position)
            pieces.append(self._block(tokens, position, end))
            position = end + 1
        return "\n\n".join(piece for piece in pieces if piece)

    def _block(self, tokens: Sequence[Token], start: int, end: int) -> str:
        token, inner = tokens[start], tokens[start + 1 : end]
        match token.type:
            case "inline":
                return self.inline(token.children or [])
            case "bullet_list_open":
                return self._list(inner, None)
            case "ordered_list_open":
                return self._list(inner, int(token.attrs.get("start", 1)))
            case "blockquote_open":
                return "\n".join(f"> {line}" for line in self.blocks(inner).splitlines())
            case "fence" | "code_block":
                return _fill(token.content, self.values).rstrip("\n")
            case _:
                return self.blocks(inner)

    def _list(self, tokens: Sequence[Token], number: int | None) -> str:
        items: list[str] = []
        position = 0
        loose = any(token.type == "paragraph_open" and not token.hidden for token in tokens)
        while position < len(tokens):
            end = _closing(tokens, position)
            lead = "- " if number is None else f"{number + len(items)}. "
            words = self.blocks(tokens[position + 1 : end]).splitlines()
            items.append("\n".join((lead if n == 0 else " " * len(lead)) + line for n, line in enumerate(words)))
            position = end + 1
        return ("\n\n" if loose else "\n").join(items)

    def inline(self, tokens: Sequence[Token]) -> str:
        """Words and links of one block."""
        pieces, position = [], 0
        while position < len(tokens):
            token = tokens[position]
            if token.type == "link_open":
                end = _closing(tokens, position)
                pieces.append(self._link(token, self.inline(tokens[position + 1 : end]), tokens[end + 1 :]))
                position = end
            elif token.type in ("text", "code_inline"):
                pieces.append(_fill(token.content, self.values))
            elif token.type in ("softbreak", "hardbreak"):
                pieces.append("\n")
            position += 1
        return "".join(pieces)

    def _link(self, token: Token, words: str, rest: Sequence[Token]) -> str:
        address = str(token.attrs.get("href", "")).removeprefix("mailto:")
        if words in ("", address, str(token.attrs.get("href", ""))):
            return address
        after = "".join(one.content for one in rest[:2])
        last = not after.strip(" .:;") and not any(one.type == "link_open" for one in rest)
        return f"{words}: {address}" if last and not after.strip() else f"{words} ({address})"


def _closing(tokens: Sequence[Token], start: int) -> int:
    """The index of the token that closes tokens[start] (itself where it opens nothing)."""
    depth = 0
    for position in range(start, len(tokens)):
        depth += tokens[position].nesting
        if depth <= 0:
            return position
    return len(tokens) - 1
