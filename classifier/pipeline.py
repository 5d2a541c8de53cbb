"""The model: scikit-learn pipelines from text to scores. Training and serving go through the same object."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion

from classifier.dataset import Sample
from classifier.neighbours import Neighbours
from classifier.prediction import Intent, Program
from classifier.text import normal

INTENTS = tuple(Intent)
PROGRAMS = tuple(Program)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scores:
    """One row a text: logits of the intents in INTENTS' order, and what else the heads say (probabilities)."""

    intents: Floats
    wishes: Floats
    """Each intent by itself: is it wished for at all?"""
    programs: Floats
    nearest: Floats
    """Cosine to the nearest training text."""

    def rows(self, order: Sequence[int] | NDArray[np.int64]) -> "Scores":
        """These rows, in this order."""
        return Scores(self.intents[order], self.wishes[order], self.programs[order], self.nearest[order])

    @classmethod
    def join(cls, parts: Sequence["Scores"]) -> "Scores":
        """All rows, one part after the other."""
        columns = (
            [part.intents for part in parts],
            [part.wishes for part in parts],
            [part.programs for part in parts],
            [part.nearest for part in parts],
        )
        return cls(*(np.concatenate(column) for column in columns))


def features() -> FeatureUnion:
    """What the heads see of a text: words and pairs of words, and pieces of words, which survive bad spelling."""
    word = r"(?u)\b\w[\w']*\b|[?!]"
    shared = {"sublinear_tf": True, "min_df": 2, "dtype": np.float32, "preprocessor": normal}
    return FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), token_pattern=word, **shared)),
            ("pieces", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), max_features=60_000, **shared)),
        ]
    )


@dataclass
class Model:
    """Features and the heads on them. `fit` first; then `scores` is pure and thread-safe."""

    features: FeatureUnion
    intents: LogisticRegression
    wishes: OneVsRestClassifier
    programs: LogisticRegression
    neighbours: Neighbours

    @classmethod
    def fit(cls, samples: Sequence[Sample]) -> "Model":
        """Learn from samples."""
        seen = features()
        matrix = csr_matrix(seen.fit_transform([sample.text for sample in samples]))
        weight = np.array([sample.weight for sample in samples])
        wished = np.array([[intent in {sample.intent, sample.second} for intent in INTENTS] for sample in samples])
        return cls(
            seen,
            _head(10.0).fit(matrix, [INTENTS.index(sample.intent) for sample in samples], weight),
            OneVsRestClassifier(_head(3.0)).fit(matrix, wished.astype(int)),
            _programs(matrix, samples),
            Neighbours.fit(matrix[:, : len(seen["words"].vocabulary_)]),
        )

    def scores(self, texts: Sequence[str]) -> Scores:
        """What every head says of every text."""
        matrix = csr_matrix(self.features.transform(texts))
        return Scores(
            self.intents.decision_function(matrix).astype(np.float32),
            self.wishes.predict_proba(matrix).astype(np.float32),
            self._programs(matrix),
            self.neighbours.nearest(matrix[:, : self.neighbours.width]),
        )

    def _programs(self, matrix: csr_matrix) -> Floats:
        wide = np.zeros((matrix.shape[0], len(PROGRAMS)), dtype=np.float32)
        wide[:, self.programs.classes_] = self.programs.predict_proba(matrix)
        return wide


def _programs(matrix: csr_matrix, samples: Sequence[Sample]) -> LogisticRegression:
    known = [row for row, sample in enumerate(samples) if sample.program is not None]
    return _head(3.0).fit(matrix[known], [PROGRAMS.index(samples[row].program or Program.UNKNOWN) for row in known])


def _head(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, class_weight="balanced", max_iter=300)
