"""The model that ships: both views, exact explanations, bounded on hostile input."""

from pathlib import Path

import numpy as np
import pytest

from classifier.artifact import LiveModel, current_version, load_encoder
from classifier.dataset import Sample
from classifier.explain import meaning_contributions
from classifier.pipeline import INTENTS
from classifier.predict import Predictor
from classifier.prediction import Intent
from classifier.unseen import Unseen

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def shipped() -> Predictor:
    """As on a fresh clone: no key."""
    model = LiveModel(MODELS, Path("/nonexistent/key")).get()
    assert model is not None
    return model


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        (
            "I teach databases at a public university. How do my students and I get your free programme?",
            "new_application",
        ),
        ("Our licence runs out in three weeks. What must we do to keep it another year?", "renewal"),
        ("six more people and no room", "addon_request"),
        ("Your verifier says I do not work here. I have for twelve years. Please look again.", "rejection_dispute"),
        ("The code from your mail says invalid at the checkout, I tried three browsers.", "support"),
        ("Would you like to sponsor our student hackathon in May?", "other"),
    ],
)
def test_plain_wishes_are_understood(shipped: Predictor, text: str, intent: str) -> None:
    """One plain mail of each kind, in words nobody trained on."""
    assert shipped([text], ["education"])[0].intent is Intent(intent)


@pytest.mark.parametrize("text", ["", "\0" * 5000, "😀", "a" * 1_000_000, "我们的许可证 " * 5000, "word " * 1_000_000])
def test_strange_texts_are_never_a_sure_wish(shipped: Predictor, text: str) -> None:
    """Nothing that says nothing could ever be sent an answer."""
    prediction = shipped([text], ["education"])[0]
    assert prediction.intent is Intent.OTHER or prediction.confidence < 0.6
    assert len(shipped.evidence(text, "education")) <= 5


def test_what_tokens_add_is_what_the_meaning_says(shipped: Predictor) -> None:
    """The words' shares add up to the head's logit, compared with the mean intent's, but for the intercept."""
    assert shipped.encoder is not None
    assert shipped.model.meaning is not None
    text = "Dear team, our licence runs out in three weeks and Dr. Müller-Lüdenscheidt wants to keep it."
    head = shipped.model.meaning.intents
    said = shipped.model.meaning.logits(shipped.encoder.vectors([text])).intents[0] - head.intercept_
    spans, parts = shipped.encoder.token_parts(text)
    assert len(spans) == len(parts)
    for intent in range(len(INTENTS)):
        shares = sum(meaning_contributions(shipped, text, intent).values())
        weights = head.coef_[intent] - head.coef_.mean(axis=0)
        outside = sum(float(part @ weights) for (start, end), part in zip(spans, parts, strict=True) if start == end)
        assert shares + outside == pytest.approx(float(said[intent] - said.mean()), abs=1e-3)


def test_a_batch_means_what_each_text_alone_means(shipped: Predictor) -> None:
    """Padding does not move a vector by more than quantisation does."""
    assert shipped.encoder is not None
    texts = ["short", "a rather longer text about a licence that ends " * 5, "", "x " * 2000]
    together = shipped.encoder.vectors(texts)
    alone = np.concatenate([shipped.encoder.vectors([text]) for text in texts])
    assert np.allclose(np.linalg.norm(together, axis=1), [1, 1, 0, 1], atol=1e-5)
    assert (together * alone).sum(axis=1) == pytest.approx([1, 1, 0, 1], abs=0.02)


def test_what_the_fold_encoders_said_survives_its_file(corpus: list[Sample]) -> None:
    """Written and read again it is the same; a text without a row that the encoder has seen is left away."""
    _, content = load_encoder(MODELS, current_version(MODELS), None)
    assert content is not None
    unseen = Unseen.read(content)
    again = Unseen.read(unseen.write())
    assert again.keys == unseen.keys
    assert again.learned == unseen.learned
    assert np.array_equal(again.table, unseen.table)
    assert set(unseen.keys)
    assert len(corpus) > 0
