"""Mailboxes out of address fields (RFC 5322 section 3.4), as real mail writes them. One pass, no recursion."""

import re
from collections.abc import Iterator
from typing import Final

from responder.core.charsets import clean_line
from responder.core.fields import decode_words
from responder.core.message import Address

_MAX_ADDR: Final = 320
_MAX_NAME: Final = 200
MAX_ADDRESSES: Final = 2_000

_TOKEN: Final = re.compile(
    r"\s+"
    r"|\"(?:[^\"\\]|\\.)*+(?:\"|\\?\Z)"  # quoted string
    r"|\((?:[^()\\]|\\.)*+"  # comment, up to the next parenthesis
    r"|<[^<>]*+>?"
    r"|[,;:]"
    r"|[^\s\"(),;:<>]++"
    r"|.",
    re.DOTALL,
)
_ADDR: Final = re.compile(r"[^\s<>\"(),;:\[\]]{1,200}@[^\s<>\"(),;:@]{1,255}")
_SHAPE: Final = re.compile(r"(?:[^\s@<>\"(),;:]{1,200}|\"[^\"]{0,200}\")@[^\s@<>\"(),;]{1,255}\Z")


def addresses(value: str) -> tuple[Address, ...]:
    """Every mailbox of a field; groups are opened (RFC 5322 section 3.4), what holds no address is left out."""
    found = [address for address in _mailboxes(value) if address is not None]
    if not found and ("@" in value or "=?" in value):
        found = [_address("", match) for match in _ADDR.findall(decode_words(value)[0][:5_000])]
    return tuple(found[:MAX_ADDRESSES])


def _mailboxes(value: str) -> Iterator[Address | None]:
    phrase: list[str] = []
    comments: list[str] = []
    angle: str | None = None
    depth = 0
    for token in _TOKEN.findall(value):
        first = token[0]
        if depth or first == "(":
            depth += (first == "(") - (first == ")")
            comments.append(token.strip("()"))
        elif first == "<":
            angle = token.strip("<> \t")
        elif first in ",;":
            yield _mailbox(phrase, comments, angle)
            phrase, comments, angle = [], [], None
        elif first == ":":
            phrase = []  # the name of a group
        else:
            phrase.append(token)
    yield _mailbox(phrase, comments, angle)


def _mailbox(phrase: list[str], comments: list[str], angle: str | None) -> Address | None:
    words = "".join(phrase).strip()
    if angle is not None:
        addr = angle.rpartition(":")[2].strip() if angle.startswith("@") else angle
        return _checked(display_name(words) or display_name("".join(comments)), addr)
    return _checked(display_name("".join(comments)), "".join(words.split()) if '"' not in words else words)


def display_name(words: str) -> str:
    """A display name: quotes and escapes undone, encoded words decoded, one line."""
    if '"' in words or "\\" in words:
        words = re.sub(r"\\(.)", r"\1", words.replace('"', ""), flags=re.DOTALL)
    return clean_line(decode_words(words)[0])[:_MAX_NAME].strip(" '\"")


def _checked(name: str, addr: str) -> Address | None:
    addr = clean_line(addr)
    if len(addr) > _MAX_ADDR or not _SHAPE.match(addr):
        inner = _ADDR.search(addr[:1_000])
        return _address(name, inner[0]) if inner else None
    return _address(name, addr)


def _address(name: str, addr: str) -> Address:
    local, _, domain = clean_line(addr).rpartition("@")
    return Address(name, f"{local}@{domain.rstrip('.').lower()}")
