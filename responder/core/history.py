"""Where a mail's own text ends and the quoted or forwarded mail begins. Line by line, one pass, no backtracking."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from responder.core import reply_words as words
from responder.core.attribution import MAX_LINE, MAX_TRIES, attributions, first_quoted, is_quote, next_filled
from responder.core.header_block import is_foreign_block, is_header_block

_WRAPPED: Final = 60

_RULE: Final = re.compile(r"\s*[-_=*\u2014\u2013]{3,}\s*\Z")
_LONG_RULE: Final = re.compile(r"\s*_{8,}\s*\Z")
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
    found_attributions = attributions(lines)
    below = _reply_above_line(lines)
    at = 0
    while at < len(lines):
        line = lines[at]
        if is_quote(line) or _is_leftover(lines, at):
            found.quoted = True
            found.break_off()
            at += 1
        elif at in found_attributions and (end := first_quoted(lines, found_attributions[at])):
            found.add(found_attributions[at].head)
            found.break_off()
            at = end
        elif at in found_attributions and found_attributions[at].strong:
            found.add(found_attributions[at].head)
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


def _is_leftover(lines: Sequence[str], at: int) -> bool:
    """The end of a quoted line that some program wrapped without repeating the mark."""
    if not 0 < at < len(lines) - 1 or len(lines[at]) > 40 or not lines[at].strip():
        return False
    above, below = lines[at - 1], lines[at + 1]
    if not (is_quote(above) and is_quote(below)):
        return False
    return (len(above) > _WRAPPED and below.strip("> ") != "") or lines[at].lstrip(" (<").startswith("http")


# -------------------------------------------------------------------------------------------------------- separators


def _marker(lines: Sequence[str], at: int, found: History, *, forward: bool) -> str:
    """original, forward, or nothing: what begins at a line."""
    line = lines[at]
    if not line or len(line) > MAX_LINE:
        return ""
    kind = _separator(lines, at)
    if not kind and (":" in line[:40] or "\uff1a" in line[:40]) and found.tries < MAX_TRIES:
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
        return "original" if dashed or is_header_block(lines, next_filled(lines, at + 1)) else ""
    if core in words.FORWARD and (dashed or line.rstrip("* ").endswith((":", "\uff1a"))):
        return "forward"
    if dashed and core.startswith(words.FORWARD_PREFIXES):
        return "forward"
    if _LONG_RULE.match(line) and is_foreign_block(lines, next_filled(lines, at + 1)):
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
