"""The text the model reads: bounded, folded, the same in training and serving."""

import time

import pytest

from classifier.text import HEAD_WORDS, TAIL_WORDS, compose_text, decisive, normal


def test_subject_and_text_are_one() -> None:
    """Either may be empty."""
    assert compose_text(" Re: x ", "\n hello \n") == "Re: x\n\nhello"
    assert compose_text("", "hello") == "hello"
    assert compose_text("Re: x", "") == "Re: x"


def test_short_mail_stays_as_it_is() -> None:
    """Nothing is lost of an ordinary mail."""
    text = "one two\n\nthree " * 50
    assert decisive(text) == text


def test_long_mail_keeps_beginning_and_end() -> None:
    """The wish stands at either end far more often than in the middle."""
    words = [f"w{number}" for number in range(1000)]
    kept = decisive(" ".join(words)).split()
    assert kept == words[:HEAD_WORDS] + words[-TAIL_WORDS:]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("See https://example.org/a?b=c now", "see  zurl  now"),
        ("write to Ana.Costa@uni.example please", "write to  zmail  please"),
        ("code ABCD-1234-EF56-7890", "code  zcode "),
        ("in 2026 we had 40", "in 0 we had 0"),
        ("We’re here", "we're here"),
        ("ＦＵＬＬ width", "full width"),
        ("open-source project-wide", "open-source project-wide"),
    ],
)
def test_what_names_one_case_becomes_a_placeholder(text: str, said: str) -> None:
    """Addresses, links, codes and numbers are not to be learned."""
    assert normal(text) == said


@pytest.mark.parametrize("piece", ["a", "a1", "a-1-", "@", "a@", "http://", "1", "\0", " ", "e\u0301", "ﷺ", "www."])
def test_a_megabyte_costs_no_more_than_a_page(piece: str) -> None:
    """Hostile repetition neither hangs nor grows."""
    text = piece * (1_000_000 // len(piece))
    started = time.process_time()
    assert len(normal(text)) < 200_000
    assert time.process_time() - started < 5
