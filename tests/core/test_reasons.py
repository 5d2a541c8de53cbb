"""core.reasons: the table of rules, their sentences, which cancel which, and which lead."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from responder.core.reasons import CANCELS, REASONS, effective, is_code, may_reply, say, topmost, without_row
from responder.core.verdict import Effect, Finding

ROOT = Path(__file__).parents[2]


def hold(rule: str, detail: str = "", **slots: str) -> Finding:
    """A holding finding."""
    return Finding(rule, Effect.HOLD, detail, tuple(slots.items()))


def ignore(rule: str) -> Finding:
    """An ignoring finding."""
    return Finding(rule, Effect.IGNORE)


def written_codes() -> Iterator[tuple[str, str]]:
    """(where, code) of every rule named in the program's source, and in the files staff edit."""
    for path in sorted((ROOT / "responder").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from ((path.name, word) for word in node.value.split())
    for path in sorted((ROOT / "templates").glob("*.toml")):
        yield from ((path.name, word) for word in words_of(tomllib.loads(path.read_text("utf-8"))))


def words_of(value: object) -> Iterator[str]:
    """Every key and string of a TOML document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from words_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words_of(inner)
    elif isinstance(value, str):
        yield value


def test_every_code_that_is_written_anywhere_has_a_row() -> None:
    """A rule without a row would show people a code instead of a sentence."""
    written = {(where, word) for where, word in written_codes() if is_code(word) and not word.endswith(".toml")}
    assert len(written) > 50
    assert [(where, code) for where, code in sorted(written) if without_row([code])] == []


def test_each_row_says_what_happened_and_what_to_do() -> None:
    """Sentences start with a capital, end without a stop, beg nobody's pardon; the short form has no hole."""
    for code, reason in REASONS.items():
        assert reason.code == code
        assert reason.sentence[0].isupper()
        assert not reason.sentence.endswith((".", "!"))
        assert not {"please", "sorry", "invalid", "!"} & set(reason.sentence.lower().split())
        assert reason.do.endswith(".")
        assert "{" not in reason.do + reason.short
        assert reason.short


def test_rows_of_a_group_stand_together_in_order() -> None:
    """The order of the table is the order of urgency."""
    groups = [reason.group for reason in REASONS.values()]
    assert groups == sorted(groups)
    assert len(set(groups)) == 13


def test_a_team_stands_in_the_line_of_what_goes_to_another_team() -> None:
    """Whoever reads the line knows whom to pass it to."""
    assert REASONS["cue.legal"].do == "Pass it on to the legal team. Send nothing yourself."
    teams = [reason for reason in REASONS.values() if reason.group == 0]
    assert all("the  team" not in reason.do for reason in teams)


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        (hold("marker.suppress"), "Asks for no automatic answers"),
        (hold("cue.upset", "third time now"), 'Upset: "third time now"'),
        (hold("cue.upset", "x", words="a shame"), 'Upset: "a shame"'),
        (hold("cue.upset"), "Upset"),
        (
            hold("cap.domain", "10 uni.example", n="10", domain="uni.example"),
            "Many from uni.example: over 10 in an hour",
        ),
        (hold("model.close", "renewal or support"), "Close call: renewal or support"),
        (hold("model.close"), "Close call"),
        (hold("staff.forward", name="Ana"), "Colleague forwards Ana's mail"),
        (hold("staff.forward"), "Colleague forwards"),
        (hold("gone.rule", "as it was"), "gone.rule: as it was"),
        (hold("cue.harm", words="{n} {words}"), 'Distress or threat: "{n} {words}"'),
    ],
)
def test_a_sentence_is_filled_from_slots_then_from_the_detail(finding: Finding, sentence: str) -> None:
    """No hole is ever shown, and what the mail says is never read as a slot."""
    assert say(finding) == sentence


def test_long_words_are_cut_and_line_breaks_closed() -> None:
    """A hostile subject cannot fill the page."""
    said = say(hold("subject.automatic", words="a\n" * 100_000))
    assert len(said) < 120
    assert "\n" not in said


def test_a_case_of_the_verifier_reaches_a_person_although_a_machine_sent_it() -> None:
    """The marks of machine mail lose their force, bounces and our own mail do not; it stays machine mail on record."""
    found = (ignore("sender.no-reply"), ignore("marker.auto-submitted"), hold("cue.vendor-case"))
    assert effective(found) == (hold("cue.vendor-case"),)
    assert not may_reply(found)
    loop = (ignore("marker.loop"), ignore("marker.auto-submitted"), hold("cue.signed-quote"))
    assert effective(loop) == (ignore("marker.loop"), hold("cue.signed-quote"))


def test_what_is_never_cancelled() -> None:
    """Reports, spam, system senders, our own mail and absence notes stay ignored whatever else hits."""
    cancelled = frozenset[str]().union(*CANCELS.values())
    forbidden = (
        "sender.null-path sender.system sender.own marker.loop shape.report trust.spam subject.automatic".split()
    )
    assert not cancelled & set(forbidden)
    assert cancelled | set(CANCELS) <= set(REASONS)


def test_what_decided_leads_then_the_most_urgent_group() -> None:
    """The first finding is the one to show when there is room for one."""
    found = (hold("mode.draft"), hold("cue.money"), hold("cue.legal"), ignore("request.thanks"))
    assert [finding.rule for finding in topmost(found)] == ["request.thanks", "cue.legal", "cue.money", "mode.draft"]
    vendor = (ignore("sender.no-reply"), hold("cue.vendor-case"))
    assert [finding.rule for finding in topmost(vendor)] == ["cue.vendor-case", "sender.no-reply"]
    assert topmost(()) == ()


def test_only_signs_of_machines_forbid_a_reply() -> None:
    """A hold for a person's matter says nothing about who wrote."""
    assert may_reply((hold("cue.legal"), hold("sender.missing"), hold("shape.empty"), hold("gone.rule")))
    assert not may_reply((hold("marker.suppress"),))
