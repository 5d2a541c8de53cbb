"""What stands about a message before history is known: findings, prediction, disposition, and the reply ready to go.

The daemon and `explain` go through here, so that what is explained is what is done.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from classifier.prediction import Prediction
from classifier.text import compose_text
from responder.core.cues import find_cues
from responder.core.decide import decide
from responder.core.errors import TemplateError
from responder.core.mailbox import Mailbox
from responder.core.message import Message
from responder.core.reply import Letter, compose
from responder.core.screen import Known, screen
from responder.core.slots import reply_values
from responder.core.verdict import Acknowledge, Answer, Disposition, Effect, Finding
from responder.ports import Classify, Envelope, NewReply, Outgoing, Render, Rules

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """A message with everything said about it so far."""

    message: Message
    findings: tuple[Finding, ...]
    prediction: Prediction | None

    def with_finding(self, finding: Finding) -> "Judged":
        """One finding more."""
        return replace(self, findings=(*self.findings, finding))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message disposed of without history, its reply ready where one would go."""

    judged: Judged
    disposition: Disposition
    reply: NewReply | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """The pure pipeline of one mailbox with the world's answers put in: rules, model, renderer."""

    mailbox: Mailbox
    known: Known
    rules: Rules
    render: Render
    classify: Classify | None

    def __call__(self, messages: Sequence[Message]) -> list[Judged]:
        """Screen, look for cues and classify a batch. One message's trouble is a finding of its own, never an error."""
        predictions = self._predict(messages)
        return [
            Judged(message, self._findings(message), prediction)
            for message, prediction in zip(messages, predictions, strict=True)
        ]

    def dispose(self, judged: Judged, extra: Sequence[Finding] = ()) -> Disposition:
        """The disposition, with `extra` findings (history, caps) beside the judged ones."""
        return decide((*judged.findings, *extra), judged.prediction, self.rules.policy, self.mailbox.program)

    def prepare(self, judged: Judged, at: datetime) -> Prepared:
        """Disposition and reply; a reply that cannot be made is one finding more and so a hold."""
        disposition = self.dispose(judged)
        template = template_of(disposition)
        if template is None:
            return Prepared(judged, disposition)
        try:
            return Prepared(judged, disposition, self._reply(judged.message, template, disposition, at))
        except TemplateError as error:
            failed = judged.with_finding(Finding(error.rule, Effect.HOLD, error.detail, error.slots))
        except ValueError as error:
            failed = judged.with_finding(Finding("sender.missing", Effect.HOLD, str(error)))
        return Prepared(failed, self.dispose(failed))

    def _reply(self, message: Message, template: str, disposition: Disposition, at: datetime) -> NewReply:
        sender = self.mailbox.reply_from
        rendered = self.render(template, reply_values(message, sender.address, at))
        letter = Letter(rendered.subject, rendered.text, rendered.html)
        message_id, recipient, raw = compose(letter, message, sender, 1, at, automatic=True)
        return NewReply(
            outgoing=Outgoing(message_id, Envelope(sender.bounce_address, recipient), raw),
            automatic=True,
            receipt=isinstance(disposition, Acknowledge),
            template=template,
            template_version=rendered.version,
            subject=rendered.subject,
            body=rendered.text,
            not_before=at,
            policy=self.rules.version,
            model=disposition.prediction.model if disposition.prediction else "",
        )

    def _findings(self, message: Message) -> tuple[Finding, ...]:
        author = message.author.addr if message.author else ""
        try:
            today = message.received_at.date()
            cues = find_cues(message.subject, message.text, self.rules.cues, author=author, today=today)
            return (*screen(message, self.known), *cues)
        except Exception as error:  # a rule that fails must hold its message, not stop the mailbox
            log.exception("screening failed", extra={"mailbox": self.mailbox.name, "uid": message.key.uid})
            return (Finding("intake.poison", Effect.HOLD, type(error).__name__, (("n", "1"),)),)

    def _predict(self, messages: Sequence[Message]) -> Sequence[Prediction | None]:
        if self.classify is None or not messages:
            return [None] * len(messages)
        texts = [compose_text(message.subject, message.text) for message in messages]
        try:
            return self.classify(texts, [self.mailbox.program] * len(texts))
        except Exception:  # without a prediction everything is held, and said so
            log.exception("classifier failed", extra={"mailbox": self.mailbox.name})
            return [None] * len(messages)


def template_of(disposition: Disposition) -> str | None:
    """The template that goes out, or None where none does."""
    return disposition.template if isinstance(disposition, Answer | Acknowledge) else None
