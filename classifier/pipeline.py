"""The model: what a text is turned into, and the linear heads on it. Training and serving go through the same object.

Two views of a text: its words and pieces of words (TF-IDF), and its sentence vector. Each has heads of its own, which
say of every intent, wish and program how much the view speaks for it; `calibrate` learns how far to trust which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

from classifier.dataset import Sample
from classifier.neighbours import Neighbours
from classifier.prediction import Intent, Program
from classifier.sentences import Encoder
from classifier.text import normal

INTENTS = tuple(Intent)
PROGRAMS = tuple(Program)
OTHER = INTENTS.index(Intent.OTHER)

Floats = NDArray[np.float32]
Matrix: TypeAlias = Any
"""A csr_matrix, or an array of (rows, columns)."""


@dataclass(frozen=True, slots=True)
class Logits:
    """What the heads of one view say, a row a text; the columns are INTENTS, INTENTS and PROGRAMS."""

    intents: Floats
    wishes: Floats
    """Each intent by itself: is it wished for at all, first or second?"""
    programs: Floats

    def rows(self, order: Sequence[int] | NDArray[np.int64]) -> "Logits":
        """These rows, in this order."""
        return Logits(self.intents[order], self.wishes[order], self.programs[order])

    @classmethod
    def join(cls, parts: Sequence["Logits"]) -> "Logits":
        """All rows, one part after the other."""
        return cls(
            np.concatenate([part.intents for part in parts]),
            np.concatenate([part.wishes for part in parts]),
            np.concatenate([part.programs for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class Scores:
    """Both views of some texts, and how near they lie to the training texts."""

    words: Logits
    meaning: Logits | None
    """None where the model has no encoder."""
    nearest: Floats
    """Cosine to the nearest training text, times the share of words that are known."""

    def rows(self, order: Sequence[int] | NDArray[np.int64]) -> "Scores":
        """These rows, in this order."""
        return Scores(self.words.rows(order), self.meaning.rows(order) if self.meaning else None, self.nearest[order])

    @classmethod
    def join(cls, parts: Sequence["Scores"]) -> "Scores":
        """All rows, one part after the other."""
        meanings = [part.meaning for part in parts if part.meaning is not None]
        return cls(
            Logits.join([part.words for part in parts]),
            Logits.join(meanings) if meanings else None,
            np.concatenate([part.nearest for part in parts]),
        )


@dataclass
class Heads:
    """Linear heads on one view."""

    intents: LogisticRegression
    wishes: list[LogisticRegression | None]
    """None where the training texts do not tell: all wish for it, or none."""
    programs: LogisticRegression | None

    @classmethod
    def fit(cls, matrix: Matrix, samples: Sequence[Sample], strength: float) -> "Heads":
        """Learn from rows of samples; `strength` is the inverse of the regularisation."""
        weight = np.array([sample.weight for sample in samples])
        truth = [INTENTS.index(sample.intent) for sample in samples]
        wished = np.array([[intent in {sample.intent, sample.second} for intent in INTENTS] for sample in samples])
        known = [row for row, sample in enumerate(samples) if sample.program is not None]
        programs = [PROGRAMS.index(samples[row].program or Program.UNKNOWN) for row in known]
        return cls(
            _head(strength).fit(matrix, truth, weight),
            [_head(strength / 3).fit(matrix, one, weight) if 0 < one.sum() < len(one) else None for one in wished.T],
            _head(strength / 3).fit(matrix[known], programs) if len(set(programs)) > 1 else None,
        )

    def logits(self, matrix: Matrix) -> Logits:
        """What they say of rows."""
        count = matrix.shape[0]
        wishes = [np.zeros(count) if one is None else one.decision_function(matrix) for one in self.wishes]
        return Logits(
            _columns(self.intents, matrix, len(INTENTS)),
            np.stack(wishes, axis=1).astype(np.float32),
            np.zeros((count, len(PROGRAMS)), np.float32)
            if self.programs is None
            else _columns(self.programs, matrix, len(PROGRAMS)),
        )


@dataclass
class Model:
    """Both views with their heads; the encoder is not part of it. Pure and thread-safe once fitted."""

    features: FeatureUnion
    words: Heads
    meaning: Heads | None
    neighbours: Neighbours

    @classmethod
    def fit(cls, samples: Sequence[Sample], vectors: Floats | None = None) -> "Model":
        """Learn from samples and, where there is an encoder, their sentence vectors."""
        seen = features()
        matrix = csr_matrix(seen.fit_transform([sample.text for sample in samples]))
        meaning = None if vectors is None else Heads.fit(vectors, samples, MEANING_STRENGTH)
        near = matrix[:, : len(_words(seen).vocabulary_)] if vectors is None else vectors
        return cls(seen, Heads.fit(matrix, samples, WORDS_STRENGTH), meaning, Neighbours.fit(near))

    def scores(self, texts: Sequence[str], vectors: Floats | None = None) -> Scores:
        """What every head says of every text; `vectors` as many, where the model was fitted with them."""
        matrix = csr_matrix(self.features.transform(texts))
        words, known = self.words.logits(matrix), self._known(texts)
        if self.meaning is None or vectors is None:
            return Scores(words, None, self.neighbours.nearest(matrix[:, : self.neighbours.width]) * known)
        return Scores(words, self.meaning.logits(vectors), self.neighbours.nearest(vectors) * known)

    def _known(self, texts: Sequence[str]) -> Floats:
        """The share of each text's words that the training texts have: 0 in a script never seen."""
        words = _words(self.features)
        split, vocabulary = words.build_tokenizer(), words.vocabulary_
        spoken = [[word for word in split(normal(text)) if word not in "?!"] for text in texts]
        return np.array([sum(word in vocabulary for word in one) / max(len(one), 1) for one in spoken], np.float32)


WORDS_STRENGTH, MEANING_STRENGTH = 10.0, 0.3
"""A fine-tuned encoder parts the texts it has seen so well that its heads must be held back; a frozen one wants 10."""


def vectors_of(encoder: Encoder | None, texts: Sequence[str]) -> Floats | None:
    """Sentence vectors, or None without an encoder."""
    return None if encoder is None else encoder.vectors(texts)


def features() -> FeatureUnion:
    """Words and pairs of words, and pieces of words, which survive bad spelling."""
    word = r"(?u)\b\w[\w']*\b|[?!]"
    shared = {"sublinear_tf": True, "min_df": 2, "dtype": np.float32, "preprocessor": normal}
    return FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), token_pattern=word, **shared)),
            ("pieces", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), max_features=60_000, **shared)),
        ]
    )


def _words(union: FeatureUnion) -> TfidfVectorizer:
    return dict(union.transformer_list)["words"]


def _head(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, class_weight="balanced", max_iter=300)


def _columns(head: LogisticRegression, matrix: Matrix, count: int) -> Floats:
    """The head's logits in `count` columns; a class it never saw is out of the question."""
    said = head.decision_function(matrix)
    if said.ndim == 1:
        said = np.stack([-said / 2, said / 2], axis=1)
    wide = np.full((matrix.shape[0], count), -20.0, dtype=np.float32)
    wide[:, head.classes_] = said
    return wide
