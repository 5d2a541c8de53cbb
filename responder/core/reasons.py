"""Every rule that may hit: what to do about it and its sentence for people. A rule without a row fails a test.

One table (the model is GNU Mailman's chain of named rules): groups in the order of urgency, each a thing to do with its
rules. {Slots} are filled from a finding; the words before the colon stand for the rule in lists.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from responder.core.verdict import Effect, Finding


@dataclass(frozen=True, slots=True)
class Reason:
    """One row: what a rule means to the person who reads it."""

    code: str
    do: str
    """What to do, the same for the whole group."""
    sentence: str
    """What happened, with {slots}."""
    short: str
    """The words before the colon."""
    group: int
    """The order of urgency, 0 first."""
    machine: bool
    """A sign of machine-made or bulk mail: no program may answer it, whether it is ignored or held."""


TEAMS: Mapping[str, str] = {
    "cue.legal": "legal team",
    "cue.privacy": "privacy team",
    "cue.security": "security team",
    "cue.press": "press team",
    "cue.harm": "trust and safety team",
    "cue.trade": "trade compliance team",
    "cue.federal": "sales team",
    "cue.non-profit": "non-profit team",
    "cue.sponsorship": "events team",
}
"""Who fills {team} in the first group's line."""

_GROUPS: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "Pass it on to the {team}. Send nothing yourself.",
        {
            "cue.legal": "Legal matter: a lawyer, claim or court is named",
            "cue.privacy": "Personal data: they ask about their data",
            "cue.security": "Security: they report a weakness",
            "cue.press": "Press: a journalist asks",
            "cue.harm": 'Distress or threat: "{words}"',
            "cue.trade": "Trade rules: the country is {country}",
            "cue.federal": "US government: sales speaks first",
            "cue.non-profit": "Non-profit: another team runs that program",
            "cue.sponsorship": "Event, survey or sponsorship: another team decides",
        },
    ),
    (
        "Find out if it arrived before you send again.",
        {"outbox.in-doubt": "Unknown if sent: the line broke at the very end"},
    ),
    (
        "The address failed. Check it before you write again.",
        {
            "outbox.rejected": 'Refused: their server said "{words}"',
            "outbox.bounced": "Came back: our answer was not delivered",
            "cap.bounced": "Address failed: mail there came back on {date}",
        },
    ),
    (
        "Check who wrote. Answer only if you know the sender.",
        {
            "trust.dmarc": "Sender not proven: the mail failed its check",
            "trust.reply-to": "Answers go elsewhere: to {domain}",
            "trust.recipients": "Many recipients: {n} are addressed",
            "cue.private-address": "Private address: the refused person writes from {words}",
            "sender.missing": "No sender address",
            "sender.several": "Several senders: {n} are named",
            "route.not-ours": "Not addressed to us: hidden copy or list",
            "route.own-list": "Came through our own list: the sender may be rewritten",
            "route.hops": "Odd route: it passed {n} servers",
        },
    ),
    (
        "Answer first today. Check the draft, then send.",
        {
            "cue.runs-out": 'Runs out soon: "{words}"',
            "cue.outage": 'Work has stopped: "{words}"',
            "cue.repeat": "Asked before: mail {n}, still no answer",
        },
    ),
    (
        "Read the conversation, then answer in your own words.",
        {
            "thread.person-wrote": "Conversation: a colleague has written here",
            "thread.second-mail": "Wrote again: our answer did not settle it",
            "cap.thread": "Thread answered once already",
            "cap.sender-template": "Same answer within 7 days: they have this one",
            "cue.upset": 'Upset: "{words}"',
        },
    ),
    (
        "Reply to your colleague, not to the person quoted.",
        {"staff.forward": "Colleague forwards {name}'s mail", "staff.sender": "Colleague asks"},
    ),
    (
        "Answer in your own words; no template decides this.",
        {
            "cue.money": "Money: discount, refund, invoice, tax or order",
            "cue.extension": "Wants more time",
            "cue.exception": "Wants an exception",
            "cue.terms": "Wants other contract terms",
            "cue.not-eligible": "May not qualify: {kind}",
            "cue.no-longer": 'No longer qualifies: "{words}"',
            "cue.k12": "School or under 13: special rules",
            "cue.student-mixed": "Student or staff: unclear who applies",
            "cue.own-use": "Use not allowed: the institution's own IT",
            "cue.campus": "Wants a campus-wide offer",
            "cue.sales": "Wants to talk to sales",
            "cue.partner": "Partner or foundation: own terms",
            "cue.private-projects": "Private or commercial project",
            "cue.owner-left": "Account owner has left",
            "cue.charged": "Charged money",
            "cue.code-used": "Code already used",
            "cue.coupon": "Coupon code in the mail: masked here",
            "cue.verifier-tried": "Verifier did not help: they asked it",
            "cue.vendor-case": "Verifier needs a decision",
            "cue.vendor-mail": "Verifier writes: no case is named",
            "cue.signed-quote": "Signed quote came in",
            "cue.start-date": 'Start date disputed: "{words}"',
            "cue.refused": 'Refused before: "{words}"',
            "cue.orders": "Gives orders to the machine: not followed",
            "request.several": "Several questions in one mail",
            "request.attachment": "Attachment: look at it, never forward IDs or payslips",
            "request.forward": "Forwarded mail: the question may be in what is quoted",
            "model.second": "Two wishes: {a} and {b}",
            "model.other": "None of our five kinds",
            "policy.hold": "Always for people: {program} x {intent}",
            "text.language": "Not English: it looks like {language}",
            "text.short": "Too little text to tell",
            "shape.encrypted": "Encrypted: cannot be read here",
            "intake.unreadable": "Unreadable here: open it in the mailbox",
            "intake.too-large": "Too large: {n} MB, open it in the mailbox",
        },
    ),
    (
        "Person or machine? Answer, or dismiss as machine.",
        {
            "sender.role": "Role address: {local}@",
            "sender.soft": "Sender looks automatic: {local}@",
            "marker.suppress": "Asks for no automatic answers",
            "marker.bulk": "Marked as mass mail",
            "marker.unsubscribe": "Has an unsubscribe link",
            "marker.feedback-id": "Sent by a mailing service",
            "marker.ticket-system": "Comes from another help desk",
            "marker.unreadable": "Broken header about automatic mail",
            "subject.automatic": 'Subject looks automatic: "{words}"',
            "shape.calendar": "Calendar invitation",
            "shape.read-receipt": "Read receipt",
            "shape.empty": "Empty mail",
            "cap.same-text": "Same text from several senders",
        },
    ),
    (
        "Answer now if a person waits; the limit guards against loops.",
        {
            "cap.sender-day": "Many answers: they had {n} this day",
            "cap.sender-week": "Many answers: they had {n} this week",
            "cap.domain": "Many from {domain}: over {n} in an hour",
            "cap.mailbox": "Mailbox paused itself: too many answers in an hour",
        },
    ),
    (
        "Tell an editor, or write the answer yourself.",
        {
            "template.missing": "Template {name} is missing",
            "template.broken": "Template broken: line {n}",
            "policy.no-row": "No policy row for {program} x {intent}",
            "model.missing": "No model: nothing is classified",
            "intake.poison": "Failed {n} times while being read",
        },
    ),
    (
        "Check the draft, then send or correct the intent.",
        {
            "model.unsure": "Not sure enough: {n} of 100, needs {m}",
            "model.close": "Close call: {a} or {b}",
            "model.unfamiliar": "Unlike anything learned",
            "model.program": "Maybe the wrong mailbox: speaks of {program}",
            "policy.unproven": "Not proven yet: {n} of {m} reviewed answers",
            "policy.receipt": "Receipt sent: a person answers next",
            "mode.draft": "Draft mode: everything waits for people",
            "template.unfilled": "Incomplete: {slot} is empty",
            "template.long": "Answer too long: {n} lines",
            "cue.negated": 'Negation: "{words}"',
            "cue.crossed": 'Speaks of something else too: "{words}"',
            "cue.not-listed": "Institution or country not in the form",
            "cue.student": "Student alone: the answer for students fits",
            "cue.seats": "Wants other seats too",
            "cue.hosting": "Wants other hosting too",
            "person.restored": "Brought back by {name}",
            "person.undone": "Taken back by {name} before it left",
            "person.snooze-over": "Snooze is over",
        },
    ),
    (
        "Nothing to do. If a person wrote it, bring it back.",
        {
            "sender.own": "From ourselves: {local}@ is one of our addresses",
            "marker.loop": "Loop: our own mail came back",
            "shape.report": "Delivery report: a server tells about another mail",
            "sender.null-path": "No return address: only servers send such mail",
            "sender.system": "System address: {local}@",
            "sender.list": "List or bounce address: {local}@",
            "sender.no-reply": "Takes no replies: {local}@",
            "marker.auto-submitted": "Automatic mail: it says so itself",
            "marker.auto-response": "Automatic answer: {words}",
            "marker.no-loop": "Loop guard: a responder marked its own mail",
            "marker.rules-loop": "Mailbox rule: a program passed it on",
            "marker.list": "Mailing list: {words}",
            "marker.precedence": "Mass mail: {words}",
            "trust.spam": "Spam: the mail server marked it",
            "request.thanks": "Thanks only: nothing is asked",
            "intake.older": "Older than our start: kept on record only",
        },
    ),
)

_SHORT: Mapping[str, str] = {
    "staff.forward": "Colleague forwards",
    "cap.domain": "Many from one domain",
    "template.missing": "Template missing",
    "policy.no-row": "No policy row",
    "intake.poison": "Failed while being read",
    "person.restored": "Brought back",
    "person.undone": "Taken back",
}
"""Where the words before the colon would hold a slot."""

_MACHINE = frozenset(
    """sender.null-path sender.system sender.role sender.list sender.no-reply sender.soft sender.own
    marker.auto-submitted marker.suppress marker.precedence marker.bulk marker.list marker.unsubscribe
    marker.feedback-id marker.auto-response marker.rules-loop marker.loop marker.no-loop marker.ticket-system
    marker.unreadable subject.automatic shape.report shape.calendar shape.read-receipt trust.spam""".split()
)
"""Not sender.missing: a mail without From is broken, which is no sign of a machine."""


def _row(code: str, do: str, sentence: str, group: int) -> Reason:
    short = _SHORT.get(code) or sentence.partition(":")[0]
    return Reason(code, do.replace("{team}", TEAMS.get(code, "")), sentence, short, group, code in _MACHINE)


REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        code: _row(code, do, sentence, group)
        for group, (do, rules) in enumerate(_GROUPS)
        for code, sentence in rules.items()
    }
)
"""Every rule by its code, in the order of urgency."""

_BY_MACHINE_ALONE = frozenset(
    """sender.list sender.no-reply sender.soft marker.auto-submitted marker.auto-response marker.precedence marker.list
    marker.rules-loop""".split()
)

CANCELS: Mapping[str, frozenset[str]] = {"cue.vendor-case": _BY_MACHINE_ALONE, "cue.signed-quote": _BY_MACHINE_ALONE}
"""Which rule takes the force from which others: this mail must reach a person although a machine sent it. Bounces,
spam, absence notes and our own mail are never among them."""

FAMILIES = frozenset(code.partition(".")[0] for code in REASONS)
_CODE = re.compile(rf"(?:{'|'.join(sorted(FAMILIES))})\.[a-z0-9]+(?:-[a-z0-9]+)*")
_SLOT = re.compile(r"\{(\w+)\}")
_LONGEST = 80


def is_code(text: str) -> bool:
    """Whether a string has the form of a rule's code (family.name); it may still lack a row."""
    return _CODE.fullmatch(text) is not None


def without_row(codes: Iterable[str]) -> tuple[str, ...]:
    """The codes that have no row here, each once, in order: what the loaders of cues and policy report."""
    return tuple(dict.fromkeys(code for code in codes if code not in REASONS))


def say(finding: Finding) -> str:
    """The sentence with its slots filled. One empty slot takes the detail; otherwise the detail follows the colon.

    A rule without a row (an old record) is said by its code and detail.
    """
    reason = REASONS.get(finding.rule)
    if reason is None:
        return f"{finding.rule}: {_cut(finding.detail)}" if finding.detail else finding.rule
    slots = _SLOT.findall(reason.sentence)
    values = {name: _cut(value) for name, value in finding.slots if value}
    missing = [slot for slot in slots if slot not in values]
    if len(slots) == len(missing) == 1 and finding.detail:
        values[missing[0]] = _cut(finding.detail)
    elif missing:
        return f"{reason.short}: {_cut(finding.detail)}" if finding.detail else reason.short
    return _SLOT.sub(lambda slot: values[slot[1]], reason.sentence)


def _cut(words: str) -> str:
    line = " ".join(words[: 4 * _LONGEST].split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"


def effective(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What counts for the decision: those no other finding cancels. All stay on record."""
    found = tuple(findings)
    cancelled = frozenset[str]().union(*(CANCELS.get(finding.rule, frozenset()) for finding in found))
    return tuple(finding for finding in found if finding.rule not in cancelled)


def may_reply(findings: Iterable[Finding]) -> bool:
    """Whether no finding says that the mail is machine-made or bulk; a cancelled one still says so."""
    return not any(REASONS[finding.rule].machine for finding in findings if finding.rule in REASONS)


_STRENGTH: Mapping[Effect, int] = {Effect.IGNORE: 0, Effect.HOLD: 1, Effect.VARIANT: 2}
_PLACE: Mapping[str, int] = {code: place for place, code in enumerate(REASONS)}


def topmost(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """All findings, those that decided first (ignore beats hold beats variant), then by group and row of the table."""
    decided = effective(findings)

    def rank(finding: Finding) -> tuple[bool, int, int]:
        return finding not in decided, _STRENGTH[finding.effect], _PLACE.get(finding.rule, len(_PLACE))

    return tuple(sorted(findings, key=rank))
