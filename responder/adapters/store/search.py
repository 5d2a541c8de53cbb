"""Lists of messages: stages, paging by id, and the words people type into the search box."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, false, func, or_, select

from responder.adapters.store.columns import plain
from responder.adapters.store.rows import MESSAGE, stored_message
from responder.adapters.store.schema import messages, replies
from responder.adapters.store.statements import Part
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.ports import Query, StoredMessage

LENGTH, TERMS = 500, 12
"""Of what is typed: characters and terms that count."""
_TERM = re.compile(r'(?:(from|to|reason|intent|is):)?(?:"([^"]*)"|(\S*))', re.IGNORECASE)


class Search(Part):
    """The reading half of a transaction."""

    def find(self, query: Query) -> Sequence[StoredMessage]:
        """See ports.Transaction."""
        c = messages.c
        found = select(*MESSAGE).where(*_where(query)).limit(query.limit)
        ordered = found.order_by(c.id if query.oldest_first else c.id.desc())
        return [stored_message(row) for row in self._connection.execute(ordered)]

    def count(self) -> Mapping[str, Mapping[MessageStage, int]]:
        """See ports.Transaction."""
        c = messages.c
        counted: dict[str, dict[MessageStage, int]] = {}
        per_stage = select(c.mailbox, c.stage, func.count().label("number")).group_by(c.mailbox, c.stage)
        for row in self._connection.execute(per_stage):
            counted.setdefault(row.mailbox, {})[MessageStage(row.stage)] = row.number
        return counted

    def outbox(self) -> Mapping[ReplyStage, int]:
        """See ports.Transaction."""
        per_stage = select(replies.c.stage, func.count().label("number")).group_by(replies.c.stage)
        return {ReplyStage(row.stage): row.number for row in self._connection.execute(per_stage)}

    def oldest_held(self) -> datetime | None:
        """See ports.Transaction."""
        held = messages.c.stage == MessageStage.HELD.value
        moment: datetime | None = self._connection.execute(
            select(func.min(messages.c.received_at)).where(held)
        ).scalar()
        return moment


def _where(query: Query) -> Iterator[ColumnElement[bool]]:
    c = messages.c
    stages = [stage.value for stage in query.stages]
    if stages:
        # One value as an equality: only so can the index give the order, too.
        yield c.stage == stages[0] if len(stages) == 1 else c.stage.in_(stages)
    if query.mailbox is not None:
        yield c.mailbox == query.mailbox
    if query.before is not None:
        yield c.id < query.before
    if query.after is not None:
        yield c.id > query.after
    yield from map(_term, _terms(query.words))


def _terms(words: str) -> list[tuple[str, str]]:
    """(prefix, text) of each term, case folded; the prefix is empty for free words."""
    terms = (
        (match[1] or "", match[2] or (match[3] or "").strip('"')) for match in _TERM.finditer(plain(words)[:LENGTH])
    )
    return [(prefix.lower(), text.casefold()) for prefix, text in terms if text][:TERMS]


def _term(term: tuple[str, str]) -> ColumnElement[bool]:
    prefix, text = term
    c = messages.c
    match prefix:
        case "from":
            return _has(c.author_search, text)
        case "to":
            return _with_reply(_has(replies.c.recipient_key, text))
        case "reason":
            return c.reasons.contains(f" {text}", autoescape=True)
        case "intent":
            return c.intent.startswith(text, autoescape=True)
        case "is":
            return _is(text)
        case _:
            return or_(_has(c.search, text), _with_reply(_has(replies.c.search, text)))


def _is(word: str) -> ColumnElement[bool]:
    if word == "draft":
        return messages.c.draft.is_not(None)
    return messages.c.stage == word if word in set(MessageStage) else false()


def _has(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    return column.contains(text, autoescape=True)


def _with_reply(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(replies.c.message == messages.c.id, condition)
