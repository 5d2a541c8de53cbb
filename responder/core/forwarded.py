"""Who wrote the mail that somebody forwards."""

from collections.abc import Sequence
from typing import Final

from responder.core import addresses, header_block
from responder.core import reply_words as words
from responder.core.message import Address

_LOOK: Final = 20
_MAX_TAGS: Final = 5
_MAX_PREFIX: Final = 15


def is_forward_subject(subject: str) -> bool:
    """Whether a subject begins with Fwd:, WG:, TR:, ... behind [tags] at most: "Re: Fwd:" is a reply."""
    rest = subject.lstrip()
    for _ in range(_MAX_TAGS):
        if not rest.startswith("["):
            break
        rest = rest.partition("]")[2].lstrip()
    head, colon, _ = rest[:_MAX_PREFIX].replace("\uff1a", ":").partition(":")
    return bool(colon) and head.strip().casefold() in words.FORWARD_SUBJECTS


def author(lines: Sequence[str], at: int) -> Address:
    """The sender named in the block that begins at a line; an empty address where none can be read."""
    for line in lines[at : at + _LOOK]:
        role, value = header_block.label(line.lstrip("> "))
        if role == "sender" and value:
            return _sender(value)
    return Address("", "")


def _sender(value: str) -> Address:
    value = value.replace("[mailto:", "<").replace("mailto:", "").replace("]", ">")
    found = addresses.addresses(value[:1_000])
    if found:
        return found[0]
    return Address(addresses.display_name(value[:200]), "")
