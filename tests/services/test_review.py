"""Review: what people do with held mail, each step guarded, each with its event."""

from datetime import timedelta

import pytest

from classifier.prediction import Intent
from responder.core.errors import ResponderError, StaleError, TemplateError
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.ports import StoredMessage
from responder.services.review import Review
from tests.system.installation import LAWYER, RENEWAL, SEATS, Installation, mail, rules


@pytest.fixture
def held(ours: Installation) -> StoredMessage:
    """A held message without a template."""
    ours.deliver(mail("eve@school.example", LAWYER, subject="notice"))
    ours.work()
    return ours.only()


@pytest.fixture
def review(ours: Installation) -> Review:
    """The service."""
    return ours.app.review


WORDS = "Your notice\n\nWe have it."


def test_send_waits_for_the_undo(ours: Installation, review: Review, held: StoredMessage) -> None:
    """Not before the time for an undo has passed; then once."""
    review.edit(held.id, WORDS)
    review.send(held.id, "jo", wait=timedelta(seconds=10))
    ours.work()
    assert (ours.sent, ours.only().stage) == ([], MessageStage.ANSWERING)
    ours.ahead = timedelta(seconds=11)
    ours.work()
    ours.work()
    assert len(ours.sent) == 1


def test_undo(ours: Installation, review: Review, held: StoredMessage) -> None:
    """Taken back it is held again, with its words; sent it cannot be taken back."""
    review.edit(held.id, WORDS)
    reply = review.send(held.id, "jo", wait=timedelta(seconds=10))
    review.undo(reply.id, "jo")
    ours.ahead = timedelta(seconds=11)
    ours.work()
    back = ours.only()
    assert (ours.sent, back.stage, back.draft) == ([], MessageStage.HELD, WORDS)
    again = review.send(held.id, "jo")
    assert again.outgoing.message_id != reply.outgoing.message_id
    ours.work()
    with pytest.raises(StaleError):
        review.undo(again.id, "jo")
    assert [one.stage for one in review.replies(held.id)] == [ReplyStage.CANCELLED, ReplyStage.SENT]


def test_a_version_that_has_passed(ours: Installation, review: Review, held: StoredMessage) -> None:
    """Whoever decides on what they saw a while ago is told that it has changed; nothing happens."""
    review.dismiss(held.id, "maria", "spam")
    review.restore(held.id, "maria")
    review.edit(held.id, WORDS)
    for step in (
        lambda: review.send(held.id, "jo", version=held.version),
        lambda: review.dismiss(held.id, "jo", "spam", version=held.version),
    ):
        with pytest.raises(StaleError):
            step()
    ours.work()
    assert (ours.sent, ours.only().stage) == ([], MessageStage.HELD)


def test_an_empty_draft_is_none(review: Review, held: StoredMessage) -> None:
    """Emptied, the draft falls back to the template's words, or to nothing."""
    review.edit(held.id, WORDS)
    review.edit(held.id, " \n")
    assert review.draft(review.get(held.id)) == ""
    review.relabel(held.id, Intent.RENEWAL, "jo")
    assert review.draft(review.get(held.id)).startswith("Re: notice\n\nHello")


def test_a_draft_without_a_body(review: Review, held: StoredMessage) -> None:
    """The first line is the subject; alone it is no letter."""
    review.edit(held.id, "We have it, thanks.")
    with pytest.raises(ResponderError, match="no body"):
        review.send(held.id, "jo")


def test_own_words_are_harmless(ours: Installation, review: Review, held: StoredMessage) -> None:
    """Markdown yes, raw HTML no; a subject of several lines cannot become a header."""
    review.edit(held.id, "Re: notice\r\nBcc: all@company.example\n\n<script>alert(1)</script> **bold** {{ secret }}")
    review.send(held.id, "jo")
    ours.work()
    (who, sent) = ours.sent[0]
    plain, html = (part.get_payload(decode=True).decode() for part in sent.get_payload())
    assert (who, sent["Bcc"]) == ("eve@school.example", None)
    assert "<script" not in html
    assert "<strong>bold</strong>" in html
    assert "{{ secret }}" in plain


def test_a_template_that_is_not_there(review: Review, held: StoredMessage) -> None:
    """A wrong name is a TemplateError, and the message stays held."""
    with pytest.raises(TemplateError):
        review.send(held.id, "jo", template="education/none")
    assert review.get(held.id).stage is MessageStage.HELD


def test_nobody_to_answer(ours: Installation, review: Review) -> None:
    """A mail without a safe sender cannot be answered, and that is said."""
    ours.deliver(mail("ana@uni.example", RENEWAL).replace(b"From: Ana Costa <ana@uni.example>\r\n", b""))
    ours.work()
    review.edit(ours.only().id, WORDS)
    with pytest.raises(ResponderError, match="cannot be answered"):
        review.send(ours.only().id, "jo")


def test_a_paused_mailbox_sends_what_people_write(ours: Installation, review: Review, held: StoredMessage) -> None:
    """A pause stops the machine, not the staff."""
    with ours.app.store.begin() as transaction:
        transaction.pause("education", ours.now(), "jo", "we look")
    review.edit(held.id, WORDS)
    review.send(held.id, "jo")
    ours.work()
    assert len(ours.sent) == 1


def test_a_persons_answer_bears_no_marks(ours: Installation, review: Review) -> None:
    """A second reply to a mail that had a receipt: its own Message-ID, in the thread, no word of a machine."""
    ours.deliver(mail("bob@college.example", SEATS))
    ours.work()
    review.send(ours.only().id, "jo", template="education/support")
    ours.work()
    (_, receipt), (_, answer) = ours.sent
    assert receipt["Auto-Submitted"] == "auto-replied"
    for mark in ("Auto-Submitted", "X-Auto-Response-Suppress", "Precedence"):
        assert answer[mark] is None
    assert answer["In-Reply-To"] == "<bob@college.example>"
    assert answer["Message-ID"] != receipt["Message-ID"]
    assert ours.only().stage is MessageStage.ANSWERED


def test_answering_before_the_receipt_left(ours: Installation, review: Review) -> None:
    """A person is quicker than the receipt: the receipt is withdrawn, one mail leaves."""
    with ours.app.store.begin() as transaction:
        transaction.pause("education", ours.now(), "jo", "we look")
    ours.deliver(mail("bob@college.example", SEATS))
    ours.work()
    review.edit(ours.only().id, WORDS)
    review.send(ours.only().id, "jo")
    with ours.app.store.begin() as transaction:
        transaction.resume("education", ours.now(), "jo")
    ours.work()
    assert len(ours.sent) == 1
    assert [one.stage for one in review.replies(ours.only().id)] == [ReplyStage.CANCELLED, ReplyStage.SENT]


def test_dismissing_takes_the_receipt_back(ours: Installation, review: Review) -> None:
    """Closed without an answer: a receipt that waits does not go out after all."""
    with ours.app.store.begin() as transaction:
        transaction.pause("education", ours.now(), "jo", "we look")
    ours.deliver(mail("bob@college.example", SEATS))
    ours.work()
    review.dismiss(ours.only().id, "jo", "spam")
    with ours.app.store.begin() as transaction:
        transaction.resume("education", ours.now(), "jo")
    ours.work()
    assert ours.sent == []


def test_relabel_keeps_the_machines_word(review: Review, held: StoredMessage, ours: Installation) -> None:
    """The last label counts; what the model had said lies beside it; an edited draft gives way to the template."""
    review.edit(held.id, WORDS)
    assert review.relabel(held.id, Intent.RENEWAL, "jo") == "education/renewal"
    assert review.relabel(held.id, Intent.SUPPORT, "jo") == "education/support"
    with ours.app.store.read() as transaction:
        ((subject, text, said, label),) = transaction.corrections()
    assert (subject, text.strip(), label) == ("notice", LAWYER, "support")
    assert held.prediction is not None
    assert said == held.prediction.intent
    stored = review.get(held.id)
    assert (stored.draft, stored.template) == (None, "education/support")


def test_relabel_of_an_answered_message(ours: Installation, review: Review) -> None:
    """A wrong answer teaches, too; what it was answered with stays on record."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.work()
    review.relabel(ours.only().id, Intent.SUPPORT, "jo")
    assert (ours.only().stage, ours.only().template) == (MessageStage.ANSWERED, "education/renewal")
    with ours.app.store.read() as transaction:
        assert [label for *_, label in transaction.corrections()] == ["support"]


@pytest.mark.parametrize(("why", "theirs"), [("answered elsewhere", True), ("spam", False)])
def test_dismissed_as_answered_elsewhere(
    ours: Installation, review: Review, held: StoredMessage, why: str, *, theirs: bool
) -> None:
    """Then the conversation is a person's: the next mail in it goes to people for that reason."""
    review.dismiss(held.id, "jo", why)
    ours.deliver(mail("eve@school.example", RENEWAL, "In-Reply-To: <eve@school.example>", message_id="<2@x.example>"))
    ours.work()
    assert ("thread.person-wrote" in rules(ours.messages()[1])) is theirs


def test_every_step_has_its_event(review: Review, held: StoredMessage, ours: Installation) -> None:
    """Who did what, when and why, in order."""
    review.dismiss(held.id, "maria", "spam")
    review.restore(held.id, "jo")
    review.send(held.id, "jo", template="education/support")
    ours.work()
    said = [(event.who, event.what) for event in review.events(held.id)]
    expected = [
        ("intake", "received"),
        ("triage", "held"),
        ("maria", "dismissed"),
        ("jo", "restored"),
        ("jo", "answered"),
    ]
    assert [one for one in said if one in expected] == expected
    assert ("delivery", "answered") in said
