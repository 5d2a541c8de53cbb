"""Conversation and caps: what earlier mail says about answering this one. A cap holds, it never drops.

The keys and numbers are those of other responders where they have proven themselves: RFC 5230 section 4.2 (one answer
per sender and template within 7 days), Pigeonhole, FreeScout, Zammad.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from responder.core.message import Message
from responder.core.verdict import Effect, Finding


@dataclass(frozen=True, slots=True)
class History:
    """What one message's sender, thread and mailbox have seen before, as caps and conversation rules read it."""

    sender_template: Mapping[str, int] = field(default_factory=dict)
    """Automatic replies to this sender in this mailbox within 7 days, by template."""
    sender_day: int = 0
    """Automatic replies to this sender, all mailboxes, within a day."""
    sender_week: int = 0
    domain_hour: int = 0
    """Automatic replies to the sender's domain within an hour."""
    mailbox_hour: int = 0
    same_text_hour: int = 0
    """Mails with the same normalised body from anyone within an hour (this one not counted)."""
    thread_automatic: int = 0
    """Automatic replies already given in this thread."""
    thread_person: bool = False
    """A person of ours has written in this thread."""
    bounced_at: datetime | None = None
    """When mail to this address last failed for good."""
    unanswered_mails: int = 0
    """Earlier mails of this sender in this mailbox that still wait for a person."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many automatic answers are too many; settings spell them RESPONDER_CAP_<NAME>."""

    sender_template: int = 1
    """The same template to a sender, per 7 days."""
    sender_day: int = 2
    sender_week: int = 4
    thread: int = 1
    domain_hour: int = 10
    """Answers to one domain; the big free providers are no one's domain."""
    same_text_hour: int = 3
    bounce_days: int = 60


FREE_MAIL = frozenset(
    """gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr hotmail.it hotmail.es hotmail.de
    live.com live.co.uk live.fr live.nl msn.com outlook.fr outlook.de outlook.es outlook.com.br yahoo.com
    yahoo.co.uk yahoo.co.in yahoo.co.jp yahoo.fr yahoo.de yahoo.it yahoo.es yahoo.com.br yahoo.co.id yahoo.ca
    yahoo.com.ar ymail.com rocketmail.com aol.com icloud.com me.com mac.com proton.me protonmail.com pm.me
    gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de mail.com zoho.com fastmail.com
    fastmail.fm tutanota.com tuta.io mail.ru yandex.ru yandex.com ya.ru bk.ru list.ru inbox.ru rambler.ru
    ukr.net qq.com foxmail.com 163.com 126.com yeah.net sina.com naver.com daum.net hanmail.net orange.fr
    wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it alice.it terra.com.br uol.com.br
    bol.com.br seznam.cz email.cz centrum.cz wp.pl o2.pl onet.pl interia.pl abv.bg rediffmail.com hey.com
    comcast.net verizon.net att.net sbcglobal.net btinternet.com sky.com virginmedia.com ziggo.nl kpnmail.nl
    telenet.be skynet.be bluewin.ch shaw.ca rogers.com bigpond.com""".split()
)
"""Domains whose users have nothing to do with each other: no cap counts them together."""


def conversation(message: Message, history: History, limits: Limits | None = None) -> tuple[Finding, ...]:
    """What holds whatever would be answered: a person is in the thread, a second mail, a repeat, a failed address."""
    return tuple(_conversation(message, history, limits or Limits()))


def _conversation(message: Message, history: History, limits: Limits) -> Iterator[Finding]:
    if history.thread_person:
        yield Finding("thread.person-wrote", Effect.HOLD)
    if history.thread_automatic:
        yield Finding("thread.second-mail", Effect.HOLD, str(history.thread_automatic))
    if history.unanswered_mails > 0:
        yield _hold("cue.repeat", n=history.unanswered_mails + 1)
    failed = history.bounced_at
    if failed is not None and message.received_at - failed <= timedelta(days=limits.bounce_days):
        yield _hold("cap.bounced", date=failed.date().isoformat())


def caps(history: History, template: str, limits: Limits, message: Message | None = None) -> tuple[Finding, ...]:
    """The limits that one more answer with `template` would pass. Each limit is how many are allowed.

    The message's author tells the domain; without one the domain's count applies as it stands.
    """
    domain = message.author.domain if message is not None and message.author is not None else ""
    return tuple(_caps(history, template, limits, domain))


def _caps(history: History, template: str, limits: Limits, domain: str) -> Iterator[Finding]:
    if history.sender_template.get(template, 0) >= limits.sender_template:
        yield Finding("cap.sender-template", Effect.HOLD, template)
    if history.sender_day >= limits.sender_day:
        yield _hold("cap.sender-day", n=history.sender_day)
    if history.sender_week >= limits.sender_week:
        yield _hold("cap.sender-week", n=history.sender_week)
    if history.thread_automatic >= limits.thread:
        yield Finding("cap.thread", Effect.HOLD, str(history.thread_automatic))
    if domain not in FREE_MAIL and history.domain_hour >= limits.domain_hour:
        yield _hold("cap.domain", n=limits.domain_hour, domain=domain or "one domain")
    if history.same_text_hour >= limits.same_text_hour:
        yield _hold("cap.same-text", n=history.same_text_hour)


def _hold(rule: str, **slots: object) -> Finding:
    filled = tuple((name, str(value)) for name, value in slots.items())
    return Finding(rule, Effect.HOLD, " ".join(value for _, value in filled), filled)
