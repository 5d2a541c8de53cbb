"""How fast a full mailbox is worked off: 1,000 mixed mails from Dovecot to Postfix, three mailboxes, the real daemon.

    python benchmarks/drain.py [--mails 1000] [--limit 4.0]

Prints what each stage does alone in this very run (the machine is shared, so only ratios mean anything), then the whole
drain, and its wall time over the slowest stage's. Exit status 1 when that ratio is over the limit. Needs root (Postfix)
and the Debian packages of `make test`.
"""

import argparse
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from responder.adapters.imap import ImapInbox
from responder.app import App
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.message import MessageKey
from responder.core.parse import parse
from responder.ports import Arrival, Fetched, Outgoing, Store
from responder.services.judging import Judge
from responder.settings import load
from tests.adapters.imap.accounts import Account
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.system.mails import posted
from tests.system.world import PROGRAMS, World

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
BATCH = 100
GROUP = 20
HISTORY = b"\r\nOn Mon, 2 Nov 2026 at 10:12, Somebody <somebody@mail.example> wrote:\r\n" + b"> an old line\r\n" * 200
"""Brings each mail to about 4 kB, as real threads do."""


class Rates:
    """Seconds by stage."""

    def __init__(self) -> None:
        """Nothing measured yet."""
        self.seconds: dict[str, tuple[float, int]] = {}

    @contextmanager
    def measure(self, stage: str, count: int) -> Iterator[None]:
        """Time a block that handled `count` things."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = (time.perf_counter() - start, count)

    def print(self) -> None:
        """One line a stage."""
        for stage, (seconds, count) in self.seconds.items():
            print(f"{stage:<44}{count:>6} in {seconds:6.2f} s {count / seconds:>9.0f}/s")


def main() -> int:
    """Run it all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--limit", type=float, default=4.0, help="wall time over the slowest stage's, at most")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Dovecot() as dovecot, postfix() as server:
        os.environ["SSL_CERT_FILE"] = str(server.ca_file)
        world = World(
            folder=Path(folder),
            imap={name: dovecot.endpoint(name) for name in PROGRAMS},
            smtp={name: server.endpoint(name) for name in PROGRAMS},
            extra={"CAP_DOMAIN_HOUR": "100000", "CAP_SAME_TEXT_HOUR": "100000"},
        )
        fill(world, args.mails)
        rates = Rates()
        alone(world, rates, args.mails)
        wall, replied = whole(world, args.mails)
    rates.print()
    slowest = max(rates.seconds, key=lambda stage: rates.seconds[stage][0])
    ratio = wall / rates.seconds[slowest][0]
    print(f"{'the whole drain':<44}{args.mails:>6} in {wall:6.2f} s {args.mails / wall:>9.0f}/s, {replied} replies")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process, servers' clients included: {memory:.0f} MB")
    print(f"wall time over the slowest stage ({slowest}): {ratio:.2f} (limit {args.limit})")
    return 0 if ratio <= args.limit else 1


@contextmanager
def postfix() -> Iterator[Postfix]:
    """The submission server; what it accepts goes nowhere."""
    with Postfix("discard:", dict.fromkeys(PROGRAMS, "smtp-secret")) as server:
        yield server


def fill(world: World, count: int) -> None:
    """Put the mails into the three mailboxes, about 4 kB each."""
    mails = posted(count, NOW)
    for name in PROGRAMS:
        with Account(world.imap[name], world.imap[name]).person(None) as client:
            for mail in mails:
                if mail.sample.mailbox == name:
                    client.append("INBOX", mail.sample.raw + HISTORY, (), mail.sample.arrived_at)


def app_of(world: World, database: str) -> App:
    """The composition root on a database of its own."""
    return App(load(environment=replace(world, database=f"sqlite:///{world.folder / database}").environment))


def alone(world: World, rates: Rates, count: int) -> None:
    """Each stage by itself, over the same connections and with the same batches as the daemon."""
    app = app_of(world, "alone.db")
    fetched: dict[str, list[Fetched]] = {}
    with rates.measure("fetch, three connections", count):
        together([lambda name=name: fetched.update({name: fetch(app.inbox(name))}) for name in PROGRAMS])
    with rates.measure("parse", count):
        messages = {
            name: [parse(one.raw, MessageKey(name, 1, one.uid), one.internal_date) for one in fetched[name]]
            for name in PROGRAMS
        }
    app.model.get()
    prepared = []
    with rates.measure("judge: screen, cues, classify, render", count):
        for name in PROGRAMS:
            mailbox = app.mailboxes[name]
            judge = Judge(mailbox, app.known(mailbox), app.templates.rules(), app.templates, app.model.get())
            for start in range(0, len(messages[name]), BATCH):
                prepared += [judge.prepare(one, NOW) for one in judge(messages[name][start : start + BATCH])]
    replies = {
        name: [p.reply for p in prepared if p.reply and p.judged.message.key.mailbox == name] for name in PROGRAMS
    }
    total = sum(map(len, replies.values()))
    with rates.measure("submission, three connections", total):
        together([lambda name=name: submit(app, name, [r.outgoing for r in replies[name]]) for name in PROGRAMS])
    with rates.measure("rows in groups, one writer", count):
        rows(app.store, {name: messages[name] for name in PROGRAMS})
    app.store.close()


def together(jobs: list[Callable[[], object]]) -> None:
    """Run jobs in threads, as the daemon's stages do."""
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def fetch(inbox: ImapInbox) -> list[Fetched]:
    """Everything in a mailbox, in the daemon's batches."""
    inbox.select()
    found: list[Fetched] = []
    while batch := inbox.fetch(found[-1].uid if found else 0, BATCH):
        found += batch
    inbox.close()
    return found


def submit(app: App, name: str, replies: list[Outgoing]) -> None:
    """Every reply over one connection."""
    transport = app.transport(name)
    for reply in replies:
        transport.send(reply)
    transport.close()


def rows(store: Store, messages: dict[str, list[object]]) -> None:
    """Intake's and triage's rows, batch by batch, without deciding anything."""
    for name, found in messages.items():
        for start in range(0, len(found), BATCH):
            arrivals = [Arrival(one, MessageStage.RECEIVED) for one in found[start : start + BATCH]]
            with store.begin() as transaction:
                transaction.mailbox(name, NOW)
                transaction.add(arrivals, NOW)
            with store.begin() as transaction:
                transaction.histories(transaction.received(name, BATCH), NOW)


def whole(world: World, count: int) -> tuple[float, int]:
    """The daemon as `run --once` runs it, without its start; seconds and replies sent."""
    app = app_of(world, "whole.db")
    app.model.get()
    with app.store.begin() as transaction:
        for name in PROGRAMS:
            transaction.mailbox(name, NOW - timedelta(days=900))
    start = time.perf_counter()
    errors = app.daemon().drain()
    wall = time.perf_counter() - start
    with app.store.begin() as transaction:
        counts, outbox = transaction.count(), transaction.outbox()
    app.store.close()
    done = sum(sum(stages.values()) for stages in counts.values())
    if errors or done != count or set(outbox) - {ReplyStage.SENT}:
        raise SystemExit(f"not drained: {errors} {done} of {count} {dict(outbox)}")
    return wall, outbox.get(ReplyStage.SENT, 0)


if __name__ == "__main__":
    sys.exit(main())
