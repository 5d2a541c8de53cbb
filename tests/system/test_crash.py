"""SIGKILL before and after every effect: after the restart nothing is lost and nobody gets two copies."""

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tests.adapters.imap.accounts import Account
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_fault import FaultServer
from tests.system.world import ROOT, World

ARRIVED = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
AHEAD = 3600
"""Seconds between a crash and the restart: leases have run out, deferred replies are due."""
ASKS = {
    "renewal": "How do we renew our education licence for the next year? It ends in three months.",
    "451-rcpt": "I am a lecturer at a university. How can I apply for the education licence for my course?",
    "seats": "Can we get 40 more seats added to our subscription? We have 100 seats now.",
    "554-rcpt": "Our yearly licence ends in two months. How does the renewal work?",
    "lawyer": "Our lawyer asks you to confirm receipt of this legal notice.",
    "machine": "I am out of the office.",
}
"""Local part of the writer, who is answered, deferred first, acknowledged, refused, held or ignored, and the mail."""


def raw(name: str, text: str) -> bytes:
    """One of the mails."""
    marks = "Auto-Submitted: auto-replied\r\n" if name == "machine" else ""
    head = f"From: Ana Costa <{name}@{name}.example>\r\nTo: education@company.example\r\n"
    return f"{head}Message-ID: <{name}@x.example>\r\n{marks}Subject: our licence\r\n\r\n{text}\r\n\r\nAna\r\n".encode()


@dataclass
class Crasher:
    """The process that works and dies on order."""

    process: "subprocess.Popen[str]"

    def order(self, at: int, *, after: bool, ahead: int) -> int:
        """See tests.system.crashing."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"at": at, "after": after, "ahead": ahead}) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def crasher(world: World) -> Iterator[Crasher]:
    """Start it with the world's settings."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.system.crashing"],
        cwd=world.folder,
        env={"PATH": os.environ["PATH"], "HOME": str(world.folder), "PYTHONPATH": str(ROOT), **world.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Crasher(process)
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
        self.number = 0

    def fresh(self) -> None:
        """An account with the mails in it, no database, nothing received."""
        for file in self.world.folder.glob("responder.db*"):
            file.unlink()
        account = self.account
        with account.person() as client:
            client.delete_messages(client.search())
            client.expunge()
            client.select_folder("Sent") if client.folder_exists("Sent") else None
            for name, text in ASKS.items():
                client.append("INBOX", raw(name, text), (), ARRIVED)
        self.server.received.clear()
        self.server._seen.clear()

    @property
    def account(self) -> Account:
        """The mailbox as a person sees it."""
        return Account(self.world.imap["education"], self.world.imap["education"])

    def check(self, moment: str) -> None:
        """Nothing lost, nothing twice, everything decided, every unknown send with a person."""
        copies = Counter(mail.recipients[0] for mail in self.server.received)
        assert all(number == 1 for number in copies.values()), (moment, copies)
        with closing(sqlite3.connect(self.world.folder / "responder.db")) as database:
            stages = dict(database.execute("SELECT author_key, stage FROM messages"))
            doubts = {
                key
                for (key,) in database.execute(
                    "SELECT messages.author_key FROM messages JOIN replies ON replies.message = messages.id"
                    " WHERE replies.stage = 'in_doubt'"
                )
            }
            owed = database.execute("SELECT count(*) FROM replies WHERE stage IN ('queued', 'sending')").fetchone()[0]
        by_name = {str(key).partition("@")[0]: stage for key, stage in stages.items()}
        assert set(by_name) == set(ASKS), moment
        assert owed == 0, moment
        assert by_name["lawyer"] == "held", moment
        assert by_name["machine"] == "ignored", moment
        assert by_name["554-rcpt"] == "held", moment
        for name in ("renewal", "451-rcpt"):
            arrived = copies[f"{name}@{name}.example"] == 1
            doubtful = f"{name}@{name}.example" in doubts
            assert arrived or doubtful, (moment, name)
            assert by_name[name] == ("held" if doubtful else "answered"), (moment, name)


def test_killed_at_every_effect(world: World, dovecot: Dovecot, server: FaultServer) -> None:
    """Whatever the moment of the kill, the restart finds the promised state."""
    life = Round(world, dovecot, server)
    with crasher(world) as process:
        life.fresh()
        effects = process.order(0, after=False, ahead=0)
        process.order(0, after=False, ahead=AHEAD)
        life.check("no crash")
        assert effects >= 12  # looks are none: fetch, commits, each mail on the wire, filing
        for at in range(1, effects + 1):
            for after in (False, True):
                life.fresh()
                assert process.order(at, after=after, ahead=0) == -1
                for restart in (1, 2):
                    process.order(0, after=False, ahead=AHEAD * restart)
                life.check(f"killed {'after' if after else 'before'} effect {at} of {effects}")
