"""core.caps: what earlier mail says about answering this one."""

from datetime import UTC, datetime, timedelta

import pytest

from responder.core.caps import FREE_MAIL, History, Limits, caps, conversation
from responder.core.message import Message, MessageKey
from responder.core.parse import parse
from responder.core.reasons import say
from responder.core.verdict import Effect

NOW = datetime(2026, 11, 2, 9, 15, tzinfo=UTC)
TEMPLATE = "education/renewal"


def mail(author: str = "maria@uni.example") -> Message:
    """A person's mail."""
    return parse(b"From: %s\r\n\r\nHello" % author.encode(), MessageKey("education", 1, 1), NOW)


def test_no_history_says_nothing() -> None:
    """The first mail of a person is nobody's repeat."""
    assert conversation(mail(), History()) == ()
    assert caps(History(), TEMPLATE, Limits(), mail()) == ()


@pytest.mark.parametrize(
    ("history", "rule"),
    [
        (History(sender_template={TEMPLATE: 1}), "cap.sender-template"),
        (History(sender_day=2), "cap.sender-day"),
        (History(sender_week=4), "cap.sender-week"),
        (History(thread_automatic=1), "cap.thread"),
        (History(domain_hour=10), "cap.domain"),
        (History(same_text_hour=3), "cap.same-text"),
    ],
)
def test_each_limit_holds_when_it_is_used_up(history: History, rule: str) -> None:
    """The numbers are those of the list of caps; the answer that would pass a limit is held, with its sentence."""
    found = caps(history, TEMPLATE, Limits(), mail())
    assert [(finding.rule, finding.effect) for finding in found] == [(rule, Effect.HOLD)]
    assert "{" not in say(found[0])


@pytest.mark.parametrize(
    "history",
    [
        History(sender_template={"education/support": 9}),
        History(sender_day=1, sender_week=3, domain_hour=9, same_text_hour=2),
        History(mailbox_hour=1_000),
    ],
)
def test_below_the_limits_nothing_holds(history: History) -> None:
    """One more is still within; the mailbox's own brake is not a cap of one message."""
    assert caps(history, TEMPLATE, Limits(), mail()) == ()


def test_limits_are_settings() -> None:
    """A team that wants more or fewer answers sets it."""
    history = History(sender_day=2, sender_template={TEMPLATE: 1})
    assert caps(history, TEMPLATE, Limits(sender_template=2, sender_day=3), mail()) == ()
    tight = caps(History(sender_week=1), TEMPLATE, Limits(sender_week=1), mail())
    assert [finding.rule for finding in tight] == ["cap.sender-week"]


def test_a_free_mail_provider_is_nobodys_domain() -> None:
    """A thousand strangers at one provider are no flood from one sender, however the domain is spelt."""
    history = History(domain_hour=1_000)
    assert caps(history, TEMPLATE, Limits(), mail("maria@GMAIL.com")) == ()
    assert [one.rule for one in caps(history, TEMPLATE, Limits(), mail("m@gmail.com.uni.example"))] == ["cap.domain"]
    assert [one.rule for one in caps(history, TEMPLATE, Limits())] == ["cap.domain"]
    assert all("." in domain and domain == domain.lower() for domain in FREE_MAIL)


def test_conversation_holds_whatever_would_be_answered() -> None:
    """A person in the thread, a second mail after our answer, an earlier mail that still waits."""
    history = History(thread_person=True, thread_automatic=1, unanswered_mails=2)
    found = conversation(mail(), history)
    assert [finding.rule for finding in found] == ["thread.person-wrote", "thread.second-mail", "cue.repeat"]
    assert say(found[2]) == "Asked before: mail 3, still no answer"


def test_a_failed_address_rests_sixty_days() -> None:
    """Mail to an address that bounced is not tried again by machine for the time that is set."""
    for days, limit, expected in [(59, 60, True), (61, 60, False), (5, 3, False)]:
        found = conversation(mail(), History(bounced_at=NOW - timedelta(days=days)), Limits(bounce_days=limit))
        assert bool(found) is expected
    just_now = conversation(mail(), History(bounced_at=NOW + timedelta(hours=1)))
    assert say(just_now[0]) == "Address failed: mail there came back on 2026-11-02"
