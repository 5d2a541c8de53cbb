"""ports.Inbox over one IMAP connection."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from responder.adapters.imap import fetching, filing
from responder.adapters.imap.answers import Folder, Selected
from responder.adapters.imap.failures import LostError, RefusedError
from responder.adapters.imap.folders import Folders
from responder.adapters.imap.sent import SentFolder
from responder.adapters.imap.session import Session
from responder.adapters.imap.waiting import Bell
from responder.core.endpoint import Endpoint
from responder.core.errors import InboxError, MailboxChangedError
from responder.ports import Fetched, Filing

TIMEOUT = 60.0
"""Seconds for connecting and for each answer."""
RENEW = 300.0
"""IDLE is ended and begun anew this often: a firewall's silence is noticed, and no server logs us out (29 minutes)."""
POLL = 15.0
"""Seconds between looks where IDLE is not to be had."""
STALE = 30.0
"""A connection quiet for longer is tried with NOOP and replaced where the server has closed it."""
RESELECT = 600.0
"""Seconds after which SELECT is repeated: some servers go on showing a folder that was deleted and made anew."""


class ImapInbox:
    """ports.Inbox; connects at the first call, and from scratch at the first call after an error."""

    def __init__(self, endpoint: Endpoint, *, size_limit: int, timeout: float = TIMEOUT, idle: bool = True) -> None:
        """`size_limit` in bytes: of larger messages only the header section is fetched. `idle` False: poll only."""
        self._endpoint = endpoint
        self._size_limit = size_limit
        self._timeout = timeout
        self._idle = idle
        self._bell = Bell()
        self._sent = SentFolder()
        self._session: Session | None = None
        self._folders: Folders | None = None
        self._uidvalidity: int | None = None
        """What `select` returned last: what the caller's UIDs belong to."""
        self._seen: int | None = None
        """The highest UID the caller knows of; mail above it is news."""
        self._announced = 0
        """The highest UID that `wait` has reported since the last fetch: the same news is not told twice."""

    # -- ports.Inbox

    def select(self) -> int:
        """Connect where needed, select, return UIDVALIDITY. Raises LoginError, InboxError."""
        with self._connected() as session:
            before = session.selected
            current = self._enter(session)
            if current is before:
                session.noop()
                current = session.selected or current
            if current.uidvalidity != self._uidvalidity:
                self._uidvalidity, self._seen, self._announced = current.uidvalidity, None, 0
            return current.uidvalidity

    def fetch(self, after: int, limit: int) -> Sequence[Fetched]:
        """Messages with UID > after, ascending, BODY.PEEK[]; at most about 16 MB a call, one message at least."""
        with self._watching() as session:
            fetched = fetching.fetch(session, after, limit, self._size_limit)
            self._seen = max([after, *(one.uid for one in fetched)])
            if fetched:
                self._announced = 0
            return fetched

    def count(self, after: int) -> int:
        """How many messages with UID > after the server holds."""
        with self._watching() as session:
            session.noop()
            return sum(1 for _ in fetching.newer(session, after))

    def wait(self, seconds: float) -> bool:
        """True as soon as there is mail above the highest UID fetched, or `wake` was called; False after `seconds`."""
        until = time.monotonic() + seconds
        with self._connected() as session:
            if self._enter(session).uidvalidity != self._uidvalidity:
                return True
            while not (self._bell.rang() or self._has_news(session)):
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._rest(session, left)
            return True

    def wake(self) -> None:
        """Make a `wait` in another thread, or the next one, return True soon."""
        self._bell.ring()

    def answered_elsewhere(self, uids: Sequence[int], message_ids: Sequence[str]) -> frozenset[int]:
        r"""Of messages (UID and Message-ID in parallel), the UIDs that carry \Answered or that a person replied to."""
        if not uids:
            return frozenset()
        with self._watching() as session:
            session.noop()
            answered = fetching.with_flag(session, uids, "ANSWERED")
            ids = {uid: one for uid, one in zip(uids, message_ids, strict=True) if one and uid not in answered}
            if ids:
                replied = self._sent.answered(session, self._names(session), list(ids.values()))
                answered |= {uid for uid, one in ids.items() if one in replied}
            return frozenset(answered & set(uids))

    def in_sent(self, message_id: str) -> bool:
        """Whether the Sent folder holds a message with this Message-ID (False where there is no such folder)."""
        with self._connected() as session:
            return self._sent.holds(session, self._names(session), message_id)

    def file(self, filings: Sequence[Filing]) -> frozenset[int]:
        r"""Keywords, \Answered and folders, as far as the server keeps them; the UIDs that are done."""
        if not filings:
            return frozenset()
        with self._watching() as session:
            return filing.file(session, self._names(session), self._enter(session), filings)

    def keep_sent(self, copies: Sequence[tuple[str, bytes]]) -> frozenset[str]:
        """Append (Message-ID, bytes) to Sent unless it is there; the ids that are there now."""
        if not copies:
            return frozenset()
        with self._connected() as session:
            return self._sent.keep(session, self._names(session), copies)

    def close(self) -> None:
        """Log out where possible; never raises. The next call connects anew."""
        session, self._session, self._folders = self._session, None, None
        if session is not None:
            session.close()

    # -- beyond the port, for `responder check`

    def capabilities(self) -> frozenset[str]:
        """What the server offers after login, in upper case."""
        with self._connected() as session:
            return session.capabilities

    def folders(self) -> tuple[Folder, ...]:
        """Every folder a message can lie in."""
        with self._connected() as session:
            return self._names(session).all()

    def sent_folder(self) -> str | None:
        """The folder taken for sent mail, or None."""
        with self._connected() as session:
            return self._names(session).sent()

    def keeps(self, flag: str) -> bool:
        """Whether the mailbox stores this flag or keyword."""
        with self._connected() as session:
            return self._enter(session).keeps(flag)

    # -- within

    @contextmanager
    def _connected(self) -> Iterator[Session]:
        """A live session; after any error it is gone."""
        try:
            yield self._alive() or self._connect()
        except InboxError:
            self.close()
            raise

    @contextmanager
    def _watching(self) -> Iterator[Session]:
        """The mailbox selected, and still the one whose UIDs the caller knows."""
        with self._connected() as session:
            current = self._enter(session)
            if self._uidvalidity not in (None, current.uidvalidity):
                raise MailboxChangedError(f"{current.folder} was made anew: its messages have other UIDs now")
            self._uidvalidity = current.uidvalidity
            yield session

    def _connect(self) -> Session:
        self.close()
        self._session = Session(self._endpoint, self._timeout)
        return self._session

    def _alive(self) -> Session | None:
        """The session we have, unless the server has closed it while nobody looked."""
        session = self._session
        if session is None or not session.alive:
            return None
        if time.monotonic() - session.used_at > STALE:
            try:
                session.noop()
            except LostError:
                return None
        return session

    def _enter(self, session: Session) -> Selected:
        """The mailbox, selected anew where another folder is, or the last time is long ago."""
        name = self._names(session).named(self._endpoint.folder)
        current = session.selected
        if current is None or current.folder != name or time.monotonic() - session.selected_at > RESELECT:
            current = session.select(name)
        return current

    def _names(self, session: Session) -> Folders:
        if self._folders is None:
            self._folders = Folders(session)
        return self._folders

    def _has_news(self, session: Session) -> bool:
        session.noop()
        if self._seen is None:
            self._seen = max(session.search("UID", "*"), default=0)
            return False
        newest = max(fetching.newer(session, max(self._seen, self._announced)), default=0)
        self._announced = max(self._announced, newest)
        return newest > 0

    def _rest(self, session: Session, seconds: float) -> None:
        if self._idle and "IDLE" in session.capabilities:
            try:
                session.idle(min(seconds, RENEW), self._bell)
            except RefusedError:
                self._idle = False
            else:
                return
        self._bell.wait(min(seconds, POLL))
