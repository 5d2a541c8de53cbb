"""Cues: the rules of templates/cues.toml hit what they should and let ordinary mail pass."""

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.core.codes import HIDDEN
from responder.core.cues import Cue, failing_examples, find_cues, load_cues, mask
from responder.core.dates import written_days
from responder.core.errors import PolicyError
from responder.core.phrases import MAX_GAP, compile_phrases, split_words
from responder.core.reading import PhraseBook
from responder.core.reasons import REASONS
from responder.core.verdict import Effect

TEMPLATES = Path(__file__).parents[2] / "templates"
WORDS = tomllib.loads((TEMPLATES / "facts.toml").read_text())["words"]
TABLES = tomllib.loads((TEMPLATES / "cues.toml").read_text())
CUES = load_cues(TABLES, WORDS)


def cue(**fields: object) -> tuple[Cue, ...]:
    """One cue named cue.money with the given fields."""
    table = {"effect": "hold", "hits": ["refund"], "passes": ["hello"], **fields}
    return load_cues({"cue.money": table})


def rules(text: str, cues: tuple[Cue, ...] = CUES, subject: str = "", author: str = "") -> set[str]:
    """The rules that hit."""
    return {finding.rule for finding in find_cues(subject, text, cues, author=author)}


def phrase_hits(phrase: str, text: str) -> bool:
    """Whether one phrase hits a text."""
    phrases = compile_phrases(phrase, {"soon": ["today", "this week"]})
    return PhraseBook({"one": phrases}).read(text).has("one")


class TestShippedRules:
    """The rules that ship."""

    @pytest.mark.parametrize("one", CUES, ids=lambda one: one.name)
    def test_every_example_behaves(self, one: Cue) -> None:
        """Each rule hits its own examples and passes the others."""
        assert not [wrong for wrong in failing_examples(CUES) if wrong.startswith(f"{one.name}: ")]

    @pytest.mark.parametrize("one", CUES, ids=lambda one: one.name)
    def test_every_rule_has_three_examples_at_least(self, one: Cue) -> None:
        """A rule shows what it means from both sides."""
        assert one.hits
        assert one.passes
        assert len(one.hits) + len(one.passes) >= 3

    def test_every_rule_has_a_sentence(self) -> None:
        """A person can be told about every rule."""
        assert {one.rule for one in CUES} <= REASONS.keys()

    def test_every_code_of_a_cue_with_a_sentence_is_a_rule(self) -> None:
        """No cue of the reasons table is missing, but those that screening makes."""
        by_screening = {"cue.vendor-case", "cue.vendor-mail", "cue.signed-quote"}
        named = {code for code in REASONS if code.startswith("cue.")} | {"request.thanks", "request.several"}
        assert named - by_screening <= {one.rule for one in CUES}

    @pytest.mark.parametrize(
        "text",
        [
            "How do I apply for my databases course? I am a senior lecturer at a public university.",
            "Our subscription ends in eleven months. How does the renewal work?",
            "The check could not confirm me although I am on the staff page. Please look at it once more.",
            "Since yesterday the checkout shows a blank page after the address step.",
            "We are five maintainers of a small parser, MIT, everything public. Where is the form?",
            "Is it free of charge? I write in order to plan the next semester.",
            "We founded the company in March and would like to join. Where do we sign up?",
            "I work at the school of engineering and teach software testing, 45 people.",
            "Sehr geehrte Damen und Herren, wie bewerben wir uns?",
        ],
    )
    def test_ordinary_mail_meets_no_rule_that_always_holds(self, text: str) -> None:
        """Ordinary mail passes the rules that hold everything."""
        policy = tomllib.loads((TEMPLATES / "policy.toml").read_text())
        always = {name for group in policy["always"] for name in policy["groups"][group]}
        assert rules(text) & always == set()

    def test_signature_and_disclaimer_words_pass(self) -> None:
        """What stands under every second mail of an office holds nothing."""
        text = (
            "Where is the form for teachers?\n\nProf. Jana Novak\nFaculty of Law and Taxation\nInvoices to: o@x.example"
            "\nVAT no. CZ12345678\nYour data is processed in accordance with GDPR (EU) 2016/679.\n"
            "If you are not the intended recipient, please delete this e-mail immediately and inform us."
        )
        assert rules(text) == set()

    def test_lines_quoted_with_an_angle_do_not_count(self) -> None:
        """What somebody else wrote is not what the person wants."""
        assert rules("Where is the form?\n> I want a refund and my lawyer will sue you.") == set()

    @pytest.mark.parametrize(
        ("author", "rule"),
        [("a@cs.example.edu.cn", "cue.trade"), ("a@lab.example.mil", "cue.federal"), ("a@x.k12.ca.us", "cue.k12")],
    )
    def test_the_authors_domain_alone_is_enough(self, author: str, rule: str) -> None:
        """A telling domain hits although the text says nothing."""
        assert rule in rules("How do I apply?", author=author)

    def test_a_domain_ending_is_no_mere_suffix(self) -> None:
        """Ends compare label by label."""
        assert "cue.trade" not in rules("How do I apply?", author="a@rusty.dru")


class TestThanks:
    """request.thanks is for a text of thanks and nothing else."""

    @pytest.mark.parametrize(
        "text",
        [
            "Thanks!",
            "Dear Maria, thank you so much for your quick help. Best regards, Ana",
            "Great, many thanks, all sorted now.",
        ],
    )
    def test_thanks_alone_is_ignored(self, text: str) -> None:
        """Nothing is asked, nothing is answered."""
        findings = find_cues("Re: form", text, CUES)
        assert [finding.effect for finding in findings if finding.rule == "request.thanks"] == [Effect.IGNORE]

    @pytest.mark.parametrize(
        "text",
        [
            "Thanks, and also: how do I renew?",
            "Thank you! Can you send the code again",
            "Thanks for the licence. We will need 20 seats.",
            "Thanks https://example.org/x",
            "Thanks",
        ],
    )
    def test_thanks_and_anything_else_is_a_request(self, text: str) -> None:
        """A request behind the thanks is never lost; nor is one in a fresh subject."""
        assert "request.thanks" not in rules(
            text, subject="Please renew our licence" if text == "Thanks" else "Re: form"
        )


class TestFinding:
    """What a hit says."""

    def test_the_words_are_the_written_ones(self) -> None:
        """The detail quotes the mail as written, on one line."""
        (finding,) = find_cues("", "So, our  Refund\n PLEASE.", cue(phrases=["refund please"]))
        assert finding.detail == "Refund PLEASE"

    def test_slots_carry_the_words_and_what_is_fixed(self) -> None:
        """A rule's sentence gets its slots."""
        cues = cue(phrases=["refund"], slot="country", slots={"n": "2"}, about=["renewal"])
        assert dict(find_cues("", "refund", cues)[0].slots) == {"n": "2", "about": "renewal", "country": "refund"}

    def test_a_code_never_stands_in_the_detail(self) -> None:
        """Details go to logs and screens."""
        (finding,) = find_cues("", "refund my coupon EDU7-KK29-XQ11 now", cue(phrases=["refund ~8 now"]))
        assert "KK29" not in finding.detail
        assert HIDDEN in finding.detail

    def test_scope_limits_where_it_looks(self) -> None:
        """A rule for the subject does not read the text."""
        assert rules("refund", cue(phrases=["refund"], scope="subject")) == set()
        assert rules("hello", cue(phrases=["refund"], scope="subject"), subject="refund") == {"cue.money"}

    def test_a_rule_beside_another_needs_it(self) -> None:
        """`beside` counts only in company."""
        other = {"effect": "hold", "phrases": ["alpha"], "hits": ["alpha"], "passes": ["x"]}
        beside = {
            "effect": "hold",
            "phrases": ["beta"],
            "beside": ["cue.a"],
            "hits": ["alpha beta"],
            "passes": ["beta"],
        }
        cues = load_cues({"cue.a": other, "cue.b": beside})
        assert rules("beta", cues) == set()
        assert rules("alpha beta", cues) == {"cue.a", "cue.b"}


class TestDays:
    """A licence that ends within two weeks, or has just ended."""

    TODAY = date(2026, 12, 20)

    @pytest.mark.parametrize(
        ("text", "hit"),
        [
            ("Our licence ends on 31.12.2026.", True),
            ("Our licence ends on 31 December.", True),
            ("Our licence ends on December 31st, 2026.", True),
            ("Our licence ends on 2027-01-02.", True),
            ("Our licence ends on 1/2.", True),  # 1 February or 2 January: doubt holds
            ("Our licence ends on the 2nd.", True),
            ("Our licence ended on 12/12.", True),
            ("Our licence ends on 31.12.2027.", False),
            ("Our licence ends on 31 March.", False),
            ("Our licence ends on 20 January.", False),
            ("We met on 31 December.", False),
            ("Our licence does not end on 31 December.", False),
            ("Our licence ends on 99/99 or 31 February.", False),
        ],
    )
    def test_a_near_day_beside_an_end_hits(self, text: str, hit: bool) -> None:  # noqa: FBT001
        """In every usual way to write a day; a day that can be read two ways counts when one is near."""
        found = find_cues("", text, CUES, today=self.TODAY)
        assert ("cue.runs-out" in {finding.rule for finding in found}) is hit

    def test_without_a_day_of_reading_no_day_is_near(self) -> None:
        """Nothing is guessed from the clock."""
        assert "cue.runs-out" not in rules("Our licence ends on 31 December.")

    @given(st.text(max_size=200), st.dates())
    @settings(deadline=None)
    def test_any_text_on_any_day_is_read_without_error(self, text: str, today: date) -> None:
        """Also on the first and the last day there is."""
        assert all(isinstance(day, date) for _, day in written_days(text, today))

    @given(
        st.dates(date(1950, 1, 1), date(2090, 12, 31)),
        st.sampled_from(["%d.%m.", "%d %B", "%B %d", "%Y-%m-%d", "%m/%d"]),
    )
    @settings(deadline=None)
    def test_a_day_written_is_among_its_readings(self, day: date, form: str) -> None:
        """Whatever the form, read on that very day."""
        assert day in {found for _, found in written_days(f"ends {day.strftime(form)} maybe", day)}


class TestNegationAndExceptions:
    """What must not count."""

    @pytest.mark.parametrize(
        ("text", "hit"),
        [
            ("It is expired", True),
            ("It is not expired", False),
            ("It isn't really expired", False),
            ("No, it is expired", True),
            ("It is not only expired", True),
            ("We do not ask. It is expired", True),
        ],
    )
    def test_negation_in_the_same_clause_cancels(self, text: str, hit: bool) -> None:  # noqa: FBT001
        """A negation counts within its clause only."""
        assert bool(rules(text, cue(phrases=["expired"], negation=True))) is hit

    def test_a_gap_never_runs_over_a_negation(self) -> None:
        """A licence that has not expired is none that has."""
        assert not phrase_hits("licence ~4 expired", "our licence has not expired")
        assert phrase_hits("licence ~4 expired", "our licence has long expired")

    def test_an_exception_that_shares_a_word_drops_the_hit(self) -> None:
        """The hit beside it still counts."""
        cues = cue(phrases=["order"], **{"except": ["in order to"]})
        assert rules("in order to apply", cues) == set()
        assert rules("in order to place an order", cues) == {"cue.money"}

    def test_quotes_shield_where_the_rule_says_so(self) -> None:
        """An error message in quotes is not the person's wish."""
        cues = cue(phrases=["more seats"], quoted=False)
        assert rules('the button says "buy more seats"', cues) == set()
        assert rules("we want more seats", cues) == {"cue.money"}


class TestPhrases:
    """The phrase language."""

    @pytest.mark.parametrize(
        ("phrase", "text", "hit"),
        [
            ("refund*", "refunded", True),
            ("refund", "refunded", False),
            ("in-house counsel", "our in house counsel", True),
            ("self managed", "self-managed", True),
            ("well thanks", "well, thanks", True),
            ("well thanks", "well. thanks", False),
            ("(a|b c) d", "b c d", True),
            ("a | b c", "b c", True),
            ("a the? b", "a b", True),
            ("ends ~2 {soon}", "ends on this week", True),
            ("ends ~2 {soon}", "ends on some other week this week", False),
            ("# seats", "20 seats", True),
            ("don't", "I DON’T", True),
        ],
    )
    def test_each_element_means_what_the_file_says(self, phrase: str, text: str, hit: bool) -> None:  # noqa: FBT001
        """Words, endings, gaps, groups, lists and numbers."""
        assert phrase_hits(phrase, text) is hit

    @pytest.mark.parametrize(
        "phrase",
        [
            "",
            "~2 a",
            "a ~2",
            "the? a",
            "a ~9 b",
            "a ~1 ~1 b",
            "A",
            "{none} a",
            "(a|) b",
            "a.b",
            "a ~1 b ~1 c ~1 d ~1 e",
        ],
    )
    def test_a_malformed_phrase_is_told(self, phrase: str) -> None:
        """The author reads what is wrong instead of a rule that silently never hits."""
        with pytest.raises(ValueError, match=r"\S"):
            compile_phrases(phrase, {})

    def test_every_problem_of_the_file_is_told_at_once(self) -> None:
        """One reading, all mistakes, each with its rule's name."""
        tables = {
            "cue.a": {"effect": "stop", "phrases": ["a"], "hits": ["a"], "passes": ["b"]},
            "cue.b": {"effect": "hold", "phrases": ["~1 a"], "hits": ["a"], "passes": ["b"], "colour": "red"},
            "cue.c": {"effect": "hold", "phrases": ["a"]},
            "cue.d": 3,
        }
        with pytest.raises(PolicyError) as caught:
            load_cues(tables)
        told = "\n".join(caught.value.problems)
        assert all(name in told for name in ("cue.a", "cue.b", "cue.c", "cue.d", "colour"))

    def test_an_example_that_fails_is_told(self) -> None:
        """The examples are a test of the rule, not decoration."""
        wrong = failing_examples(cue(phrases=["refund"], hits=["nothing"], passes=["a refund"]))
        assert [line.partition(":")[0] for line in wrong] == ["cue.money", "cue.money"]


class TestMask:
    """Codes never reach logs, drafts or screens."""

    @pytest.mark.parametrize(
        "code", ["STUP-7QX2-88KD-M", "EDU24XK99QP1", "7F3K-99PL-QQ21", "glpat-Ab3dEfGh1JkLmN0pQrStUv"]
    )
    def test_a_code_is_hidden(self, code: str) -> None:
        """Whatever its form, with or without a word before it."""
        assert mask(f"My coupon code is {code}.") == f"My coupon code is {HIDDEN}."

    @pytest.mark.parametrize(
        "text",
        [
            "Course CSC-371 in room B204",
            "subscription A-S00012345 and order S-0049918",
            "the coupon is active until 03-04-2028",
            "see https://example.org/AB12CD34EF56",
            "CVE-2024-12345, ISO-27001, SHA-256",
            "commit 4f2a9c1b7d8e",
        ],
    )
    def test_numbers_people_need_stay(self, text: str) -> None:
        """A subscription number, a date, a link or a course stays readable."""
        assert mask(text) == text

    @settings(deadline=None)
    @given(st.text(max_size=300))
    def test_masking_twice_changes_nothing_more(self, text: str) -> None:
        """Whatever the text."""
        assert mask(mask(text)) == mask(text)


HOSTILE = {
    "one word": "a" * 1_000_000,
    "a head without end": "refund " * 140_000,
    "words that begin many phrases": "our licence is not expired and we want to renew with more seats because he left "
    * 12_000,
    "commas": "," * 1_000_000,
    "quotes": '"refund" ' * 110_000,
    "blank lines": "\n \n" * 330_000,
    "at signs": "a@" * 500_000,
    "hyphens": "A1-" * 330_000,
    "links": "https://" * 120_000,
    "not": "not " * 250_000,
}


class TestHostileText:
    """The time a text takes grows with its length only."""

    @pytest.mark.parametrize("name", HOSTILE)
    def test_a_megabyte_of_hostile_text_comes_to_an_end(self, name: str) -> None:
        """A rule whose cost grew faster than the text would not come back here."""
        text = HOSTILE[name]
        words = split_words(text)
        assert len(words.line) <= 2 * len(text) + 10
        assert isinstance(find_cues(name, text, CUES), tuple)
        assert mask(text)

    @settings(max_examples=60, deadline=None)
    @given(st.text(max_size=400), st.text(max_size=80))
    def test_any_text_is_read_without_error(self, text: str, subject: str) -> None:
        """Findings quote at most a line and each rule hits once."""
        findings = find_cues(subject, text, CUES)
        assert all(len(finding.detail) <= 200 and "\n" not in finding.detail for finding in findings)
        assert len(findings) <= len(CUES)

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.sampled_from('our licence not expired , . renew refund code student " 20 more seats left'.split()))
    )
    def test_words_of_the_rules_in_any_order_are_read(self, words: list[str]) -> None:
        """Gaps, exceptions and negations meet in every order without an error."""
        assert isinstance(rules(" ".join(words)), set)

    def test_gaps_are_bounded(self) -> None:
        """No phrase that ships reaches further than the language allows."""
        longest = max(len(phrase.source) for one in CUES for phrase in one.phrases + one.exceptions)
        assert MAX_GAP <= 8
        assert longest < 2_000
