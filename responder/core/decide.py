"""The decision: findings and a prediction, read with the policy, become a disposition. Ignore beats hold beats answer.

Doubt holds, and every reason is named, not only the first.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from classifier.prediction import Intent, Prediction, Program
from responder.core.policy import INTENT_NAMES, Action, Policy, Row, Variant
from responder.core.reasons import effective
from responder.core.verdict import Acknowledge, Answer, Disposition, Effect, Finding, Hold, Ignore

THANKS = "request.thanks"
_HARMLESS_WITH_THANKS = frozenset({"text.short", "text.language"})
_MOST = 99
"""No confidence is shown as 100 of 100."""


def decide(
    findings: Sequence[Finding], prediction: Prediction | None, policy: Policy, mailbox_program: str
) -> Disposition:
    """What is to be done with a message. `mailbox_program` is the mailbox's program, or "unknown".

    A cue that the row of program x intent does not name does not hold; whoever calls keeps it on record. Every other
    finding holds, whether the policy has heard of it or not.
    """
    counted = effective(findings)
    if (ignored := _ignored(counted)) is not None:
        return Ignore(ignored, prediction)
    case = _case(prediction, policy, mailbox_program)
    chosen = [variant for variant in case.variants if any(_speaks(f, variant.cue, case) for f in counted)]
    varied = tuple(f for f in counted for variant in chosen if _speaks(f, variant.cue, case))
    action, template = _choice(case, chosen)
    held = (
        *(f for f in counted if _holds(f, case, policy)),
        *(varied if len(chosen) > 1 else ()),  # two variants at once: which of them is doubtful
        *_doubts(case, action, policy, mailbox_program),
    )
    if prediction is None or template is None or held:
        return Hold(held, prediction, template)
    if action is Action.ACKNOWLEDGE:
        return Acknowledge(template, prediction, (Finding("policy.receipt", Effect.HOLD), *varied))
    return Answer(template, prediction, varied)


@dataclass(frozen=True, slots=True)
class _Case:
    """The cell of the table a message falls into."""

    program: str
    prediction: Prediction | None
    row: Row | None

    @property
    def variants(self) -> tuple[Variant, ...]:
        return self.row.variants if self.row else ()


def program_of(prediction: Prediction | None, policy: Policy, mailbox_program: str) -> str:
    """The program whose row counts: the mailbox's, unless the text plainly names another."""
    if prediction is None or not _names_another(prediction, mailbox_program):
        return mailbox_program
    return prediction.program.value if prediction.program_confidence >= policy.sure.program else mailbox_program


def _case(prediction: Prediction | None, policy: Policy, mailbox_program: str) -> _Case:
    program = program_of(prediction, policy, mailbox_program)
    row = policy.row(program, prediction.intent.value) if prediction else None
    return _Case(program, prediction, row)


def _names_another(prediction: Prediction, mailbox_program: str) -> bool:
    return prediction.program.value not in (mailbox_program, Program.UNKNOWN.value)


def _maybe_another(prediction: Prediction, policy: Policy, mailbox_program: str) -> bool:
    unsure = policy.sure.program_doubt <= prediction.program_confidence < policy.sure.program
    return mailbox_program != Program.UNKNOWN.value and _names_another(prediction, mailbox_program) and unsure


def _ignored(counted: Sequence[Finding]) -> tuple[Finding, ...] | None:
    """The findings that ignore the message, if they win. Thanks alone yields to anything that holds."""
    ignoring = tuple(f for f in counted if f.effect is Effect.IGNORE)
    if any(f.rule != THANKS for f in ignoring):
        return ignoring
    held = any(f.effect is Effect.HOLD and f.rule not in _HARMLESS_WITH_THANKS for f in counted)
    return ignoring if ignoring and not held else None


def _speaks(finding: Finding, rule: str, case: _Case) -> bool:
    return finding.rule == rule and _concerns(finding, case)


def _concerns(finding: Finding, case: _Case) -> bool:
    """Whether a finding that speaks to certain programs or intents speaks to this case."""
    about = [value for name, value in finding.slots if name == "about"]
    return not about or case.prediction is None or case.program in about or case.prediction.intent.value in about


def _holds(finding: Finding, case: _Case, policy: Policy) -> bool:
    if finding.effect is Effect.IGNORE or not _concerns(finding, case):
        return False
    if finding.rule in policy.selective and case.row is not None:
        return finding.rule in case.row.cues
    return finding.effect is Effect.HOLD


def _choice(case: _Case, chosen: Sequence[Variant]) -> tuple[Action, str | None]:
    if case.row is None:
        return Action.HOLD, None
    return (chosen[0].action, chosen[0].template) if chosen else (case.row.action, case.row.template)


def _doubts(case: _Case, action: Action, policy: Policy, mailbox_program: str) -> Iterator[Finding]:
    """What speaks against trusting the model here."""
    prediction, row = case.prediction, case.row
    if prediction is None:
        yield Finding("model.missing", Effect.HOLD)
        return
    if prediction.intent is Intent.OTHER:
        yield Finding("model.other", Effect.HOLD)
        return
    if row is None:
        yield Finding("policy.no-row", Effect.HOLD, slots=_cell(case))
        return
    if prediction.confidence < row.needs:
        yield _unsure(prediction.confidence, row.needs)
    if prediction.margin < policy.sure.margin:
        yield Finding("model.close", Effect.HOLD, slots=_two(prediction.intent, prediction.runner_up))
    if prediction.second is not None and prediction.second is not prediction.intent:
        yield Finding("model.second", Effect.HOLD, slots=_two(prediction.intent, prediction.second))
    if prediction.familiarity < policy.sure.familiarity:
        yield Finding("model.unfamiliar", Effect.HOLD)
    if _maybe_another(prediction, policy, mailbox_program):
        yield Finding("model.program", Effect.HOLD, slots=(("program", prediction.program.value),))
    if action is Action.HOLD:
        yield Finding("policy.hold", Effect.HOLD, slots=_cell(case))


def _unsure(confidence: float, needs: float) -> Finding:
    """In hundredths, rounded apart, so that the sentence never says "93 of 100, needs 93"."""
    needed = min(_MOST, math.ceil(needs * 100 - 1e-9))
    shown = max(0, min(needed - 1, math.floor(confidence * 100)))
    return Finding("model.unsure", Effect.HOLD, slots=(("n", str(shown)), ("m", str(needed))))


def _cell(case: _Case) -> tuple[tuple[str, str], ...]:
    intent = INTENT_NAMES[case.prediction.intent] if case.prediction else ""
    return (("program", case.program), ("intent", intent))


def _two(first: Intent, second: Intent) -> tuple[tuple[str, str], ...]:
    return (("a", INTENT_NAMES[first]), ("b", INTENT_NAMES[second]))
