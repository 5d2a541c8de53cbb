"""The written cases, and the promises new_text keeps for every text."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.core.forwarded import is_forward_subject
from responder.core.message import Address
from responder.core.reply_text import new_text, normalised, split
from tests.core.reply_text_cases import Case, cases

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[f"{case.source}: {case.shows}" for case in CASES])
def test_new_text_is_what_the_writer_newly_wrote(case: Case) -> None:
    """Quoted history, forwarded mail and signature are gone; greeting, body and answers between quotes stay."""
    assert case.result().text == case.new


@pytest.mark.parametrize("case", [case for case in CASES if case.forwarded is not None], ids=lambda case: case.shows)
def test_a_forward_names_its_author(case: Case) -> None:
    """The author of a forwarded block is read from it; without an address the block still counts as a forward."""
    found = case.result().forwarded
    assert found is not None
    assert found.addr == case.forwarded


@pytest.mark.parametrize("case", [case for case in CASES if case.forwarded is None], ids=lambda case: case.shows)
def test_what_is_no_forward_names_nobody(case: Case) -> None:
    """A reply is not taken for a forward."""
    assert case.result().forwarded is None


def test_the_authors_name_tells_a_signature_from_text() -> None:
    """The same last line is a signature from one person and text from another."""
    body = "Please make this person the owner\n\nkim park"
    assert split(body, author=Address("Kim Park", "kp@uni.example")).text == "Please make this person the owner"
    assert split(body, author=Address("Ann Smith", "as@uni.example")).text == body


@pytest.mark.parametrize(
    ("subject", "forward"),
    [
        ("Fwd: x", True),
        ("FW: RE: x", True),
        ("WG: x", True),
        ("[EXT] TR : x", True),
        ("转发：x", True),
        ("Re: Fwd: x", False),
        ("AW: WG: x", False),
        ("Forward: x", False),
        ("x", False),
        ("", False),
        ("[" * 50, False),
    ],
)
def test_the_first_prefix_of_a_subject_tells_a_forward(subject: str, *, forward: bool) -> None:
    """Fwd: in any language is a forward, a reply to one is not."""
    assert is_forward_subject(subject) is forward


WORDS = st.sampled_from(
    [
        "Hello,",
        "we need seats.",
        "",
        "> quoted",
        ">> more",
        "On Mon, 4 Mar 2024 at 10:15, A <a@b.example> wrote:",
        "--",
        "Regards,",
        "Ann Smith",
        "From: A <a@b.example>",
        "Sent: Monday, 4 March 2024",
        "To: B",
        "Subject: C",
        "Sent from my iPhone",
        "Thanks!",
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "________________________________",
        "Tel: +49 30 000000",
        "This e-mail is confidential and intended for the recipient; delete this message.",
        "P.S. one more thing",
        "CAUTION: external",
        "A <a@b.example>",
        "wrote:",
        "Am 04.03.24 schrieb A:",
        "2024",
        "http://x.example",
        "----- End forwarded message -----",
    ]
)
BODIES = st.lists(st.one_of(WORDS, st.text(max_size=20)), max_size=25).map("\n".join)


@settings(max_examples=400)
@given(BODIES)
def test_new_text_only_takes_away(body: str) -> None:
    """The words of the result are words of the input in their order."""
    left: Iterator[str] = iter(body.split())
    assert all(word in left for word in new_text(body).split())


@settings(max_examples=400)
@given(BODIES)
def test_something_is_left_unless_it_was_forwarded(body: str) -> None:
    """A request is never cut away whole: some word stays wherever there was one."""
    found = split(body)
    assert found.forwarded is not None or found.text.strip() or not re.search(r"\w", body)


@given(st.text(max_size=200))
def test_any_text_is_taken(body: str) -> None:
    """No character raises, with HTML beside it or not."""
    new_text(body, f"<blockquote>{body}")
    assert normalised(normalised(body)) == normalised(body)


def test_copies_of_one_text_are_equal_once_normalised() -> None:
    """Case, white space and punctuation are folded, digits kept."""
    assert normalised("Hello,  WORLD!\n\n42 seats") == normalised("hello world - 42 seats.")
    assert normalised("42 seats") != normalised("43 seats")


@pytest.mark.parametrize(
    "piece",
    [
        "On 2024 a@b.c wrote:\n",
        "On a\n",
        "<a@b>:\n",
        "From: a\n",
        "-- \n",
        "Thanks,\nBob\n",
        "x ",
        "1 ",
        "> a\nb\n",
        "_" * 30 + "\n",
        "confidential message recipient\n\n",
        ":\n",
        "Sent: \n",
        "Please reply above this line\n",
        "(",
        "P.S.\n",
        "写道：\n",
    ],
)
def test_no_text_is_long_enough_to_hurt(piece: str) -> None:
    """Half a megabyte of one thing is read line by line."""
    body = piece * (600_000 // len(piece))
    assert len(new_text(body)) <= len(body)
