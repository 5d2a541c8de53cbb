"""Corrections become training texts, and a new model must not lose to the live one on the newest of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifier.dataset import Sample
from classifier.prediction import Evidence, Intent, Prediction, Program
from responder.adapters.store import open_store
from responder.core.lifecycle import MessageStage
from responder.core.message import MessageKey
from responder.core.parse import parse
from responder.ports import Arrival, Query
from responder.services.learning import WEIGHT, Compared, corrected, examine

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@dataclass
class Always:
    """A model that says one thing."""

    intent: Intent
    version: str = "always"

    def __call__(self, texts: Sequence[str], programs: Sequence[str]) -> list[Prediction]:
        """The same for every text."""
        del programs
        said = Prediction(self.intent, 1.0, Intent.OTHER, 1.0, None, Program.UNKNOWN, 1.0, self.version)
        return [said] * len(texts)

    def evidence(self, text: str, program: str) -> list[Evidence]:
        """Nothing to show."""
        del text, program
        return []


def sample(number: int, intent: Intent = Intent.RENEWAL) -> Sample:
    """A correction."""
    return Sample(f"c{number}", f"c{number}", intent, None, "s", f"text {number}", weight=WEIGHT)


def test_corrections_are_the_last_word_on_each_message(tmp_path: Path) -> None:
    """Subject and new text with the label people gave last; what is no intent teaches nothing."""
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    raws = [f"From: a@b.example\r\nSubject: s{number}\r\n\r\nbody {number}\r\n".encode() for number in range(3)]
    with store.begin() as transaction:
        messages = [parse(raw, MessageKey("education", 1, uid), NOW) for uid, raw in enumerate(raws, start=1)]
        transaction.add([Arrival(message, MessageStage.RECEIVED) for message in messages], NOW)
        first, second, third = sorted(one.id for one in transaction.find(Query()))
        transaction.correct(first, "renewal", "support", "jo", NOW, "m1")
        transaction.correct(second, None, "addon_request", "jo", NOW, "m1")
        transaction.correct(first, "renewal", "other", "maria", NOW, "m1")
        transaction.correct(third, None, "not an intent", "jo", NOW, "m1")
    found = {one.subject: one for one in corrected(store)}
    store.close()
    assert {subject: one.intent for subject, one in found.items()} == {
        "s0": Intent.OTHER,
        "s1": Intent.ADDON_REQUEST,
    }
    assert found["s0"].body.strip() == "body 0"
    assert all(one.weight > 1 and one.program is None for one in found.values())


def test_too_few_corrections_decide_nothing() -> None:
    """A handful proves nothing either way."""
    corrections = [sample(number) for number in range(100)]
    assert examine([], corrections, Always(Intent.RENEWAL), lambda _: Always(Intent.OTHER)) is None


def test_the_newest_corrections_are_asked_and_not_learned() -> None:
    """The candidate sees the older ones only, even where a newer one has the same words."""
    corrections = [sample(number) for number in range(200)]
    corpus = [sample(number) for number in (199, 500)]
    seen: list[Sample] = []

    def learn(known: Sequence[Sample]) -> Always:
        seen.extend(known)
        return Always(Intent.OTHER)

    compared = examine(corpus, corrections, Always(Intent.RENEWAL), learn)
    assert compared == Compared(40, 1.0, 0.0)
    assert {one.body for one in seen} == {f"text {number}" for number in (*range(160), 500)}


@pytest.mark.parametrize(
    ("live", "candidate", "loses"),
    [(0.9, 0.95, False), (0.9, 0.9, False), (0.9, 0.88, False), (0.9, 0.7, True), (1.0, 0.5, True)],
)
def test_losing_means_beyond_noise(live: float, candidate: float, *, loses: bool) -> None:
    """A point less on forty texts is chance, twenty are not."""
    assert Compared(40, live, candidate).loses is loses
