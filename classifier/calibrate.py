"""From scores to honest numbers: how far to trust which view, thresholds for a second wish and for familiarity.

Everything is learned from out-of-fold scores: each text scored by a model that never saw its writer. The two trusts of
a head are a temperature for each view (Guo et al. 2017): few enough numbers to keep the ranking on little data.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, softmax

from classifier.dataset import Sample
from classifier.pipeline import INTENTS, PROGRAMS, Logits, Scores
from classifier.prediction import Intent

FALSE_SECONDS = 0.02
"""The share of texts with one wish in which a second may be seen by mistake."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trust:
    """Factors for the logits of the two views."""

    words: float
    meaning: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What out-of-fold scores taught about the heads' scores."""

    intents: Trust
    wishes: Trust
    programs: Trust
    wish: float
    """From this probability an intent that is not the first one counts as a second wish."""
    near: tuple[float, float]
    """Cosines to the nearest text of another writer: 1 % of texts lie below the first, half below the second."""

    def logits(self, scores: Scores) -> Doubles:
        """A row a text, INTENTS' order. Those of texts unlike any known are flattened in proportion."""
        known = np.clip(scores.nearest / max(self.near[0], 1e-6), 0.0, 1.0)
        return np.asarray(_blend(self.intents, scores, "intents") * known[:, None])

    def probabilities(self, scores: Scores) -> Doubles:
        """A row a text, INTENTS' order."""
        return np.asarray(softmax(self.logits(scores), axis=1))

    def wish_probabilities(self, scores: Scores) -> Doubles:
        """Each intent by itself."""
        return np.asarray(expit(_blend(self.wishes, scores, "wishes")))

    def program_probabilities(self, scores: Scores) -> Doubles:
        """A row a text, PROGRAMS' order."""
        return np.asarray(softmax(_blend(self.programs, scores, "programs"), axis=1))

    def familiarity(self, scores: Scores) -> Doubles:
        """0 unlike anything learned, 1 as near as an ordinary new text."""
        return np.asarray(np.clip(scores.nearest / max(self.near[1], 1e-6), 0.0, 1.0), dtype=np.float64)

    def seconds(self, scores: Scores, first: NDArray[np.int64]) -> list[Intent | None]:
        """The second wish beside the `first` of each text (positions in INTENTS), where one is above the threshold."""
        best, probability = _likeliest_beside(first, self.wish_probabilities(scores))
        return [INTENTS[one] if sure > self.wish else None for one, sure in zip(best, probability, strict=True)]


def calibrate(scores: Scores, samples: Sequence[Sample]) -> Calibration:
    """Learn from out-of-fold scores of samples."""
    truth = np.array([INTENTS.index(sample.intent) for sample in samples])
    programs = np.array([PROGRAMS.index(sample.program) if sample.program else -1 for sample in samples])
    wished = np.array([[intent in {sample.intent, sample.second} for intent in INTENTS] for sample in samples])
    told = np.flatnonzero(programs >= 0)
    intents = _trust(scores, "intents", truth)
    near = (float(np.quantile(scores.nearest, 0.01)), float(np.quantile(scores.nearest, 0.5)))
    first = Calibration(
        intents,
        _trust(scores, "wishes", wished),
        _trust(scores.rows(told), "programs", programs[told]) if len(told) else Trust(1.0, 1.0),
        1.0,
        near,
    )
    single = np.array([sample.second is None for sample in samples])
    beside = _likeliest_beside(first.logits(scores).argmax(axis=1), first.wish_probabilities(scores))[1]
    wish = float(np.quantile(beside[single], 1 - FALSE_SECONDS)) if single.any() else 1.0
    return Calibration(first.intents, first.wishes, first.programs, wish, near)


def _blend(trust: Trust, scores: Scores, head: str) -> Doubles:
    said: Doubles = trust.words * _of(scores.words, head)
    return said if scores.meaning is None else said + trust.meaning * _of(scores.meaning, head)


def _of(logits: Logits, head: str) -> Doubles:
    return np.asarray(getattr(logits, head), dtype=np.float64)


def _trust(scores: Scores, head: str, truth: NDArray[np.int64] | NDArray[np.bool_]) -> Trust:
    """The factors of least negative log-likelihood; without an encoder only the words' one is free."""
    from scipy.optimize import minimize  # noqa: PLC0415 - serving must not pay for it

    def loss(logs: Doubles) -> float:
        said = _blend(Trust(*np.exp(logs)), scores, head)
        if truth.ndim == 2:
            return float(np.mean(np.logaddexp(0.0, np.where(truth, -said, said))))
        return float(np.mean(logsumexp(said, axis=1) - said[np.arange(len(truth)), truth]))

    found = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-4.0, 3.0)] * 2)
    words, meaning = np.exp(found.x)
    return Trust(float(words), float(meaning) if scores.meaning else 0.0)


def _likeliest_beside(first: NDArray[np.int64], wishes: Doubles) -> tuple[NDArray[np.int64], Doubles]:
    """The likeliest wish beside the first intent, and its probability."""
    rows, others = np.arange(len(wishes)), wishes.copy()
    others[rows, first] = -1.0
    best = others.argmax(axis=1)
    return best, others[rows, best]
