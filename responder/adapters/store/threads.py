"""Conversations: every Message-ID that a mail carries or names belongs to one thread; a mail that names two joins them.

The key of a thread is the first id it was seen with. RFC 5322 section 3.6.4 has References name the whole way back;
mailers that give only In-Reply-To are joined through the ids of the mails between.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, select, update

from responder.adapters.store.columns import key_of
from responder.adapters.store.schema import messages, thread_ids
from responder.adapters.store.statements import pieces, upsert
from responder.core.message import Message

FIRST_IDS, LAST_IDS = 10, 40
"""Of a hostile or very long References: the root's end and the near end."""


class Joined:
    """A union-find over thread keys: which key stands for which."""

    def __init__(self) -> None:
        """Start with every key on its own."""
        self._parent: dict[str, str] = {}

    def find(self, key: str) -> str:
        """The key that stands for this one."""
        root = key
        while (parent := self._parent.get(root, root)) != root:
            root = parent
        while key != root:
            self._parent[key], key = root, self._parent.get(key, root)
        return root

    def join(self, keys: Sequence[str]) -> str:
        """Make them one; the first one stands for all."""
        root = self.find(keys[0])
        for key in keys[1:]:
            self._parent[self.find(key)] = root
        return root


def join_threads(connection: Connection, arrived: Sequence[Message]) -> list[str]:
    """The thread of each message; new ids are stored and threads that turn out to be one are joined."""
    named = [_ids(message) for message in arrived]
    known = _known(connection, {one for ids in named for one in ids})
    joined = Joined()
    new: dict[str, str] = {}
    keys: list[str] = []
    for message, ids in zip(arrived, named, strict=True):
        own = ids[0] if ids else f"key {message.key.mailbox}/{message.key.uidvalidity}/{message.key.uid}"
        there = [known.get(one) or new.get(one) for one in ids]
        keys.append(joined.join([key for key in there if key] or [own]))
        new |= {one: keys[-1] for one in ids if one not in known}
    _store(connection, {one: joined.find(key) for one, key in new.items()})
    _rename(connection, {key: joined.find(key) for key in known.values()})
    return [joined.find(key) for key in keys]


def add_to_threads(connection: Connection, ids: Iterable[tuple[str, str]]) -> None:
    """Our own replies' Message-IDs belong to the threads of what they answer: (Message-ID, thread key) each."""
    _store(connection, {key_of(message_id): thread for message_id, thread in ids})


def _ids(message: Message) -> list[str]:
    """Keys of the ids a message names, the root first, its own last."""
    named = message.thread.ids
    if len(named) > FIRST_IDS + LAST_IDS:
        named = (*named[:FIRST_IDS], *named[-LAST_IDS:])
    own = (message.message_id,) if message.message_id else ()
    return list(dict.fromkeys(key_of(one) for one in (*named, *own)))


def _known(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for piece in pieces(sorted(ids)):
        rows = connection.execute(select(thread_ids.c.id, thread_ids.c.thread_key).where(thread_ids.c.id.in_(piece)))
        known |= {row.id: row.thread_key for row in rows}
    return known


def _store(connection: Connection, threads: dict[str, str]) -> None:
    if threads:
        new = upsert(connection, thread_ids).on_conflict_do_nothing()
        connection.execute(new, [{"id": one, "thread_key": key} for one, key in threads.items()])


def _rename(connection: Connection, renamed: dict[str, str]) -> None:
    changed = [{"old": old, "new": new} for old, new in renamed.items() if old != new]
    for table in (messages, thread_ids) if changed else ():
        rename = update(table).where(table.c.thread_key == bindparam("old")).values(thread_key=bindparam("new"))
        connection.execute(rename, changed)
