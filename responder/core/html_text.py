"""HTML to text that the plain-text rules understand: what is quoted gets "> ", a signature gets "-- " above it.

A tokeniser of our own instead of a tree: building the tree HTML 5 prescribes takes memory and time far beyond the size
of a hostile input (28 kB of nested formatting made 1.4 GB in lexbor). One pass here, and a stack that is bounded.
"""

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from typing import Final

from responder.core.html_elements import MAX_ATTRIBUTES, VOID, attributes_of
from responder.core.html_elements import effect as effect_of

MAX_HTML: Final = 512_000
"""Characters of HTML that are read."""
_MAX_STACK: Final = 400
_MAX_QUOTES: Final = 8
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][\w:-]*+)((?:[^>\"']|\"[^\"]*+\"|'[^']*+')*+)>")
_NAME: Final = re.compile(r"(/?)([a-zA-Z][\w:-]*)")
_SPACES: Final = re.compile(r"[ \t\r\n\f]+")
_BLOCKS: Final = frozenset(
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p pre section summary table tbody tfoot thead tr "
    "ul".split()
)
_PARAGRAPHS: Final = frozenset("p h1 h2 h3 h4 h5 h6 ul ol dl blockquote table pre".split())
_RAW: Final = frozenset("script style title textarea iframe noscript".split())
_INLINE: Final = frozenset(
    "a abbr b big cite code del em font i ins label mark o:p s small span strike strong sub sup u".split()
)
OUTLOOK_RULE: Final = "_" * 32
"""What Outlook itself writes above the header block of a quoted mail when it makes plain text."""


def html_to_text(html: str) -> str:
    """Readable text: one line a block, list marks, quoted parts behind "> "; hidden things left out."""
    writer = _Writer()
    walk = _Walk(writer)
    for closing, name, attributes, text in _tokens(html[:MAX_HTML]):
        if text:
            walk.text(text)
        elif closing:
            walk.leave(name)
        else:
            walk.enter(name, attributes)
    return writer.result()


def _tokens(html: str) -> Iterator[tuple[bool, str, str, str]]:
    """(closing, tag name, attributes, "") or (False, "", "", text); linear whatever is left open."""
    at, end, quotes_broken = 0, len(html), False
    while at < end:
        opened = html.find("<", at)
        if opened < 0:
            break
        if opened > at:
            yield False, "", "", html[at:opened]
        tag = None if quotes_broken else _TAG.match(html, opened)
        if tag:
            at = tag.end()
            yield bool(tag[1]), tag[2].lower(), tag[3], ""
            if not tag[1] and tag[2].lower() in _RAW:
                at = _after_raw(html, tag[2], at)
            continue
        quotes_broken, token, at = _odd(html, opened, quotes_broken=quotes_broken)
        if token:
            yield token
    if at < end:
        yield False, "", "", html[at:]


def _odd(html: str, opened: int, *, quotes_broken: bool) -> tuple[bool, tuple[bool, str, str, str] | None, int]:
    """Comments, declarations, stray "<", and tags whose quotes do not close (from then on quotes count no more)."""
    if html.startswith("<!--", opened):
        close = html.find("-->", opened + 4)
        return quotes_broken, None, close + 3 if close >= 0 else len(html)
    name = _NAME.match(html, opened + 1)
    if name is None and html[opened + 1 : opened + 2] not in ("!", "?", "/"):
        return quotes_broken, (False, "", "", "<"), opened + 1
    close = html.find(">", opened)
    if close < 0:
        return quotes_broken, None, len(html)
    token = (bool(name[1]), name[2].lower(), html[name.end() : close], "") if name else None
    return quotes_broken or name is not None, token, close + 1


def _after_raw(html: str, name: str, at: int) -> int:
    """Scripts and styles hold text until their own end tag."""
    close = re.compile(rf"</{re.escape(name)}", re.IGNORECASE).search(html, at)
    return close.start() if close else len(html)


class _Writer:
    """Collects lines; knows the quote depth of each."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._blank = True
        self.depth = 0

    def words(self, text: str) -> None:
        """Running text: white space folds as browsers fold it."""
        text = _SPACES.sub(" ", text)
        if not self._line:
            text = text.lstrip(" ")
        elif self._line[-1].endswith(" "):
            text = text.removeprefix(" ")
        if text:
            self._line.append(text)

    def verbatim(self, text: str) -> None:
        """Text of a <pre>."""
        first, *rest = text.split("\n")
        self._line.append(first)
        for line in rest:
            self.end_line(force=True)
            self._line.append(line)

    def end_line(self, *, force: bool = False) -> None:
        """Close the line being written; an empty one counts only when forced (<br>)."""
        raw = "".join(self._line)
        text = raw.rstrip()
        self._line.clear()
        if text or force or "\xa0" in raw:
            self._lines.append(self._quoted(text))
            self._blank = not text

    def blank_line(self) -> None:
        """A paragraph's border: one empty line, never two."""
        self.end_line()
        if not self._blank:
            self._lines.append(self._quoted(""))
            self._blank = True

    def _quoted(self, text: str) -> str:
        return f"{'>' * self.depth} {text}".rstrip() if self.depth else text

    def result(self) -> str:
        """All lines."""
        self.end_line()
        return "\n".join(self._lines).strip("\n")


class _Walk:
    """Follows the open elements as far as they matter: which are dropped, quoted, preformatted."""

    def __init__(self, writer: _Writer) -> None:
        self._out = writer
        self._stack: list[tuple[str, str]] = []
        self._open: Counter[str] = Counter()
        self._dropped = 0
        self._pre = 0

    def text(self, text: str) -> None:
        """A stretch of text between tags."""
        if self._dropped:
            return
        text = unescape(text) if "&" in text else text
        if self._pre:
            self._out.verbatim(text)
        else:
            self._out.words(text)

    def enter(self, name: str, attributes: str) -> None:
        """An opening tag."""
        if name in VOID or attributes.endswith("/"):
            self._void(name, attributes)
            return
        effect = effect_of(name, attributes[:MAX_ATTRIBUTES])
        if not self._dropped:
            self._begin(name, effect)
        self._dropped += effect == "drop"
        if len(self._stack) < _MAX_STACK or effect:
            self._stack.append((name, effect))
            self._open[name] += 1

    def _begin(self, name: str, effect: str) -> None:
        if name in _INLINE and not effect:
            return
        if name in _PARAGRAPHS and effect != "tight":
            self._out.blank_line()
        elif name in _BLOCKS:
            self._out.end_line()
        if name == "li":
            self._out.words("- ")
        elif name in {"td", "th"}:
            self._out.words(" ")
        elif name == "pre":
            self._pre += 1
        match effect:
            case "quote":
                self._out.end_line()
                self._out.depth = min(self._out.depth + 1, _MAX_QUOTES)
            case "signature":
                self._out.end_line()
                self._line("-- ")
            case "history":
                self._line(OUTLOOK_RULE)
            case _:
                pass

    def _line(self, text: str) -> None:
        self._out.end_line()
        self._out.verbatim(text)
        self._out.end_line(force=True)

    def _void(self, name: str, attributes: str) -> None:
        if self._dropped:
            return
        if name == "br":
            self._out.end_line(force=True)
        elif name == "hr":
            self._out.end_line()
        elif name == "img" and (alt := dict(attributes_of(attributes)).get("alt", "")).strip() and len(alt) <= 4:
            self._out.words(unescape(alt))  # an emoji drawn as an image

    def leave(self, name: str) -> None:
        """A closing tag: it closes what stands open above its partner too; without a partner it closes nothing."""
        if name == "br":
            self._void(name, "")
        while self._open[name]:
            popped, effect = self._stack.pop()
            self._open[popped] -= 1
            self._close(popped, effect)
            if popped == name:
                break

    def _close(self, name: str, effect: str) -> None:
        if name in _INLINE and not effect:
            return
        if effect == "drop":
            self._dropped -= 1
        if self._dropped:
            return
        if name in _BLOCKS:
            self._out.end_line()
        if name == "pre":
            self._pre = max(0, self._pre - 1)
        if effect == "quote":
            self._out.end_line()
            self._out.depth = max(0, self._out.depth - 1)
        if name in _PARAGRAPHS and effect != "tight":
            self._out.blank_line()
