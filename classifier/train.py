"""From labelled texts to a predictor and the card that describes it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from classifier.calibrate import Calibration
from classifier.dataset import Sample, fingerprint, require_enough
from classifier.evaluate import Report, cross_validate
from classifier.pipeline import Model, vectors_of
from classifier.predict import Predictor
from classifier.prediction import Intent, Program
from classifier.sentences import Encoder
from classifier.unseen import Unseen


@dataclass(frozen=True)
class Trained:
    """A predictor, how good it is on unseen writers, and its card."""

    predictor: Predictor
    report: Report
    card: dict[str, Any]


def train(samples: Sequence[Sample], encoder: Encoder | None = None, unseen: Unseen | None = None) -> Trained:
    """Validate on writers left out, calibrate on that, then learn from everything. Raises CorpusError on too little.

    The encoder stays as it is; `unseen` is what fold encoders said of the texts that it was trained on.
    """
    require_enough(samples)
    vectors = vectors_of(encoder, [sample.text for sample in samples])
    validation = cross_validate(samples, vectors, unseen)
    report = validation.report()
    predictor = Predictor(Model.fit(samples, vectors), validation.calibration, encoder)
    return Trained(predictor, report, _card(samples, report, validation.calibration))


def _card(samples: Sequence[Sample], report: Report, calibration: Calibration) -> dict[str, Any]:
    return {
        "intents": [str(intent) for intent in Intent],
        "programs": [str(program) for program in Program],
        "corpus": {
            "sha256": fingerprint(samples),
            "texts": len(samples),
            "writers": report.writers,
            "per_intent": dict(sorted(Counter(str(sample.intent) for sample in samples).items())),
        },
        "calibration": asdict(calibration),
        "leave_writers_out": asdict(report),
        "limits": [
            "English mail to a community program; anything else should come out unfamiliar and unsure.",
            "The figures are of texts written for this project by writers left out in turn, not of live mail.",
            "thresholds are chosen by hindsight; bounded_threshold carries a 95 % bound on the error.",
        ],
        "licences": {
            "training texts": "MIT, written for this project",
            "encoder": "Apache-2.0: all-MiniLM-L6-v2 (sentence-transformers)",
        },
        "rebuild": "make model",
    }
