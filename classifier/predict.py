"""Texts in, predictions out: what the daemon calls."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifier import explain
from classifier.calibrate import Calibration
from classifier.pipeline import INTENTS, PROGRAMS, Model
from classifier.prediction import Evidence, Prediction


@dataclass
class Predictor:
    """A model with its calibration. Thread-safe; never raises on content; its time is bounded whatever the text."""

    model: Model
    calibration: Calibration
    version: str = "unsaved"

    def __call__(self, texts: Sequence[str], programs: Sequence[str]) -> list[Prediction]:
        """One prediction a text. `programs` (each text's mailbox program) must be as many; the text itself decides."""
        if len(texts) != len(programs):
            raise ValueError(f"{len(texts)} texts, {len(programs)} programs")
        if not texts:
            return []
        scores = self.model.scores(texts)
        probabilities = self.calibration.probabilities(scores)
        ranked = np.argsort(-probabilities, axis=1, kind="stable")
        familiarity, seconds = self.calibration.familiarity(scores), self.calibration.seconds(scores)
        return [
            Prediction(
                intent=INTENTS[ranked[row, 0]],
                confidence=float(probabilities[row, ranked[row, 0]]),
                runner_up=INTENTS[ranked[row, 1]],
                margin=float(probabilities[row, ranked[row, 0]] - probabilities[row, ranked[row, 1]]),
                second=seconds[row],
                program=PROGRAMS[int(scores.programs[row].argmax())],
                program_confidence=float(scores.programs[row].max()),
                model=self.version,
                familiarity=float(familiarity[row]),
            )
            for row in range(len(texts))
        ]

    def evidence(self, text: str, program: str) -> list[Evidence]:
        """The five words that drove the intent, strongest first."""
        prediction = self([text], [program])[0]
        return explain.evidence(self.model, text, INTENTS.index(prediction.intent))
