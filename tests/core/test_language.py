"""core.language: which language a mail is written in."""

import tomllib
from pathlib import Path

import pytest

from responder.core.language import NAMES, language
from responder.core.words import WORDS

SENTENCES = {
    code: [line for line in lines.splitlines() if line]
    for code, lines in tomllib.loads((Path(__file__).parent / "sentences.toml").read_text("utf-8")).items()
}
EACH = [(code, line) for code, lines in SENTENCES.items() for line in lines]


@pytest.mark.parametrize(("code", "line"), EACH, ids=[f"{code}-{line[:30]}" for code, line in EACH])
def test_a_sentence_is_known_by_itself(code: str, line: str) -> None:
    """One sentence, as people write it, tells its language; English stays English with foreign names and quotes."""
    assert language(line) == code


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_language_has_enough_sentences(code: str) -> None:
    """No language is called supported on less than fifteen sentences."""
    assert len(SENTENCES[code]) >= 15


@pytest.mark.parametrize("code", [code for code in SENTENCES if code != "en"])
def test_a_whole_mail_is_known_whatever_its_english_words(code: str) -> None:
    """Product words, links and an English signature do not make a mail English."""
    mail = "\n".join(SENTENCES[code][:6]) + "\n\nGitLab Ultimate, SheerID: https://example.org/join\n\nBest regards\nIT"
    assert language(mail) == code


@pytest.mark.parametrize("code", [code for code in SENTENCES if code != "en"])
def test_an_english_mail_stays_english_with_a_foreign_closing(code: str) -> None:
    """The main language of a mixed mail decides."""
    mail = (
        "Hello, we applied for the program two weeks ago and have not heard from you since. Could you tell us what is "
        "missing? We have uploaded the document that the form asked for, and it says that it is under review.\n\n"
    )
    assert language(mail + SENTENCES[code][6]) == "en"


def test_a_text_without_letters_or_too_short_is_english() -> None:
    """Nothing to tell by is no reason to hold."""
    assert [language(text) for text in ("", "?!", "12345", "ok", "Danke sehr", "\x00", "👍👍👍")] == ["en"] * 7


def test_quoted_mail_code_and_links_say_nothing() -> None:
    """What the person did not write does not count."""
    quoted = "\n".join(f"> {line}" for line in SENTENCES["de"])
    code = "```\nfür die und der das ist nicht ein eine\n```"
    assert language(f"Please see below, it does not work for us.\n{code}\n{quoted}") == "en"


def test_a_long_text_in_an_unknown_language_is_undetermined() -> None:
    """A language that is not in the table is not taken for English."""
    swahili = (
        "Habari, jina langu ninaitwa mwalimu kutoka chuo kikuu cha Nairobi. Tungependa kupata leseni kwa ajili ya "
        "wanafunzi wetu ambao wanasoma uhandisi. Tafadhali tusaidie kujua jinsi ya kufanya ombi hilo haraka "
        "iwezekanavyo kwa sababu muhula unaanza wiki ijayo. Asante sana kwa msaada wenu."
    )
    assert language(swahili) == "und"


def test_each_code_has_an_english_name() -> None:
    """What can be said can be shown."""
    assert set(WORDS) | set(SENTENCES) <= set(NAMES)


@pytest.mark.parametrize(
    "piece", ["a", " ", ">", "`", '"', "a@", "@", "der ", "http://", "ä", "字", "\n>", "“", "'", "́", "\t\n"]
)
def test_hostile_length_costs_no_more_than_a_page(piece: str) -> None:
    """A megabyte of anything ends, with some code as the answer."""
    assert language(piece * (1_000_000 // len(piece))) in NAMES
