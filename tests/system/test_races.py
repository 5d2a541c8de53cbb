"""Two at once: daemons on one mailbox and one database, people on one message."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from responder.core.errors import StaleError
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.demo.smtp_sink import EmbeddedSink
from tests.adapters.imap.accounts import Account
from tests.servers.postgres import Postgres, running_postgres
from tests.system.installation import LAWYER, RENEWAL, Installation, installed, mail
from tests.system.world import World
from tests.waiting import wait_until

COUNT = 40


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A server of its own."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def world(new_world: Callable[..., World], postgres: Postgres) -> World:
    """One mailbox on Dovecot, one database on PostgreSQL; many may send the same words."""
    made = new_world("education", CAP_SAME_TEXT_HOUR="1000")
    return replace(made, database=postgres.create("shared"))


def count(postgres: Postgres, query: str) -> Counter[str]:
    """Rows by the query's first column; nothing while there are no tables yet."""
    try:
        with psycopg.connect(host="127.0.0.1", port=postgres.port, user="postgres", dbname="shared") as connection:
            return Counter(str(row[0]) for row in connection.execute(query))  # type: ignore[arg-type]
    except psycopg.errors.UndefinedTable:
        return Counter()


def test_two_daemons_on_one_mailbox(world: World, postgres: Postgres, sink: EmbeddedSink) -> None:
    """Each mail is stored once, decided once and answered once; both may stop and nothing is left."""
    account = Account(world.imap["education"], world.imap["education"])
    senders = [f"ana@n{number}.example" for number in range(COUNT)]
    with account.person(None) as client:
        for sender in senders[: COUNT // 2]:
            client.append("INBOX", mail(sender, RENEWAL))
    with ExitStack() as stack:
        daemons = [stack.enter_context(world.daemon()) for _ in range(2)]
        wait_until(lambda: world.log.count("started mailboxes") == len(daemons))
        with account.person(None) as client:
            for sender in senders[COUNT // 2 :]:
                client.append("INBOX", mail(sender, RENEWAL))
        wait_until(lambda: count(postgres, "SELECT stage FROM messages")["answered"] == COUNT, 120)
        wait_until(lambda: len([flags for flags in account.flags().values() if "$AutoAnswered" in flags]) == COUNT)
    assert [daemon.returncode for daemon in daemons] == [0, 0]
    assert count(postgres, "SELECT stage FROM messages") == {"answered": COUNT}
    assert count(postgres, "SELECT stage FROM replies") == {"sent": COUNT}
    assert Counter(mail.recipients[0] for mail in sink.received) == dict.fromkeys(senders, 1)
    assert "error" not in world.log
    assert len(set(account.ids("Sent"))) == COUNT


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Installation]:
    """One mailbox in this process."""
    with installed(tmp_path) as made:
        yield made


def at_once(*steps: Callable[[], object]) -> list[BaseException | None]:
    """Run them in threads that start together; what each raised."""
    barrier = threading.Barrier(len(steps))
    raised: list[BaseException | None] = [None] * len(steps)

    def run(number: int, step: Callable[[], object]) -> None:
        barrier.wait()
        try:
            step()
        except StaleError as error:
            raised[number] = error

    threads = [threading.Thread(target=run, args=case) for case in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_two_people_send_the_same_message(ours: Installation) -> None:
    """One wins, the other is told; one mail leaves."""
    ours.deliver(mail("ana@uni.example", LAWYER))
    ours.work()
    review, held = ours.app.review, ours.only()
    review.edit(held.id, "Your notice\n\nWe have it.")
    raised = at_once(lambda: review.send(held.id, "jo"), lambda: review.send(held.id, "maria"))
    assert sorted(type(error) for error in raised if error) == [StaleError]
    ours.work()
    assert len(ours.sent) == 1
    assert ours.only().stage is MessageStage.ANSWERED
    assert [reply.stage for reply in ours.replies(held)] == [ReplyStage.SENT]


def test_one_sends_while_another_dismisses(ours: Installation) -> None:
    """Either it is sent or it is closed, never both."""
    ours.deliver(mail("ana@uni.example", LAWYER))
    ours.work()
    review, held = ours.app.review, ours.only()
    review.edit(held.id, "Your notice\n\nWe have it.")
    sent, dismissed = at_once(
        lambda: review.send(held.id, "jo", version=held.version),
        lambda: review.dismiss(held.id, "maria", "spam", version=held.version),
    )
    ours.work()
    assert (sent is None) != (dismissed is None)
    assert len(ours.sent) == (sent is None)
    assert ours.only().stage is (MessageStage.ANSWERED if sent is None else MessageStage.CLOSED)


def test_an_undo_races_with_the_wire(ours: Installation) -> None:
    """An undo that is told to have worked kept the mail from leaving; else the mail left, once."""
    ours.deliver(mail("ana@uni.example", LAWYER))
    ours.work()
    review, held = ours.app.review, ours.only()
    review.edit(held.id, "Your notice\n\nWe have it.")
    reply = review.send(held.id, "jo")
    (undone, _) = at_once(lambda: review.undo(reply.id, "jo"), ours.work)
    ours.work()
    assert len(ours.sent) == (undone is not None)
    assert ours.only().stage is (MessageStage.HELD if undone is None else MessageStage.ANSWERED)
