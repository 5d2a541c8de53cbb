"""Attribution lines: "On Monday somebody wrote:", in any language, on one line or wrapped over several."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from responder.core import reply_words as words

MAX_LINE: Final = 400
MAX_TRIES: Final = 1_000
"""Lines that are looked at closely for each kind of border; no mail of a person has as many."""
_ATTRIBUTION_LINES: Final = 4
_SHORT: Final = 100
_QUOTE: Final = re.compile(r" {0,3}[>\uff1e]")
_NAMED_AT_END: Final = re.compile(
    r"[<(\[]\s?[^\s<>()\[\]]{1,80}@[\w.-]{1,120}(?:>|\)|\])[^\w<>]{0,8}[\w\s()\u4e00-\u9fff]{0,40}[-\s*]*+[:\uff1a]"
)
"""An address in brackets not far before a colon, as attribution lines of any language have it."""
_ON: Final = re.compile(
    rf"[-*\s]{{0,8}}(?:(?:{'|'.join(map(re.escape, sorted(words.ON, key=len, reverse=True)))})[\s.,]"
    rf"|\d|(?:{'|'.join(words.ON_EAST_ASIAN)}))",
    re.IGNORECASE,
)
_WROTE: Final = re.compile(
    rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(words.WROTE, key=len, reverse=True)))})(?!\w)"
    rf"|{'|'.join(words.WROTE_EAST_ASIAN)}",
    re.IGNORECASE,
)
_ON_INSIDE: Final = re.compile(r"[\s-]+On (?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},|\d{1,4}[-./ ])")
_GLUED: Final = re.compile(
    r"\s{0,8}(?:On|Am|Le|El|Em|Il|Op) [^<>\n]{5,120}<[^\s<>@]{1,80}@[^\s<>@]{1,120}> ?"
    r"(?:wrote|schrieb|a \u00e9crit|escribi\u00f3|escreveu|ha scritto|schreef) ?:"
)
"""An attribution with the quoted words behind it on the same line, as one web mail's phone app writes it."""
EMAIL: Final = re.compile(r"[^\s<>()\[\],;:\"]{1,80}@[\w.-]{1,120}")
DATE: Final = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}[:.h]\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\d{1,4}\s?[\u5e74\u6708\u65e5\ub144]"
)


def is_quote(line: str) -> bool:
    """Whether a line is quoted the classic way."""
    return (">" in line[:4] or line.startswith("\uff1e")) and _QUOTE.match(line) is not None


@dataclass(frozen=True, slots=True)
class Attribution:
    """One such line, or several."""

    end: int
    """The line after it."""
    strong: bool
    """Sure enough to cut even where no ">" follows."""
    head: str = ""
    """The person's own words on the same line, before it."""


def attributions(lines: Sequence[str]) -> dict[int, Attribution]:
    """First line -> attribution. Found from their last line, which ends with a colon (or stands between dashes)."""
    found: dict[int, Attribution] = {}
    tries = 0
    for last, line in enumerate(lines):
        if len(line) > MAX_LINE or is_quote(line):
            continue
        if tries < MAX_TRIES and _may_end(lines, last):
            tries += 1
            start, strong = _start(lines, last)
            if start >= 0:
                head = _own_head(lines[start]) if start == last else ""
                found[start] = Attribution(last + 1, strong or bool(head), head)
        elif _GLUED.match(line):
            found[last] = Attribution(last + 1, strong=True)
    return found


def _may_end(lines: Sequence[str], at: int) -> bool:
    line = lines[at]
    match line.rstrip(" *")[-1:]:
        case ":" | "\uff1a":
            return True
        case "-":
            return line.startswith("--") and _WROTE.search(line) is not None
        case ">":
            return EMAIL.search(line) is not None and _is_quoted_next(lines, at + 1)
        case _:
            return False


def _own_head(line: str) -> str:
    """What stands before an attribution that begins in the middle of a line."""
    found = _ON_INSIDE.search(line)
    return line[: found.start()].rstrip(" -") if found else ""


def _start(lines: Sequence[str], last: int) -> tuple[int, bool]:
    """The first line of the attribution that ends here and whether it is a sure one; (-1, False) when there is none."""
    joined, found = "", (-1, False)
    quoted = _is_quoted_next(lines, last + 1)
    for start in range(last, max(-1, last - _ATTRIBUTION_LINES), -1):
        line = lines[start]
        if not line.strip() or is_quote(line) or len(line) + len(joined) > MAX_LINE:
            break
        joined = f"{line.strip()} {joined}"
        wrote, named = _WROTE.search(joined), _NAMED_AT_END.search(joined)
        date, email = DATE.search(joined), EMAIL.search(joined)
        begins = _ON.match(line) is not None
        if (wrote or named or (email and quoted)) and date and (email or begins):
            return start, bool(wrote or named)
        if wrote and found[0] < 0 and (email or (quoted and (date or len(joined) < _SHORT))):
            found = start, named is not None
    return found


def _is_quoted_next(lines: Sequence[str], at: int) -> bool:
    return (following := next_filled(lines, at)) < len(lines) and is_quote(lines[following])


def first_quoted(lines: Sequence[str], attribution: Attribution) -> int:
    """The first quoted line below an attribution; 0 where what follows is not quoted."""
    following = next_filled(lines, attribution.end)
    return following if following < len(lines) and is_quote(lines[following]) else 0


def next_filled(lines: Sequence[str], at: int) -> int:
    """The first line from `at` on that is not empty; the number of lines where there is none."""
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at
