"""From scores to honest numbers: a temperature for the confidence, thresholds for a second wish and for familiarity.

Everything is learned from out-of-fold scores: each text scored by a model that never saw its writer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from classifier.dataset import Sample
from classifier.pipeline import INTENTS, Scores
from classifier.prediction import Intent

FALSE_SECONDS = 0.02
"""The share of texts with one wish in which a second may be seen by mistake."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What out-of-fold scores taught about the heads' scores."""

    temperature: float
    """Logits are divided by it: above 1 the model was too sure of itself (Guo et al. 2017)."""
    wish: float
    """From this probability an intent that is not the first one counts as a second wish."""
    near: tuple[float, float]
    """Cosines to the nearest text of another writer: 1 % of texts lie below the first, half below the second."""

    def probabilities(self, scores: Scores) -> NDArray[np.float64]:
        """A row a text, INTENTS' order. Logits of texts unlike any known are flattened in proportion."""
        known = np.clip(scores.nearest / max(self.near[0], 1e-6), 0.0, 1.0)
        logits = scores.intents.astype(np.float64) * known[:, None] / self.temperature
        return np.asarray(softmax(logits, axis=1))

    def familiarity(self, scores: Scores) -> NDArray[np.float64]:
        """0 unlike anything learned, 1 as near as an ordinary new text."""
        return np.asarray(np.clip(scores.nearest / max(self.near[1], 1e-6), 0.0, 1.0), dtype=np.float64)

    def seconds(self, scores: Scores) -> list[Intent | None]:
        """The second wish of each text, where one is above the threshold."""
        best, probability = _likeliest_beside(scores)
        return [INTENTS[one] if sure > self.wish else None for one, sure in zip(best, probability, strict=True)]


def calibrate(scores: Scores, samples: Sequence[Sample]) -> Calibration:
    """Learn from out-of-fold scores of samples."""
    truth = np.array([INTENTS.index(sample.intent) for sample in samples])
    near = (float(np.quantile(scores.nearest, 0.01)), float(np.quantile(scores.nearest, 0.5)))
    return Calibration(_temperature(scores.intents, truth), _wish(scores, samples), near)


def _temperature(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    """The temperature of least negative log-likelihood."""
    chosen = logits.astype(np.float64)
    rows = np.arange(len(truth))

    def loss(log_temperature: float) -> float:
        scaled = chosen / np.exp(log_temperature)
        return float(np.mean(logsumexp(scaled, axis=1) - scaled[rows, truth]))

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def _wish(scores: Scores, samples: Sequence[Sample]) -> float:
    """The threshold that sees a second wish in 2 % of the texts that have one wish."""
    single = np.array([sample.second is None for sample in samples])
    return float(np.quantile(_likeliest_beside(scores)[1][single], 1 - FALSE_SECONDS))


def _likeliest_beside(scores: Scores) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The likeliest wish beside the first, and its probability."""
    others = scores.wishes.copy()
    rows = np.arange(len(others))
    others[rows, scores.intents.argmax(axis=1)] = -1.0
    best = others.argmax(axis=1)
    return best, others[rows, best]
