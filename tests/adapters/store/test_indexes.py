"""Large tables stay quick: every statement of the daily round finds its rows through an index."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text

from responder.adapters.store import open_store
from responder.adapters.store.schema import bounces, events, messages, replies, thread_ids
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.ports import Query, Settlement, Store, Transaction
from tests.adapters.store.samples import (
    HOUR,
    MINUTE,
    NOW,
    acknowledge,
    answer,
    hold,
    mail,
    person_reply,
    put,
    received,
    said,
)

COPIES = 400
Statement = tuple[str, object]
LISTS = {
    "held, newest": Query([MessageStage.HELD]),
    "held, oldest": Query([MessageStage.HELD], oldest_first=True),
    "held, next page": Query([MessageStage.HELD], before=300),
    "held of a mailbox": Query([MessageStage.HELD], "education"),
    "held of a mailbox, next page": Query([MessageStage.HELD], "education", oldest_first=True, after=20),
}
ACTS: dict[str, Callable[[Transaction], object]] = {
    "received": lambda t: t.received("education", 100),
    "cursor": lambda t: t.cursor("education", 7),
    "add": lambda t: t.add([received(mail(uid)) for uid in range(9000, 9100)], NOW),
    "histories": lambda t: t.histories([*t.received("education", 50), *t.received("startups", 50)], NOW),
    "decide": lambda t: t.decide([answer(row) for row in t.received("education", 50)], NOW),
    "lease": lambda t: t.lease("education", 20, NOW, NOW + MINUTE, "d", automatic=20),
    "expired": lambda t: t.expired("education", NOW + HOUR),
    "settle": lambda t: t.settle([Settlement(id_, ReplyStage.SENT, MessageStage.ANSWERED) for id_ in (1, 2, 3)], NOW),
    "next due": lambda t: t.next_due("education"),
    "owed now": lambda t: t.owed_now("education", NOW),
    "sent since": lambda t: t.sent_since("education", NOW - HOUR),
    "unfiled": lambda t: t.unfiled("education", 7, 100),
    "filed": lambda t: t.filed([1, 2], [MessageStage.HELD] * 2),
    "unkept": lambda t: t.unkept("education", 100),
    "kept": lambda t: t.kept([1, 2]),
    "message": lambda t: t.message(1),
    "replies": lambda t: t.replies(1),
    "events": lambda t: t.events(1),
    "named reply": lambda t: t.reply_by_message_id(["<a@x>", "<b@x>"]),
    "move": lambda t: t.move(_a(t, MessageStage.HELD), None, MessageStage.CLOSED, said()),
    "queue": lambda t: t.queue_reply(_a(t, MessageStage.HELD), None, person_reply(mail(8000)), said()),
    "oldest held": lambda t: t.oldest_held(),
    **{name: (lambda t, query=query: t.find(query)) for name, query in LISTS.items()},
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with some thousand rows of every kind, of two mailboxes and many senders, and fresh statistics."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('full') / 'store.db'}"
    else:
        url = request.getfixturevalue("postgres").create("many_rows")
    store = open_store(url)
    rows = put(store, *(mail(uid, mailbox=name) for name in ("education", "startups") for uid in range(1, 9)))
    with store.begin() as transaction:
        transaction.decide([(answer, acknowledge, hold)[n % 3](row) for n, row in enumerate(rows) if n % 8 < 6], NOW)
        for name in ("education", "startups"):
            leased = transaction.lease(name, 4, NOW, NOW + MINUTE, "d", automatic=4)
            transaction.settle([_sent(reply.id, receipt=reply.receipt) for reply in leased[:3]], NOW)
        _multiply(transaction)
        transaction._connection.execute(text("ANALYZE"))
    yield store
    store.close()


@pytest.mark.parametrize("act", ACTS)
def test_rows_are_found_through_an_index(full: Store, act: str) -> None:
    """No step of the daily round, and no page of the hold queue, reads a table from end to end or sorts it."""
    for statement, parameters in _statements(full, ACTS[act]):
        if statement.startswith("INSERT"):
            continue
        plan = _plan(full, statement, parameters)
        assert not [line for line in plan if _is_slow(line)], (statement, plan)


@pytest.mark.parametrize(
    ("act", "most"),
    [("add", 7), ("histories", 16), ("decide", 7), ("lease", 6), ("settle", 8), ("received", 1), ("filed", 1)],
)
def test_a_batch_is_a_handful_of_statements(full: Store, act: str, most: int) -> None:
    """The number of statements does not grow with the batch."""
    assert 0 < len(_statements(full, ACTS[act])) <= most


def _a(transaction: Transaction, stage: MessageStage) -> int:
    return transaction.find(Query([stage], limit=1))[0].id


def _sent(reply: int, *, receipt: bool) -> Settlement:
    return Settlement(reply, ReplyStage.SENT, None if receipt else MessageStage.ANSWERED)


def _multiply(transaction: Transaction) -> None:
    """Copies of every message and reply under other keys, as rows: quicker than living through them."""
    connection = transaction._connection
    originals = [dict(row) for row in connection.execute(select(messages)).mappings()]
    owed = [dict(row) for row in connection.execute(select(replies)).mappings()]
    for copy in range(1, COPIES):
        shift = copy * 1000
        own = {"author_key": f"a{copy}@x", "author_addr": f"a{copy}@x", "body_hash": str(copy)}
        connection.execute(
            insert(messages),
            [
                one
                | own
                | {"id": one["id"] + shift, "uid": one["uid"] + shift, "fingerprint": f"{copy}.{one['id']}"}
                | {"thread_key": f"{copy}.{one['thread_key']}"}
                | ({"stage": "closed"} if one["stage"] == "received" and copy > 20 else {})
                for one in originals
            ],
        )
        connection.execute(
            insert(replies),
            [
                one
                | {"id": one["id"] + shift, "message": one["message"] + shift, "message_key": f"{copy}.{one['id']}"}
                | {"recipient_key": f"a{copy}@x", "author_key": f"a{copy}@x", "recipient_domain": f"x{copy}"}
                | {"counted_at": NOW - copy * HOUR}
                | ({"stage": "cancelled"} if one["stage"] == "queued" and copy > 20 else {})
                | ({"kept": True} if copy > 20 else {})
                for one in owed
            ],
        )
        known = [{"id": f"<{copy}.{n}@x>", "thread_key": f"{copy}.{n}"} for n in range(20)]
        connection.execute(insert(thread_ids), known)
        connection.execute(insert(bounces), {"address_key": f"a{copy}@x", "at": NOW})
        connection.execute(insert(events), {"at": NOW, "who": "x", "what": "y", "message": shift + 1})


def _statements(store: Store, act: Callable[[Transaction], object]) -> list[Statement]:
    """What the act sends to the database; its changes are taken back."""
    sent: list[Statement] = []

    def listen(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        sent.append((statement, parameters[0] if isinstance(parameters, list) else parameters))

    with store.begin() as transaction:
        connection = transaction._connection
        event.listen(connection, "before_cursor_execute", listen)
        act(transaction)
        event.remove(connection, "before_cursor_execute", listen)
        connection.rollback()
    return sent


def _plan(store: Store, statement: str, parameters: object) -> list[str]:
    """How the database goes about it. PostgreSQL is asked whether an index can serve: small tables it rather reads."""
    with store.begin() as transaction:
        connection = transaction._connection
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        rows = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{statement}", parameters)
        return [str(row[-1]) for row in rows]


def _is_slow(line: str) -> bool:
    scan = line.startswith("SCAN ") and line.split()[1] in {"messages", "replies", "events", "bounces", "thread_ids"}
    through_index = "USING INDEX" in line or "USING COVERING INDEX" in line
    return (scan and not through_index) or "TEMP B-TREE FOR ORDER BY" in line or "Seq Scan on" in line
