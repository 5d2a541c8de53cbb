"""The Sent folder: what people answered from their own mail programs, and the copies of what we sent."""

import logging
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser

from responder.adapters.imap.failures import RefusedError
from responder.adapters.imap.fetching import chunks, newer
from responder.adapters.imap.folders import Folders
from responder.adapters.imap.session import Session

SEEN = "\\Seen"
DAYS, MESSAGES = 14, 2_000
"""How far back the first look goes: replies are owed for hours, not for weeks."""
REMEMBERED = 20_000
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
        self._place: tuple[str, int] | None = None
        self._last = 0
        self._ids: dict[str, None] = {}
        self._answered: dict[str, None] = {}
        """Message-IDs that a person has replied to. Dictionaries, since they forget the oldest first."""

    def answered(self, session: Session, folders: Folders, message_ids: Sequence[str]) -> frozenset[str]:
        """Of these Message-IDs those that a mail in Sent, not one of ours, replies to."""
        self._look(session, folders)
        return frozenset(one for one in message_ids if one in self._answered)

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
        if message_id in self._ids or self._found(session, name, message_id):
            return True
        try:
            session.append(name, raw, [SEEN])
        except RefusedError as error:
            log.warning("a copy was not filed in %s: %s", name, error)
            return False
        self._ids[message_id] = None
        return True

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
        if self._place != (name, uidvalidity):
            self._place, self._last = (name, uidvalidity), 0
        elif uidnext is not None and uidnext <= self._last + 1:
            return name
        _examine(session, name)
        uids = self._unread(session)
        for some in chunks(uids):
            for uid, item in session.fetch(some, FIELDS).items():
                self._remember(_header(item))
                self._last = max(self._last, uid)
        self._last = max(self._last, (uidnext or 0) - 1)
        self._ids, self._answered = _latest(self._ids), _latest(self._answered)
        return name

    def _unread(self, session: Session) -> list[int]:
        session.noop()
        if self._last:
            return list(newer(session, self._last))
        since = (datetime.now(UTC) - timedelta(days=DAYS)).date()
        return session.search("SINCE", since)[-MESSAGES:]

    def _remember(self, header: Message) -> None:
        for one in _ids(header, "Message-ID"):
            self._ids[one] = None
        if "X-Loop" not in header:
            for one in _replied_to(header):
                self._answered[one] = None


def _status(session: Session, name: str) -> tuple[int, int | None]:
    """UIDVALIDITY and UIDNEXT. Of the selected folder STATUS tells old news (RFC 3501 section 6.3.10)."""
    if session.selected is not None and session.selected.folder == name:
        return session.selected.uidvalidity, None
    return session.status(name)


def _examine(session: Session, name: str) -> None:
    if session.selected is None or session.selected.folder != name:
        session.select(name, readonly=True)


def _header(item: dict[bytes, object]) -> Message:
    raw = next((value for key, value in item.items() if key.startswith(b"BODY[HEADER")), b"")
    try:
        return BytesHeaderParser().parsebytes(raw if isinstance(raw, bytes) else b"")
    except (MessageError, ValueError, LookupError):
        return Message()


def _replied_to(header: Message) -> list[str]:
    """In-Reply-To, else the last of References (RFC 5322 section 3.6.4). A forward answers nobody."""
    if str(header.get("Subject", "")).lstrip().lower().startswith(_FORWARD):
        return []
    return list(_ids(header, "In-Reply-To")) or list(_ids(header, "References"))[-1:]


def _ids(header: Message, name: str) -> Iterator[str]:
    for value in header.get_all(name, []):
        yield from _ID.findall(str(value))


def _latest(ids: dict[str, None]) -> dict[str, None]:
    return dict.fromkeys(list(ids)[-REMEMBERED:]) if len(ids) > REMEMBERED else ids
