"""Who wrote the mail that somebody forwards."""

from collections.abc import Sequence
from typing import Final

from responder.core import addresses, header_block
from responder.core import reply_words as words
from responder.core.message import Address

_LOOK: Final = 20


def is_forward_subject(subject: str) -> bool:
    """Whether a subject begins with Fwd:, WG:, TR:, ... behind whatever number of Re: or [tags]."""
    rest = subject
    for _ in range(5):
        rest = rest.lstrip()
        if rest.startswith("["):
            rest = rest.partition("]")[2]
            continue
        head, colon, rest = rest.replace("\uff1a", ":").partition(":")
        if not colon or len(head) > 12:
            return False
        if head.strip().casefold() in words.FORWARD_SUBJECTS:
            return True
    return False


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
