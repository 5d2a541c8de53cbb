"""SIGKILL before and after every effect: after the restart nothing is lost and nobody gets two copies."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from responder.adapters.store import open_store
from tests.adapters.imap.accounts import Account
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_fault import FaultServer
from tests.system.installation import APPLY, LAWYER, RENEWAL, SEATS, mail
from tests.system.world import ROOT, World

ARRIVED = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
RUN = (0, 3600)
"""Seconds ahead of the clock at which the process works: deferred replies are due at the second moment."""
RESTART = (7200, 10800)
"""The same after the crash: leases have run out."""
ASKS = {
    "renewal": RENEWAL,
    "451-rcpt": APPLY,
    "seats": SEATS,
    "554-rcpt": RENEWAL,
    "lawyer": LAWYER,
    "machine": "I am out of the office.",
}
"""Local part of the writer, who is answered, deferred first, acknowledged, refused, held or ignored, and the mail."""


def raw(name: str) -> bytes:
    """One of the mails."""
    marks = ["Auto-Submitted: auto-replied"] if name == "machine" else []
    return mail(f"{name}@{name}.example", ASKS[name], *marks)


@dataclass
class Crasher:
    """The process that works and dies on order."""

    process: "subprocess.Popen[str]"
    errors: Path

    def order(self, at: int, *, after: bool, ahead: tuple[int, ...]) -> int:
        """See tests.system.crashing."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"at": at, "after": after, "ahead": ahead}) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> int:
        """Its next word. Raises AssertionError with its last words where it has ended."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said, f"the process has ended:\n{self.errors.read_text()[-2000:]}"
        return int(said)


@contextmanager
def crasher(world: World) -> Iterator[Crasher]:
    """Start it with the world's settings; its first life goes on to the end."""
    path = world.folder / "crasher.log"
    with path.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.crashing", json.dumps(RUN)],
            cwd=world.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(world.folder), "PYTHONPATH": str(ROOT), **world.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield Crasher(process, path)
        finally:
            process.stdin.close()  # type: ignore[union-attr]
            process.wait(30)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """Defers one recipient's first mail, refuses another's."""
    with FaultServer(once=True) as running:
        yield running


@pytest.fixture
def world(new_world: Callable[..., World], server: FaultServer) -> World:
    """One mailbox whose replies meet faults."""
    return new_world("education", smtp=server.endpoint())


class Round:
    """One life of the mailbox: a fresh account and database, a crash, a restart."""

    def __init__(self, world: World, dovecot: Dovecot, server: FaultServer) -> None:
        """Take the servers; each round uses another account."""
        self.world, self.dovecot, self.server = world, dovecot, server
        self.empty = world.folder / "empty.db"
        open_store(f"sqlite:///{self.empty}").close()

    def fresh(self) -> None:
        """An account with the mails in it, an empty database, nothing received."""
        for file in self.world.folder.glob("responder.db*"):
            file.unlink()
        shutil.copy(self.empty, self.world.folder / "responder.db")
        account = self.account
        with account.person() as client:
            client.delete_messages(client.search())
            client.expunge()
            client.select_folder("Sent")
            client.delete_messages(client.search())
            client.expunge()
            for name in ASKS:
                client.append("INBOX", raw(name), (), ARRIVED)
        self.server.received.clear()
        self.server._seen.clear()

    @property
    def account(self) -> Account:
        """The mailbox as a person sees it."""
        return Account(self.world.imap["education"], self.world.imap["education"])

    def check(self, moment: str) -> bool:
        """Nothing lost, nothing twice, everything decided, every unknown send with a person; whether there is one."""
        copies = Counter(mail.recipients[0].partition("@")[0] for mail in self.server.received)
        assert all(number == 1 for number in copies.values()), (moment, copies)
        stages = dict(self.rows("SELECT author_key, stage FROM messages"))
        by_name = {key.partition("@")[0]: stage for key, stage in stages.items()}
        doubtful = self.rows("SELECT author_key FROM replies WHERE stage = 'in_doubt'")
        doubts = {key.partition("@")[0] for (key,) in doubtful}
        assert set(by_name) == set(ASKS), moment
        assert self.rows("SELECT id FROM replies WHERE stage IN ('queued', 'sending')") == [], moment
        assert by_name["lawyer"] == by_name["seats"] == by_name["554-rcpt"] == "held", (moment, by_name)
        assert by_name["machine"] == "ignored", moment
        for name in ("renewal", "451-rcpt", "seats"):
            assert (name in copies) or (name in doubts), (moment, name)
        for name in ("renewal", "451-rcpt"):
            assert by_name[name] == ("held" if name in doubts else "answered"), (moment, name)
        self.check_mailbox(moment, by_name)
        return bool(doubts)

    def check_mailbox(self, moment: str, stages: dict[str, str]) -> None:
        """Every message shows its stage, every sent reply lies in Sent once."""
        sent = [name for (name,) in self.rows("SELECT message_id FROM replies WHERE stage = 'sent'")]
        assert sorted(one.decode() for one in self.account.ids("Sent")) == sorted(sent), moment
        shown = Counter(flag for flags in self.account.flags().values() for flag in flags if flag.startswith("$"))
        assert shown == Counter(f"$Auto{stage.capitalize()}" for stage in stages.values()), moment

    def rows(self, query: str) -> list[tuple[str, ...]]:
        """What the database holds."""
        with closing(sqlite3.connect(self.world.folder / "responder.db")) as database:
            return database.execute(query).fetchall()


def test_killed_at_every_effect(world: World, dovecot: Dovecot, server: FaultServer) -> None:
    """Whatever the moment of the kill, the restart finds the promised state."""
    life = Round(world, dovecot, server)
    life.fresh()
    with crasher(world) as process:
        effects = process.answer()
        life.check("no crash")
        assert effects >= 16  # looks are none: fetch, commits, each mail on the wire, filing
        doubtful = 0
        for at in range(1, effects + 1):
            for after in (False, True):
                moment = f"killed {'after' if after else 'before'} effect {at} of {effects}"
                life.fresh()
                assert process.order(at, after=after, ahead=RUN) == -1, f"not {moment}"
                process.order(0, after=False, ahead=RESTART)
                doubtful += life.check(moment)
    assert 0 < doubtful < effects, "only kills between the lease and its settlement leave a doubt"
