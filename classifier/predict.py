"""Texts in, predictions out: what the daemon calls."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier import explain
from classifier.calibrate import Calibration
from classifier.pipeline import INTENTS, OTHER, PROGRAMS, Model, vectors_of
from classifier.prediction import Evidence, Prediction
from classifier.sentences import Encoder


@dataclass
class Predictor:
    """A model with its calibration. Thread-safe; never raises on content; its time is bounded whatever the text."""

    model: Model
    calibration: Calibration
    encoder: Encoder | None = None
    version: str = "unsaved"

    def __call__(self, texts: Sequence[str], programs: Sequence[str]) -> list[Prediction]:
        """One prediction a text. `programs` (each text's mailbox program) must be as many; the text itself decides."""
        if len(texts) != len(programs):
            raise ValueError(f"{len(texts)} texts, {len(programs)} programs")
        if not texts:
            return []
        scores = self.model.scores(texts, vectors_of(self.encoder, texts))
        probabilities = self.calibration.probabilities(scores)
        ranked = _ranked(probabilities)
        program_rows = self.calibration.program_probabilities(scores)
        familiarity, seconds = self.calibration.familiarity(scores), self.calibration.seconds(scores, ranked[:, 0])
        return [
            Prediction(
                intent=INTENTS[ranked[row, 0]],
                confidence=float(probabilities[row, ranked[row, 0]]),
                runner_up=INTENTS[ranked[row, 1]],
                margin=float(probabilities[row, ranked[row, 0]] - probabilities[row, ranked[row, 1]]),
                second=seconds[row],
                program=PROGRAMS[int(program_rows[row].argmax())],
                program_confidence=float(program_rows[row].max()),
                model=self.version,
                familiarity=float(familiarity[row]),
            )
            for row in range(len(texts))
        ]

    def evidence(self, text: str, program: str) -> list[Evidence]:
        """The five words that drove the intent, strongest first."""
        prediction = self([text], [program])[0]
        return explain.evidence(self, text, INTENTS.index(prediction.intent))


def _ranked(probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Likeliest first; among equals `other`, so that a text that says nothing is never taken for a wish."""
    others_first = np.roll(np.arange(len(INTENTS)), len(INTENTS) - OTHER)
    order = np.argsort(-probabilities[:, others_first], axis=1, kind="stable")
    return np.asarray(others_first[order])
