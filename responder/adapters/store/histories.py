"""What senders, threads and mailboxes have seen before: a handful of statements for a whole batch."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, func, or_, select, text

from responder.adapters.store.columns import address_key, domain_key
from responder.adapters.store.schema import BY_PERSON, bounces, messages, replies
from responder.adapters.store.statements import pieces
from responder.core.caps import History
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.message import Message
from responder.ports import StoredMessage

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
REPLY_TO = 3
"""Of a mail's Reply-To addresses; one with more than one is held anyway."""
LIVE = (ReplyStage.QUEUED.value, ReplyStage.SENDING.value, ReplyStage.SENT.value, ReplyStage.IN_DOUBT.value)
"""Stages in which a reply has gone or may still go out."""
_live = replies.c.stage.in_(LIVE)
_automatic = replies.c.automatic & _live


def read_histories(connection: Connection, batch: Sequence[StoredMessage], at: datetime) -> list[History]:
    """One History a message, in order."""
    past = Past(connection, at)
    past.read(batch)
    return [past.of(stored) for stored in batch]


@dataclass(frozen=True, slots=True)
class Given:
    """An automatic reply given to somebody; `at` None: still owed, so it lies in every window."""

    id: int
    mailbox: str
    template: str
    at: datetime | None


class Past:
    """The past of one batch, read once, then asked message by message."""

    def __init__(self, connection: Connection, at: datetime) -> None:
        """Nothing is read yet."""
        self._connection = connection
        self._at = at

    def read(self, batch: Sequence[StoredMessage]) -> None:
        """Read what any message of the batch may ask for."""
        mails = [stored.message for stored in batch]
        people = {key for mail in mails for key in _people(mail)}
        self._given = self._given_to(people)
        self._bounced = self._by(_bounces, people)
        self._domains = self._by(self._in_hour(replies.c.recipient_domain), {_domain(mail) for mail in mails} - {""})
        self._mailboxes = self._by(self._in_hour(replies.c.mailbox), {mail.key.mailbox for mail in mails})
        self._waiting = self._waiting_mails({address_key(mail.author.addr) for mail in mails if mail.author})
        ids = [stored.id for stored in batch]
        self._hashes = self._by(_hashes, ids)
        self._texts = self._by(self._same_texts, {one for one in self._hashes.values() if one})
        self._threads = self._by(_threads, ids)
        threads = set(self._threads.values())
        self._answers = self._by(_answers, threads)
        self._people = self._by(_person_replies, threads).keys() | self._by(_person_closings, threads).keys()

    def of(self, stored: StoredMessage) -> History:
        """One message's history."""
        mail, thread = stored.message, self._threads.get(stored.id, "")
        given = {one.id: one for key in _people(mail) for one in self._given.get(key, ())}.values()
        week = [one for one in given if self._within(one, WEEK)]
        author = address_key(mail.author.addr) if mail.author else ""
        return History(
            sender_template=dict(Counter(one.template for one in week if one.mailbox == mail.key.mailbox)),
            sender_day=sum(self._within(one, DAY) for one in week),
            sender_week=len(week),
            domain_hour=self._domains.get(_domain(mail), 0),
            mailbox_hour=self._mailboxes.get(mail.key.mailbox, 0),
            same_text_hour=self._others_like(stored),
            thread_automatic=self._answers.get(thread, 0),
            thread_person=thread in self._people,
            bounced_at=max((self._bounced[key] for key in _people(mail) if key in self._bounced), default=None),
            unanswered_mails=self._waiting.get((author, mail.key.mailbox), 0),
        )

    def _within(self, given: Given, window: timedelta) -> bool:
        return given.at is None or given.at > self._at - window

    def _others_like(self, stored: StoredMessage) -> int:
        counted: int = self._texts.get(self._hashes.get(stored.id), 0)
        itself = stored.stage is not MessageStage.RECORDED and stored.stored_at > self._at - HOUR
        return max(counted - itself, 0)

    def _by(self, build: Callable[[Sequence[Any]], Executable], keys: Iterable[Any]) -> dict[Any, Any]:
        """What a two-column query says of each key."""
        found: dict[Any, Any] = {}
        for piece in pieces(sorted(keys)):
            found |= {row[0]: row[1] for row in self._connection.execute(build(piece))}
        return found

    def _given_to(self, people: Iterable[str]) -> Mapping[str, list[Given]]:
        """Automatic replies of a week by whom they went to and by whose mail they answered."""
        c = replies.c
        recent = or_(c.stage == ReplyStage.QUEUED.value, c.counted_at > self._at - WEEK)
        given: dict[str, list[Given]] = defaultdict(list)
        columns = (c.id, c.mailbox, c.template, c.stage, c.counted_at, c.recipient_key, c.author_key)
        for piece in pieces(sorted(people)):
            theirs = or_(c.recipient_key.in_(piece), c.author_key.in_(piece))
            for row in self._connection.execute(select(*columns).where(_automatic, recent, theirs)):
                owed = row.stage == ReplyStage.QUEUED.value
                one = Given(row.id, row.mailbox, row.template or "", None if owed else row.counted_at)
                given[row.recipient_key].append(one)
                given[row.author_key].append(one)
        return given

    def _in_hour(self, key: ColumnElement[str]) -> Callable[[Sequence[str]], Executable]:
        recent = replies.c.counted_at > self._at - HOUR
        return lambda keys: select(key, func.count()).where(_automatic, recent, key.in_(keys)).group_by(key)

    def _same_texts(self, hashes: Sequence[str]) -> Executable:
        c = messages.c
        alike = c.body_hash.in_(hashes) & (c.stored_at > self._at - HOUR) & (c.stage != MessageStage.RECORDED.value)
        return select(c.body_hash, func.count()).where(alike).group_by(c.body_hash)

    def _waiting_mails(self, authors: Iterable[str]) -> Mapping[tuple[str, str], int]:
        c = messages.c
        waiting: dict[tuple[str, str], int] = {}
        for piece in pieces(sorted(authors)):
            held = c.author_key.in_(piece) & (c.stage == MessageStage.HELD.value)
            counted = select(c.author_key, c.mailbox, func.count()).where(held).group_by(c.author_key, c.mailbox)
            waiting |= {(row[0], row[1]): row[2] for row in self._connection.execute(counted)}
        return waiting


def _people(mail: Message) -> list[str]:
    """Whom an answer to this mail may go to: its author, and where it asks answers to go."""
    named = ([mail.author] if mail.author else []) + list(mail.reply_to[:REPLY_TO])
    return list(dict.fromkeys(address_key(one.addr) for one in named))


def _domain(mail: Message) -> str:
    return domain_key(mail.author.addr) if mail.author else ""


def _bounces(addresses: Sequence[str]) -> Executable:
    c = bounces.c
    return select(c.address_key, func.max(c.at)).where(c.address_key.in_(addresses)).group_by(c.address_key)


def _threads(ids: Sequence[int]) -> Executable:
    return select(messages.c.id, messages.c.thread_key).where(messages.c.id.in_(ids))


def _hashes(ids: Sequence[int]) -> Executable:
    return select(messages.c.id, messages.c.body_hash).where(messages.c.id.in_(ids))


def _answers(threads: Sequence[str]) -> Executable:
    return _replies_in(threads, _automatic)


def _person_replies(threads: Sequence[str]) -> Executable:
    return _replies_in(threads, ~replies.c.automatic & _live)


def _replies_in(threads: Sequence[str], which: ColumnElement[bool]) -> Executable:
    thread = messages.c.thread_key
    joined = messages.join(replies, replies.c.message == messages.c.id)
    return select(thread, func.count()).select_from(joined).where(thread.in_(threads), which).group_by(thread)


def _person_closings(threads: Sequence[str]) -> Executable:
    thread = messages.c.thread_key
    return select(thread, func.count()).where(text(BY_PERSON), thread.in_(threads)).group_by(thread)
