"""What stands about one message before history is known: findings of screening and cues, and the model's prediction.

The daemon and `explain` go through here, so that what is explained is what is done.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from classifier.prediction import Prediction
from classifier.text import compose_text
from responder.core.cues import find_cues
from responder.core.decide import decide
from responder.core.mailbox import Mailbox
from responder.core.message import Message
from responder.core.screen import Known, screen
from responder.core.verdict import Disposition, Effect, Finding
from responder.ports import Classify, Rules

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """A message with everything said about it so far."""

    message: Message
    findings: tuple[Finding, ...]
    prediction: Prediction | None


def judge(
    messages: Sequence[Message],
    mailbox: Mailbox,
    known: Known,
    rules: Rules,
    classify: Classify | None,
) -> list[Judged]:
    """Screen, look for cues and classify a batch. Nothing here raises for one message's sake: doubt becomes a hold."""
    predictions = _predict(messages, mailbox, classify)
    return [
        Judged(message, _findings(message, known, rules), prediction)
        for message, prediction in zip(messages, predictions, strict=True)
    ]


def dispose(judged: Judged, extra: Sequence[Finding], rules: Rules, mailbox: Mailbox) -> Disposition:
    """The disposition, with `extra` findings (history, caps) beside the judged ones."""
    return decide((*judged.findings, *extra), judged.prediction, rules.policy, mailbox.program)


def _findings(message: Message, known: Known, rules: Rules) -> tuple[Finding, ...]:
    try:
        return (*screen(message, known), *find_cues(message.subject, message.text, rules.cues))
    except Exception as error:  # noqa: BLE001 - a rule that fails must hold its message, not stop the mailbox
        log.error("screening failed", extra={"mailbox": message.key.mailbox, "error": type(error).__name__})
        return (Finding("intake.poison", Effect.HOLD, type(error).__name__, (("n", "1"),)),)


def _predict(messages: Sequence[Message], mailbox: Mailbox, classify: Classify | None) -> Sequence[Prediction | None]:
    if classify is None or not messages:
        return [None] * len(messages)
    texts = [compose_text(message.subject, message.text) for message in messages]
    try:
        return classify(texts, [mailbox.program] * len(texts))
    except Exception as error:  # noqa: BLE001 - without a prediction everything is held, and said so
        log.error("classifier failed", extra={"mailbox": mailbox.name, "error": type(error).__name__})
        return [None] * len(messages)
