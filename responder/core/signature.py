"""What stands below a person's own words: signature, mobile footers, legal notices."""

import re
from collections.abc import Sequence
from typing import Final

from responder.core import reply_words as words
from responder.core import sign_off
from responder.core.message import Address

_MAX_LINE: Final = 400
_LONG: Final = 12
"""Words of a line that says something."""
_MAX_CONTACT_LINES: Final = 10
_MAX_DELIMITED: Final = 25
"""Filled lines below "-- " that may still be a signature."""

_DELIMITER: Final = re.compile(r"\s{0,3}(?:--|\u2014|\u2013|\u2013\u2013|-- ?-|\u2014\u2014)\s*\Z")
_RULE: Final = re.compile(r"\s*[-_=*~\u2014\u2013\u2500+.#]{2,}\s*\Z")
_NOTICE_HEADINGS: Final = frozenset(("disclaimer", "confidentiality notice", "legal notice", "haftungsausschluss"))


def strip(lines: Sequence[str], author: Address | None = None, *, below_quote: bool = False) -> list[str]:
    """The lines without what stands below the letter. May be empty; `author` helps to know a bare name.

    `below_quote`: the person wrote other lines above a quote, so a name may be all that stands here.
    """
    kept = _without_edges(lines)
    names = sign_off.names_of(author)
    before = -1
    while kept and before != len(kept):
        before = len(kept)
        kept = _drop_footers(_cut_delimited(kept))
        kept = _drop_notices(kept)
    kept = _without_edges(sign_off.cut_closing(kept, names))
    kept = _without_edges(sign_off.cut_name(kept, names, below_quote=below_quote))
    return _without_edges(_drop_footers(kept))


def _without_edges(lines: Sequence[str]) -> list[str]:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return list(lines[start:end])


def _cut_delimited(lines: list[str]) -> list[str]:
    """RFC 3676 section 4.3: "-- " on a line of its own; or any rule, when contact lines alone stand below it."""
    cut = len(lines)
    below: list[str] = []
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at]
        if _DELIMITER.match(line):
            cut = at if not _is_request(below) else cut
        elif _RULE.match(line):
            cut = at if _is_contact_block(below) else cut
        elif line.strip():
            below.append(line)
            if len(below) > _MAX_DELIMITED:
                break
    return _without_edges(lines[:cut])


def _is_request(lines: Sequence[str]) -> bool:
    """Whether somebody asks for something in these lines, at length: then they are no signature."""
    return any(
        len(line.split()) >= _LONG and sign_off.ASKING.search(line) for line in lines if not _is_notice(line.casefold())
    )


def _is_contact_block(lines: Sequence[str]) -> bool:
    if not 0 < len(lines) <= _MAX_CONTACT_LINES or not all(sign_off.is_signature_like(line) for line in lines):
        return False
    return any(sign_off.is_contact(line) for line in lines)


def _drop_footers(lines: list[str]) -> list[str]:
    """Mobile footers and advertisements on the last lines, and rules above them."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or _RULE.match(lines[end - 1]) or is_footer(lines[end - 1])):
        end -= 1
    return lines[:end]


def is_footer(line: str) -> bool:
    """A line a mail program or a scanner put there."""
    if len(line) > _MAX_LINE:
        return False
    folded = line.strip(" \t*_[]()<>-\u2022\u25cf\u3000").casefold()
    if folded.startswith(words.MOBILE) or folded.endswith(("から送信", "から送信されました", "gesendet", "보냄")):
        return len(folded) < 140 and any(word in folded for word in words.MOBILE_WORDS)
    return len(folded) < 250 and any(part in folded for part in words.FOOTER_LINES)


def _drop_notices(lines: list[str]) -> list[str]:
    """Legal notices: whole paragraphs at the end that speak of mail, confidence, recipients and mistakes."""
    end = len(lines)
    while end:
        start = end
        while start and lines[start - 1].strip():
            start -= 1
        paragraph = " ".join(lines[start:end])[:6_000].casefold()
        if not _is_notice(paragraph):
            break
        end = start
        while end and (not lines[end - 1].strip() or _RULE.match(lines[end - 1])):
            end -= 1
    return lines[:end]


def _is_notice(paragraph: str) -> bool:
    if len(paragraph) < 25:
        return sign_off.bare(paragraph) in _NOTICE_HEADINGS
    hits = sum(cue in paragraph for cue in words.DISCLAIMER)
    if not any(medium in paragraph for medium in words.MEDIUM):
        return False
    needed = 4 if sign_off.ASKING.search(paragraph) else 3
    return hits >= needed or (hits >= 2 and "disclaimer" in paragraph)
