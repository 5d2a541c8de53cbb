"""Where a mail's own text ends and the quoted or forwarded mail begins. Line by line, one pass, no backtracking."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from responder.core import reply_words as words

_MAX_LINE: Final = 400
_ATTRIBUTION_LINES: Final = 4
_BLOCK_LINES: Final = 14
_MAX_TRIES: Final = 1_000
"""Lines that are looked at closely for each kind of border; no mail of a person has as many."""
_SHORT: Final = 100
_WRAPPED: Final = 60

_QUOTE: Final = re.compile(r" {0,3}[>\uff1e]")
_RULE: Final = re.compile(r"\s*[-_=*\u2014\u2013]{3,}\s*\Z")
_LONG_RULE: Final = re.compile(r"\s*_{8,}\s*\Z")
_EMAIL: Final = re.compile(r"[^\s<>()\[\],;:\"]{1,80}@[\w.-]{1,120}")
_NAMED_AT_END: Final = re.compile(
    r"[<(\[]\s?[^\s<>()\[\]]{1,80}@[\w.-]{1,120}(?:>|\)|\])[^\w<>]{0,8}[\w\s()\u4e00-\u9fff]{0,40}[-\s*]*+[:\uff1a]"
)
"""An address in brackets not far before a colon, as attribution lines of any language have it."""
_DATE: Final = re.compile(
    r"\b(?:19|20)\d\d\b|\b\d{1,2}[:.h]\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\d{1,4}\s?[\u5e74\u6708\u65e5\ub144]"
)
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
_EDGES: Final = "-_=\u2014\u2013*><#|~\u2500 \t:\uff1a."


@dataclass(slots=True)
class History:
    """The own lines, in stretches divided by quotes, and how the history begins."""

    stretches: list[list[str]] = field(default_factory=lambda: [[]])
    cut: int | None = None
    """The line from which everything is history; None when only ">" quotes were found, or nothing."""
    forward: int | None = None
    """The line at which a forwarded mail begins."""
    tries: int = 0
    """Lines looked at as the start of a header block."""
    quoted: bool = False
    """Whether any ">" quote was found."""

    def add(self, line: str) -> None:
        """One more own line, unless it is empty."""
        if line:
            self.stretches[-1].append(line)

    def break_off(self) -> None:
        """What follows does not stand directly below what came before."""
        if self.stretches[-1]:
            self.stretches.append([])


def split(lines: Sequence[str], *, forward: bool = False) -> History:
    """Own lines and history of a text. `forward`: the subject says so, then a header block is a forwarded mail."""
    found = History()
    attributions = _attributions(lines)
    below = _reply_above_line(lines)
    at = 0
    while at < len(lines):
        line = lines[at]
        if is_quote(line) or _is_leftover(lines, at):
            found.quoted = True
            found.break_off()
            at += 1
        elif at in attributions and (end := _attributed(lines, attributions[at])):
            found.add(attributions[at].head)
            found.break_off()
            at = end
        elif at in attributions and attributions[at].strong:
            found.add(attributions[at].head)
            found.cut = at
            break
        elif kind := ("original" if at == below else _marker(lines, at, found, forward=forward)):
            found.cut = at
            found.forward = at if kind == "forward" else None
            break
        else:
            found.stretches[-1].append(line)
            at += 1
    if found.cut is not None:
        _take_back_rule(found.stretches[-1])
        found.stretches.append(_after_forward(lines, found))
    return found


def is_quote(line: str) -> bool:
    """Whether a line is quoted the classic way."""
    return (">" in line[:4] or line.startswith("\uff1e")) and _QUOTE.match(line) is not None


def _is_leftover(lines: Sequence[str], at: int) -> bool:
    """The end of a quoted line that some program wrapped without repeating the mark."""
    if not 0 < at < len(lines) - 1 or len(lines[at]) > 40 or not lines[at].strip():
        return False
    above, below = lines[at - 1], lines[at + 1]
    if not (is_quote(above) and is_quote(below)):
        return False
    return (len(above) > _WRAPPED and below.strip("> ") != "") or lines[at].lstrip(" (<").startswith("http")


# ------------------------------------------------------------------------------------------------- attribution lines


@dataclass(frozen=True, slots=True)
class _Attribution:
    end: int
    """The line after it."""
    strong: bool
    """Sure enough to cut even where no ">" follows."""
    head: str = ""
    """The person's own words on the same line, before it."""


def _attributions(lines: Sequence[str]) -> dict[int, _Attribution]:
    """First line -> attribution. Found from their last line, which ends with a colon (or stands between dashes)."""
    found: dict[int, _Attribution] = {}
    tries = 0
    for last, line in enumerate(lines):
        if len(line) > _MAX_LINE or is_quote(line):
            continue
        if tries < _MAX_TRIES and _may_end(lines, last):
            tries += 1
            start, strong = _start(lines, last)
            if start >= 0:
                head = _own_head(lines[start]) if start == last else ""
                found[start] = _Attribution(last + 1, strong or bool(head), head)
        elif _GLUED.match(line):
            found[last] = _Attribution(last + 1, strong=True)
    return found


def _may_end(lines: Sequence[str], at: int) -> bool:
    line = lines[at]
    match line.rstrip(" *")[-1:]:
        case ":" | "\uff1a":
            return True
        case "-":
            return line.startswith("--") and _WROTE.search(line) is not None
        case ">":
            return _EMAIL.search(line) is not None and _is_quoted_next(lines, at + 1)
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
        if not line.strip() or is_quote(line) or len(line) + len(joined) > _MAX_LINE:
            break
        joined = f"{line.strip()} {joined}"
        wrote, named = _WROTE.search(joined), _NAMED_AT_END.search(joined)
        date, email = _DATE.search(joined), _EMAIL.search(joined)
        begins = _ON.match(line) is not None
        if (wrote or named or (email and quoted)) and date and (email or begins):
            return start, bool(wrote or named)
        if wrote and found[0] < 0 and (email or (quoted and (date or len(joined) < _SHORT))):
            found = start, named is not None
    return found


def _is_quoted_next(lines: Sequence[str], at: int) -> bool:
    return (following := _next_filled(lines, at)) < len(lines) and is_quote(lines[following])


def _attributed(lines: Sequence[str], attribution: _Attribution) -> int:
    """The first quoted line below an attribution; 0 where what follows is not quoted."""
    following = _next_filled(lines, attribution.end)
    return following if following < len(lines) and is_quote(lines[following]) else 0


def _next_filled(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


# -------------------------------------------------------------------------------------- separators and header blocks


def _marker(lines: Sequence[str], at: int, found: History, *, forward: bool) -> str:
    """original, forward, or nothing: what begins at a line."""
    line = lines[at]
    if not line or len(line) > _MAX_LINE:
        return ""
    kind = _separator(lines, at)
    if not kind and (":" in line[:40] or "\uff1a" in line[:40]) and found.tries < _MAX_TRIES:
        found.tries += 1
        kind = "block" if is_header_block(lines, at) else ""
    if kind == "block":
        return "forward" if forward else "original"
    return "forward" if kind == "original" and forward else kind


def _separator(lines: Sequence[str], at: int) -> str:
    line = lines[at]
    if line[0].isalnum() and line[-1] not in ":\uff1a.":
        return ""
    core = line.strip(_EDGES).casefold()
    dashed = line.lstrip(" *>")[:2] in {"--", "__", "==", "\u2014\u2014", "\u2013\u2013", "**", "\u2500\u2500"}
    if core in words.ORIGINAL:
        return "original" if dashed or is_header_block(lines, _next_filled(lines, at + 1)) else ""
    if core in words.FORWARD and (dashed or line.rstrip("* ").endswith((":", "\uff1a"))):
        return "forward"
    if dashed and core.startswith(words.FORWARD_PREFIXES):
        return "forward"
    if _LONG_RULE.match(line) and _is_foreign_block(lines, _next_filled(lines, at + 1)):
        return "block"
    return ""


def _reply_above_line(lines: Sequence[str]) -> int:
    """The line with which a ticket system begins its history; -1 when there is none."""
    whole = "\n".join(lines).casefold()
    phrases = [phrase for phrase in words.REPLY_ABOVE if phrase in whole]
    if not phrases:
        return -1
    folded = (line.casefold() for line in lines)
    return next((at for at, line in enumerate(folded) if any(phrase in line for phrase in phrases)), -1)


def label(line: str) -> tuple[str, str]:
    """(role, value) of a line like "*From:* somebody"; ("", "") for any other line."""
    head, colon, value = line[:_MAX_LINE].replace("\uff1a", ":").partition(":")
    if not colon or len(head) > 30:
        return "", ""
    role = words.LABELS.get(head.strip("*_>| \t\u3000").casefold(), "")
    return role, value.strip("*_ \t\u3000")


def is_header_block(lines: Sequence[str], at: int) -> bool:
    """From, Sent, To, Subject in some order and some language, below each other, with empty lines between or not."""
    if at >= len(lines):
        return False
    role, value = label(lines[at])
    if role in {"", "more"}:
        return False
    roles = {role: value}
    strangers = 0
    for line in lines[at + 1 : at + _BLOCK_LINES]:
        role, value = label(line)
        if role:
            roles.setdefault(role, value)
            strangers = 0
        elif line.strip():
            strangers += 1
            if strangers > 2:
                break
    return _is_convincing(roles) or _is_one_line_block(lines[at])


def _is_convincing(roles: dict[str, str]) -> bool:
    known = roles.keys() - {"more"}
    sender = roles.get("sender", "")
    if "sender" not in known or not sender or len(known) < 3:
        return len(known) == 2 and "date" in known and _EMAIL.search(sender) is not None
    return "subject" in known or _EMAIL.search(sender) is not None


def _is_one_line_block(line: str) -> bool:
    """The block as some programs flatten it: "From: x Sent: y To: z Subject: w"."""
    heads = re.findall(r"(?:^|\s)\*?([^\s:*]{2,15})\*?:(?=\s)", line)
    roles = {words.LABELS.get(head.casefold()) for head in heads[:12]}
    return {"sender", "subject"} <= roles and bool(roles & {"date", "to"})


def _is_foreign_block(lines: Sequence[str], at: int) -> bool:
    """Below Outlook's rule: at least two "Word: value" lines, one with an address or a date, in whatever language."""
    block = []
    for line in lines[at : at + 6]:
        head, colon, value = line.replace("\uff1a", ":").partition(":")
        if not colon or not value.strip() or len(head) > 30:
            break
        block.append(value)
    return len(block) >= 3 and any(_EMAIL.search(value) or _DATE.search(value) for value in block)


def _take_back_rule(stretch: list[str]) -> None:
    """The rule above a header block belongs to the history."""
    while stretch and (not stretch[-1].strip() or _RULE.match(stretch[-1])):
        stretch.pop()


def _after_forward(lines: Sequence[str], found: History) -> list[str]:
    """What stands below an "End forwarded message" line."""
    if found.forward is None:
        return []
    for at in range(found.forward + 1, len(lines)):
        line = lines[at]
        if line.startswith(("-", ">", "=")) and line.strip(_EDGES).casefold() in words.END_OF_FORWARD:
            return list(lines[at + 1 :])
    return []
