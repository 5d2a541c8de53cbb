"""One raw message decided as in auto mode with an empty history, for people and programs to look at. Sends nothing."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from classifier.prediction import Evidence, Prediction, Program
from classifier.text import compose_text
from responder.core.cues import mask
from responder.core.decide import program_of
from responder.core.mailbox import Mailbox, Mode
from responder.core.message import Message, MessageKey
from responder.core.parse import parse
from responder.core.policy import INTENT_NAMES
from responder.core.reasons import REASONS, effective, say, topmost
from responder.core.reply import ReplyFrom
from responder.core.screen import Known
from responder.core.verdict import Acknowledge, Answer, Disposition, Finding, Hold, Ignore
from responder.ports import Classify, Render
from responder.services.judging import Judge, template_of

NOWHERE = "nobody.invalid"


@dataclass(frozen=True, slots=True)
class Explained:
    """A message, what would be done with it, and why."""

    message: Message
    prediction: Prediction | None
    findings: tuple[Finding, ...]
    disposition: Disposition
    program: str
    evidence: tuple[Evidence, ...]

    @property
    def outcome(self) -> str:
        """reply, acknowledge, hold or ignore."""
        match self.disposition:
            case Answer():
                return "reply"
            case Acknowledge():
                return "acknowledge"
            case Hold():
                return "hold"
            case Ignore():
                return "ignore"

    @property
    def template(self) -> str | None:
        """The template that would be sent."""
        return template_of(self.disposition)

    @property
    def may_reply(self) -> bool:
        """Whether a machine may answer at all: False for machine-made or bulk mail, parked or held for it."""
        return not any(REASONS[finding.rule].machine for finding in self.findings)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences, most urgent first; for an answer what it rests on."""
        said = [say(finding) for finding in topmost(effective(self.disposition.reasons))]
        if isinstance(self.disposition, Answer | Acknowledge):
            guess = self.disposition.prediction
            sure = min(math.floor(guess.confidence * 100), 99)
            said.insert(0, f"Sure enough: {self.program} x {INTENT_NAMES[guess.intent]}, {sure} of 100")
        return tuple(dict.fromkeys(said))


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains messages as one mailbox or, where none is named, as the one each message is addressed to."""

    mailboxes: Mapping[str, Mailbox]
    known: Callable[[Mailbox], Known]
    render: Render
    classify: Callable[[], Classify | None]
    mailbox: str | None = None

    def __call__(self, raw: bytes, now: datetime) -> Explained:
        """Decide one message. The time of receipt is its Date, else `now`."""
        message = parse(raw, MessageKey("explain", 1, 1), now)
        message = replace(message, received_at=message.sent_at or now)
        mailbox, addressed = self._mailbox_of(message)
        known = self.known(mailbox)
        if addressed:
            known = replace(known, addresses=known.addresses | {addressed})
        model = self.classify()
        judge = Judge(mailbox, known, self.render.rules(), self.render, model)
        prepared = judge.prepare(judge([message])[0], message.received_at)
        prediction = prepared.judged.prediction
        text = compose_text(mask(message.subject), mask(message.text))  # evidence is shown: no coupon code in it
        return Explained(
            message=message,
            prediction=prediction,
            findings=_counting(prepared.judged.findings, prepared.disposition),
            disposition=prepared.disposition,
            program=program_of(prediction, judge.rules.policy, mailbox.program),
            evidence=tuple(model.evidence(text, mailbox.program)) if model and text else (),
        )

    def _mailbox_of(self, message: Message) -> tuple[Mailbox, str]:
        """The mailbox, and the address that thereby counts as ours."""
        named = self.mailbox
        if named is not None and named in self.mailboxes:
            return self.mailboxes[named], ""
        programs = [Program(named)] if named else [one for one in Program if one is not Program.UNKNOWN]
        for recipient in message.recipients:
            for mailbox in self.mailboxes.values() if named is None else ():
                if recipient.addr.lower() == mailbox.reply_from.address:
                    return mailbox, recipient.addr
            if recipient.local in programs:
                return _stand_in(Program(recipient.local), recipient.addr), recipient.addr
        program = Program(named) if named else Program.UNKNOWN
        return _stand_in(program, f"{program}@{NOWHERE}"), ""


def _counting(findings: tuple[Finding, ...], disposition: Disposition) -> tuple[Finding, ...]:
    """Every screening rule that hit, and the cues that matter to this program and intent."""
    return tuple(f for f in findings if not f.rule.startswith("cue.") or f in disposition.reasons)


def _stand_in(program: Program, address: str) -> Mailbox:
    return Mailbox(program, program, Mode.AUTO, ReplyFrom(address, "", address, "explain"))
