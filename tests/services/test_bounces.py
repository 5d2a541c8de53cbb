"""Delivery reports: which of them are about a reply of ours, and what follows."""

from datetime import timedelta

import pytest

from responder.core.lifecycle import MessageStage
from tests.system.installation import LAWYER, RENEWAL, SEATS, Installation, mail, rules


def report(original: str, *, action: str = "failed", headers: str = "", returned: str = "text/rfc822-headers") -> bytes:
    """A report (RFC 3464) that returns a header with this Message-ID."""
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.uni.example\r\nTo: education@company.example\r\n"
        f"Subject: Undelivered Mail\r\nMessage-ID: <report-{action}-{len(original)}@mx.uni.example>\r\n{headers}"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.uni.example\r\n\r\n"
        f"Final-Recipient: rfc822; somebody-else@uni.example\r\nAction: {action}\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: {returned}\r\n\r\nMessage-ID: {original}\r\nSubject: Re: x\r\n\r\n--b--\r\n"
    ).encode()


@pytest.fixture
def answered(ours: Installation) -> str:
    """The Message-ID of a reply of ours that went out."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.work()
    return str(ours.sent[0][1]["Message-ID"])


def came_back(ours: Installation) -> bool:
    """Whether the first message lies with a person because our reply bounced."""
    first = ours.messages()[0]
    return first.stage is MessageStage.HELD and "outbox.bounced" in rules(first)


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
def test_by_the_returned_header(ours: Installation, answered: str, returned: str) -> None:
    """The id in what the report returns names our reply, be it the header or the whole mail."""
    ours.deliver(report(answered, returned=returned))
    ours.work()
    assert came_back(ours)
    assert [event.what for event in ours.app.review.events(ours.messages()[0].id)][-1] == "bounced"


@pytest.mark.parametrize("field", ["In-Reply-To", "References"])
def test_by_the_thread(ours: Installation, answered: str, field: str) -> None:
    """Some servers return another id but say what they answer."""
    ours.deliver(report("<other@gateway.example>", headers=f"{field}: {answered}\r\n"))
    ours.work()
    assert came_back(ours)


def test_the_address_we_wrote_to_is_left_in_peace(ours: Installation, answered: str) -> None:
    """Whatever recipient the report names: it is our record that tells whom we wrote to."""
    ours.deliver(report(answered))
    ours.work()
    ours.ahead = timedelta(days=10)
    ours.deliver(mail("ana@uni.example", SEATS, message_id="<2@uni.example>"))
    ours.deliver(mail("somebody-else@uni.example", SEATS))
    ours.work()
    ana, other = ours.messages()[-2:]
    assert "cap.bounced" in rules(ana)
    assert "cap.bounced" not in rules(other)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_reports_of_no_failure(ours: Installation, answered: str, action: str) -> None:
    """Only a failure takes an answer back."""
    ours.deliver(report(answered, action=action))
    ours.work()
    assert ours.messages()[0].stage is MessageStage.ANSWERED


def test_mail_that_is_not_ours(ours: Installation, answered: str) -> None:
    """A report about somebody else's mail is ignored and changes nothing."""
    ours.deliver(report("<somebody@else.example>"))
    ours.work()
    first, other = ours.messages()
    assert answered
    assert (first.stage, other.stage) == (MessageStage.ANSWERED, MessageStage.IGNORED)


def test_a_person_who_quotes_our_id(ours: Installation, answered: str) -> None:
    """An ordinary answer names our reply, too: it is no report, and the answer stays one."""
    ours.deliver(mail("ana@uni.example", LAWYER, f"In-Reply-To: {answered}", message_id="<2@uni.example>"))
    ours.work()
    assert ours.messages()[0].stage is MessageStage.ANSWERED


def test_the_same_failure_told_twice(ours: Installation, answered: str) -> None:
    """A second report about the same reply adds nothing, neither while the message waits nor after it was closed."""
    ours.deliver(report(answered))
    ours.deliver(report(answered, headers="X-Second: yes\r\n"))
    ours.work()
    first = ours.messages()[0]
    assert [finding.rule for finding in first.findings].count("outbox.bounced") == 1


def test_a_receipt(ours: Installation) -> None:
    """The held message says so, and keeps waiting."""
    ours.deliver(mail("bob@college.example", SEATS))
    ours.work()
    ours.deliver(report(str(ours.sent[0][1]["Message-ID"])))
    ours.work()
    assert came_back(ours)
    events = ours.app.review.events(ours.messages()[0].id)
    assert ("bounced", "our receipt was not delivered") in [(event.what, event.why) for event in events]


def test_a_bounce_while_a_person_answers(ours: Installation) -> None:
    """The receipt came back while a person's answer waits for its undo time: the answer is not lost by it."""
    ours.deliver(mail("bob@college.example", SEATS))
    ours.work()
    held = ours.messages()[0]
    ours.app.review.edit(held.id, "Re: seats\n\nDone.")
    ours.app.review.send(held.id, "jo", wait=timedelta(minutes=5))
    ours.deliver(report(str(ours.sent[0][1]["Message-ID"])))
    ours.work()
    waiting = ours.messages()[0]
    assert waiting.stage is MessageStage.ANSWERING
    assert "outbox.bounced" in rules(waiting)
    ours.ahead = timedelta(minutes=6)
    ours.work()
    assert len(ours.sent) == 2
