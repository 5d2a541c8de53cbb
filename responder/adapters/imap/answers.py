"""What the server tells about folders, as values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imapclient.imap_utf7 import decode as decode_utf7
from imapclient.response_parser import parse_response

from responder.core.errors import InboxError

_FLAG = re.compile(r"\\?[A-Za-z0-9$._-]+")


@dataclass(frozen=True, slots=True)
class Selected:
    """What SELECT told (RFC 3501 section 6.3.1)."""

    folder: str
    uidvalidity: int
    uidnext: int | None
    exists: int
    writable: bool
    permanent: frozenset[str] | None
    """PERMANENTFLAGS in lower case; None: not said, so every flag is kept (RFC 3501 section 7.1)."""

    def keeps(self, flag: str) -> bool:
        """Whether the server says that it stores this flag or keyword. A keyword with a space would become two."""
        if not self.writable or not _FLAG.fullmatch(flag):
            return False
        if self.permanent is None or flag.lower() in self.permanent:
            return True
        return not flag.startswith("\\") and "\\*" in self.permanent


@dataclass(frozen=True, slots=True)
class Folder:
    """One line of LIST."""

    name: str
    separator: str
    attributes: frozenset[str]
    """In lower case: \\noselect, \\sent (RFC 6154), ..."""


def selected(folder: str, told: Mapping[bytes, Any]) -> Selected:
    """Read imapclient's SELECT response. Raises InboxError where UIDs mean nothing for want of a UIDVALIDITY."""
    if b"UIDVALIDITY" not in told:
        raise InboxError(f"{folder} has no UIDVALIDITY: its messages cannot be told apart for good")
    permanent = told.get(b"PERMANENTFLAGS")
    return Selected(
        folder=folder,
        uidvalidity=int(told[b"UIDVALIDITY"]),
        uidnext=told.get(b"UIDNEXT"),
        exists=int(told.get(b"EXISTS", 0)),
        writable=b"READ-ONLY" not in told,
        permanent=None if permanent is None else frozenset(text(flag).lower() for flag in permanent),
    )


def folder(line: object) -> Folder | None:
    """Read one LIST line; None for a name that is not modified UTF-7, which no command could name either."""
    attributes, separator, name, *_ = parse_response([line])
    try:
        decoded = decode_utf7(name) if isinstance(name, bytes) else str(name)
    except UnicodeDecodeError:
        return None
    return Folder(decoded, text(separator or b""), frozenset(text(one).lower() for one in attributes))


def text(value: object) -> str:
    """Protocol bytes as a string; whatever they are, never an error."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
