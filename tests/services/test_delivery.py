"""Delivery on a real database, a real mailbox and a mail server that fails on demand: each end is the promised one."""

import logging
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from imapclient import IMAPClient

from classifier.prediction import Program
from responder.adapters.imap import ImapInbox
from responder.adapters.smtp import SmtpTransport
from responder.adapters.store import open_store
from responder.core.endpoint import Endpoint, Security
from responder.core.errors import InboxError, TransportError
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.mailbox import Mailbox, Mode
from responder.core.message import Message
from responder.core.reply import ReplyFrom
from responder.demo.imap_server import EmbeddedImap
from responder.ports import Event, Outcome, Outgoing, Store, StoredMessage, StoredReply
from responder.services.delivery import ATTEMPTS, FIRST_RETRY, GROUP, LAST_RETRY, Delivery, backoff
from tests.adapters.store.samples import (
    NOW,
    acknowledge,
    events_of,
    look,
    mail,
    person_reply,
    put,
    put_answering,
    put_held,
    replies_of,
)
from tests.servers.dovecot import free_port
from tests.servers.postgres import running_postgres
from tests.servers.smtp_fault import Fault, FaultServer, Then, refuse

LEASE = timedelta(minutes=10)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OURS = ReplyFrom("education@example.org", "Education", "bounces@example.org", "responder-0123456789ab")
EDUCATION = Mailbox("education", Program.EDUCATION, Mode.AUTO, OURS, brake_per_hour=1000)
USER, PASSWORD = "education", "secret"


@dataclass
class Outbox:
    """A mailbox whose replies are owed, its servers, and a clock that the test moves."""

    store: Store
    imap: EmbeddedImap
    server: FaultServer
    transport: SmtpTransport
    inbox: ImapInbox
    now: datetime = NOW
    mailbox: Mailbox = EDUCATION
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def deliver(self) -> int:
        """One group, as the daemon's send stage does it."""
        return self.delivery()

    @property
    def delivery(self) -> Delivery:
        """The service under test."""
        return Delivery(self.store, self.mailbox, self.transport, self.inbox, "test:1", LEASE, lambda: self.now)

    def drain(self) -> None:
        """Every group that is due now."""
        while self.deliver():
            pass

    def owe(self, local: str = "ana") -> tuple[StoredMessage, StoredReply]:
        """An automatic answer owed to local@x.example; its mail lies in the mailbox."""
        return put_answering(self.store, self._arrived(), self.now, **_to(local))

    def owe_receipt(self, local: str = "ana") -> tuple[StoredMessage, StoredReply]:
        """A held message whose receipt is owed."""
        [row] = put(self.store, self._arrived(), at=self.now)
        with self.store.begin() as transaction:
            transaction.decide([acknowledge(row, **_to(local))], self.now)
        return self.message(row), self.reply(row)

    def owe_from_person(self, local: str = "ana") -> tuple[StoredMessage, StoredReply]:
        """A person's own answer is owed."""
        row = put_held(self.store, self._arrived(), self.now)
        with self.store.begin() as transaction:
            own = person_reply(row.message, 2, not_before=self.now, **_to(local))
            transaction.queue_reply(row.id, None, own, Event(self.now, "jo", "answered"))
        return self.message(row), self.reply(row)

    def message(self, row: StoredMessage) -> StoredMessage:
        """As it is now."""
        return look(self.store, row.id)

    def reply(self, row: StoredMessage) -> StoredReply:
        """The message's last reply as it is now."""
        return replies_of(self.store, row.id)[-1]

    def stages(self, row: StoredMessage) -> tuple[ReplyStage, MessageStage]:
        """Of the reply and of its message."""
        return self.reply(row).stage, self.message(row).stage

    @property
    def copies(self) -> Counter[str]:
        """How many mails the server holds, by local part of the recipient."""
        return Counter(one.recipients[0].partition("@")[0] for one in self.server.received)

    def person(self) -> IMAPClient:
        """A person's mail program with the mailbox open."""
        client = IMAPClient("127.0.0.1", self.imap.port, ssl=False, timeout=10)
        client.login(USER, PASSWORD)
        client.select_folder("INBOX")
        return client

    def _arrived(self) -> Message:
        number = next(self.numbers)
        message_id = f"<mail.{number}@uni.example>"
        raw = f"From: ana@uni.example\r\nMessage-ID: {message_id}\r\n\r\nHello {number}\r\n".encode()
        uid = self.imap.deliver(USER, raw)
        return mail(uid, uidvalidity=self.inbox.select(), message_id=message_id)


def _to(local: str) -> dict[str, str]:
    return {"to": f"{local}@x.example"}


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with our tables, to copy from."""
    path = tmp_path_factory.mktemp("delivery") / "migrated.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def outbox(migrated: Path, tmp_path: Path) -> Iterator[Outbox]:
    """All of it, empty."""
    shutil.copy(migrated, tmp_path / "store.db")
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    with EmbeddedImap({USER: PASSWORD}) as imap, FaultServer() as server:
        transport = SmtpTransport(server.endpoint(), timeout=5, final_timeout=0.5)
        inbox = ImapInbox(imap.endpoint(USER), size_limit=20_000, timeout=5)
        yield Outbox(store, imap, server, transport, inbox)
        transport.close()
        inbox.close()
    store.close()


# ------------------------------------------------------------------------------------------------------------- outcomes


def test_accepted(outbox: Outbox) -> None:
    """The reply is SENT with the server's words, the message ANSWERED; the server has one copy with our envelope."""
    row, reply = outbox.owe()
    assert outbox.deliver() == 1
    sent = outbox.reply(row)
    assert outbox.stages(row) == (ReplyStage.SENT, MessageStage.ANSWERED)
    assert (sent.sent_at, sent.words, sent.attempts) == (NOW, "250 2.0.0 kept", 1)
    [received] = outbox.server.received
    assert (received.sender, received.recipients) == ("bounces@example.org", ("ana@x.example",))
    assert received.data == reply.outgoing.data + b"\r\n"
    assert outbox.deliver() == 0


def test_the_attempt_is_on_record_before_the_wire(outbox: Outbox) -> None:
    """When the server sees the mail, the database says SENDING, whatever happens next."""
    row, _ = outbox.owe()
    seen: list[ReplyStage] = []
    outbox.server.on_mail = lambda _: seen.append(outbox.reply(row).stage)
    outbox.deliver()
    assert seen == [ReplyStage.SENDING]
    assert events_of(outbox.store, row.id)[-3:] == ["reply sending", "reply sent", "answered"]


def test_a_receipt_leaves_its_message_with_the_person(outbox: Outbox) -> None:
    """SENT, and the message stays HELD."""
    row, _ = outbox.owe_receipt()
    outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.SENT, MessageStage.HELD)


def test_a_persons_answer_is_sent_like_any_other(outbox: Outbox) -> None:
    """SENT and ANSWERED."""
    row, _ = outbox.owe_from_person()
    outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.SENT, MessageStage.ANSWERED)


@pytest.mark.parametrize("fault", ["451-rcpt", "452-data", "421-dot", "451-dot", "lost-rcpt", "lost-data"])
def test_deferred_waits_and_goes_out_once(outbox: Outbox, fault: str) -> None:
    """QUEUED again with the words and a time; not before that time; then SENT, one copy."""
    outbox.server._once = True
    row, _ = outbox.owe(fault)
    outbox.deliver()
    waiting = outbox.reply(row)
    assert outbox.stages(row) == (ReplyStage.QUEUED, MessageStage.ANSWERING)
    assert 0.9 * FIRST_RETRY <= waiting.not_before - NOW <= 1.1 * FIRST_RETRY
    assert waiting.words
    outbox.now = waiting.not_before - timedelta(seconds=1)
    assert outbox.deliver() == 0
    outbox.now = waiting.not_before
    assert outbox.deliver() == 1
    assert outbox.stages(row) == (ReplyStage.SENT, MessageStage.ANSWERED)
    assert outbox.reply(row).attempts == 2
    assert outbox.copies == {fault: 1}


def test_deferred_too_often_goes_to_a_person(outbox: Outbox) -> None:
    """After ATTEMPTS it is FAILED and HELD with the server's last words, and never tried again."""
    row, _ = outbox.owe("451-rcpt")
    for attempt in range(1, ATTEMPTS + 1):
        assert outbox.deliver() == 1
        assert outbox.reply(row).attempts == attempt
        outbox.now = max(outbox.reply(row).not_before, outbox.now)
    assert outbox.stages(row) == (ReplyStage.FAILED, MessageStage.HELD)
    assert [(f.rule, f.detail) for f in outbox.message(row).findings] == [("outbox.rejected", "451 not today")]
    assert 12 * HOUR < outbox.now - NOW < 2 * DAY
    outbox.now += 30 * DAY
    assert outbox.deliver() == 0


@pytest.mark.parametrize("fault", ["554-rcpt", "554-data", "554-dot"])
def test_rejected_goes_to_a_person_with_the_servers_words(outbox: Outbox, fault: str) -> None:
    """FAILED at once, HELD, the words in the finding; nothing at the server."""
    row, _ = outbox.owe(fault)
    outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.FAILED, MessageStage.HELD)
    [finding] = outbox.message(row).findings
    assert (finding.rule, dict(finding.slots)) == ("outbox.rejected", {"words": "554 not today"})
    assert outbox.deliver() == 0
    assert outbox.copies == {}


@pytest.mark.parametrize(("fault", "rule"), [("554-rcpt", "outbox.rejected"), ("lost-dot", "outbox.in-doubt")])
def test_a_receipt_that_fails_is_visible(outbox: Outbox, fault: str, rule: str) -> None:
    """The message stays HELD, and what became of its receipt stands among its reasons and events."""
    row, _ = outbox.owe_receipt(fault)
    outbox.deliver()
    assert outbox.message(row).stage is MessageStage.HELD
    assert rule in [finding.rule for finding in outbox.message(row).findings]
    assert events_of(outbox.store, row.id)[-1] == "noted"


@pytest.mark.parametrize("fault", ["lost-dot", "lost-dot-kept", "hang-dot", "hang-dot-kept", "garbage-dot-kept"])
def test_in_doubt_goes_to_a_person_and_never_out_again(outbox: Outbox, fault: str) -> None:
    """Kept or not, we cannot know: IN_DOUBT and HELD for good; the next replies go out."""
    row, _ = outbox.owe(fault)
    other, _ = outbox.owe("ben")
    outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.IN_DOUBT, MessageStage.HELD)
    assert outbox.stages(other) == (ReplyStage.SENT, MessageStage.ANSWERED)
    assert [finding.rule for finding in outbox.message(row).findings] == ["outbox.in-doubt"]
    outbox.now += DAY
    assert outbox.deliver() == 0
    assert outbox.copies == {fault: 1, "ben": 1} if fault.endswith("kept") else {"ben": 1}


def test_in_doubt_and_found_in_sent_is_sent(outbox: Outbox) -> None:
    """A provider that files its own copies settles the doubt."""
    row, reply = outbox.owe("lost-dot-kept")

    def file_copy(_: object) -> None:
        outbox.imap.deliver(USER, b"Message-ID: " + reply.outgoing.message_id.encode() + b"\r\n\r\n", folder="Sent")

    outbox.server.on_mail = file_copy
    outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.SENT, MessageStage.ANSWERED)
    assert outbox.reply(row).words == "found in Sent"


# -------------------------------------------------------------------------------------------------------- interruptions


def leased_by_the_dead(outbox: Outbox) -> tuple[StoredMessage, StoredReply]:
    """A reply that some process leased and never settled."""
    row, reply = outbox.owe()
    with outbox.store.begin() as transaction:
        transaction.lease("education", GROUP, outbox.now, outbox.now + LEASE, "dead:1", automatic=GROUP)
    return row, reply


def test_an_expired_lease_is_in_doubt(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    """Its process may have sent it: left alone until the lease ends, then given to a person, never sent."""
    row, _ = leased_by_the_dead(outbox)
    outbox.now += LEASE - timedelta(seconds=1)
    assert outbox.deliver() == 0
    assert outbox.reply(row).stage is ReplyStage.SENDING
    outbox.now += timedelta(seconds=1)
    assert outbox.deliver() == 0
    assert outbox.stages(row) == (ReplyStage.IN_DOUBT, MessageStage.HELD)
    assert "unknown sends found" in caplog.text
    assert outbox.copies == {}


def test_an_expired_lease_found_in_sent_is_sent(outbox: Outbox) -> None:
    """The copy in Sent is the proof."""
    row, reply = leased_by_the_dead(outbox)
    outbox.inbox.keep_sent([(reply.outgoing.message_id, reply.outgoing.data)])
    copy = b"Message-ID: " + reply.outgoing.message_id.encode() + b"\r\n\r\n"
    outbox.imap.deliver(USER, copy, folder="Sent")
    outbox.now += LEASE
    outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.SENT, MessageStage.ANSWERED)
    assert outbox.copies == {}


def test_no_server_there_leaves_everything_queued(outbox: Outbox) -> None:
    """A day without the SMTP server costs no attempt and writes no history; then it goes out once."""
    row, _ = outbox.owe()
    before = events_of(outbox.store, row.id)
    there, away = outbox.transport, SmtpTransport(Endpoint("127.0.0.1", free_port(), Security.PLAIN), timeout=1)
    outbox.transport = away
    for _ in range(ATTEMPTS + 3):
        with pytest.raises(TransportError):
            outbox.deliver()
        outbox.now += HOUR
    assert outbox.stages(row) == (ReplyStage.QUEUED, MessageStage.ANSWERING)
    assert outbox.reply(row).attempts == 0
    assert events_of(outbox.store, row.id) == before
    outbox.transport = there
    outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.SENT, MessageStage.ANSWERED)
    assert outbox.copies == {"ana": 1}


def test_a_refused_account_costs_no_attempt(outbox: Outbox) -> None:
    """Days of 530 at MAIL: still QUEUED without a counted attempt, so that the first real deferral is not the last."""
    row, _ = outbox.owe()
    for _ in range(ATTEMPTS + 3):
        outbox.server.plan(refuse("MAIL", 530), refuse("MAIL", 530))
        with pytest.raises(TransportError, match="refuses this account"):
            outbox.deliver()
        outbox.server._planned.clear()
        assert outbox.stages(row) == (ReplyStage.QUEUED, MessageStage.ANSWERING)
        assert outbox.reply(row).attempts == 0
        outbox.now += HOUR
    outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.SENT, MessageStage.ANSWERED)


def test_a_group_interrupted_half_way_settles_what_was_sent(outbox: Outbox) -> None:
    """The server goes away at the third of five: two are SENT, three wait uncounted; in the end one copy of each."""
    rows = [outbox.owe(f"r{number}")[0] for number in range(5)]

    def go_away_after_two(_: object) -> None:
        if len(outbox.server.received) == 1:
            outbox.server.plan(Fault("MAIL", then=Then.CLOSE), refuse("CONNECT", 421))

    outbox.server.on_mail = go_away_after_two
    with pytest.raises(TransportError):
        outbox.deliver()
    assert [outbox.reply(row).stage for row in rows] == [ReplyStage.SENT] * 2 + [ReplyStage.QUEUED] * 3
    assert [outbox.message(row).stage for row in rows[:3]] == [MessageStage.ANSWERED] * 2 + [MessageStage.ANSWERING]
    assert [outbox.reply(row).attempts for row in rows] == [1, 1, 0, 0, 0]
    assert outbox.reply(rows[2]).words == "not begun: a server was away"
    outbox.now += FIRST_RETRY
    outbox.drain()
    assert {outbox.reply(row).stage for row in rows} == {ReplyStage.SENT}
    assert outbox.copies == {f"r{number}": 1 for number in range(5)}


def test_no_mailbox_there_leaves_everything_queued(outbox: Outbox) -> None:
    """Without a look whether a person was quicker, nothing is sent, nothing leased."""
    row, _ = outbox.owe()
    outbox.imap.stop()
    outbox.inbox.close()
    for _ in range(3):
        with pytest.raises(InboxError):
            outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.QUEUED, MessageStage.ANSWERING)
    assert (outbox.reply(row).attempts, outbox.copies) == (0, {})


@pytest.mark.parametrize("fault", ["lost-dot-kept", "lost-dot"])
def test_in_doubt_without_a_look_into_sent_is_never_queued(outbox: Outbox, fault: str) -> None:
    """The mailbox goes away just then: the reply stays SENDING, its lease runs out, then Sent is looked into."""
    row, _ = outbox.owe(fault)
    other, _ = outbox.owe("ben")
    outbox.server.on_mail = lambda _: outbox.imap.stop()
    with pytest.raises(InboxError):
        outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.SENDING, MessageStage.ANSWERING)
    assert outbox.stages(other) == (ReplyStage.QUEUED, MessageStage.ANSWERING)
    outbox.server.on_mail = None
    outbox.imap.start()
    outbox.inbox.close()
    outbox.now += LEASE
    outbox.drain()
    assert outbox.stages(row) == (ReplyStage.IN_DOUBT, MessageStage.HELD)
    assert outbox.stages(other) == (ReplyStage.SENT, MessageStage.ANSWERED)
    assert outbox.copies == {fault: 1, "ben": 1} if fault == "lost-dot-kept" else {"ben": 1}


class Broken(SmtpTransport):
    """Hands the mail over, then fails in a way nobody has thought of."""

    def send(self, outgoing: Outgoing) -> Outcome:
        """Send it and lose the answer."""
        super().send(outgoing)
        raise RuntimeError("a mistake of ours")


def test_an_error_of_ours_after_the_wire_is_never_queued(outbox: Outbox) -> None:
    """Whatever is raised after a mail may have gone out, it does not go out again; the rest of the group does."""
    row, _ = outbox.owe()
    other, _ = outbox.owe("ben")
    sound, outbox.transport = outbox.transport, Broken(outbox.server.endpoint())
    with closing(outbox.transport), pytest.raises(RuntimeError):
        outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.SENDING, MessageStage.ANSWERING)
    outbox.transport = sound
    outbox.now += LEASE
    outbox.drain()
    assert outbox.stages(row) == (ReplyStage.IN_DOUBT, MessageStage.HELD)
    assert outbox.stages(other) == (ReplyStage.SENT, MessageStage.ANSWERED)
    assert outbox.copies == {"ana": 1, "ben": 1}


def test_a_slow_server_does_not_outlast_the_lease(outbox: Outbox) -> None:
    """Past half of the lease nothing new is begun; what was not begun counts no attempt and goes out later."""
    rows = [outbox.owe(f"r{number}")[0] for number in range(6)]

    def pass_time(_: object) -> None:
        outbox.now += 3 * MINUTE

    outbox.server.on_mail = pass_time
    outbox.deliver()
    assert [outbox.reply(row).stage for row in rows] == [ReplyStage.SENT] * 2 + [ReplyStage.QUEUED] * 4
    assert [outbox.reply(row).attempts for row in rows] == [1, 1, 0, 0, 0, 0]
    outbox.drain()
    assert outbox.copies == {f"r{number}": 1 for number in range(6)}


# --------------------------------------------------------------------------------------------------------------- people


def flag(outbox: Outbox, row: StoredMessage) -> None:
    r"""A person's mail program sets \Answered."""
    with outbox.person() as client:
        client.add_flags([row.message.key.uid], [rb"\Answered"])


def reply_in_sent(outbox: Outbox, row: StoredMessage) -> None:
    """A person's answer lies in Sent."""
    answer = f"From: education@example.org\r\nMessage-ID: <p@x>\r\nIn-Reply-To: {row.message.message_id}\r\n\r\nHi\r\n"
    outbox.imap.deliver(USER, answer.encode(), folder="Sent")


@pytest.mark.parametrize("answer", [flag, reply_in_sent])
@pytest.mark.parametrize("owe", [Outbox.owe, Outbox.owe_receipt])
def test_a_person_was_quicker(
    outbox: Outbox,
    owe: Callable[[Outbox], tuple[StoredMessage, StoredReply]],
    answer: Callable[[Outbox, StoredMessage], None],
) -> None:
    """Answered from a mail program while ours waited: CANCELLED and CLOSED, nothing on the wire; others go out."""
    row, _ = owe(outbox)
    other, _ = outbox.owe("ben")
    answer(outbox, row)
    outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.CANCELLED, MessageStage.CLOSED)
    assert outbox.reply(row).words == "answered by a person"
    assert outbox.stages(other) == (ReplyStage.SENT, MessageStage.ANSWERED)
    assert outbox.copies == {"ben": 1}


def test_what_a_person_wrote_here_goes_out_all_the_same(outbox: Outbox) -> None:
    """A second answer that a person wants is a person's business."""
    row, _ = outbox.owe_from_person()
    flag(outbox, row)
    outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.SENT, MessageStage.ANSWERED)


def test_a_flag_in_another_incarnation_says_nothing(outbox: Outbox) -> None:
    """After a change of UIDVALIDITY the same UID is another mail."""
    row, _ = outbox.owe()
    flag(outbox, row)
    old = mail(row.message.key.uid, uidvalidity=row.message.key.uidvalidity - 1)
    other, _ = put_answering(outbox.store, old, NOW, to="ben@x.example")
    outbox.deliver()
    assert outbox.stages(row) == (ReplyStage.CANCELLED, MessageStage.CLOSED)
    assert outbox.stages(other) == (ReplyStage.SENT, MessageStage.ANSWERED)


@pytest.mark.parametrize("mode", [Mode.DRAFT, Mode.SHADOW])
def test_auto_mode_switched_off_withdraws_what_is_owed(outbox: Outbox, mode: Mode) -> None:
    """Automatic replies go to a person instead, receipts are dropped, what people wrote is sent."""
    answer, receipt, own = outbox.owe("a")[0], outbox.owe_receipt("b")[0], outbox.owe_from_person("c")[0]
    outbox.mailbox = replace(EDUCATION, mode=mode)
    outbox.drain()
    assert outbox.stages(answer) == (ReplyStage.CANCELLED, MessageStage.HELD)
    assert "mode.draft" in [finding.rule for finding in outbox.message(answer).findings]
    assert outbox.stages(receipt) == (ReplyStage.CANCELLED, MessageStage.HELD)
    assert outbox.stages(own) == (ReplyStage.SENT, MessageStage.ANSWERED)
    assert outbox.copies == {"c": 1}


# ----------------------------------------------------------------------------------------------------------- the brake


def state_of(outbox: Outbox) -> tuple[bool, str]:
    """Whether the mailbox is paused, and why."""
    with outbox.store.begin() as transaction:
        state = transaction.mailbox("education", outbox.now)
    return state.paused_at is not None, state.pause_reason


def resume(outbox: Outbox) -> None:
    """A person's `resume`."""
    with outbox.store.begin() as transaction:
        transaction.resume("education", outbox.now, "jo")


def test_the_brake_lets_exactly_its_number_out(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    """Five an hour: five go out, the mailbox pauses itself with one critical line, the rest stays QUEUED."""
    outbox.mailbox = replace(EDUCATION, brake_per_hour=5)
    rows = [outbox.owe(f"r{number}")[0] for number in range(8)]
    outbox.drain()
    assert len(outbox.server.received) == 5
    assert Counter(outbox.reply(row).stage for row in rows) == {ReplyStage.SENT: 5, ReplyStage.QUEUED: 3}
    assert state_of(outbox) == (True, "brake: 5 automatic replies in an hour, 5 allowed")
    critical = [record.message for record in caplog.records if record.levelno == logging.CRITICAL]
    assert critical == ["mailbox paused itself"]
    outbox.now += DAY
    outbox.drain()
    assert len(outbox.server.received) == 5  # nothing goes by itself, however long one waits
    resume(outbox)
    outbox.drain()
    assert outbox.copies == {f"r{number}": 1 for number in range(8)}
    assert state_of(outbox) == (False, "")


def test_resume_starts_the_window_anew(outbox: Outbox) -> None:
    """A person who resumes at once gets as many again, then the brake holds again."""
    outbox.mailbox = replace(EDUCATION, brake_per_hour=3)
    for number in range(8):
        outbox.owe(f"r{number}")
    for expected in (3, 6, 8):
        outbox.drain()
        assert len(outbox.server.received) == expected
        resume(outbox)
        outbox.now += timedelta(seconds=1)


def test_the_window_is_an_hour(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    """Replies older than an hour leave room; a mailbox that never has more owed than room is never paused."""
    outbox.mailbox = replace(EDUCATION, brake_per_hour=2)
    for number in range(6):
        outbox.owe(f"r{number}")
        outbox.drain()
        outbox.now += 31 * MINUTE
    assert len(outbox.server.received) == 6
    assert state_of(outbox) == (False, "")
    assert not [record for record in caplog.records if record.levelno == logging.CRITICAL]


def test_receipts_count_and_deferred_ones_do_not(outbox: Outbox) -> None:
    """The brake is about what went out by itself: receipts too, attempts that failed not."""
    outbox.mailbox = replace(EDUCATION, brake_per_hour=2)
    outbox.owe("451-rcpt")
    outbox.owe_receipt("a")
    outbox.drain()
    outbox.owe("b")
    outbox.owe("c")
    outbox.drain()
    assert outbox.copies == {"a": 1, "b": 1}
    assert state_of(outbox)[0]


def test_a_paused_mailbox_still_sends_what_people_wrote(outbox: Outbox) -> None:
    """Paused by a person or by the brake, people go on."""
    waiting, _ = outbox.owe("a")
    own, _ = outbox.owe_from_person("b")
    with outbox.store.begin() as transaction:
        transaction.pause("education", outbox.now, "jo", "holiday")
    outbox.drain()
    assert outbox.stages(own) == (ReplyStage.SENT, MessageStage.ANSWERED)
    assert outbox.stages(waiting) == (ReplyStage.QUEUED, MessageStage.ANSWERING)
    assert outbox.copies == {"b": 1}


def test_people_are_not_braked(outbox: Outbox) -> None:
    """What people wrote goes out past the brake and does not count for it."""
    outbox.mailbox = replace(EDUCATION, brake_per_hour=1)
    for name in ("a", "b", "c"):
        outbox.owe_from_person(name)
    outbox.owe("d")
    outbox.drain()
    assert outbox.copies == dict.fromkeys("abcd", 1)
    assert state_of(outbox) == (False, "")


def test_two_daemons_share_one_brake(outbox: Outbox) -> None:
    """On one PostgreSQL, the second daemon waits until the first has leased, and sees that no room is left."""
    with running_postgres() as postgres:
        url = postgres.create("brake")
        with closing(open_store(url)) as first, closing(open_store(url)) as second:
            outbox.store, outbox.mailbox = second, replace(EDUCATION, brake_per_hour=5)
            for number in range(8):
                outbox.owe(f"r{number}")
            other = threading.Thread(target=outbox.drain)
            with first.begin() as transaction:
                assert transaction.sent_since("education", NOW - HOUR) == 0
                other.start()
                other.join(1)  # it comes as far as it can
                assert len(transaction.lease("education", GROUP, NOW, NOW + LEASE, "first", automatic=5)) == 5
            other.join(30)
            assert outbox.copies == {}
            assert state_of(outbox)[0]


# ------------------------------------------------------------------------------------------------------------- the rest


def test_a_group_is_small(outbox: Outbox) -> None:
    """At most GROUP at once, so that a kill leaves little in doubt; one connection carries them all."""
    for number in range(GROUP + 3):
        outbox.owe(f"r{number}")
    assert [outbox.deliver() for _ in range(3)] == [GROUP, 3, 0]
    assert (len(outbox.server.received), outbox.server.sessions) == (GROUP + 3, 1)


def test_nothing_owed_bothers_nobody(outbox: Outbox) -> None:
    """No connection is made and no lease written before something is due."""
    assert outbox.deliver() == 0
    row, _ = outbox.owe()
    outbox.now -= MINUTE
    assert outbox.deliver() == 0
    assert outbox.server.sessions == 0
    assert outbox.reply(row).attempts == 0


def test_the_log_tells_outcomes_and_no_content(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    """Which reply, which mailbox, what came of it; no address, no words, no body."""
    caplog.set_level(logging.DEBUG, "responder")
    _, reply = outbox.owe("554-rcpt")
    outbox.deliver()
    [attempt] = [record for record in caplog.records if record.message == "attempt"]
    assert (attempt.reply, attempt.mailbox, attempt.outcome) == (reply.id, "education", "rejected")  # type: ignore[attr-defined]
    assert not any("x.example" in str(vars(record)) for record in caplog.records if record.name.startswith("responder"))


def test_backoff_doubles_up_to_its_end() -> None:
    """A minute, two, four .. six hours, each within a tenth; no number of attempts is too large."""
    for attempts in (1, 2, 3, 9, 10, 40, 10_000):
        step = min(FIRST_RETRY * 2 ** min(attempts - 1, 20), LAST_RETRY)
        assert all(0.9 * step <= backoff(attempts) <= 1.1 * step for _ in range(50))
