"""Header blocks of quoted mail: From, Sent, To, Subject below each other, in any language Outlook speaks."""

import re
from collections.abc import Sequence
from typing import Final

from responder.core import reply_words as words
from responder.core.attribution import DATE, EMAIL, MAX_LINE

_BLOCK_LINES: Final = 14


def label(line: str) -> tuple[str, str]:
    """(role, value) of a line like "*From:* somebody"; ("", "") for any other line."""
    head, colon, value = line[:MAX_LINE].replace("\uff1a", ":").partition(":")
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
        return len(known) == 2 and "date" in known and EMAIL.search(sender) is not None
    return "subject" in known or EMAIL.search(sender) is not None


def _is_one_line_block(line: str) -> bool:
    """The block as some programs flatten it: "From: x Sent: y To: z Subject: w"."""
    heads = re.findall(r"(?:^|\s)\*?([^\s:*]{2,15})\*?:(?=\s)", line)
    roles = {words.LABELS.get(head.casefold()) for head in heads[:12]}
    return {"sender", "subject"} <= roles and bool(roles & {"date", "to"})


def is_foreign_block(lines: Sequence[str], at: int) -> bool:
    """Below Outlook's rule: at least two "Word: value" lines, one with an address or a date, in whatever language."""
    block = []
    for line in lines[at : at + 6]:
        head, colon, value = line.replace("\uff1a", ":").partition(":")
        if not colon or not value.strip() or len(head) > 30:
            break
        block.append(value)
    return len(block) >= 3 and any(EMAIL.search(value) or DATE.search(value) for value in block)
