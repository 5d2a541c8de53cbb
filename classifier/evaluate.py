"""How good the model is on writers it has never seen: leave-writers-out cross-validation and its report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv
from sklearn.metrics import f1_score, precision_recall_fscore_support

from classifier.calibrate import Calibration, calibrate
from classifier.dataset import Sample
from classifier.folds import FOLDS, writer_folds
from classifier.pipeline import INTENTS, OTHER, PROGRAMS, Floats, Model, Scores
from classifier.prediction import Intent
from classifier.unseen import Unseen

RISK = 0.01


@dataclass(frozen=True, slots=True)
class IntentReport:
    """One intent's row. Shares in 0..1."""

    intent: Intent
    count: int
    precision: float
    recall: float
    f1: float
    threshold: float | None
    """The least confidence from which predictions of this intent are right in 99 %; None where there is none."""
    coverage: float
    """The share of this intent's texts that are found at that threshold."""


@dataclass(frozen=True, slots=True)
class Report:
    """What leave-writers-out predictions are worth. Shares in 0..1."""

    texts: int
    writers: int
    accuracy: float
    macro_f1: float
    coverage: float
    """The largest share of all texts answerable with at most 1 % wrong, threshold by hindsight."""
    answered: float
    """The share of texts with an intent but `other` that get it right at the threshold below."""
    threshold: float | None
    """The least confidence from which predictions but `other` are right in 99 %."""
    bounded_threshold: float | None
    """As above, for the 95 % upper bound on the error (Clopper-Pearson) instead of the error."""
    area: float
    """Area under the risk-coverage curve: mean risk over all coverages, lower is better."""
    calibration_error: float
    """Expected calibration error over ten bins."""
    program_accuracy: float
    seconds_found: float
    """The share of second wishes that are seen."""
    intents: tuple[IntentReport, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Rows: truth; columns: prediction; Intent's order."""
    curve: tuple[tuple[float, float, float], ...]
    """(threshold, coverage, precision) of predictions but `other`."""


@dataclass(frozen=True, slots=True)
class Validation:
    """Out-of-fold scores with what they taught."""

    samples: tuple[Sample, ...]
    scores: Scores
    calibration: Calibration

    @property
    def truth(self) -> NDArray[np.int64]:
        """Labels as positions in INTENTS."""
        return np.array([INTENTS.index(sample.intent) for sample in self.samples])

    def report(self) -> Report:
        """Everything counted."""
        return report(self.samples, self.scores, self.calibration)


def cross_validate(
    samples: Sequence[Sample],
    vectors: Floats | None = None,
    unseen: Unseen | None = None,
    *,
    count: int = FOLDS,
    seed: int | None = None,
) -> Validation:
    """Score every text by a model that never saw its writer.

    `vectors` are the samples' sentence vectors; where the encoder was trained on the texts, `unseen` holds what fold
    encoders said of them instead (texts without it are left away). Without a seed the folds are always the same.
    """
    kept = tuple(samples)
    parts, order = [], []
    for tested in writer_folds(kept, count) if seed is None else writer_folds(kept, count, seed):
        if not tested:
            continue
        learned = np.setdiff1d(np.arange(len(kept)), tested)
        model = Model.fit([kept[row] for row in learned], None if vectors is None else vectors[learned])
        texts = [kept[row].text for row in tested]
        parts.append(model.scores(texts, None if vectors is None else vectors[tested]))
        order += tested
    scores = Scores.join(parts).rows(np.argsort(order))
    if unseen is not None:
        scores, honest = unseen.honest(scores, kept)
        scores, kept = scores.rows(honest), tuple(kept[row] for row in honest)
    return Validation(kept, scores, calibrate(scores, kept))


def report(samples: Sequence[Sample], scores: Scores, calibration: Calibration) -> Report:
    """Count everything for scored samples."""
    truth = np.array([INTENTS.index(sample.intent) for sample in samples])
    probabilities = calibration.probabilities(scores)
    said, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = said == truth
    sendable = said != OTHER
    threshold = threshold_for(confidence[sendable], right[sendable])
    deserving = truth != OTHER
    sent = sendable & (confidence >= (2.0 if threshold is None else threshold))
    programs = np.array([PROGRAMS.index(sample.program) if sample.program else -1 for sample in samples])
    return Report(
        texts=len(samples),
        writers=len({sample.writer for sample in samples}),
        accuracy=float(right.mean()),
        macro_f1=float(f1_score(truth, said, average="macro", zero_division=0.0)),
        coverage=_share(confidence, right),
        answered=float((sent & right & deserving).sum() / max(deserving.sum(), 1)),
        threshold=threshold,
        bounded_threshold=threshold_for(confidence[sendable], right[sendable], bounded=True),
        area=_area(confidence, right),
        calibration_error=_calibration_error(confidence, right),
        program_accuracy=float(
            (calibration.program_probabilities(scores).argmax(axis=1) == programs)[programs >= 0].mean()
        ),
        seconds_found=_seconds_found(samples, scores, calibration),
        intents=tuple(_intents(truth, said, confidence)),
        confusion=tuple(
            tuple(int(((truth == row) & (said == column)).sum()) for column in range(len(INTENTS)))
            for row in range(len(INTENTS))
        ),
        curve=_curve(confidence[sendable], right[sendable]),
    )


def threshold_for(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], risk: float = RISK, *, bounded: bool = False
) -> float | None:
    """The least threshold that keeps the error among what lies at or above it at `risk`; None where none does.

    `bounded` asks the same of the one-sided 95 % upper bound on the error (Clopper and Pearson 1934).
    """
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~right[order])
    count = np.arange(1, len(order) + 1)
    error = betaincinv(wrong + 1.0, np.maximum(count - wrong, 1e-9), 0.95) if bounded else wrong / count
    fits = np.flatnonzero(np.where(count == wrong, 1.0, error) <= risk)
    return float(confidence[order][fits[-1]]) if len(fits) else None


def _share(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    threshold = threshold_for(confidence, right)
    return 0.0 if threshold is None else float((confidence >= threshold).mean())


def _area(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    order = np.argsort(-confidence, kind="stable")
    return float((np.cumsum(~right[order]) / np.arange(1, len(order) + 1)).mean())


def _calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    bins = np.minimum((confidence * 10).astype(int), 9)
    gaps = [abs(confidence[bins == one].mean() - right[bins == one].mean()) * (bins == one).mean() for one in set(bins)]
    return float(sum(gaps))


def _seconds_found(samples: Sequence[Sample], scores: Scores, calibration: Calibration) -> float:
    wished = [index for index, sample in enumerate(samples) if sample.second]
    found = calibration.seconds(scores, calibration.logits(scores).argmax(axis=1))
    return float(np.mean([found[index] is not None for index in wished])) if wished else 0.0


def _intents(
    truth: NDArray[np.int64], said: NDArray[np.int64], confidence: NDArray[np.float64]
) -> Iterable[IntentReport]:
    labels = list(range(len(INTENTS)))
    precision, recall, f1, count = precision_recall_fscore_support(truth, said, labels=labels, zero_division=0.0)
    for index, intent in enumerate(INTENTS):
        mine = said == index
        threshold = threshold_for(confidence[mine], truth[mine] == index) if mine.any() else None
        found = mine & (truth == index) & (confidence >= (2.0 if threshold is None else threshold))
        yield IntentReport(
            intent,
            int(count[index]),
            float(precision[index]),
            float(recall[index]),
            float(f1[index]),
            threshold,
            float(found.sum() / max(count[index], 1)),
        )


def _curve(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[tuple[float, float, float], ...]:
    thresholds = (*np.arange(0.30, 0.95, 0.05), *np.arange(0.95, 0.9999, 0.01), 0.995, 0.999)
    points = []
    for threshold in thresholds:
        kept = confidence >= threshold
        if kept.any():
            points.append((round(float(threshold), 4), float(kept.mean()), float(right[kept].mean())))
    return tuple(points)
