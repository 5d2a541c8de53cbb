"""What an operator sets is what the daemon does: each setting changes the fate of a mail, from end to end."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from responder.core.lifecycle import MessageStage
from tests.system.installation import DOMAIN, RENEWAL, Installation, installed, mail, rules

ANSWERED, HELD, IGNORED = MessageStage.ANSWERED, MessageStage.HELD, MessageStage.IGNORED
SERVER = "mx.company.example"
ANY_NUMBER = {"CAP_SAME_TEXT_HOUR": "99"}
"""All mails here have the same words."""


@pytest.fixture
def with_settings(tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    """Makes an installation with further settings, named in full."""
    with ExitStack() as stack:
        yield lambda **chosen: stack.enter_context(installed(tmp_path, **chosen))


def fates(ours: Installation, *mails: bytes) -> list[MessageStage]:
    """What becomes of these mails."""
    for raw in mails:
        ours.deliver(raw)
    ours.work()
    return [one.stage for one in ours.messages()]


def proven(sender: str, result: str) -> bytes:
    """A mail with the verdict of our own server."""
    return mail(sender, RENEWAL, *([f"Authentication-Results: {SERVER}; {result}"] if result else []))


MAILS = (
    proven("ana@n1.example", "dmarc=pass header.from=n1.example"),
    proven("ana@n2.example", "dmarc=fail header.from=n2.example"),
    proven("ana@n3.example", ""),
)


def test_authentication_results_are_checked(with_settings: Callable[..., Installation]) -> None:
    """AUTHSERV_ID: failing or missing results hold; another server's word counts for nothing."""
    ours = with_settings(MAILBOXES__EDUCATION__AUTHSERV_ID=SERVER, **ANY_NUMBER)
    foreign = proven("ana@n4.example", "dmarc=pass").replace(SERVER.encode(), b"mx.evil.example")
    assert fates(ours, *MAILS, foreign) == [ANSWERED, HELD, HELD, HELD]
    assert all("trust.dmarc" in rules(one) for one in ours.messages()[1:])


def test_authentication_results_are_not_checked(with_settings: Callable[..., Installation]) -> None:
    """Unset, nothing is checked."""
    assert fates(with_settings(), *MAILS) == [ANSWERED] * 3


def test_aliases(with_settings: Callable[..., Installation]) -> None:
    """Mail to an alias is addressed to us; mail from one is our own; replies come from the mailbox's own address."""
    ours = with_settings(MAILBOXES__EDUCATION__ALIASES=f"edu@{DOMAIN}, campus@old.example", **ANY_NUMBER)
    assert fates(
        ours,
        mail("ana@n1.example", RENEWAL, to=f"edu@{DOMAIN}"),
        mail("ana@n2.example", RENEWAL, to="campus@old.example"),
        mail("ana@n3.example", RENEWAL, to="stranger@old.example"),
        mail("campus@old.example", RENEWAL),
    ) == [ANSWERED, ANSWERED, HELD, IGNORED]
    assert {str(reply["From"]).rpartition("<")[2].rstrip(">") for _, reply in ours.sent} == {f"education@{DOMAIN}"}


def test_the_bounce_address(with_settings: Callable[..., Installation]) -> None:
    """Replies have it as envelope sender, so that reports come there; mail from it is our own."""
    ours = with_settings(MAILBOXES__EDUCATION__BOUNCE_ADDRESS=f"bounces@{DOMAIN}")
    assert fates(ours, mail("ana@n1.example", RENEWAL), mail(f"bounces@{DOMAIN}", RENEWAL)) == [ANSWERED, IGNORED]
    assert ours.sink.received[0].sender == f"bounces@{DOMAIN}"


def test_without_a_bounce_address(with_settings: Callable[..., Installation]) -> None:
    """Reports come back to the mailbox itself."""
    ours = with_settings()
    assert fates(ours, mail("ana@n1.example", RENEWAL)) == [ANSWERED]
    assert ours.sink.received[0].sender == f"education@{DOMAIN}"


def test_staff_domains(with_settings: Callable[..., Installation]) -> None:
    """Colleagues are answered by colleagues, those of subdomains too."""
    ours = with_settings(STAFF_DOMAINS="staff.example,other.example")
    assert fates(
        ours,
        mail("jo@staff.example", RENEWAL),
        mail("jo@berlin.staff.example", RENEWAL),
        mail("jo@notstaff.example", RENEWAL),
    ) == [HELD, HELD, ANSWERED]


def test_form_relays(with_settings: Callable[..., Installation]) -> None:
    """A web form speaks for whom its Reply-To names; any other mail whose answers go elsewhere is held."""
    ours = with_settings(FORM_RELAYS="forms@web.example")
    assert fates(
        ours,
        mail("forms@web.example", RENEWAL, "Reply-To: ana@uni.example"),
        mail("eve@evil.example", RENEWAL, "Reply-To: victim@uni.example"),
    ) == [ANSWERED, HELD]
    assert [who for who, _ in ours.sent] == ["ana@uni.example"]


@pytest.mark.parametrize(
    ("name", "senders"),
    [
        ("CAP_SENDER_TEMPLATE", ["ana@uni.example"] * 3),
        ("CAP_SAME_TEXT_HOUR", [f"ana@n{number}.example" for number in range(3)]),
        ("CAP_DOMAIN_HOUR", [f"u{number}@uni.example" for number in range(3)]),
    ],
)
def test_caps(with_settings: Callable[..., Installation], name: str, senders: list[str]) -> None:
    """A cap that is raised lets more through, one that is lowered less."""
    others = dict.fromkeys(("CAP_SENDER_TEMPLATE", "CAP_SENDER_DAY", "CAP_SENDER_WEEK", "CAP_SAME_TEXT_HOUR"), "99")
    mails = [mail(sender, RENEWAL, message_id=f"<{number}@x.example>") for number, sender in enumerate(senders)]
    high = with_settings(**others | {name: "99", "CAP_THREAD": "99"})
    assert fates(high, *mails) == [ANSWERED] * 3
    (high.world.folder / "responder.db").rename(high.world.folder / "high.db")
    low = with_settings(**others | {name: "1"})
    assert fates(low, *mails).count(HELD) >= 2
