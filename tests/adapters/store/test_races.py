"""Two at once: daemons, people and intakes that want the same row. Whoever wins, each thing happens once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event

import pytest

from responder.adapters.store import open_store
from responder.core.errors import StaleError
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.ports import Settlement, Store
from tests.adapters.store.samples import (
    HOUR,
    MINUTE,
    NOW,
    acknowledge,
    answer,
    events_of,
    ignore,
    look,
    mail,
    person_reply,
    put,
    put_answering,
    put_held,
    received,
    replies_of,
    said,
    settle,
)

WORKERS = 4


@pytest.fixture
def stores(url: str) -> Iterator[list[Store]]:
    """Several processes' worth of stores on one database."""
    opened = [open_store(url) for _ in range(WORKERS)]
    yield opened
    for store in opened:
        store.close()


def together(*acts: Callable[[], object]) -> list[object]:
    """Run the acts at once; each one's result, or the StaleError it met."""
    barrier = Barrier(len(acts))

    def one(act: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return act()
        except StaleError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(one, acts))


def test_a_reply_is_leased_once(stores: list[Store]) -> None:
    """Daemons that lease at the same moment share the outbox and never a reply."""
    rows = put(stores[0], *(mail(uid) for uid in range(1, 61)))
    with stores[0].begin() as transaction:
        transaction.decide([answer(row) for row in rows], NOW)

    def drain(store: Store, owner: str) -> list[int]:
        taken: list[int] = []
        for _ in range(20):
            with store.begin() as transaction:
                leased = transaction.lease("education", 3, NOW, NOW + MINUTE, owner, automatic=3)
            taken += [reply.id for reply in leased]
        return taken

    shares = together(*(lambda s=store, n=number: drain(s, f"d{n}") for number, store in enumerate(stores)))
    ids = [id_ for share in shares for id_ in share]
    assert len(ids) == len(set(ids)) == 60
    assert {reply.attempts for row in rows for reply in replies_of(stores[0], row.id)} == {1}


def test_a_batch_is_decided_once(stores: list[Store]) -> None:
    """Two triages with the same batch: each message gets one decision and one reply."""
    rows = put(stores[0], *(mail(uid) for uid in range(1, 31)))

    def decide(store: Store) -> frozenset[int]:
        with store.begin() as transaction:
            transaction.histories(rows, NOW)
            return transaction.decide([answer(row) for row in rows], NOW)

    shares = together(*(lambda s=store: decide(s) for store in stores))
    assert sorted(len(share) for share in shares) == [0, 0, 0, 30]
    assert [len(replies_of(stores[0], row.id)) for row in rows] == [1] * 30
    assert events_of(stores[0], rows[0].id) == ["received", "answering"]


def test_the_last_room_of_a_quota_is_taken_once(stores: list[Store]) -> None:
    """Deciders see each other's grants: of four mails of one sender, decided by four at once, one is answered."""
    rows = put(stores[0], *(mail(uid) for uid in range(1, WORKERS + 1)))

    def decide(store: Store, number: int) -> None:
        with store.begin() as transaction:
            [history] = transaction.histories([rows[number]], NOW)
            free = not history.sender_template
            transaction.decide([answer(rows[number]) if free else ignore(rows[number])], NOW)

    together(*(lambda s=store, n=number: decide(s, n) for number, store in enumerate(stores)))
    assert sorted(look(stores[0], row.id).stage for row in rows) == ["answering", "ignored", "ignored", "ignored"]


def test_a_mail_enters_once(stores: list[Store]) -> None:
    """Intakes with the same batch, and with its renumbered twin, leave one RECEIVED row for each mail."""
    batch = [mail(uid) for uid in range(1, 41)]
    twins = [replace(one, key=replace(one.key, uidvalidity=8)) for one in batch]

    def take_in(store: Store, number: int) -> int:
        with store.begin() as transaction:
            return transaction.add([received(one) for one in (twins if number % 2 else batch)], NOW)

    added = together(*(lambda s=store, n=number: take_in(s, n) for number, store in enumerate(stores)))
    assert sorted(added) == [0, 0, 40, 40]
    with stores[0].read() as transaction:
        assert transaction.count() == {"education": {MessageStage.RECEIVED: 40, MessageStage.RECORDED: 40}}


@pytest.mark.parametrize("attempt", range(5))
def test_taking_back_or_sending_never_both(stores: list[Store], attempt: int) -> None:
    """A person cancels while a daemon leases: either the reply is leased and stays, or it is cancelled and not sent."""
    held = put_held(stores[0], mail(attempt + 1))
    with stores[0].begin() as transaction:
        reply = transaction.queue_reply(held.id, None, person_reply(held.message), said())

    def cancel() -> str:
        with stores[0].begin() as transaction:
            transaction.cancel(reply, said())
        return "cancelled"

    def lease() -> int:
        with stores[1].begin() as transaction:
            return len(transaction.lease("education", 5, NOW, NOW + MINUTE, "d", automatic=5))

    undone, leased = together(cancel, lease)
    [now] = replies_of(stores[0], held.id)
    if leased:
        assert isinstance(undone, StaleError)
        assert (now.stage, look(stores[0], held.id).stage) == (ReplyStage.SENDING, MessageStage.ANSWERING)
    else:
        assert undone == "cancelled"
        assert (now.stage, look(stores[0], held.id).stage) == (ReplyStage.CANCELLED, MessageStage.HELD)


@pytest.mark.parametrize("attempt", range(5))
def test_closing_or_sending_never_both(stores: list[Store], attempt: int) -> None:
    """A person closes while a daemon leases: no reply goes out for a closed message."""
    row, _ = put_answering(stores[0], mail(attempt + 1))

    def close() -> str:
        with stores[0].begin() as transaction:
            transaction.move(row.id, None, MessageStage.CLOSED, said())
        return "closed"

    def lease() -> int:
        with stores[1].begin() as transaction:
            return len(transaction.lease("education", 5, NOW, NOW + MINUTE, "d", automatic=5))

    closed, leased = together(close, lease)
    stages = (replies_of(stores[0], row.id)[0].stage, look(stores[0], row.id).stage)
    if leased:
        assert isinstance(closed, StaleError)
        assert stages == (ReplyStage.SENDING, MessageStage.ANSWERING)
    else:
        assert stages == (ReplyStage.CANCELLED, MessageStage.CLOSED)


def test_two_people_one_answer(stores: list[Store]) -> None:
    """Colleagues who answer the same message at once: one reply is queued, the others are told."""
    held = put_held(stores[0], mail(1))

    def send(store: Store) -> int:
        with store.begin() as transaction:
            ordinal = transaction.next_ordinal(held.id)
            return transaction.queue_reply(held.id, held.version, person_reply(held.message, ordinal), said())

    results = together(*(lambda s=store: send(s) for store in stores))
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, StaleError) for result in results) == WORKERS - 1
    assert len(replies_of(stores[0], held.id)) == 1


def test_a_late_outcome_finds_its_reply_settled(stores: list[Store]) -> None:
    """The same reply settled by four at once is settled by one."""
    row, reply = put_answering(stores[0], mail(1))
    with stores[0].begin() as transaction:
        transaction.lease("education", 1, NOW, NOW + MINUTE, "d", automatic=1)
    sent = Settlement(reply.id, ReplyStage.SENT, MessageStage.ANSWERED)
    results = together(*(lambda s=store: settle(s, sent) for store in stores))
    assert sorted(results, key=len) == [frozenset()] * (WORKERS - 1) + [{reply.id}]
    assert look(stores[0], row.id).version == 3


def test_receipts_and_answers_of_one_message_do_not_lock_each_other(stores: list[Store]) -> None:
    """Settling a receipt while people close, answer and take back ends in a legal state, without a deadlock."""
    rows = put(stores[0], *(mail(uid) for uid in range(1, 9)))
    with stores[0].begin() as transaction:
        transaction.decide([acknowledge(row) for row in rows], NOW)
        leased = transaction.lease("education", 20, NOW, NOW + MINUTE, "d", automatic=20)
    outcomes = [Settlement(reply.id, ReplyStage.QUEUED, retry_at=NOW + HOUR) for reply in reversed(leased)]

    def people(store: Store) -> None:
        for row in rows:
            with store.begin() as transaction:
                transaction.move(row.id, None, MessageStage.CLOSED, said())

    def answers(store: Store) -> None:
        for row in rows:
            with store.begin() as transaction:
                own = transaction.queue_reply(row.id, None, person_reply(row.message, 2), said())
            with store.begin() as transaction:
                transaction.cancel(own, said())

    together(
        lambda: settle(stores[0], *outcomes),
        lambda: people(stores[1]),
        lambda: answers(stores[2]),
        lambda: settle(stores[3], *reversed(outcomes)),
    )
    for row in rows:
        stage = look(stores[0], row.id).stage
        for reply in replies_of(stores[0], row.id):
            wanted = MessageStage.HELD if reply.receipt else MessageStage.ANSWERING
            assert reply.stage is not ReplyStage.QUEUED or stage is wanted


def test_a_reader_waits_for_no_writer(stores: list[Store]) -> None:
    """A look during an open transaction sees what was committed, at once."""
    row = put_held(stores[0], mail(1))
    reading = Event()

    def write() -> None:
        with stores[0].begin() as transaction:
            transaction.move(row.id, None, MessageStage.CLOSED, said())
            assert reading.wait(20)

    def read() -> MessageStage:
        try:
            return look(stores[1], row.id).stage
        finally:
            reading.set()

    assert together(write, read)[1] is MessageStage.HELD


def test_a_look_is_one_moment(stores: list[Store]) -> None:
    """What is committed during a look does not appear in it."""
    row = put_held(stores[0], mail(1))
    with stores[1].read() as transaction:
        assert transaction.count()["education"] == {MessageStage.HELD: 1}
        with stores[0].begin() as other:
            other.move(row.id, None, MessageStage.CLOSED, said())
        assert transaction.count()["education"] == {MessageStage.HELD: 1}
    assert look(stores[1], row.id).stage is MessageStage.CLOSED


def test_threads_share_one_store(stores: list[Store]) -> None:
    """One store serves many threads: each transaction has a connection of its own."""
    store = stores[0]

    def work(number: int) -> None:
        for step in range(10):
            uid = number * 100 + step + 1
            put_held(store, mail(uid, mailbox=f"box{number}"))

    together(*(lambda n=number: work(n) for number in range(8)))
    with store.read() as transaction:
        assert transaction.count() == {f"box{number}": {MessageStage.HELD: 10} for number in range(8)}
