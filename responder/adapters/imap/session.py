"""One logged-in IMAP session, typed: the commands we use, each raising InboxError and nothing else.

After any error but RefusedError the session is dead (a timed-out connection is out of step for good) and its socket
closed. UIDs everywhere, as lists of ints: the library fails on "1:*" after having sent it.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

from imapclient.exceptions import IMAPClientReadOnlyError

from responder.adapters.imap import answers, wire
from responder.adapters.imap.failures import RefusedError, explained, printable
from responder.adapters.imap.login import abandon, open_client
from responder.adapters.imap.waiting import Bell
from responder.core.endpoint import Endpoint
from responder.core.errors import InboxError

FAREWELL = 5.0
"""Seconds LOGOUT may take."""
KEPT = frozenset({"UIDVALIDITY", "READ-ONLY", "BYE"})
"""Untagged responses the library itself looks at again."""
Item = dict[bytes, Any]
log = logging.getLogger(__name__)


class Session:
    """Opened by the constructor; used by one thread."""

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        """Connect and log in. Raises LoginError, InboxError."""
        self._client = open_client(endpoint, timeout)
        self._place = f"{endpoint.host}:{endpoint.port}"
        self.alive = True
        self.selected: answers.Selected | None = None
        self.selected_at = 0.0
        self.used_at = time.monotonic()
        try:
            with self._saying("CAPABILITY"):
                self.capabilities = wire.ask_capabilities(self._client)
        except InboxError:
            self.close()
            raise

    # -- folders

    def select(self, folder: str, *, readonly: bool = False) -> answers.Selected:
        """SELECT, or EXAMINE where `readonly` or the server insists on it."""
        self.selected = None  # a failed SELECT leaves no folder selected (RFC 3501 section 6.3.1)
        with self._saying(f"SELECT {printable(folder)}"):
            try:
                told = self._client.select_folder(folder, readonly)
            except IMAPClientReadOnlyError:
                told = self._client.select_folder(folder, readonly=True)
            self.selected = answers.selected(folder, told)
            wire.untagged(self._client).pop("EXISTS", None)
        self.selected_at = time.monotonic()
        return self.selected

    def status(self, folder: str) -> tuple[int, int | None]:
        """UIDVALIDITY and UIDNEXT of a folder that is not selected."""
        with self._saying(f"STATUS {printable(folder)}"):
            told = self._client.folder_status(folder, ["UIDVALIDITY", "UIDNEXT"])
            return int(told[b"UIDVALIDITY"]), told.get(b"UIDNEXT")

    def folders(self) -> tuple[answers.Folder, ...]:
        """LIST; special uses too where they must be asked for (RFC 6154 section 5.2)."""
        uses = ["RETURN (SPECIAL-USE)"] if {"SPECIAL-USE", "LIST-EXTENDED"} <= self.capabilities else []
        with self._saying("LIST"):
            lines = wire.list_lines(self._client, *uses)
            return tuple(folder for line in lines if (folder := answers.folder(line)) is not None)

    def namespace(self) -> tuple[str, str] | None:
        """Prefix and separator of one's own folders (RFC 2342), or None where the server does not say."""
        if "NAMESPACE" not in self.capabilities:
            return None
        with self._saying("NAMESPACE"):
            personal = self._client.namespace().personal
            return (str(personal[0][0]), str(personal[0][1] or "")) if personal else None

    def create(self, folder: str) -> None:
        """CREATE and SUBSCRIBE, so that mail programs show it."""
        with self._saying(f"CREATE {printable(folder)}"):
            self._client.create_folder(folder)
        try:
            with self._saying("SUBSCRIBE"):
                self._client.subscribe_folder(folder)
        except RefusedError as error:
            log.info("folder made but not subscribed: %s", error)

    # -- messages

    def noop(self) -> None:
        """NOOP, so that the next SEARCH knows the newest mail; notes what the server says of the folder."""
        with self._saying("NOOP"):
            wire.noop(self._client)
            self._note()

    def search(self, *criteria: str | int | date) -> list[int]:
        """UID SEARCH, ascending."""
        with self._saying("SEARCH"):
            return sorted(int(uid) for uid in self._client.search(list(criteria)))

    def fetch(self, uids: Sequence[int], *items: str) -> dict[int, Item]:
        """UID FETCH; what was expunged meanwhile is missing."""
        if not uids:
            return {}
        with self._saying("FETCH"):
            fetched: dict[int, Item] = self._client.fetch(list(uids), list(items))
            return fetched

    def add_flags(self, uids: Sequence[int], flags: Sequence[str]) -> None:
        """UID STORE +FLAGS.SILENT; says nothing of UIDs that are gone."""
        with self._saying("STORE"):
            self._client.add_flags(list(uids), list(flags), silent=True)

    def remove_flags(self, uids: Sequence[int], flags: Sequence[str]) -> None:
        """UID STORE -FLAGS.SILENT."""
        with self._saying("STORE"):
            self._client.remove_flags(list(uids), list(flags), silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """UID MOVE (RFC 6851)."""
        with self._saying("MOVE"):
            self._client.move(list(uids), folder)

    def copy(self, uids: Sequence[int], folder: str) -> None:
        """UID COPY."""
        with self._saying("COPY"):
            self._client.copy(list(uids), folder)

    def expunge(self, uids: Sequence[int]) -> None:
        """UID EXPUNGE (RFC 4315): these and no others."""
        with self._saying("EXPUNGE"):
            self._client.uid_expunge(list(uids))

    def append(self, folder: str, raw: bytes, flags: Sequence[str]) -> None:
        """APPEND."""
        with self._saying("APPEND"):
            self._client.append(folder, raw, flags)

    # -- waiting

    def idle(self, seconds: float, bell: Bell) -> None:
        """IDLE until the server says something, `bell` rings or `seconds` have passed."""
        with self._saying("IDLE"):
            wire.idle(self._client, seconds, bell)

    # -- the end

    def close(self) -> None:
        """LOGOUT where possible; never raises."""
        if self.alive:
            self.alive = False
            try:
                self._client.socket().settimeout(FAREWELL)
                self._client.logout()
            except Exception as error:  # noqa: BLE001 - whatever it is, we are leaving
                log.debug("no farewell from %s: %s", self._place, type(error).__name__)
        abandon(self._client)

    # -- within

    @contextmanager
    def _saying(self, what: str) -> Iterator[None]:
        """Around each command: errors in our words, and a dead session marked and closed."""
        if not self.alive:
            raise InboxError(f"{what}: the session with {self._place} is over")
        try:
            with explained(f"{what} at {self._place}"):
                yield
        except RefusedError:
            raise
        except BaseException:
            self.alive = False
            abandon(self._client)
            raise
        finally:
            self.used_at = time.monotonic()

    def _note(self) -> None:
        """Take over what the server said of the selected folder, and drop what nobody asks for."""
        told = wire.untagged(self._client)
        exists, validity = told.pop("EXISTS", []), told.get("UIDVALIDITY", [])
        for name in set(told) - KEPT:
            del told[name]
        if self.selected is not None:
            self.selected = replace(
                self.selected,
                exists=int(exists[-1]) if exists else self.selected.exists,
                uidvalidity=int(validity[-1]) if validity else self.selected.uidvalidity,
            )
