"""Which mail no machine may answer: one table of rules, each line of it a small predicate (GNU Mailman's chain).

In the order of the list of mail that must never be answered (C1 envelope, C2 markers, C3 shape, C4 trust, C5
conversation). Every rule is asked, every hit is kept; ignoring beats holding. `core.caps` has what only history knows.
"""

from collections.abc import Iterable
from dataclasses import replace

from responder.core.message import Message
from responder.core.reasons import REASONS
from responder.core.screen import content, markers, senders, shapes, subject, trust
from responder.core.screen.case import Case, Known, Rule, case_of
from responder.core.verdict import Effect, Finding

RULES: tuple[tuple[str, Rule], ...] = (
    ("C1.1 null return path", senders.null_path),
    ("C1.1 no From", senders.missing),
    ("C1.1 several From", senders.several),
    ("C1.2 system and role addresses", senders.system),
    ("C1.3 list and bounce addresses", senders.mailing),
    ("C1.4 no-reply addresses", senders.no_reply),
    ("C1.5 our own addresses", senders.own),
    ("C1.6 not addressed to us", senders.not_ours),
    ("C1.6 through our own list", senders.own_list),
    ("C1.7 too many hops", senders.hops),
    ("C2.8 Auto-Submitted", markers.auto_submitted),
    ("C2.9 X-Auto-Response-Suppress", markers.suppress),
    ("C2.10 Precedence", markers.precedence),
    ("C2.11 list headers", markers.listed),
    ("C2.12 Feedback-ID", markers.feedback_id),
    ("C2.13 marks of responders", markers.auto_response),
    ("C2.14 mailbox rules", markers.rules_loop),
    ("C2.15 our own mark", markers.loop),
    ("C2.15 loop guards of others", markers.loop_guard),
    ("C2.16 help desks and platforms", markers.help_desk),
    ("C2.17 automatic subjects", subject.automatic),
    ("C3.18 reports", shapes.report),
    ("C3.19 read receipts", shapes.read_receipt),
    ("C3.19 calendar", shapes.calendar),
    ("C3.19 encrypted", shapes.encrypted),
    ("C3.19 empty", shapes.empty),
    ("C3.20 unreadable", shapes.unreadable),
    ("C4.21 spam verdicts", shapes.spam),
    ("C4.22 sender not proven", trust.dmarc),
    ("C4.23 Reply-To elsewhere", trust.reply_to),
    ("C4.24 many recipients", trust.recipients),
    ("C5.29 colleagues", content.staff),
    ("C5.29 forwards", content.forward),
    ("C5.30 attachments", content.attachment),
    ("too little text", content.few_words),
    ("not English", content.foreign),
    ("the verifier's cases", content.vendor_case),
    ("signed quotes", content.signed_quote),
)

WEAK = {"marker.bulk": "marker.precedence", "subject.automatic": "subject.automatic"}
"""Signs that park a mail only beside another sign of a machine, and the rule they then speak by (C2.10, C2.17)."""


def screen(message: Message, known: Known) -> tuple[Finding, ...]:
    """Ask every rule. Never raises for the message's content; details hold no body text and no secret."""
    case = case_of(message, known)
    return harden(finding for _, rule in RULES for finding in rule(case))


def harden(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Weak signs count in full as soon as a second rule speaks of a machine; people answer through help desks, too."""
    found = tuple(findings)
    signs = {finding.rule for finding in found if REASONS[finding.rule].machine} - {"marker.ticket-system"}
    if len(signs) < 2:  # a sign and another
        return found
    return tuple(
        replace(finding, rule=WEAK[finding.rule], effect=Effect.IGNORE) if finding.rule in WEAK else finding
        for finding in found
    )


__all__ = ["RULES", "Case", "Known", "screen"]
