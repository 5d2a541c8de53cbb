"""The templates folder: rendered safely, read again when it changes, never half a set."""

import re
import shutil
import threading
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.adapters.template_set import check_folder
from responder.adapters.templates import Templates
from responder.core.errors import PolicyError, TemplateError

SHIPPED = Path(__file__).parents[2] / "templates"
TEMPLATES = Templates(SHIPPED)
RECEIPTS = [name for name in TEMPLATES.names() if name.endswith(("addon_request", "not_listed"))]
LINK = re.compile(r"(?:https?:|mailto:|www\.)\S|\S+@\S+|\b\w+\.(?:com|example|org|net)\b", re.IGNORECASE)


class Clock:
    """A clock that stands until it is told."""

    def __init__(self) -> None:
        """Start at nought."""
        self.now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


class Page(HTMLParser):
    """Tags, links and words of a page."""

    def __init__(self, page: str) -> None:
        """Read the page."""
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag with its attributes."""
        self.tags.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep the words."""
        self.words += data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped folder."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "templates"))


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Templates whose renewal prints a value alone."""
    folder = Path(shutil.copytree(SHIPPED, tmp_path_factory.mktemp("echo") / "templates"))
    body(folder, "Ref. {{ ticket_ref }} end")
    return Templates(folder)


def write(folder: Path, name: str, text: str) -> None:
    """Write a file of the folder."""
    (folder / name).write_text(text)


def body(folder: Path, text: str, name: str = "education/renewal") -> None:
    """Give a template another body."""
    write(folder, f"{name}.md", f"subject: Re: {{{{ subject }}}}\n\n{text}\n")


class TestShippedTemplates:
    """The set that ships."""

    def test_nothing_is_wrong_with_it(self) -> None:
        """Policy, cues, facts and templates agree, examples included."""
        assert TEMPLATES.check() == []
        assert TEMPLATES.problems == ()

    @pytest.mark.parametrize("name", TEMPLATES.names())
    def test_it_greets_by_name_or_without(self, name: str) -> None:
        """A name where one is known, a friendly word where not."""
        assert TEMPLATES(name, {"first_name": "Ana"}).text.startswith("Hello Ana,\n")
        assert TEMPLATES(name, {}).text.startswith("Hello there,\n")

    @pytest.mark.parametrize("name", TEMPLATES.names())
    def test_it_can_be_read_in_fifteen_seconds(self, name: str) -> None:
        """At most 190 words, and 25 lines."""
        text = TEMPLATES(name, {}).text
        assert len(re.sub(r"https://\S+", "", text).split()) <= 190
        assert text.count("\n") <= 30

    @pytest.mark.parametrize("name", TEMPLATES.names())
    def test_it_says_how_to_reach_a_person(self, name: str) -> None:
        """Everybody can get to a person by replying."""
        text = TEMPLATES(name, {}).text
        assert TEMPLATES.facts.common["human_contact_line"] in text or "a person of our team" in text.lower()

    @pytest.mark.parametrize("name", TEMPLATES.names())
    def test_it_promises_nothing(self, name: str) -> None:
        """No code, price, refund, discount or decision."""
        text = TEMPLATES(name, {}).text.lower()
        assert not re.search(
            r"\b(?:refund|discount|free of charge|you are eligible|approved by|guarantee|[$€£]\d)", text
        )

    @pytest.mark.parametrize("name", RECEIPTS)
    def test_a_receipt_says_that_it_is_one(self, name: str) -> None:
        """Nothing is decided by it."""
        assert "This is only a receipt; nothing is decided yet." in TEMPLATES(name, {}).text

    @pytest.mark.parametrize("name", ["opensource/rejection_dispute", "startups/rejection_dispute"])
    def test_their_rejections_never_name_the_verifier(self, name: str) -> None:
        """We read those again ourselves."""
        assert TEMPLATES.facts.common["verifier_name"] not in TEMPLATES(name, {}).text

    def test_a_rejected_teacher_is_sent_to_the_verifier(self) -> None:
        """The contact stands in the rejection mail."""
        text = TEMPLATES("education/rejection_dispute", {}).text
        assert f"the contact named in the rejection e-mail from {TEMPLATES.facts.common['verifier_name']}" in text

    def test_a_startup_is_never_told_to_apply_again(self) -> None:
        """After the free year comes the list price."""
        text = TEMPLATES("startups/renewal", {}).text
        assert "list price" in text
        assert not re.search(r"apply|application|same form|renew here", text, re.IGNORECASE)

    def test_no_file_names_a_company_a_vendor_or_a_link(self) -> None:
        """Those stand in facts.toml alone."""
        names = re.compile(r"gitlab|sheerid|docusign|https?://", re.IGNORECASE)
        for path in SHIPPED.glob("*/*.md"):
            assert names.search(path.read_text()) is None, path.name
        assert re.search(r"gitlab|sheerid|docusign", (SHIPPED / "policy.toml").read_text(), re.IGNORECASE) is None

    def test_unknown_programs_get_all_three_links(self) -> None:
        """The person picks."""
        text = TEMPLATES("unknown/new_application", {}).text
        facts = TEMPLATES.facts.programs
        assert all(facts[one]["application_url"] in text for one in ("education", "opensource", "startups"))

    def test_the_three_stages_of_support(self) -> None:
        """Form, portal, product: each has its place."""
        text = TEMPLATES("education/support", {}).text
        common = TEMPLATES.facts.common
        wanted = ("verifier_help_url", "support_portal_url", "support_topic", "docs_url", "forum_url")
        assert all(common[one] in text for one in wanted)
        assert common["verifier_help_url"] not in TEMPLATES("startups/support", {}).text


class TestRendering:
    """Text, HTML, subject."""

    def test_markdown_reads_well_as_text(self, folder: Path) -> None:
        """Lists, links and emphasis as people write them."""
        body(
            folder,
            "# Title\n\n**Bold** and *soft*\nnext line\n\n"
            "- one [here]({{ docs_url }})\n- two [there]({{ docs_url }}) too\n\n"
            "3. <{{ docs_url }}>\n4. last\n   - deep\n\n> said\n\n`code`",
        )
        url = TEMPLATES.facts.common["docs_url"]
        assert Templates(folder)("education/renewal", {}).text == (
            f"Title\n\nBold and soft\nnext line\n\n- one here: {url}\n- two there ({url}) too\n\n"
            f"3. {url}\n4. last\n\n   - deep\n\n> said\n\ncode\n"
        )

    def test_html_is_small_and_plain(self) -> None:
        """A closed set of tags, no attribute but a link's address."""
        for name in TEMPLATES.names():
            for tag, attributes in Page(TEMPLATES(name, {}).html).tags:
                assert tag in {"html", "head", "meta", "body", "p", "ul", "ol", "li", "a", "strong", "em", "br"}
                assert {key for key, _ in attributes} <= {"href", "charset"}

    def test_the_subject_is_the_mails_own(self) -> None:
        """One Re:, one line."""
        assert (
            TEMPLATES("education/renewal", {"subject": "AW: Re: Our\r\nBcc: x@y.example"}).subject
            == "Re: Our Bcc: x@y.example"
        )
        assert TEMPLATES("education/renewal", {}).subject == "Re: your message"

    def test_the_version_is_the_files_digest(self, folder: Path) -> None:
        """Twelve hex digits that change with the file."""
        first = Templates(folder)("education/renewal", {}).version
        body(folder, "other")
        second = Templates(folder)("education/renewal", {}).version
        assert first != second
        assert re.fullmatch("[0-9a-f]{12}", first)

    def test_an_empty_fact_may_be_asked_for(self, folder: Path) -> None:
        """The receipt gets its sentence once the team has a time."""
        assert "usually answers within" not in Templates(folder)("startups/addon_request", {}).text
        facts = (folder / "facts.toml").read_text().replace('first_reply_time = ""', 'first_reply_time = "two days"')
        write(folder, "facts.toml", facts)
        assert (
            "a person usually answers within two days, and nothing is decided"
            in Templates(folder)("startups/addon_request", {}).text
        )


class TestHostileValues:
    """Whatever the mail says, it stays words."""

    @settings(max_examples=150, deadline=None)
    @given(
        st.text(max_size=60)
        | st.sampled_from(
            [
                "[x](https://evil.example)",
                "<https://evil.example>",
                "https://evil.example",
                "www.evil.example",
                "evil.example",
                "a@evil.example",
                "<b>x</b>",
                "<script>alert(1)</script>",
                "{{ docs_url }}",
                "{% for i in x %}",
                "&lt;b&gt;",
                "# x\n\n- y",
                "\ue000\ue100\ue001",
                "![x](https://evil.example/x.png)",
                "\u202eevil",
                "javascript:alert(1)",
            ]
        )
    )
    def test_no_tag_and_no_link_comes_from_a_value(self, value: str) -> None:
        """The page has the same tags and addresses as with no value at all."""
        values = {"first_name": value, "ticket_ref": value, "mailbox": value, "today": value, "subject": value}
        for name in ("education/student", "unknown/new_application"):
            assert Page(TEMPLATES(name, values).html).tags == Page(TEMPLATES(name, {}).html).tags

    @settings(max_examples=150, deadline=None)
    @given(value=st.text(max_size=60) | st.sampled_from(["x https://evil.example", "see www.evil.example", "[a](b)"]))
    def test_a_value_in_a_body_is_never_read_as_a_link(self, echo: Templates, value: str) -> None:
        """Not by us and not by the reader's program."""
        rendered = echo("education/renewal", {"ticket_ref": f"x {value}"})
        for words in (rendered.text, Page(rendered.html).words):
            assert LINK.search(words) is None, words
        assert {tag for tag, _ in Page(rendered.html).tags} == {"html", "head", "meta", "body", "p"}
        assert not re.search(r"[*_`<>\[\]\x00-\x08\ue000-\uf8ff\u202a-\u202e]", rendered.text)

    def test_a_name_that_is_none_falls_back(self) -> None:
        """Hello there, not Hello free money."""
        for value in ("evil.example", "Ana 7", "Ana <b>", "x" * 500):
            assert (
                TEMPLATES("education/student", {"first_name": value}).text.startswith("Hello there,") or len(value) > 80
            )

    def test_values_that_are_no_slots_reach_nothing(self) -> None:
        """Only the closed set is passed on."""
        assert "evil" not in TEMPLATES("education/student", {"docs_url": "evil", "program_name": "evil"}).text

    def test_a_persons_own_words_get_the_same_safety(self) -> None:
        """Markdown of staff: no HTML, no odd links, no variables."""
        rendered = TEMPLATES.wrap(
            "Re: x", "Dear Ana,\n<b>hi</b> {{ docs_url }} [a](javascript:x) [b](https://ok.example)"
        )
        assert [dict(attributes) for tag, attributes in Page(rendered.html).tags if tag == "a"] == [
            {"href": "https://ok.example"}
        ]
        assert "<b>hi</b> {{ docs_url }} [a](javascript:x) b: https://ok.example" in rendered.text
        assert rendered.subject == "Re: x"


class TestHostileTemplates:
    """Template text is not trusted either."""

    @pytest.mark.parametrize(
        "text",
        [
            "{% for x in first_name %}x{% endfor %}",
            "{% include '/etc/passwd' %}",
            "{% import 'x' as y %}",
            "{% set x = 1 %}{{ x }}",
            "{% macro m() %}{% endmacro %}",
            "{{ first_name.__class__ }}",
            "{{ first_name|upper }}",
            "{{ range(10) }}",
            "{{ 'a' * 1000000000 }}",
            "{{ first_name[0] }}",
            "{{ self }}",
            "{{ cycler }}",
            "{% extends 'education/student.md' %}",
            "{{ first_name",
            "{{ nobody_knows }}",
            "{{ subject }}",
            "\ue000\ue100\ue001",
            "",
        ],
    )
    def test_anything_but_variables_and_if_is_refused(self, folder: Path, text: str) -> None:
        """Refused when read, and the mail that needs it is held."""
        body(folder, text)
        templates = Templates(folder)
        assert {problem.file for problem in templates.problems} == {"education/renewal.md"}
        with pytest.raises(TemplateError) as caught:
            templates("education/renewal", {})
        assert caught.value.rule == "template.broken"

    def test_the_line_and_a_near_name_are_told(self, folder: Path) -> None:
        """The editor finds the mistake."""
        body(folder, "Hello\n\n{{ renewl_url }}")
        (problem,) = Templates(folder).check()
        assert str(problem) == "education/renewal.md:5: renewl_url is unknown. Did you mean renewal_url?"

    @pytest.mark.parametrize(
        ("text", "rule", "slot"),
        [
            ("{{ first_reply_time }}", "template.unfilled", ("slot", "first_reply_time")),
            ("{{ ticket_ref }}", "template.unfilled", ("slot", "ticket_ref")),
            ("x\n" * 100, "template.long", ("n", "101")),
            ("[x](https://{{ ticket_ref }}.example)", "template.broken", ("n", "1")),
            ("see {{ ticket_ref }}.example", "template.broken", ("n", "1")),
            ("write to me@{{ ticket_ref }}", "template.broken", ("n", "1")),
        ],
    )
    def test_what_cannot_be_sent_is_an_error_with_its_rule(
        self, folder: Path, text: str, rule: str, slot: tuple[str, str]
    ) -> None:
        """Unfilled, too long, or a value in an address."""
        body(folder, text)
        values = {"ticket_ref": "abc"} if rule == "template.broken" else {}
        with pytest.raises(TemplateError) as caught:
            Templates(folder)("education/renewal", values)
        assert (caught.value.rule, caught.value.slots) == (rule, (slot,))

    def test_a_missing_template_has_its_rule(self) -> None:
        """Named, so that somebody can write it."""
        with pytest.raises(TemplateError) as caught:
            TEMPLATES("education/../policy", {})
        assert (caught.value.rule, caught.value.slots) == ("template.missing", (("name", "education/../policy"),))

    def test_html_in_a_template_is_shown_not_run(self, folder: Path) -> None:
        """Markdown only."""
        body(folder, "<script>x</script> ![i](http://x.example/i.png) [a](javascript:x) [b](http://x.example)")
        assert {tag for tag, _ in Page(Templates(folder)("education/renewal", {}).html).tags} == {
            "html", "head", "meta", "body", "p",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "head", ["", "Hello\n\nbody", "subject:\n\nbody", "subject: x\n\n", "subject: x\nto: y\n\nbody"]
    )
    def test_a_file_without_subject_or_body_is_refused(self, folder: Path, head: str) -> None:
        """The first line is the subject."""
        write(folder, "education/renewal.md", head)
        assert [problem.file for problem in Templates(folder).check()] == ["education/renewal.md"]

    def test_bytes_that_are_no_text_are_refused(self, folder: Path) -> None:
        """Told, not guessed."""
        (folder / "education/renewal.md").write_bytes(b"subject: x\n\n\xff\xfe")
        assert "is not UTF-8" in str(Templates(folder).check()[0])


class TestReading:
    """Read again when the files change; the last good set stays."""

    def test_a_change_is_taken_over_within_a_second(self, folder: Path) -> None:
        """Looked at once a second at most."""
        clock = Clock()
        templates = Templates(folder, clock)
        body(folder, "fresh words")
        assert "fresh words" not in templates("education/renewal", {}).text
        clock.now = 1.0
        assert "fresh words" in templates("education/renewal", {}).text

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("policy.toml", "[sure]\n"),
            ("policy.toml", "not toml"),
            ("cues.toml", "[lists]\n"),
            ("facts.toml", ""),
            ("education/renewal.md", "subject: x\n\n{{ nobody }}"),
        ],
    )
    def test_a_broken_change_is_not_taken_over(self, folder: Path, name: str, text: str) -> None:
        """The last good set answers on, and the problem is told until it is mended."""
        clock = Clock()
        templates = Templates(folder, clock)
        good, version = templates("education/renewal", {}), templates.policy_version
        kept = (folder / name).read_text()
        write(folder, name, text)
        clock.now = 1.0
        assert templates("education/renewal", {}) == good
        assert templates.policy_version == version
        assert templates.problems
        assert all(problem.file for problem in templates.problems)
        write(folder, name, kept)
        clock.now = 2.0
        assert templates.problems == ()

    def test_a_cue_whose_example_fails_is_not_taken_over(self, folder: Path) -> None:
        """The examples guard every change."""
        clock = Clock()
        templates = Templates(folder, clock)
        cues = (folder / "cues.toml").read_text()
        write(folder, "cues.toml", re.sub(r"(?m)^hits = \[", 'hits = ["nothing of the kind",', cues, count=1))
        clock.now = 1.0
        assert any("should hit" in str(problem) for problem in templates.problems)

    def test_policy_and_templates_change_together(self, folder: Path) -> None:
        """One reading of all files."""
        clock = Clock()
        templates = Templates(folder, clock)
        body(folder, "new kind", "education/other_renewal")
        policy = (folder / "policy.toml").read_text()
        write(folder, "policy.toml", policy.replace('"education/renewal"', '"education/other_renewal"'))
        clock.now = 1.0
        row = templates.rules().policy.row("education", "renewal")
        assert row is not None
        assert row.template == "education/other_renewal"
        assert "new kind" in templates("education/other_renewal", {}).text

    def test_a_new_template_without_a_row_is_told(self, folder: Path) -> None:
        """A text that nobody can get is a mistake."""
        body(folder, "x", "education/spare")
        assert [str(one) for one in Templates(folder).check()] == ["education/spare.md: no row of the policy names it"]

    def test_a_row_without_its_template_is_told(self, folder: Path) -> None:
        """And the mail it would answer is held as template.missing."""
        (folder / "education/renewal.md").unlink()
        assert "education/renewal is not there" in str(Templates(folder).check()[0])

    @pytest.mark.parametrize("name", ["policy.toml", "cues.toml", "facts.toml"])
    def test_without_its_tables_it_does_not_start(self, folder: Path, name: str) -> None:
        """There is nothing to decide with."""
        (folder / name).unlink()
        with pytest.raises(PolicyError, match=name):
            Templates(folder)
        assert [problem.file for problem in check_folder(folder)] == [name]

    def test_a_problem_names_the_line_of_its_table(self, folder: Path) -> None:
        """policy.toml:12, not somewhere."""
        row = 'reply"\ntemplate = "startups/renewal"'
        policy = (folder / "policy.toml").read_text().replace(row, f"p{row}")
        write(folder, "policy.toml", policy)
        line = policy[: policy.index("[startups.renewal]")].count("\n") + 1
        assert {(problem.file, problem.line) for problem in check_folder(folder)} == {("policy.toml", line)}

    def test_many_threads_see_whole_sets(self, folder: Path) -> None:
        """Never a body of one version with the digest of another."""
        clock = Clock()
        templates = Templates(folder, clock)
        seen: set[tuple[str, str]] = set()

        def read() -> None:
            for _ in range(50):
                clock.now += 1.0
                rendered = templates("education/renewal", {})
                seen.add((rendered.version, rendered.text))

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(5):
            body(folder, f"words {number}")
        for thread in threads:
            thread.join()
        assert len({version for version, _ in seen}) == len(seen)
