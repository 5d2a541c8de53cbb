"""Reading new mail: which UIDs there are, their sizes, then their bytes; nothing is marked as read."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice

from responder.adapters.imap.failures import RefusedError
from responder.adapters.imap.session import Item, Session
from responder.ports import Fetched

BYTES = 16_000_000
"""Bodies read by one call, one message at least: what a batch may cost in memory."""
HEADER_BYTES = 262_144
"""Of a message over the size limit this much is read, headers only."""
WINDOW = 50_000
"""UIDs asked for at once in a big mailbox: the library cannot read an answer line over a million characters."""
UIDS = 200
"""UIDs in one command: servers need not read lines over 8,000 characters (RFC 7162 section 4)."""
log = logging.getLogger(__name__)


def newer(session: Session, after: int) -> Iterator[int]:
    """UIDs > after, ascending. `n:*` always names the last message too, so smaller ones are dropped."""
    low, current = after + 1, session.selected
    if current is not None and current.uidnext is not None and current.exists > WINDOW:
        while low + WINDOW < current.uidnext:
            yield from session.search("UID", f"{low}:{low + WINDOW - 1}")
            low += WINDOW
    yield from (uid for uid in session.search("UID", f"{low}:*") if uid >= low)


def fetch(session: Session, after: int, limit: int, size_limit: int) -> list[Fetched]:
    """The next messages after a UID; fewer than there are where they are big, never none where there are some."""
    session.noop()
    uids = list(islice(newer(session, after), limit))
    about = _present(session, uids, gather(session, uids, "RFC822.SIZE", "INTERNALDATE"))
    answered = with_flag(session, list(about), "ANSWERED")
    sizes = {uid: _size(about[uid]) for uid in sorted(about)}
    batch = _within(sizes, size_limit)
    whole = [uid for uid in batch if sizes[uid] <= size_limit]
    bodies = _bytes(gather(session, whole, "BODY.PEEK[]"), b"BODY[]")
    cut = [uid for uid in batch if sizes[uid] > size_limit] + _unread(session, whole, bodies)
    headers = {uid: _header(session, uid) for uid in cut}
    return [
        Fetched(
            uid=uid,
            raw=raw,
            internal_date=_received(about[uid]),
            size=sizes[uid] or len(raw),
            answered=uid in answered,
            truncated=uid in headers,
        )
        for uid, raw in sorted((bodies | headers).items())
    ]


def with_flag(session: Session, uids: Sequence[int], flag: str) -> set[int]:
    """Of these UIDs those with a flag. Asked by SEARCH: a FETCH answer may hold notices about other messages' flags."""
    found: set[int] = set()
    for some in chunks(uids):
        found.update(session.search("UID", uid_set(some), flag))
    return found


def uid_set(uids: Sequence[int]) -> str:
    """UIDs as a set (RFC 3501 section 9), runs shortened."""
    runs: list[list[int]] = []
    for uid in sorted(uids):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in runs)


def chunks(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Pieces fit for one command."""
    for start in range(0, len(uids), UIDS):
        yield uids[start : start + UIDS]


def _within(sizes: dict[int, int], size_limit: int) -> list[int]:
    """As many of the first as fit into BYTES, one at least."""
    batch: list[int] = []
    room = BYTES
    for uid, size in sizes.items():
        room -= min(size, HEADER_BYTES) if size > size_limit else size
        if batch and room < 0:
            break
        batch.append(uid)
    return batch


def gather(session: Session, uids: Sequence[int], item: str, *items: str) -> dict[int, Item]:
    """FETCH in batches; where the server refuses a batch, one by one, without those that it refuses."""
    gathered: dict[int, Item] = {}
    for some in chunks(uids):
        try:
            gathered |= session.fetch(some, item, *items)
        except RefusedError as error:
            log.warning("a batch could not be fetched, going one by one: %s", error)
            for uid in some:
                with suppress(RefusedError):
                    gathered |= session.fetch([uid], item, *items)
    return gathered


def _present(session: Session, uids: Sequence[int], gathered: dict[int, Item]) -> dict[int, Item]:
    """With an empty item for those that exist although the server would not tell of them."""
    missing = [uid for uid in uids if uid not in gathered]
    if missing:
        session.noop()
    there = [uid for some in chunks(missing) for uid in session.search("UID", uid_set(some))]
    return gathered | {uid: {} for uid in there if uid in missing}


def _unread(session: Session, uids: Sequence[int], bodies: Mapping[int, bytes]) -> list[int]:
    """Those that exist but cannot be read: they are handed over cut, for a person to see, and never left out."""
    unread = [uid for uid in _present(session, uids, {uid: {} for uid in bodies}) if uid not in bodies]
    for uid in unread:
        log.warning("a message cannot be read", extra={"uid": uid})
    return unread


def _header(session: Session, uid: int) -> bytes:
    """The header section, or nothing where even that cannot be had."""
    try:
        fetched = session.fetch([uid], f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>")
    except RefusedError:
        return b""
    return _bytes(fetched, b"BODY[HEADER]").get(uid, b"")


def _bytes(fetched: Mapping[int, Item], key: bytes) -> dict[int, bytes]:
    """The text of each; NIL (some servers' word for a damaged message) is left out."""
    found: dict[int, bytes] = {}
    for uid, item in fetched.items():
        value = next((value for name, value in item.items() if name.startswith(key)), None)
        if isinstance(value, bytes):
            found[uid] = value
    return found


def _size(item: Item) -> int:
    size = item.get(b"RFC822.SIZE")
    return size if isinstance(size, int) else 0


def _received(item: Item) -> datetime:
    """INTERNALDATE in UTC; a server that cannot tell it is taken to mean now, or the mail would count as old."""
    date = item.get(b"INTERNALDATE")
    if isinstance(date, datetime):
        with suppress(OverflowError):
            return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    return datetime.now(UTC)
