"""Whatever the text: a prediction within bounds, never an exception; the same text, the same prediction."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier.dataset import Sample
from classifier.predict import Predictor
from classifier.prediction import Intent, Prediction
from classifier.train import Trained, train

STRANGE = {
    "empty": "",
    "spaces": " \n\t ",
    "nul": "\0" * 1000,
    "binary": bytes(range(256)).decode("latin-1") * 100,
    "emoji": "😀",
    "one letter": "a" * 1_000_000,
    "a million words": "word " * 1_000_000,
    "no spaces": "a-1" * 400_000,
    "at signs": "@" * 100_000 + "a@" * 100_000,
    "digits": "9" * 500_000,
    "combining": "e" + "\u0301" * 100_000,
    "lone surrogate": "licence \ud800 renewal",
    "right to left": "\u202eנחדש את הרישיון\u202c",
    "chinese": "我们的许可证将于五月到期，请问如何续期？",
    "amharic": "ፈቃዳችንን እንዴት ማደስ እንችላለን",
}


def sound(prediction: Prediction) -> bool:
    """Every number lies where its docstring says."""
    shares = (prediction.confidence, prediction.margin, prediction.program_confidence, prediction.familiarity)
    return (
        all(math.isfinite(share) and 0.0 <= share <= 1.0 for share in shares)
        and prediction.intent is not prediction.runner_up
        and prediction.second is not prediction.intent
    )


@pytest.mark.parametrize("name", STRANGE)
def test_strange_texts_get_a_prediction(trained: Trained, name: str) -> None:
    """Empty, huge, binary, unknown scripts: answered within bounds, and evidence is short."""
    text = STRANGE[name]
    assert sound(trained.predictor([text], ["education"])[0])
    evidence = trained.predictor.evidence(text, "education")
    assert len(evidence) <= 5
    assert all(len(one.text) <= 60 for one in evidence)


@pytest.mark.parametrize("name", ["empty", "spaces", "nul", "emoji", "one letter", "chinese", "amharic"])
def test_what_says_nothing_known_is_unsure(trained: Trained, name: str) -> None:
    """A text without a known word is `other` at best, of low confidence and unfamiliar."""
    prediction = trained.predictor([STRANGE[name]], ["unknown"])[0]
    assert prediction.confidence < 0.5
    assert prediction.familiarity < 0.5


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_gets_a_sound_prediction(trained: Trained, text: str) -> None:
    """No text breaks the model."""
    assert sound(trained.predictor([text], ["startups"])[0])
    trained.predictor.evidence(text, "startups")


def test_a_batch_says_what_each_text_alone_says(trained: Trained, small: Sequence[Sample]) -> None:
    """Neighbours in a batch do not matter, and an empty batch is an empty answer."""
    texts = [sample.text for sample in small[:20]]
    together = trained.predictor(texts, ["education"] * len(texts))
    for text, prediction in zip(texts, together, strict=True):
        alone = trained.predictor([text], ["education"])[0]
        assert alone.intent is prediction.intent
        assert alone.confidence == pytest.approx(prediction.confidence, abs=1e-4)
    assert trained.predictor([], []) == []


def test_as_many_programs_as_texts(trained: Trained) -> None:
    """A mismatch is the caller's mistake and said at once."""
    with pytest.raises(ValueError, match="2 texts, 1 programs"):
        trained.predictor(["a", "b"], ["education"])


def test_training_twice_gives_the_same_model(trained: Trained, small: Sequence[Sample]) -> None:
    """The same corpus, in any order of files, gives the same predictions."""
    again: Predictor = train(list(small)).predictor
    texts = [sample.text for sample in small[:30]]
    before, after = trained.predictor(texts, ["x"] * 30), again(texts, ["x"] * 30)
    assert [one.intent for one in before] == [one.intent for one in after]
    assert [one.confidence for one in after] == pytest.approx([one.confidence for one in before], abs=1e-6)


def test_evidence_adds_up(trained: Trained) -> None:
    """The words that speak for renewal are the words about an ending licence."""
    text = "Our licence ends in May. How do we keep it for another year?"
    prediction = trained.predictor([text], ["education"])[0]
    evidence = trained.predictor.evidence(text, "education")
    assert prediction.intent is Intent.RENEWAL
    assert all(one.text in text for one in evidence)
    assert [abs(one.weight) for one in evidence] == sorted((abs(one.weight) for one in evidence), reverse=True)
    assert evidence[0].weight > 0
