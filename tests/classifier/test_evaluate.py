"""The numbers of a report are what their names say."""

import numpy as np
import pytest
from scipy.stats import beta

from classifier.calibrate import calibrate
from classifier.dataset import Sample
from classifier.evaluate import cross_validate, report, threshold_for
from classifier.pipeline import INTENTS, Logits, Scores
from classifier.prediction import Intent, Program


def scored(confident: float, wrong: int, count: int = 600) -> tuple[list[Sample], Scores]:
    """Samples in turn of every intent, `wrong` of them scored for the next intent."""
    samples = [
        Sample(str(row), f"w{row % 20}", INTENTS[row % 6], Program.EDUCATION, "s", str(row)) for row in range(count)
    ]
    logits = np.zeros((count, 6), np.float32)
    for row in range(count):
        logits[row, (row + (row < wrong)) % 6] = confident
    return samples, Scores(
        Logits(logits, logits - 2, np.zeros((count, 4), np.float32)), None, np.linspace(0.2, 1, count, dtype=np.float32)
    )


def test_accuracy_and_confusion_agree() -> None:
    """Sixty of six hundred wrong is 90 %."""
    samples, scores = scored(5.0, 60)
    said = report(samples, scores, calibrate(scores, samples))
    assert said.accuracy == pytest.approx(0.9)
    assert sum(map(sum, said.confusion)) == 600
    assert sum(said.confusion[one][one] for one in range(6)) == 540


def test_the_temperature_makes_confidence_honest() -> None:
    """A model that is too sure of itself is cooled to its accuracy."""
    samples, scores = scored(20.0, 120)
    calibration = calibrate(scores, samples)
    confidence = calibration.probabilities(scores).max(axis=1)[100:]
    assert confidence.mean() == pytest.approx(0.8, abs=0.03)


def test_a_threshold_keeps_its_risk() -> None:
    """What lies at or above it is wrong in at most 1 %, and a lower one would break that."""
    chance = np.random.default_rng(7)
    confidence = chance.uniform(size=2000)
    right = chance.uniform(size=2000) < confidence
    threshold = threshold_for(confidence, right)
    assert threshold is not None
    assert (~right[confidence >= threshold]).mean() <= 0.01
    lower = [cut for cut in confidence if cut < threshold]
    assert all((~right[confidence >= cut]).mean() > 0.01 for cut in lower)


def test_the_bounded_threshold_carries_clopper_pearson() -> None:
    """298 clean ones are too few for a 95 % bound of 1 %, 299 are enough."""
    for count, fits in ((298, False), (299, True)):
        confidence, right = np.full(count, 0.9), np.ones(count, bool)
        assert (threshold_for(confidence, right, bounded=True) is not None) is fits
        assert (beta.ppf(0.95, 1, count) <= 0.01) is np.bool_(fits)


def test_nothing_right_has_no_threshold() -> None:
    """There is no honest cut then."""
    assert threshold_for(np.array([0.9, 0.8]), np.array([False, False])) is None


def test_a_second_wish_is_rarely_seen_where_there_is_none(corpus: list[Sample]) -> None:
    """One wish: two in a hundred at most carry a second one by mistake."""
    validation = cross_validate(corpus[::4])
    first = validation.calibration.logits(validation.scores).argmax(axis=1)
    found = validation.calibration.seconds(validation.scores, first)
    single = [second for second, sample in zip(found, validation.samples, strict=True) if sample.second is None]
    assert sum(second is not None for second in single) / len(single) <= 0.025


def test_words_alone_know_most_of_the_corpus(corpus: list[Sample]) -> None:
    """On writers never seen, with half the texts, well above chance: the corpus is learnable."""
    said = cross_validate(corpus[::2]).report()
    assert said.accuracy > 0.65
    assert said.calibration_error < 0.1
    assert all(one.recall > 0.4 for one in said.intents if one.intent is not Intent.OTHER)
