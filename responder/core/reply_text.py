"""What a person newly wrote: history, forwarded mail, signature and footers taken away, never the request."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from responder.core import forwarded, history, signature
from responder.core import reply_words as words
from responder.core.charsets import clean
from responder.core.html_text import html_to_text
from responder.core.message import Address

_MARKUP: Final = re.compile(
    r"gmail_signature|divrplyfwdmsg|blockquote|yahoo_quoted|moz-|id=\"?signature|border-top|applemailsignature|gmail_quote",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"\w")
_FOLDED: Final = re.compile(r"[\W_]+")
_MAX_BANNER: Final = 4
_PGP: Final = "-----BEGIN PGP "


@dataclass(frozen=True, slots=True)
class ReplyText:
    """The new text, and whom a forwarded block names as its author (None: nothing is forwarded)."""

    text: str
    forwarded: Address | None = None


def new_text(full_text: str, html: str | None = None) -> str:
    """What the person newly wrote in a body of plain text; `html` is the same body as HTML, where there is one."""
    return split(full_text, html).text


def split(
    full_text: str, html: str | None = None, *, author: Address | None = None, forward: bool = False
) -> ReplyText:
    """New text and forward. Every word of the result stands in `full_text`, in the same order.

    `author` is the From address: it tells a bare name from text. `forward`: the subject says Fwd.
    """
    lines = [line.rstrip() for line in full_text.split("\n")]
    lines = _without_armour(_without_banner(lines))
    found = history.split(lines, forward=forward)
    if html and found.cut is None and not found.quoted and _MARKUP.search(html):
        found = _cut_as_in_html(lines, html, found)
    text = _joined([signature.strip(stretch, author) for stretch in found.stretches])
    if found.forward is not None:
        return ReplyText(text, forwarded.author(lines, found.forward))
    if not _WORD.search(text):
        text = _less_aggressive(lines, found)
    return ReplyText(text)


def normalised(text: str) -> str:
    """Case, white space and punctuation folded, digits kept: two senders' copies of one text come out equal."""
    return _FOLDED.sub(" ", clean(text).casefold()).strip()


def _less_aggressive(lines: Sequence[str], found: history.History) -> str:
    """When nothing would be left: first the signature comes back, then unquoted history, then everything."""
    with_signature = _joined(found.stretches)
    if _WORD.search(with_signature):
        return with_signature
    unquoted = _joined([[line for line in lines if not history.is_quote(line)]])
    return unquoted if _WORD.search(unquoted) else _joined([lines])


def _joined(stretches: Sequence[Sequence[str]]) -> str:
    """Stretches divided by one empty line; never two empty lines in a row."""
    out: list[str] = []
    for stretch in stretches:
        for line in (*stretch, ""):
            if line.strip() or (out and out[-1]):
                out.append(line if line.strip() else "")
    while out and not out[-1]:
        out.pop()
    return "\n".join(out)


def _without_banner(lines: list[str]) -> list[str]:
    """The warning a gateway puts above mail from outside."""
    start = 0
    while start < len(lines) and not lines[start].strip():
        start += 1
    folded = lines[start].strip(" *_|<>!\u26a0\ufe0f-=").casefold()[:200] if start < len(lines) else ""
    if not folded.startswith(words.BANNERS):
        return lines
    end = start
    while end < len(lines) and lines[end].strip() and end - start < _MAX_BANNER:
        end += 1
    return lines[end:] if any(line.strip() for line in lines[end:]) else lines


def _without_armour(lines: list[str]) -> list[str]:
    """RFC 9580 section 7: the cleartext signature framework's frame around a signed text."""
    if not any(line.startswith(_PGP + "SIGNED MESSAGE") for line in lines[:20]):
        return lines
    start = next(at for at, line in enumerate(lines) if line.startswith(_PGP + "SIGNED MESSAGE")) + 1
    while start < len(lines) and lines[start].startswith(("Hash:", "NotDashEscaped:")):
        start += 1
    end = next((at for at, line in enumerate(lines) if line.startswith(_PGP + "SIGNATURE")), len(lines))
    return [line.removeprefix("- ") for line in lines[start:end]]


def _cut_as_in_html(lines: Sequence[str], html: str, found: history.History) -> history.History:
    """Where the plain text does not show the border, the HTML may: the line that is the first quoted one there."""
    marked = html_to_text(html).split("\n")
    quote = next((line.strip("> ") for line in marked if history.is_quote(line) and line.strip("> ")), "")
    at = _line_like(lines, quote)
    if at <= 0:
        return found
    return history.History([list(lines[:at])], cut=at)


def _line_like(lines: Sequence[str], wanted: str) -> int:
    """The last line that begins as `wanted` does (a plain text may be wrapped sooner); -1 when there is none."""
    wanted = normalised(wanted[:300])
    for at in range(len(lines) - 1, -1, -1):
        line = normalised(lines[at][:300])
        if line and (line == wanted or (len(line) >= 15 and wanted.startswith(line))):
            return at
    return -1
