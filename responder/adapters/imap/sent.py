"""The Sent folder: what people answered from their own mail programs, and the copies of what we sent."""

import logging
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime

from responder.adapters.imap.failures import RefusedError
from responder.adapters.imap.fetching import gather, newer
from responder.adapters.imap.folders import Folders
from responder.adapters.imap.session import Item, Session

SEEN = "\\Seen"
LOOK_BACK, MESSAGES = timedelta(days=14), 2_000
"""How far back the first look goes: replies are owed for hours, not for weeks."""
REMEMBERED = 20_000
"""Message-IDs after which everything is forgotten and looked at for the first time again."""
SUBJECT = 200
"""Characters of a subject looked at: decoding takes the square of its length."""
ZONES = timedelta(days=1)
"""SINCE disregards times and zones (RFC 3501 section 6.4.4)."""
FIELDS = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID IN-REPLY-TO REFERENCES SUBJECT X-LOOP)]"
_ID = re.compile(r"<[^<>\s]{1,998}>")
_FORWARD = ("fwd:", "fw:", "wg:", "tr:", "rv:", "enc:")
_SEARCHABLE = re.compile(r"<[A-Za-z0-9.@_+=$-]{1,500}>")
"""What our own Message-IDs are made of; needs no quoting in a SEARCH."""
log = logging.getLogger(__name__)


class SentFolder:
    """What lies in Sent, remembered across connections and read on from the last UID."""

    def __init__(self) -> None:
        """Know nothing."""
        self._forget(None)

    def _forget(self, place: tuple[str, int] | None) -> None:
        self._place = place
        self._last = 0
        self._ids: set[str] = set()
        self._answered: set[str] = set()
        """Message-IDs that a person has replied to."""
        self._since: datetime | None = None
        """Everything received since then is known; None: not known from when on."""

    def answered(self, session: Session, folders: Folders, message_ids: Sequence[str]) -> set[str]:
        """Of these Message-IDs those that a mail in Sent, not one of ours, replies to."""
        self._look(session, folders)
        return self._answered.intersection(message_ids)

    def holds(self, session: Session, folders: Folders, message_id: str) -> bool:
        """Whether a mail with this Message-ID lies in Sent, however old."""
        name = self._look(session, folders)
        return name is not None and (message_id in self._ids or self._found(session, name, message_id))

    def keep(self, session: Session, folders: Folders, copies: Sequence[tuple[str, bytes]]) -> frozenset[str]:
        """Append what is not there yet; the Message-IDs that are there now."""
        name = self._look(session, folders)
        if name is None:
            return frozenset()
        return frozenset(message_id for message_id, raw in copies if self._kept(session, name, message_id, raw))

    def _kept(self, session: Session, name: str, message_id: str, raw: bytes) -> bool:
        if message_id in self._ids:
            return True
        if not self._would_know(raw) and self._found(session, name, message_id):
            return True
        try:
            session.append(name, raw, [SEEN])
        except RefusedError as error:
            log.warning("a copy was not filed in %s: %s", name, error)
            return False
        self._ids.add(message_id)
        return True

    def _would_know(self, raw: bytes) -> bool:
        """Whether a copy of this mail would have been read, were it there. To search for it may take a server long."""
        date = _date(_parsed(raw))
        return date is not None and self._since is not None and date > self._since + ZONES

    def _found(self, session: Session, name: str, message_id: str) -> bool:
        """SEARCH HEADER, for what is older than the first look."""
        if not _SEARCHABLE.fullmatch(message_id):
            return False
        _examine(session, name)
        return bool(session.search("HEADER", "Message-ID", message_id))

    def _look(self, session: Session, folders: Folders) -> str | None:
        """Read what is new in Sent; its name, or None where there is no such folder."""
        name = folders.sent()
        if name is None:
            return None
        uidvalidity, uidnext = _status(session, name)
        if self._place != (name, uidvalidity) or len(self._ids) > REMEMBERED:
            self._forget((name, uidvalidity))
        elif uidnext is not None and uidnext <= self._last + 1:
            return name
        _examine(session, name)
        for uid, item in gather(session, self._unread(session), FIELDS).items():
            self._remember(_parsed(_text(item)))
            self._last = max(self._last, uid)
        self._last = max(self._last, (uidnext or 0) - 1)
        return name

    def _unread(self, session: Session) -> list[int]:
        session.noop()
        if self._last:
            return list(newer(session, self._last))
        since = datetime.now(UTC) - LOOK_BACK
        found = session.search("SINCE", since.date())
        self._since = since if len(found) <= MESSAGES else None
        return found[-MESSAGES:]

    def _remember(self, header: Message) -> None:
        self._ids.update(_ids(header, "Message-ID"))
        if "X-Loop" not in header:
            self._answered.update(_replied_to(header))


def _status(session: Session, name: str) -> tuple[int, int | None]:
    """UIDVALIDITY and UIDNEXT. Of the selected folder STATUS tells old news (RFC 3501 section 6.3.10)."""
    if session.selected is not None and session.selected.folder == name:
        return session.selected.uidvalidity, None
    return session.status(name)


def _examine(session: Session, name: str) -> None:
    if session.selected is None or session.selected.folder != name:
        session.select(name, readonly=True)


def _text(item: Item) -> bytes:
    raw = next((value for key, value in item.items() if key.startswith(b"BODY[HEADER")), b"")
    return raw if isinstance(raw, bytes) else b""


def _parsed(raw: bytes) -> Message:
    """The header section; whatever it is, never an error."""
    try:
        return BytesHeaderParser().parsebytes(raw)
    except (MessageError, ValueError, LookupError):
        return Message()


def _date(header: Message) -> datetime | None:
    try:
        date = parsedate_to_datetime(str(header["Date"]))
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _replied_to(header: Message) -> list[str]:
    """In-Reply-To, else the last of References (RFC 5322 section 3.6.4). A forward answers nobody."""
    if _subject(header).lstrip().lower().startswith(_FORWARD):
        return []
    return list(_ids(header, "In-Reply-To")) or list(_ids(header, "References"))[-1:]


def _subject(header: Message) -> str:
    value = str(header.get("Subject", ""))[:SUBJECT]
    try:
        return str(make_header(decode_header(value)))
    except (MessageError, ValueError, LookupError):
        return value


def _ids(header: Message, name: str) -> Iterator[str]:
    for value in header.get_all(name, []):
        yield from _ID.findall(str(value))
