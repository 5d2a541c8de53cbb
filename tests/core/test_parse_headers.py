"""Header fields, addresses, dates and ids, as damaged as they come."""

from datetime import UTC, datetime

import pytest

from responder.core import fields
from responder.core.addresses import addresses
from responder.core.message import Address, Message, MessageKey
from responder.core.parse import parse

KEY = MessageKey("education", 1, 1)
NOW = datetime(2024, 3, 4, 10, 0, tzinfo=UTC)


def message(header: str, body: str = "Body.\n") -> Message:
    """A message of some header lines and a body."""
    return parse(f"{header}\n\n{body}".encode(), KEY, NOW)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("ann@uni.example", [("", "ann@uni.example")]),
        ("Ann Smith <ann@UNI.Example>", [("Ann Smith", "ann@uni.example")]),
        ('"Smith, Ann" <Ann.Smith@uni.example>', [("Smith, Ann", "Ann.Smith@uni.example")]),
        ("ann@uni.example (Ann Smith)", [("Ann Smith", "ann@uni.example")]),
        ("<ann@uni.example>, bob@x.example", [("", "ann@uni.example"), ("", "bob@x.example")]),
        ("a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("undisclosed-recipients:;", []),
        ("Staff: Ann <a@x.example>, b@x.example;", [("Ann", "a@x.example"), ("", "b@x.example")]),
        ("=?utf-8?Q?J=C3=BCrgen?= <j@x.example>", [("Jürgen", "j@x.example")]),
        ("=?utf-8?Q?J_=3Cj=40x=2Eexample=3E?=", [("", "j@x.example")]),
        ("Ann <ann@münchen.example>", [("Ann", "ann@münchen.example")]),
        ("<@relay.example:ann@uni.example>", [("", "ann@uni.example")]),
        ('"Ann <ann@uni.example>', [("", "ann@uni.example")]),
        ("Ann <ann@uni.example", [("Ann", "ann@uni.example")]),
        ('"ann smith"@uni.example', [("", '"ann smith"@uni.example')]),
        ("ann@[192.0.2.1]", [("", "ann@[192.0.2.1]")]),
        ("'Ann' <ann@uni.example.>", [("Ann", "ann@uni.example")]),
        ("mailto:ann@uni.example", [("", "ann@uni.example")]),
        ("Ann Smith", []),
        ("@", []),
        ("", []),
        ("root", []),
        ("Ann\u202e <ann@uni.example>", [("Ann", "ann@uni.example")]),
    ],
)
def test_addresses_are_read_as_people_write_them(value: str, wanted: list[tuple[str, str]]) -> None:
    """Names decoded, bare addresses, domains in lower case; comments, groups and damage taken as they come."""
    assert addresses(value) == tuple(Address(name, addr) for name, addr in wanted)


@pytest.mark.parametrize("piece", ['"', "(", "<", "a@b,", '\\"', "=?", "=?a?Q?b?= ", ":", "()", "a@b "])
def test_no_address_field_is_long_enough_to_hurt(piece: str) -> None:
    """A hostile field of the greatest length kept is read in one pass and gives at most the addresses allowed."""
    assert len(addresses((piece * 100_000)[: fields.MAX_VALUE])) <= 2_000


@pytest.mark.parametrize(
    ("header", "author", "defect"),
    [
        ("Subject: x", None, "no From field"),
        ("From: nobody", None, "no From address"),
        ("From:", None, "no From address"),
        ("From: a@x.example, b@x.example", "a@x.example", "several From addresses"),
        ("From: a@x.example\nFrom: b@x.example", "a@x.example", "several From fields"),
        ("From : a@x.example", "a@x.example", None),
        ("FROM: a@x.example", "a@x.example", None),
        ("From: a@x.example\nfrom", "a@x.example", None),
    ],
)
def test_the_author_is_the_first_from_address_and_oddities_are_noted(
    header: str, author: str | None, defect: str | None
) -> None:
    """A missing or unreadable From gives no author; several give the first and a defect."""
    read = message(header)
    assert (read.author.addr if read.author else None) == author
    assert defect is None or defect in read.defects


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("X: y", None),
        ("Return-Path: <a@x.example>", "a@x.example"),
        ("Return-Path: <>", ""),
        ("Return-Path:", ""),
        ("Return-Path: <a@x.example>\nReturn-Path: <>", ""),
        ("Return-Path: <> (null)", ""),
        ("Return-Path: <MAILER-DAEMON>", "MAILER-DAEMON"),
    ],
)
def test_the_null_return_path_counts_at_any_position(header: str, wanted: str | None) -> None:
    """RFC 3834 section 2: <> marks a machine; an absent field marks nothing."""
    assert message(f"From: a@x.example\n{header}").return_path == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("plain", "plain"),
        ("=?utf-8?Q?J=C3=BCrgen?=", "Jürgen"),
        ("=?utf-8?B?SsO8?= =?utf-8?B?cmdlbg==?=", "Jürgen"),
        ("=?utf-8?B?SsM=?= =?utf-8?B?vHJnZW4=?=", "Jürgen"),
        ("=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
        ("=?utf-8*en?Q?Hi?=", "Hi"),
        ("=?utf-8?Q?with space?=", "with space"),
        ("=?utf-8?X?broken?=", "=?utf-8?X?broken?="),
        ("=?utf-8?B?!!!?=", ""),
        ("=?utf-8?Q?open", "=?utf-8?Q?open"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?=", "Grüße"),
        ("=?gb2312?B?1tDOxA==?=", "中文"),
        ("=?utf-8?Q?a=00b=0D=0Ac?=", "ab c"),
        ("=?utf-8?Q?=E2=80=AEevil?=", "evil"),
        ("Re:\tfolded", "Re: folded"),
    ],
)
def test_subjects_are_decoded_onto_one_clean_line(value: str, wanted: str) -> None:
    """RFC 2047 with its usual damage; no control or direction character survives."""
    assert message(f"From: a@x.example\nSubject: {value}").subject == wanted


def test_a_folded_field_is_unfolded_and_kept_undecoded() -> None:
    """Headers hold what was written, without folds."""
    read = message("From: a@x.example\nSubject: =?utf-8?Q?a?=\n =?utf-8?Q?b?=\nX-A:   1  ")
    assert read.headers.all("subject") == ("=?utf-8?Q?a?= =?utf-8?Q?b?=",)
    assert read.headers.first("x-a") == "1"
    assert read.subject == "ab"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("Mon, 4 Mar 2024 10:15:00 +0100", datetime(2024, 3, 4, 9, 15, tzinfo=UTC)),
        ("4 Mar 24 10:15 EST", datetime(2024, 3, 4, 15, 15, tzinfo=UTC)),
        ("Mon, 4 Mar 2024 10:15:00 -0000", datetime(2024, 3, 4, 10, 15, tzinfo=UTC)),
        ("Mon, 4 Mar 2024 10:15:00 GMT (a comment)", datetime(2024, 3, 4, 10, 15, tzinfo=UTC)),
        ("Mon, 4 (fourth) Mar 2024 10:15:00 +0000", datetime(2024, 3, 4, 10, 15, tzinfo=UTC)),
        ("yesterday", None),
        ("Mon, 99 Mar 99999 99:99:99 +9999", None),
        ("", None),
    ],
)
def test_dates_are_utc_or_nothing(value: str, wanted: datetime | None) -> None:
    """RFC 5322 with its obsolete forms; an unreadable date is a defect."""
    read = message(f"From: a@x.example\nDate: {value}")
    assert read.sent_at == wanted
    assert ("unreadable date" in read.defects) == (wanted is None)


def test_ids_of_the_thread_keep_their_brackets_and_order() -> None:
    """References, then In-Reply-To, each id once; bare ids gain brackets."""
    read = message("From: a@x.example\nReferences: <1@x> <2@x>,<3@x>\nIn-Reply-To: 4@x\nMessage-ID: < 5@x >")
    assert read.thread.ids == ("<1@x>", "<2@x>", "<3@x>", "<4@x>")
    assert read.message_id == "<5@x>"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("text/plain; charset=utf-8", ("text/plain", {"charset": "utf-8"})),
        ('text/plain; CHARSET="utf-8" ; format=flowed', ("text/plain", {"charset": "utf-8", "format": "flowed"})),
        ("a/b; name*=utf-8''n%C3%A4he.pdf", ("a/b", {"name": "nähe.pdf"})),
        ("a/b; name*0*=utf-8''n%C3%A4; name*1=he.pdf", ("a/b", {"name": "nähe.pdf"})),
        ('a/b; name="=?utf-8?Q?n=C3=A4he=2Epdf?="', ("a/b", {"name": "nähe.pdf"})),
        ('a/b; name="a;b\\"c"', ("a/b", {"name": 'a;b"c'})),
        ('a/b; name="open', ("a/b", {"name": "open"})),
        ("a/b; name", ("a/b", {})),
        ("", ("", {})),
    ],
)
def test_parameters_are_read_in_every_notation(value: str, wanted: tuple[str, dict[str, str]]) -> None:
    """RFC 2045, RFC 2231 and the encoded words that RFC 2047 forbids there."""
    head, found = fields.parameters(value)
    assert (head, dict(found)) == wanted
