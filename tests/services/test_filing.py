r"""Filing: the mailbox shows what the database says (keyword, \Answered, folder, copy in Sent), however often."""

from collections.abc import Callable

import pytest

from responder.core.errors import InboxError
from responder.core.lifecycle import MessageStage
from responder.demo.imap_server import EmbeddedImap
from responder.demo.smtp_sink import EmbeddedSink
from tests.adapters.imap.accounts import Account
from tests.system.installation import LAWYER, PASSWORD, RENEWAL, SEATS, Installation, mail

MAILS = (
    ("ana@uni.example", RENEWAL),
    ("bob@college.example", SEATS),
    ("eve@school.example", LAWYER),
    ("away@uni.example", "I am away.", "Auto-Submitted: auto-replied"),
)


def fill(ours: Installation) -> None:
    """One answered, one with a receipt, one held, one ignored."""
    for sender, text, *headers in MAILS:
        ours.deliver(mail(sender, text, *headers))
    ours.work()


def file(ours: Installation) -> int:
    """One batch of filing."""
    line = ours.lines["education"]
    return line.filing(line.send_inbox)


def folder(ours: Installation, name: str) -> list[frozenset[str]]:
    """The flags of the messages in another folder."""
    return [flags for _, _, flags in ours.imap.messages("education", name)]


def test_each_stage_has_its_keyword(ours: Installation) -> None:
    r"""\Answered only where an answer went out; a receipt is none. Nothing is marked read."""
    fill(ours)
    assert ours.flags() == [
        {"\\Answered", "$AutoAnswered"},
        {"$AutoHeld"},
        {"$AutoHeld"},
        {"$AutoIgnored"},
    ]


def test_filing_again_does_nothing(ours: Installation) -> None:
    """What is shown already is not asked for again."""
    fill(ours)
    assert file(ours) == 0
    before = ours.flags(), len(ours.imap.messages("education", "Sent"))
    ours.lines["education"].close()
    assert file(ours) == 0
    assert (ours.flags(), len(ours.imap.messages("education", "Sent"))) == before


def test_a_later_stage_replaces_the_keyword(ours: Installation) -> None:
    """A held message that a person answers or closes shows the new state alone."""
    fill(ours)
    _, bob, eve, away = ours.messages()
    review = ours.app.review
    review.edit(bob.id, "Re: seats\n\nDone.")
    review.send(bob.id, "jo")
    review.dismiss(eve.id, "jo", "spam")
    review.restore(away.id, "jo")
    ours.work()
    assert ours.flags()[1:] == [{"\\Answered", "$AutoAnswered"}, {"$AutoClosed"}, {"$AutoHeld"}]


def test_copies_in_sent(ours: Installation) -> None:
    """Every reply and receipt lies in Sent once, as it went out, marked as read."""
    fill(ours)
    copies = ours.imap.messages("education", "Sent")
    assert sorted(raw for _, raw, _ in copies) == sorted(one.data for one in ours.sink.received)
    assert all("\\Seen" in flags for _, _, flags in copies)


def test_no_copies_where_the_provider_keeps_them(with_settings: Callable[..., Installation]) -> None:
    """SENT_COPY=never: nothing is appended, the flags are set all the same."""
    ours = with_settings(SENT_COPY="never")
    fill(ours)
    assert len(ours.sent) == 2
    assert ours.imap.messages("education", "Sent") == []
    assert "$AutoAnswered" in ours.flags()[0]


def test_a_copy_that_is_there_already(ours: Installation) -> None:
    """A crash after the copy and before its record: found by its Message-ID, not appended again."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    line = ours.lines["education"]
    line.watch()
    line.decide()
    line.delivery()
    ours.imap.deliver("education", ours.sink.received[0].data, folder="Sent")
    ours.work()
    assert len(ours.imap.messages("education", "Sent")) == 1


def test_folders(with_settings: Callable[..., Installation]) -> None:
    """Answered and held mail moves where the settings say, folders are made, ignored mail stays."""
    ours = with_settings(ANSWERED_FOLDER="Answered", HELD_FOLDER="Held")
    fill(ours)
    assert ours.flags() == [{"$AutoIgnored"}]
    assert folder(ours, "Answered") == [{"\\Answered", "$AutoAnswered"}]
    assert folder(ours, "Held") == [{"$AutoHeld"}, {"$AutoHeld"}]
    assert file(ours) == 0
    ours.work()
    assert len(ours.messages()) == len(MAILS)


def test_a_message_that_is_gone(ours: Installation) -> None:
    """Deleted by somebody meanwhile: filing counts it as done and goes on with the others."""
    for sender, text, *headers in MAILS:
        ours.deliver(mail(sender, text, *headers))
    line = ours.lines["education"]
    line.watch()
    line.decide()
    endpoint = ours.imap.endpoint("education")
    with Account(endpoint, endpoint).person() as client:
        client.delete_messages(client.search()[2:3])
        client.expunge()
    ours.work()
    assert len(ours.flags()) == len(MAILS) - 1
    assert all(any(flag.startswith("$Auto") for flag in flags) for flags in ours.flags())
    assert file(ours) == 0


def test_a_server_that_is_away(ours: Installation) -> None:
    """Nothing is taken for filed; it is shown when the server is back."""
    ours.deliver(mail("eve@school.example", LAWYER))
    line = ours.lines["education"]
    line.watch()
    line.decide()
    ours.imap.drop_connections()
    ours.imap.stop()
    with pytest.raises(InboxError):
        file(ours)
    assert not ours.only().filed


@pytest.mark.parametrize("keywords", [True, False])
def test_poor_servers(tmp_path_factory: pytest.TempPathFactory, *, keywords: bool) -> None:
    """No folder for sent mail, or no keywords: what can be shown is, and the daemon comes to rest."""
    with EmbeddedImap({"education": PASSWORD}, folders=(), keywords=keywords) as imap, EmbeddedSink() as sink:
        ours = Installation(tmp_path_factory.mktemp("poor"), imap, sink)
        fill(ours)
        assert len(ours.sent) == 2
        assert "\\Answered" in ours.flags()[0]
        assert ("$AutoAnswered" in ours.flags()[0]) is keywords
        assert not ours.lines["education"].send()
        ours.close()


def test_draft_mode_shows_only_what_people_answered(with_settings: Callable[..., Installation]) -> None:
    r"""Held mail stays untouched, but an answer of a person is in Sent and its mail \Answered: colleagues see it."""
    ours = with_settings(MODE="draft")
    fill(ours)
    assert ours.flags() == [frozenset()] * len(MAILS)
    assert ours.imap.messages("education", "Sent") == []
    ana = ours.messages()[0]
    assert ana.stage is MessageStage.HELD
    ours.app.review.send(ana.id, "jo")
    ours.work()
    assert ours.flags() == [{"\\Answered", "$AutoAnswered"}, *[frozenset()] * 3]
    assert len(ours.imap.messages("education", "Sent")) == 1
