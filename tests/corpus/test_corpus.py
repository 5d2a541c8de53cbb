"""Whole mails against screening: nothing a machine sent is answered, nothing a person sent is lost."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from responder.core.caps import History, Limits, caps, conversation
from responder.core.message import Message, MessageKey
from responder.core.parse import parse
from responder.core.reasons import REASONS, effective, may_reply, say
from responder.core.screen import Known, screen
from responder.core.verdict import Effect, Finding

HERE = Path(__file__).parent
MAILS = tomllib.loads((HERE / "expected.toml").read_text("utf-8"))["mail"]
NOW = datetime(2026, 11, 2, 9, 15, 3, tzinfo=UTC)
TEMPLATE = "education/new_application"


def known(authserv_id: str = "") -> Known:
    """Ourselves, as the mails of the corpus address us."""
    return Known(
        addresses=frozenset(f"{name}@programs.example" for name in ("education", "opensource", "startups", "edu")),
        staff_domains=frozenset({"company.example"}),
        vendor_domains=frozenset({"verifier.example"}),
        loop_token="responder-0123456789ab",
        authserv_id=authserv_id,
        relays=frozenset({"forms.example"}),
    )


def read(case: dict[str, Any]) -> Message:
    """The mail of a case, parsed as intake does."""
    raw = (HERE / case["file"]).read_bytes()
    return parse(raw, MessageKey("education", 1, 1), NOW, truncated=case.get("truncated", False))


def findings(case: dict[str, Any]) -> tuple[Finding, ...]:
    """What screening says, and history where the case has one."""
    message = read(case)
    found = screen(message, known(case.get("authserv_id", "")))
    past = dict(case.get("history", {}))
    if past:
        days = past.pop("bounced_days_ago", None)
        history = History(**past, bounced_at=NOW - timedelta(days=days) if days else None)
        found += conversation(message, history, Limits()) + caps(history, TEMPLATE, Limits(), message)
    return found


def outcome(found: tuple[Finding, ...]) -> str:
    """Ignore beats hold; a hold by nothing but history is a cap."""
    counted = effective(found)
    if any(finding.effect is Effect.IGNORE for finding in counted):
        return "ignore"
    by_history = all(finding.rule.startswith(("cap.", "thread.", "cue.repeat")) for finding in counted)
    return "pass" if not counted else "cap" if by_history else "hold"


@pytest.mark.parametrize("case", MAILS, ids=[case["file"] for case in MAILS])
def test_mail_gets_its_outcome_and_every_reason(case: dict[str, Any]) -> None:
    """Each line of the list of mail that must never be answered holds, and people's mail passes untouched."""
    found = findings(case)
    assert (outcome(found), may_reply(found)) == (case["outcome"], case["may_reply"]), found
    assert set(case["rules"]) <= {finding.rule for finding in found}, found


@pytest.mark.parametrize("case", MAILS, ids=[case["file"] for case in MAILS])
def test_every_finding_can_be_said_and_keeps_bodies_to_itself(case: dict[str, Any]) -> None:
    """Each finding has its row and a sentence without holes; details are short."""
    for finding in findings(case):
        assert finding.rule in REASONS
        assert "{" not in say(finding)
        assert len(finding.detail) <= 80


def test_the_corpus_covers_the_list_and_enough_people() -> None:
    """Every rule that screening and history can emit has a mail; thirty ordinary people's mails pass."""
    covered = {rule for case in MAILS for rule in case["rules"]}
    machine = {code for code, reason in REASONS.items() if reason.machine}
    assert machine <= covered
    assert sum(case["outcome"] == "pass" for case in MAILS) >= 30


def test_every_file_is_expected_and_every_expectation_has_its_file() -> None:
    """No mail lies here untested."""
    assert sorted(case["file"] for case in MAILS) == sorted(path.name for path in HERE.glob("*.eml"))
