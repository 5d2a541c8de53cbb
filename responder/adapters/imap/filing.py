r"""Showing decisions in the mailbox: keyword, \Answered, folder; in batches of messages that need the same."""

import logging
from collections.abc import Iterable, Sequence
from itertools import groupby

from responder.adapters.imap.answers import Selected, text
from responder.adapters.imap.failures import RefusedError
from responder.adapters.imap.fetching import chunks
from responder.adapters.imap.folders import Folders
from responder.adapters.imap.session import Session
from responder.ports import Filing

STATES = frozenset({"$autoanswered", "$autoheld", "$autoignored", "$autoclosed"})
"""A message shows one state: the others are taken off. The same names as services.filing.KEYWORDS."""
ANSWERED, DELETED = "\\Answered", "\\Deleted"
log = logging.getLogger(__name__)
Change = tuple[tuple[str, ...], tuple[str, ...], str | None]
"""Flags to add, flags to remove, folder to move to."""


def file(session: Session, folders: Folders, here: Selected, filings: Sequence[Filing]) -> frozenset[int]:
    """Make it so; the UIDs that are done. A batch the server refuses is left out and logged."""
    if not here.writable:
        log.warning("%s is read-only: decisions are not shown there", here.folder)
        return frozenset(filing.uid for filing in filings)
    wanted = {filing.uid: filing for filing in filings}
    flags = _flags(session, sorted(wanted))
    done = set(wanted) - set(flags)  # gone meanwhile
    changes = {uid: _change(wanted[uid], flags[uid], here, folders) for uid in flags}
    for change, uids in _grouped(changes):
        try:
            _apply(session, folders, change, uids)
        except RefusedError as error:
            log.warning("filing refused: %s", error, extra={"count": len(uids)})
        else:
            done.update(uids)
    return frozenset(done)


def _flags(session: Session, uids: Sequence[int]) -> dict[int, frozenset[str]]:
    session.noop()
    return {
        uid: frozenset(text(flag) for flag in item.get(b"FLAGS", ()))
        for some in chunks(uids)
        for uid, item in session.fetch(some, "FLAGS").items()
    }


def _change(filing: Filing, flags: frozenset[str], here: Selected, folders: Folders) -> Change:
    """What is missing. Flags that the server cannot keep are not asked for.

    A message marked as deleted stays where it is: a person deleted it, or we copied it before.
    """
    wanted = (filing.keyword, ANSWERED) if filing.answered else (filing.keyword,)
    has = {flag.lower() for flag in flags}
    add = tuple(flag for flag in wanted if flag.lower() not in has and here.keeps(flag))
    other = tuple(sorted(flag for flag in flags if flag.lower() in STATES - {filing.keyword.lower()}))
    target = folders.named(filing.folder) if filing.folder and DELETED.lower() not in has else None
    return add, other, None if target == here.folder else target


def _grouped(changes: dict[int, Change]) -> Iterable[tuple[Change, list[int]]]:
    def order(uid: int) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        add, remove, target = changes[uid]
        return add, remove, target or ""

    for _, group in groupby(sorted(changes, key=order), key=order):
        uids = sorted(group)
        yield changes[uids[0]], uids


def _apply(session: Session, folders: Folders, change: Change, uids: Sequence[int]) -> None:
    add, remove, target = change
    for some in chunks(uids):
        if add:
            session.add_flags(some, add)
        if remove:
            session.remove_flags(some, remove)
        if target is not None:
            _into(session, folders, target, some)


def _into(session: Session, folders: Folders, target: str, uids: Sequence[int]) -> None:
    """Move; once more with a new folder where somebody deleted it since it was listed."""
    folders.ensure(target)
    try:
        _move(session, uids, target)
    except RefusedError:
        folders.forget()
        folders.ensure(target)
        _move(session, uids, target)


def _move(session: Session, uids: Sequence[int], target: str) -> None:
    """MOVE, else COPY and delete exactly these (UIDPLUS).

    Without either the original stays, marked as deleted: a bare EXPUNGE would take what other people have marked too.
    """
    if "MOVE" in session.capabilities:
        session.move(uids, target)
        return
    session.copy(uids, target)
    session.add_flags(uids, [DELETED])
    if "UIDPLUS" in session.capabilities:
        session.expunge(uids)
