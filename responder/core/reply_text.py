"""What a person newly wrote: history, forwarded mail, signature and footers taken away, never the request."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from responder.core import forwarded, history, signature
from responder.core import reply_words as words
from responder.core.attribution import is_quote
from responder.core.charsets import clean
from responder.core.html_text import html_to_text
from responder.core.message import Address

_MARKUP: Final = (
    "gmail_quote", "gmail_attr", "divrplyfwdmsg", "blockquote", "yahoo_quoted", "moz-cite", "border-top", 'name="quote',
)  # fmt: skip
_SOMETHING: Final = re.compile(r"[\w\u2600-\u27bf\U0001f300-\U0001faff]")
"""A word or an emoji: an answer can be a thumb."""
_SIGNED: Final = (
    "gmail_signature", 'id="signature', "moz-signature", "applemailsignature", "mobile-signature", "signature_block",
)  # fmt: skip
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
    if html:
        found = _as_in_html(lines, html, found)
    text = _joined(_unsigned(found.stretches, author))
    if found.forward is not None:
        return ReplyText(text, forwarded.author(lines, found.forward))
    if not _SOMETHING.search(text):
        text = _less_aggressive(lines, found)
    return ReplyText(text)


def normalised(text: str) -> str:
    """Case, white space and punctuation folded, digits kept: two senders' copies of one text come out equal."""
    return _FOLDED.sub(" ", clean(text).casefold()).strip()


def _unsigned(stretches: Sequence[Sequence[str]], author: Address | None) -> list[list[str]]:
    kept: list[list[str]] = []
    for stretch in stretches:
        kept.append(signature.strip(stretch, author, below_quote=any(kept)))
    return kept


def _less_aggressive(lines: Sequence[str], found: history.History) -> str:
    """When nothing would be left: first the signature comes back, then unquoted history, then everything."""
    with_signature = _joined(found.stretches)
    if _SOMETHING.search(with_signature):
        return with_signature
    unquoted = _joined([[line for line in lines if not is_quote(line)]])
    return unquoted if _SOMETHING.search(unquoted) else _joined([lines])


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


def _as_in_html(lines: Sequence[str], html: str, found: history.History) -> history.History:
    """Where the plain text does not show a border, the HTML beside it may."""
    lowered = html.lower()
    hidden_history = found.cut is None and not found.quoted and any(mark in lowered for mark in _MARKUP)
    hidden_signature = any(mark in lowered for mark in _SIGNED) and "--" not in lines
    if not hidden_history and not hidden_signature:
        return found
    marked = html_to_text(html).split("\n")
    if hidden_history:
        first = next((line.strip("> ") for line in marked if is_quote(line) and line.strip("> ")), "")
        found = _cut_at(lines, _line_like(lines, first)) or found
    if hidden_signature and "--" in marked:
        first = next((line for line in marked[marked.index("--") + 1 :] if line.strip()), "")
        stretch = found.stretches[-1] or found.stretches[max(0, len(found.stretches) - 2)]
        at = _line_like(stretch, first)
        if at > 0:
            stretch.insert(at, "--")
    return found


def _cut_at(lines: Sequence[str], at: int) -> history.History | None:
    return history.History([list(lines[:at])], cut=at) if at > 0 else None


def _line_like(lines: Sequence[str], wanted: str) -> int:
    """The last line that begins as `wanted` does (a plain text may be wrapped sooner); -1 when there is none."""
    wanted = normalised(wanted[:300])
    for at in range(len(lines) - 1, -1, -1):
        line = normalised(lines[at][:300])
        if line and (line == wanted or (len(line) >= 15 and wanted.startswith(line))):
            return at
    return -1
