"""A real model, trained on a slice of the real corpus, once a test run."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from classifier import artifact
from classifier.dataset import Sample, load_corpus
from classifier.train import Trained, train

KEY = b"0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="session")
def corpus() -> list[Sample]:
    """Every training text."""
    return load_corpus()


@pytest.fixture(scope="session")
def small(corpus: list[Sample]) -> Sequence[Sample]:
    """A sixth of them, of every writer some."""
    return corpus[::6]


@pytest.fixture(scope="session")
def trained(small: Sequence[Sample]) -> Trained:
    """A model by words alone: quick, and all that most promises need."""
    return train(small)


@pytest.fixture
def models(tmp_path: Path, trained: Trained) -> Path:
    """A folder with that model, signed and in use, and the key beside the folder."""
    folder = tmp_path / "models"
    version, _ = artifact.save(folder, trained.predictor, trained.card, KEY)
    artifact.promote(folder, version)
    (tmp_path / "model.key").write_bytes(KEY)
    return folder
