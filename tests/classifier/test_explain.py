"""Contributions are exact: the words' shares add up to what the linear head says."""

from collections.abc import Sequence

import pytest

from classifier.dataset import Sample
from classifier.explain import word_contributions
from classifier.pipeline import INTENTS
from classifier.train import Trained


def test_the_shares_of_the_words_are_the_logit(trained: Trained, small: Sequence[Sample]) -> None:
    """Summed over the text, they are the intent's logit less the mean intent's, but for the intercept."""
    head = trained.predictor.model.words.intents
    for sample in small[:10]:
        said = trained.predictor.model.scores([sample.text]).words.intents[0]
        for intent in range(len(INTENTS)):
            shares = sum(word_contributions(trained.predictor, sample.text, intent).values())
            wanted = (said[intent] - head.intercept_[intent]) - (said - head.intercept_).mean()
            assert shares == pytest.approx(float(wanted), abs=1e-3)
