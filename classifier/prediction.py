"""The one word both packages share: what the model said about a text."""

from dataclasses import dataclass
from enum import StrEnum


class Intent(StrEnum):
    """What the writer wants."""

    NEW_APPLICATION = "new_application"
    RENEWAL = "renewal"
    ADDON_REQUEST = "addon_request"
    REJECTION_DISPUTE = "rejection_dispute"
    SUPPORT = "support"
    OTHER = "other"


class Program(StrEnum):
    """The community program a text speaks of."""

    EDUCATION = "education"
    OPENSOURCE = "opensource"
    STARTUPS = "startups"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model said. Confidences, margin and familiarity lie in 0..1."""

    intent: Intent
    confidence: float
    runner_up: Intent
    margin: float
    """Confidence less the runner-up's."""
    second: Intent | None
    """A second wish above its own threshold."""
    program: Program
    program_confidence: float
    model: str
    """The version of the artifact that spoke."""
    familiarity: float = 1.0
    """How near the text lies to the training texts: 0 unlike anything learned."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stretch of the text and how much it spoke for the intent (negative: against)."""

    text: str
    weight: float
