"""policy.toml and facts.toml: read whole, every mistake told, nothing guessed."""

import tomllib
from pathlib import Path

import pytest

from classifier.prediction import Intent, Program
from responder.core.cues import load_cues
from responder.core.errors import PolicyError
from responder.core.facts import load_facts, slot_names
from responder.core.policy import INTENT_NAMES, Action, Policy, load_policy
from responder.core.slots import MAIL_SLOTS

TEMPLATES = Path(__file__).parents[2] / "templates"
SURE = {"confidence": 0.8, "margin": 0.1, "familiarity": 0.1, "program": 0.9, "program_doubt": 0.5}


def tables(name: str) -> dict[str, object]:
    """A shipped file, parsed."""
    return tomllib.loads((TEMPLATES / f"{name}.toml").read_text())


def shipped() -> Policy:
    """The policy that ships."""
    cues = load_cues(tables("cues"), load_facts(tables("facts")).words)
    names = [f"{path.parent.name}/{path.stem}" for path in TEMPLATES.glob("*/*.md")]
    return load_policy(tables("policy"), {cue.rule for cue in cues}, names)


def problems(**changes: object) -> str:
    """What is told about a small policy with something wrong in it."""
    table: dict[str, object] = {
        "always": [],
        "sure": SURE,
        "education": {"renewal": {"action": "reply", "template": "education/renewal"}},
        **changes,
    }
    with pytest.raises(PolicyError) as caught:
        load_policy(table, ["cue.money"], ["education/renewal"])
    return "\n".join(caught.value.problems)


# Domain table: program, intent -> action and template.
TABLE = {
    ("education", "new_application"): ("reply", "education/new_application"),
    ("education", "renewal"): ("reply", "education/renewal"),
    ("education", "addon_request"): ("acknowledge", "education/addon_request"),
    ("education", "rejection_dispute"): ("reply", "education/rejection_dispute"),
    ("education", "support"): ("reply", "education/support"),
    ("opensource", "new_application"): ("reply", "opensource/new_application"),
    ("opensource", "renewal"): ("reply", "opensource/renewal"),
    ("opensource", "addon_request"): ("acknowledge", "opensource/addon_request"),
    ("opensource", "rejection_dispute"): ("acknowledge", "opensource/rejection_dispute"),
    ("opensource", "support"): ("reply", "opensource/support"),
    ("startups", "new_application"): ("reply", "startups/new_application"),
    ("startups", "renewal"): ("reply", "startups/renewal"),
    ("startups", "addon_request"): ("acknowledge", "startups/addon_request"),
    ("startups", "rejection_dispute"): ("acknowledge", "startups/rejection_dispute"),
    ("startups", "support"): ("reply", "startups/support"),
    ("unknown", "new_application"): ("reply", "unknown/new_application"),
    ("unknown", "renewal"): ("hold", None),
    ("unknown", "addon_request"): ("hold", None),
    ("unknown", "rejection_dispute"): ("hold", None),
    ("unknown", "support"): ("hold", None),
}


class TestShippedPolicy:
    """The table that ships."""

    @pytest.mark.parametrize("cell", TABLE, ids=" x ".join)
    def test_each_cell_does_what_the_domain_asks(self, cell: tuple[str, str]) -> None:
        """Action and template of every program and intent."""
        row = shipped().row(*cell)
        assert row is not None
        assert (row.action, row.template) == TABLE[cell]

    @pytest.mark.parametrize("program", Program)
    def test_other_is_always_for_people(self, program: Program) -> None:
        """No program answers what is none of the five."""
        row = shipped().row(program, Intent.OTHER)
        assert row is not None
        assert row.action is Action.HOLD

    def test_students_and_missing_institutions_have_their_variant(self) -> None:
        """Students get their own answer, a missing institution a receipt."""
        row = shipped().rows["education", "new_application"]
        assert {(one.cue, one.action, one.template) for one in row.variants} == {
            ("cue.student", Action.REPLY, "education/student"),
            ("cue.not-listed", Action.ACKNOWLEDGE, "education/not_listed"),
        }

    @pytest.mark.parametrize("program", ["education", "opensource"])
    def test_a_renewal_that_runs_out_is_for_people(self, program: str) -> None:
        """Less than 14 days: a person answers first."""
        assert {"cue.runs-out", "cue.seats", "cue.hosting", "cue.owner-left", "cue.no-longer"} <= shipped().rows[
            program, "renewal"
        ].cues

    def test_seats_do_not_hold_the_request_for_seats(self) -> None:
        """In an add-on request the seats are the point itself."""
        rows = shipped().rows
        assert not any("cue.seats" in row.cues for (_, intent), row in rows.items() if intent == "addon_request")

    @pytest.mark.parametrize(
        "rule",
        ["cue.legal", "cue.privacy", "cue.security", "cue.press", "cue.harm", "cue.trade", "cue.federal", "cue.money"],
    )
    def test_what_belongs_to_other_teams_always_holds(self, rule: str) -> None:
        """Whatever else the mail asks."""
        assert rule in shipped().always

    def test_every_intent_has_a_name_for_people(self) -> None:
        """Sentences never show an identifier."""
        assert set(INTENT_NAMES) == set(Intent)


class TestLoadPolicy:
    """Mistakes in policy.toml."""

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            (
                {"education": {"renewal": {"action": "answer", "template": "education/renewal"}}},
                "education.renewal.action",
            ),
            ({"education": {"renewal": {"action": "reply"}}}, "education.renewal.template"),
            (
                {"education": {"renewal": {"action": "reply", "template": "education/gone"}}},
                "education/gone is not there",
            ),
            ({"education": {"renew": {"action": "hold"}}}, "renew is no intent"),
            ({"education": {"renewal": {"action": "hold", "needs": 0.5}}}, "may only be raised"),
            ({"education": {"renewal": {"action": "hold", "needs": 1.5}}}, "from 0 to 1"),
            ({"education": {"renewal": {"action": "hold", "cues": ["cue.mony"]}}}, "did you mean cue.money?"),
            ({"education": {"renewal": {"action": "hold", "cues": "cue.money"}}}, "must be a list"),
            ({"education": {"renewal": {"action": "hold", "colour": 1}}}, "is no key"),
            ({"education": {"renewal": {"action": "hold", "variants": [{"cue": "cue.money"}]}}}, "variants"),
            ({"education": 3}, "must be a table"),
            ({"sure": {"confidence": 0.8}}, "sure.margin"),
            ({"sure": {**SURE, "mood": 1}}, "sure.mood"),
            ({"always": ["cue.gone"]}, "cue.gone"),
        ],
    )
    def test_a_mistake_is_told_with_its_key(self, changes: dict[str, object], told: str) -> None:
        """Nothing is read around."""
        assert told in problems(**changes)

    def test_all_mistakes_are_told_at_once(self) -> None:
        """One reading, every problem."""
        told = problems(sure={}, education={"renewal": {"action": "no"}, "support": {"action": "reply"}})
        assert all(one in told for one in ("sure.confidence", "education.renewal", "education.support"))

    def test_a_cue_that_matters_nowhere_is_a_mistake(self) -> None:
        """A rule nobody uses is a rule somebody forgot."""
        assert "cue.money: is a cue that no row" in problems()

    def test_groups_are_taken_apart(self) -> None:
        """A group stands for its cues."""
        table = {
            "sure": SURE,
            "always": ["all"],
            "groups": {"all": ["cue.money"]},
            "any": {"other": {"action": "hold"}},
        }
        assert load_policy(table, ["cue.money"]).always == {"cue.money"}


class TestFacts:
    """facts.toml."""

    def test_a_programs_facts_are_there_for_itself_and_by_name_for_all(self) -> None:
        """One name for one's own, a longer one for another's."""
        facts = load_facts(tables("facts"))
        own = facts.of("opensource")["application_url"]
        assert facts.of("unknown")["opensource_application_url"] == own

    def test_the_slots_are_closed(self) -> None:
        """The mail's values and the facts, no more."""
        names = slot_names(load_facts(tables("facts")))
        assert set(MAIL_SLOTS) <= names
        assert not {"coupon", "code", "price"} & names

    @pytest.mark.parametrize(
        ("key", "value", "told"),
        [
            ("company_name", "", "company_name is missing"),
            ("docs_url", "http://x.example", "docs_url must be an https"),
            ("docs_url", "https://x.example/)[a](https://y.example", "docs_url must be an https"),
            ("docs_url", 3, "docs_url must be a text"),
            ("compny_name", "x", "compny_name is no known fact"),
        ],
    )
    def test_a_mistake_is_told_with_its_key(self, key: str, value: object, told: str) -> None:
        """A link that would break a mail is refused here."""
        table = tables("facts")
        table["facts"] = {**table["facts"], key: value}
        with pytest.raises(PolicyError, match=told):
            load_facts(table)

    def test_no_first_reply_time_is_promised_as_shipped(self) -> None:
        """There is no published time, so none is invented."""
        assert load_facts(tables("facts")).common["first_reply_time"] == ""
