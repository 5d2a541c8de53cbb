"""The story: 200 mails of every kind on a real Dovecot, the real daemon, replies through a real Postfix."""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message as Mail

import pytest

from responder.demo.smtp_sink import EmbeddedSink
from tests.adapters.imap.accounts import Account
from tests.servers.postfix import Postfix
from tests.system.mails import MACHINES, Posted, posted
from tests.system.world import DOMAIN, PROGRAMS, World
from tests.waiting import wait_until

COUNT = 200
NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


@pytest.fixture
def world(new_world: Callable[..., World], postfix: Postfix) -> World:
    """Three mailboxes on Dovecot whose replies go through Postfix with STARTTLS and AUTH."""
    made = new_world()
    smtp = {name: postfix.endpoint(name) for name in PROGRAMS}
    return replace(made, smtp=smtp, ca_file=postfix.ca_file)


def post(world: World, mails: list[Posted]) -> None:
    """Put the mails into their mailboxes, each with its time of arrival."""
    for name in PROGRAMS:
        account = Account(world.imap[name], world.imap[name])
        with account.person(None) as client:
            for mail in mails:
                if mail.sample.mailbox == name:
                    client.append("INBOX", mail.sample.raw, (), mail.sample.arrived_at)


def rows(world: World, query: str) -> list[tuple[object, ...]]:
    """What the database holds."""
    with closing(sqlite3.connect(world.folder / "responder.db")) as database:
        return database.execute(query).fetchall()


def replies(sink: EmbeddedSink) -> Iterator[tuple[str, Mail]]:
    """(recipient, mail) of everything that went out."""
    for received in sink.received:
        yield received.recipients[0], message_from_bytes(received.data)


def test_the_whole_story(world: World, postfix: Postfix, sink: EmbeddedSink) -> None:
    """Every mail is decided; the right people get one reply with the right marks; a restart changes nothing."""
    mails = posted(COUNT, NOW)
    post(world, mails)
    with world.daemon() as daemon:
        wait_until(lambda: decided(world) == COUNT, 240)
        wait_until(lambda: rows(world, "SELECT count(*) FROM replies WHERE stage != 'sent'") == [(0,)], 120)
        wait_until(lambda: filed(world) == COUNT, 120)
        assert daemon.poll() is None
    assert daemon.returncode == 0
    postfix.await_empty()

    check_replies(mails, list(replies(sink)))
    check_decisions(world, mails)
    check_mailboxes(world)
    assert "hidden" not in world.log
    before = len(sink.received), rows(world, "SELECT id, stage, version FROM messages ORDER BY id")
    done = world.command("run", "--once")
    assert done.returncode == 0, done.stderr
    assert (len(sink.received), rows(world, "SELECT id, stage, version FROM messages ORDER BY id")) == before


def decided(world: World) -> int:
    """Messages that have left RECEIVED and ANSWERING."""
    if not (world.folder / "responder.db").exists():
        return 0
    try:
        stages = "('held', 'ignored', 'answered', 'closed', 'recorded')"
        return int(str(rows(world, f"SELECT count(*) FROM messages WHERE stage IN {stages}")[0][0]))
    except sqlite3.OperationalError:
        return 0


def filed(world: World) -> int:
    """Messages whose keyword in the mailbox shows what became of them."""
    flags = [Account(world.imap[name], world.imap[name]).flags() for name in PROGRAMS]
    return sum(any(flag.startswith("$Auto") for flag in of_one) for folder in flags for of_one in folder.values())


def check_replies(mails: list[Posted], sent: list[tuple[str, Mail]]) -> None:
    """Each recipient is the writer of a mail that may be answered, gets one copy, and it carries every mark."""
    may = {mail.sender for mail in mails if mail.may_be_answered}
    sent_to = Counter(recipient for recipient, _ in sent)
    assert set(sent_to) <= may, set(sent_to) - may
    assert set(sent_to.values()) == {1}
    assert len(sent) > COUNT / 4
    by_sender = {mail.sender: mail for mail in mails}
    for recipient, reply in sent:
        incoming = message_from_bytes(by_sender[recipient].sample.raw)
        mailbox = f"{by_sender[recipient].sample.mailbox}@{DOMAIN}"
        assert reply.get_all("To") == [recipient]
        assert reply["From"].endswith(f"<{mailbox}>") or reply["From"] == mailbox
        assert reply["Auto-Submitted"] == "auto-replied"
        assert reply["X-Auto-Response-Suppress"] == "All"
        assert reply["In-Reply-To"] == incoming["Message-ID"]
        assert incoming["Message-ID"] in reply["References"]
        assert re.fullmatch(r"Re: \S.*", str(reply["Subject"]))
        plain, html = (part.get_payload(decode=True).decode() for part in reply.get_payload())
        assert "{{" not in plain
        assert "<script" not in html
        assert "COUPON" not in plain.upper() or "code" not in plain.lower()


def check_decisions(world: World, mails: list[Posted]) -> None:
    """Machines are ignored (or held where a person must see them), special cases are held, nothing is lost."""
    stored = rows(world, "SELECT message_id, stage FROM messages")
    assert len(stored) == COUNT
    stages = {str(name): str(stage) for name, stage in stored}
    for mail in mails:
        name = message_from_bytes(mail.sample.raw)["Message-ID"]
        if name is None:
            continue
        if mail.sample.kind in MACHINES - {"calendar", "verifier's case"}:
            assert stages[name] == "ignored", mail.sample.kind
        elif not mail.may_be_answered:
            assert stages[name] == "held", mail.sample.kind


def check_mailboxes(world: World) -> None:
    r"""Answered mail carries \Answered, nothing was marked read, and Sent holds every reply once."""
    for name in PROGRAMS:
        account = Account(world.imap[name], world.imap[name])
        for flags in account.flags().values():
            assert "\\Seen" not in flags
            assert ("\\Answered" in flags) == ("$AutoAnswered" in flags)
        sent = rows(world, f"SELECT count(*) FROM replies WHERE mailbox = '{name}' AND stage = 'sent'")[0][0]
        copies = account.ids("Sent")
        assert len(copies) == len(set(copies)) == sent
