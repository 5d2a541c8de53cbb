"""What an answer is made of: the model's word, staff's rules, a rendered template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from classifier.prediction import Evidence, Prediction
from responder.core.cues import Cue
from responder.core.policy import Policy


class Classify(Protocol):
    """Text in, prediction out. Thread-safe."""

    version: str

    def __call__(self, texts: Sequence[str], programs: Sequence[str]) -> Sequence[Prediction]:
        """One prediction a text; `programs` holds each text's mailbox program, or "unknown"."""

    def evidence(self, text: str, program: str) -> Sequence[Evidence]:
        """What drove the intent, strongest first, five at most."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A rendered template, before it becomes a mail."""

    template: str
    version: str
    """Twelve hex digits of the SHA-256 of the template's file."""
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What staff edit besides the templates: one consistent reading of policy, cues and facts."""

    policy: Policy
    cues: tuple[Cue, ...]
    facts: Mapping[str, str]
    vendor_domains: frozenset[str]
    """The verification vendor's sender domains."""
    version: str
    """Twelve hex digits of the SHA-256 over the three files."""


class Render(Protocol):
    """Templates by name, as `education/renewal`. Thread-safe; re-read when files change, the last good set stays."""

    def __call__(self, template: str, values: Mapping[str, str]) -> Rendered:
        """Render with facts and values. Raises TemplateError: missing, broken, unfilled or too long."""

    def wrap(self, subject: str, body: str) -> Rendered:
        """A person's own words (Markdown) as a Rendered; the same safety, no variables."""

    def names(self) -> Sequence[str]:
        """Every template there is."""

    def rules(self) -> Rules:
        """Policy, cues and facts as of now; the last good set where the files are broken."""
