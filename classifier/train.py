"""From labelled texts to a predictor and the card that describes it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from classifier.dataset import Sample, fingerprint, require_enough
from classifier.evaluate import Report, cross_validate
from classifier.pipeline import Model
from classifier.predict import Predictor
from classifier.prediction import Intent, Program


@dataclass(frozen=True)
class Trained:
    """A predictor, how good it is on unseen writers, and its card."""

    predictor: Predictor
    report: Report
    card: dict[str, Any]


def train(samples: Sequence[Sample]) -> Trained:
    """Validate on writers left out, calibrate on that, then learn from everything. Raises CorpusError on too little."""
    require_enough(samples)
    validation = cross_validate(samples)
    report = validation.report()
    predictor = Predictor(Model.fit(samples), validation.calibration)
    return Trained(predictor, report, _card(samples, report, validation.calibration.temperature))


def _card(samples: Sequence[Sample], report: Report, temperature: float) -> dict[str, Any]:
    return {
        "intents": [str(intent) for intent in Intent],
        "programs": [str(program) for program in Program],
        "corpus": {
            "sha256": fingerprint(samples),
            "texts": len(samples),
            "writers": report.writers,
            "per_intent": dict(sorted(Counter(str(sample.intent) for sample in samples).items())),
        },
        "temperature": temperature,
        "leave_writers_out": asdict(report),
        "limits": [
            "English mail to a community program; anything else should come out unfamiliar and unsure.",
            "The figures are of texts written for this project by writers left out in turn, not of live mail.",
            "thresholds are chosen by hindsight; bounded_threshold carries a 95 % bound on the error.",
        ],
        "licences": {"training texts": "MIT, written for this project"},
        "rebuild": "make model",
    }
