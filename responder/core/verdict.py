"""What is to be done with a message, and every reason for it."""

from dataclasses import dataclass
from enum import StrEnum

from classifier.prediction import Prediction


class Effect(StrEnum):
    """What a finding asks for. Ignore beats hold beats answer; a variant picks another template."""

    IGNORE = "ignore"
    HOLD = "hold"
    VARIANT = "variant"


@dataclass(frozen=True, slots=True)
class Finding:
    """A screening rule or cue that hit. Every hit is kept, not only the first."""

    rule: str
    """A code of `core.reasons`, e.g. marker.auto-submitted or cue.money."""
    effect: Effect
    detail: str = ""
    """The words or value that hit, short, without secrets."""
    slots: tuple[tuple[str, str], ...] = ()
    """What fills the {slots} of the rule's sentence when `detail` alone does not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Send the template; nobody else has to look."""

    template: str
    prediction: Prediction
    reasons: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Send a receipt and hold the message for a person."""

    template: str
    prediction: Prediction
    reasons: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """Send nothing; a person decides."""

    reasons: tuple[Finding, ...]
    prediction: Prediction | None = None
    suggested: str | None = None
    """The template a person would most likely start from."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """A machine sent it (or only thanks): file it, send nothing; a person may restore it."""

    reasons: tuple[Finding, ...]
    prediction: Prediction | None = None


Disposition = Answer | Acknowledge | Hold | Ignore
