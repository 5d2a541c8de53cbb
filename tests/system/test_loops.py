"""Machines that answer machines: whatever they do, we fall silent, and a person sees what must be seen."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from email import message_from_bytes
from email.message import Message as Mail
from itertools import count
from pathlib import Path

import pytest

from responder.core.lifecycle import MessageStage, ReplyStage
from responder.demo.imap_server import EmbeddedImap
from responder.demo.smtp_sink import EmbeddedSink, Received
from tests.system.installation import (
    APPLY,
    DOMAIN,
    LAWYER,
    PASSWORD,
    RENEWAL,
    SEATS,
    Installation,
    installed,
    mail,
    rules,
)

ROUNDS = 6
OTHER = "opensource@other.example"
MARKS = re.compile(
    rb"(?mi)^(?:Auto-Submitted|X-Auto-Response-Suppress|Precedence|X-Loop|Original-Message-ID):.*\r\n(?:[ \t].*\r\n)*"
)
THREADING = re.compile(rb"(?mi)^(?:In-Reply-To|References):.*\r\n(?:[ \t].*\r\n)*")


def untouched(raw: bytes) -> bytes:
    """A way that delivers mail as it is."""
    return raw


def unmarked(raw: bytes) -> bytes:
    """A gateway that takes off every mark of an automatic reply."""
    return MARKS.sub(b"", raw)


def stripped(raw: bytes) -> bytes:
    """A gateway that takes off the marks and the threading, and writes Message-IDs of its own."""
    bare = THREADING.sub(b"", unmarked(raw))
    return re.sub(rb"(?mi)^Message-ID:.*\r\n", b"Message-ID: <%d@gateway.example>\r\n" % next(_IDS), bare)


_IDS = count(1)


@pytest.fixture
def facing(tmp_path: Path) -> Iterator[Callable[[Callable[[bytes], bytes]], tuple[Installation, Installation]]]:
    """Makes two installations; what one sends is delivered to the other, changed by what lies on the way."""
    with ExitStack() as stack:

        def made(way: Callable[[bytes], bytes]) -> tuple[Installation, Installation]:
            ours = stack.enter_context(EmbeddedImap({"education": PASSWORD}))
            theirs = stack.enter_context(EmbeddedImap({"opensource": PASSWORD}))

            def into(imap: EmbeddedImap, user: str) -> Callable[[Received], None]:
                def deliver(received: Received) -> None:
                    imap.deliver(user, b"Return-Path: <%s>\r\n%s" % (received.sender.encode(), way(received.data)))

                return deliver

            to_them = stack.enter_context(EmbeddedSink(on_message=into(theirs, "opensource")))
            to_us = stack.enter_context(EmbeddedSink(on_message=into(ours, "education")))
            folders = [tmp_path / "ours", tmp_path / "theirs"]
            for folder in folders:
                folder.mkdir()
            other = {"MAILBOXES__OPENSOURCE__ADDRESS": OTHER, "STAFF_DOMAINS": "other.example"}
            pair = (
                Installation(folders[0], ours, to_them),
                Installation(folders[1], theirs, to_us, names=("opensource",), extra=other),
            )
            for one in pair:
                stack.callback(one.close)
            return pair

        yield made


@pytest.mark.parametrize("way", [untouched, unmarked, stripped])
@pytest.mark.parametrize("ask", [RENEWAL, SEATS], ids=["reply", "receipt"])
def test_two_responders_facing_each_other(
    facing: Callable[..., tuple[Installation, Installation]], way: Callable[[bytes], bytes], ask: str
) -> None:
    """Each sends one reply at most, even where the mail between them loses every mark; then there is silence."""
    ours, theirs = facing(way)
    ours.deliver(mail(OTHER, ask))
    for _ in range(ROUNDS):
        ours.work()
        theirs.work()
    assert len(ours.sent) == 1
    assert len(theirs.sent) <= 1
    before = len(ours.sent), len(theirs.sent)
    for one in (ours, theirs):
        one.ahead += timedelta(minutes=10)
        one.work()
    assert (len(ours.sent), len(theirs.sent)) == before
    if way is untouched:
        (received,) = theirs.messages("opensource")
        assert received.stage is MessageStage.IGNORED
        assert "marker.auto-submitted" in rules(received)


Responder = Callable[[Mail, int], bytes]


def _answer(reply: Mail, number: int, text: str, *headers: str, subject: str = "Re: our licence") -> bytes:
    return mail(str(reply["To"]), text, *headers, subject=subject, message_id=f"<away-{number}@uni.example>")


def away(reply: Mail, number: int) -> bytes:
    """Names what it answers, says that it is away."""
    return _answer(reply, number, "I am away until next week.", f"In-Reply-To: {reply['Message-ID']}")


def away_without_thread(reply: Mail, number: int) -> bytes:
    """Names nothing."""
    return _answer(reply, number, "I am away until next week.", subject="I am away")


def parrot(reply: Mail, number: int) -> bytes:
    """Sends the same ask again and names nothing."""
    assert reply["Message-ID"]
    return _answer(reply, number, RENEWAL)


def inventive(reply: Mail, number: int) -> bytes:
    """Another ask each time, in the thread by the subject alone."""
    asks = (SEATS, APPLY, RENEWAL)
    return _answer(reply, number, asks[number % 3], f"References: {reply['Message-ID']}")


def quoting(reply: Mail, number: int) -> bytes:
    """Sends our own words back."""
    (plain, *_) = reply.get_payload()
    return _answer(reply, number, plain.get_payload(decode=True).decode(), subject=str(reply["Subject"]))


@pytest.mark.parametrize("vacation", [away, away_without_thread, parrot, inventive, quoting])
def test_a_responder_that_marks_nothing(tmp_path: Path, vacation: Responder) -> None:
    """It answers every mail of ours as if it were a person: it gets the one reply, everything after it is held."""
    numbers = count(1)
    with EmbeddedImap({"education": PASSWORD}) as imap:

        def answer(received: Received) -> None:
            imap.deliver("education", vacation(message_from_bytes(received.data), next(numbers)))

        with EmbeddedSink(on_message=answer) as sink:
            ours = Installation(tmp_path, imap, sink)
            ours.deliver(mail("ana@uni.example", RENEWAL))
            for _ in range(ROUNDS):
                ours.work()
                ours.ahead += timedelta(minutes=10)
            assert [who for who, _ in ours.sent] == ["ana@uni.example"]
            first, *rest = ours.messages()
            assert first.stage is MessageStage.ANSWERED
            assert [one.stage for one in rest] == [MessageStage.HELD]
            ours.close()


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Installation]:
    """One installation."""
    with installed(tmp_path) as made:
        yield made


def bounce(reply: bytes, *, action: str = "failed", thread: str = "") -> bytes:
    """What a mail server sends back (RFC 3464), with the returned header only."""
    header = reply.partition(b"\r\n\r\n")[0].decode()
    recipient = message_from_bytes(reply)["To"]
    return (
        "Return-Path: <>\r\n"
        "From: MAILER-DAEMON@mx.uni.example\r\n"
        f"To: education@{DOMAIN}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        "Message-ID: <report@mx.uni.example>\r\n"
        f"{thread}"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThe mail could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.uni.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{header}\r\n\r\n--b--\r\n"
    ).encode()


def test_a_reply_that_bounces(ours: Installation) -> None:
    """The bounce is ignored but linked: its message is back with a person; the address gets nothing for 60 days."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.work()
    ours.deliver(bounce(ours.sink.received[0].data))
    ours.work()
    first, report = ours.messages()
    assert (first.stage, report.stage) == (MessageStage.HELD, MessageStage.IGNORED)
    assert "outbox.bounced" in rules(first)
    assert "shape.report" in rules(report)
    assert [reply.stage for reply in ours.replies(first)] == [ReplyStage.SENT]
    assert "$AutoHeld" in ours.flags()[0]

    ours.ahead = timedelta(days=8)
    ours.deliver(mail("ana@uni.example", APPLY, message_id="<second@uni.example>"), at=ours.now())
    ours.work()
    second = ours.messages()[-1]
    assert second.stage is MessageStage.HELD
    assert "cap.bounced" in rules(second)
    assert len(ours.sent) == 1

    for held in (first, second):
        ours.app.review.dismiss(held.id, "jo", "answered by telephone")
    ours.ahead = timedelta(days=61)
    ours.deliver(mail("ana@uni.example", RENEWAL, message_id="<third@uni.example>"), at=ours.now())
    ours.work()
    assert len(ours.sent) == 2


def test_a_bounce_of_a_receipt(ours: Installation) -> None:
    """Its message is held already; a person reads there that the address failed."""
    ours.deliver(mail("ana@uni.example", SEATS))
    ours.work()
    ours.deliver(bounce(ours.sink.received[0].data))
    ours.work()
    first = ours.messages()[0]
    assert first.stage is MessageStage.HELD
    assert "outbox.bounced" in rules(first)


def test_a_delay_is_no_bounce(ours: Installation) -> None:
    """A report that a server still tries changes nothing: the answer stays an answer."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.work()
    ours.deliver(bounce(ours.sink.received[0].data, action="delayed"))
    ours.work()
    first, report = ours.messages()
    assert (first.stage, report.stage) == (MessageStage.ANSWERED, MessageStage.IGNORED)


def test_the_bounce_of_a_persons_answer(ours: Installation) -> None:
    """What a person wrote came back: the person learns of it in the hold queue."""
    ours.deliver(mail("ana@uni.example", LAWYER))
    ours.work()
    review, held = ours.app.review, ours.only()
    review.edit(held.id, "Your notice\n\nWe have it.")
    review.send(held.id, "jo")
    ours.work()
    ours.deliver(bounce(ours.sink.received[0].data))
    ours.work()
    first = ours.messages()[0]
    assert first.stage is MessageStage.HELD
    assert "outbox.bounced" in rules(first)
