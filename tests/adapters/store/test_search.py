"""Lists: stages, pages, words."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from responder.adapters.store import open_store
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.message import Address
from responder.ports import Query, Store
from tests.adapters.store.samples import (
    HOUR,
    MONEY,
    NOW,
    hold,
    mail,
    person_reply,
    put,
    put_answered,
    put_answering,
    put_held,
    said,
)

BEN = Address("Ben Ōkafor", "ben@other.example")


def found(store: Store, words: str = "", **query: object) -> list[int]:
    """UIDs of what is found, in order."""
    with store.read() as transaction:
        return [row.message.key.uid for row in transaction.find(Query(words=words, **query))]


def test_lists_by_stage_and_mailbox(store: Store) -> None:
    """Nothing asked is everything, newest first; stages and mailbox narrow it."""
    put(store, mail(1))
    put_held(store, mail(2))
    put_answered(store, mail(3))
    put_held(store, mail(4, mailbox="startups"))
    assert found(store) == [4, 3, 2, 1]
    assert found(store, oldest_first=True) == [1, 2, 3, 4]
    assert found(store, stages=[MessageStage.HELD]) == [4, 2]
    assert found(store, stages=[MessageStage.HELD, MessageStage.RECEIVED]) == [4, 2, 1]
    assert found(store, stages=[MessageStage.HELD], mailbox="education") == [2]
    assert found(store, mailbox="nobody") == []


def test_pages_meet_without_gap_or_overlap(store: Store) -> None:
    """`before` pages downwards, `after` upwards."""
    rows = [put_held(store, mail(uid)) for uid in range(1, 8)]
    assert found(store, limit=3) == [7, 6, 5]
    assert found(store, limit=3, before=rows[4].id) == [4, 3, 2]
    assert found(store, limit=3, oldest_first=True) == [1, 2, 3]
    assert found(store, limit=3, oldest_first=True, after=rows[2].id) == [4, 5, 6]
    assert found(store, before=rows[0].id) == []


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Three mails that differ in everything one may search for; the tests only look."""
    if request.param == "sqlite":
        store = open_store(f"sqlite:///{tmp_path_factory.mktemp('shelf') / 'store.db'}")
    else:
        store = open_store(request.getfixturevalue("postgres").create("shelf"))
    rows = put(
        store,
        mail(1, subject="Licence runs out", text="The coupon code fails"),
        mail(2, subject="GRÜSSE", text="100% of _our_ students", author=BEN),
        mail(3, subject="Question", text="nothing", author=None),
    )
    with store.begin() as transaction:
        transaction.decide([hold(rows[0]), hold(rows[1], replace(MONEY, rule="cap.sender-day"))], NOW)
        reply = person_reply(rows[1].message, body="Dear Ben, use the Straße form", to="ben@other.example")
        transaction.queue_reply(rows[1].id, None, reply, said())
        transaction.draft(rows[0].id, "Re: x\n\nDear")
    yield store
    store.close()


@pytest.mark.parametrize(
    ("words", "uids"),
    [
        ("coupon", [1]),
        ("COUPON fails", [1]),
        ("fails coupon", [1]),
        ('"coupon code"', [1]),
        ('"code coupon"', []),
        ("coupon question", []),
        ("grüsse", [2]),
        ("grüße", [2]),
        ("strasse", [2]),
        ("100%", [2]),
        ("10%", []),
        ("_our_", [2]),
        ("_", [2]),
        ("\\", []),
        ("ana@uni.example", [1]),
        ("from:ana", [1]),
        ('from:"ana', [1]),
        ("from:ŌKAFOR", [2]),
        ('from:"ben ō"', [2]),
        ("FROM:ben", [2]),
        ("to:ben", [2]),
        ("to:ana", []),
        ("reason:cue.money", [1]),
        ("reason:cap", [2]),
        ("reason:money", []),
        ("intent:renewal", [2, 1]),
        ("intent:support", []),
        ("is:held", [1]),
        ("is:answering", [2]),
        ("is:draft", [1]),
        ("is:nonsense", []),
        ("is:held coupon", [1]),
        ("", [3, 2, 1]),
        ("   ", [3, 2, 1]),
        ('""', [3, 2, 1]),
        ("from:", [3, 2, 1]),
        ("http://coupon", []),
        ("'; DROP TABLE messages; --", []),
        ("a\x00b \ud800", []),
    ],
)
def test_words(shelf: Store, words: str, uids: list[int]) -> None:
    """Every free word must occur, whatever its case; prefixes look where they say; no character is magic."""
    assert found(shelf, words) == uids


@pytest.mark.parametrize("words", ['"' * 100_000, "from:" * 50_000, "a " * 100_000, 'from:"' * 50_000, "\\%_" * 50_000])
def test_hostile_words_cost_little(shelf: Store, words: str) -> None:
    """Only the first words count, and nothing raises."""
    assert isinstance(found(shelf, words), list)


def test_counts(store: Store) -> None:
    """Messages per mailbox and stage, replies per stage, and since when the longest waiting one waits."""
    with store.read() as transaction:
        assert (transaction.count(), transaction.outbox(), transaction.oldest_held()) == ({}, {}, None)
    put_held(store, mail(1, received_at=NOW - HOUR))
    put_held(store, mail(2, received_at=NOW - 3 * HOUR))
    put_answering(store, mail(3, received_at=NOW - 9 * HOUR))
    put_answered(store, mail(4, mailbox="startups"))
    with store.read() as transaction:
        assert transaction.count() == {
            "education": {MessageStage.HELD: 2, MessageStage.ANSWERING: 1},
            "startups": {MessageStage.ANSWERED: 1},
        }
        assert transaction.outbox() == {ReplyStage.QUEUED: 1, ReplyStage.SENT: 1}
        assert transaction.oldest_held() == NOW - 3 * HOUR
