"""What people corrected joins the training texts; a new model goes live only where it does not lose to the old one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

from classifier.dataset import Sample
from classifier.prediction import Intent
from responder.ports import Classify, Store

WEIGHT = 3.0
"""A correction counts as much as three written texts: it is real mail."""
EXAM_SHARE, EXAM_LEAST = 0.2, 30
"""The newest fifth of the corrections decides, where it has at least this many."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two models on the same corrections. Shares in 0..1."""

    texts: int
    live: float
    candidate: float

    @property
    def loses(self) -> bool:
        """Whether the candidate is worse beyond noise (one standard error of the live one)."""
        noise = sqrt(max(self.live * (1 - self.live), 0.01) / self.texts)
        return self.candidate < self.live - noise


def corrected(store: Store) -> list[Sample]:
    """The last word of people on each message, as training texts, oldest first; labels that are no intent are left."""
    with store.read() as transaction:
        rows = transaction.corrections()
    intents = set(Intent)
    return [
        Sample(
            id=f"correction-{number:06}",
            writer=f"correction-{number:06}",
            intent=Intent(label),
            program=None,
            subject=subject,
            body=text,
            weight=WEIGHT,
        )
        for number, (subject, text, _, label) in enumerate(rows, start=1)
        if label in intents and (subject.strip() or text.strip())
    ]


def examine(
    corpus: Sequence[Sample],
    corrections: Sequence[Sample],
    live: Classify,
    learn: Callable[[Sequence[Sample]], Classify],
) -> Compared | None:
    """The live model against one that learned all but the newest corrections, on those; None where they are too few."""
    count = int(len(corrections) * EXAM_SHARE)
    if count < EXAM_LEAST:
        return None
    asked = corrections[-count:]
    words = {sample.text for sample in asked}
    known = [sample for sample in (*corpus, *corrections[:-count]) if sample.text not in words]
    return Compared(count, _accuracy(live, asked), _accuracy(learn(known), asked))


def _accuracy(model: Classify, asked: Sequence[Sample]) -> float:
    said = model([sample.text for sample in asked], ["unknown"] * len(asked))
    return sum(one.intent is sample.intent for one, sample in zip(said, asked, strict=True)) / len(asked)
