"""Triage: judged without history, decided with it; one message's trouble is nobody else's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from classifier.prediction import Evidence, Prediction
from responder.core.errors import TemplateError
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.ports import Classify, Render, Rendered, Rules
from responder.services.triage import Triage
from tests.system.installation import APPLY, LAWYER, RENEWAL, SEATS, Installation, mail, rules


def decide(ours: Installation, triage: Triage | None = None) -> None:
    """Take in what there is and decide all of it."""
    line = ours.lines["education"]
    while line.watch():
        pass
    chosen = triage or line.triage
    while chosen(ours.now()):
        pass


def stages(ours: Installation) -> list[MessageStage]:
    """Of all messages, in order of arrival."""
    return [one.stage for one in ours.messages()]


def test_each_disposition_has_its_stage(ours: Installation) -> None:
    """Answer: a reply is owed. Receipt: held, and a receipt owed. Hold and ignore: nothing is owed."""
    for sender, text, *headers in (
        ("ana@uni.example", RENEWAL),
        ("bob@college.example", SEATS),
        ("eve@school.example", LAWYER),
        ("away@uni.example", "I am away.", "Auto-Submitted: auto-replied"),
    ):
        ours.deliver(mail(sender, text, *headers))
    decide(ours)
    assert stages(ours) == [MessageStage.ANSWERING, MessageStage.HELD, MessageStage.HELD, MessageStage.IGNORED]
    owed = [[(reply.receipt, reply.automatic, reply.stage) for reply in ours.replies(one)] for one in ours.messages()]
    assert owed == [[(False, True, ReplyStage.QUEUED)], [(True, True, ReplyStage.QUEUED)], [], []]


def test_what_decided_stays_on_record(ours: Installation) -> None:
    """Versions of template, policy and model, the mode and every reason lie beside the decision."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    decide(ours)
    stored = ours.only()
    (reply,) = ours.replies(stored)
    model = ours.app.model.get()
    assert model is not None
    assert stored.prediction is not None
    assert stored.prediction.model == model.version
    assert (stored.mode, stored.policy) == ("auto", ours.app.templates.rules().version)
    assert reply.template == "education/renewal"
    assert len(reply.template_version) == 12
    assert [event.what for event in ours.app.review.events(stored.id)] == ["received", "answering"]


def test_deciding_again_changes_nothing(ours: Installation) -> None:
    """A message that has been decided is not decided a second time."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    decide(ours)
    before = ours.only()
    assert ours.lines["education"].triage(ours.now()) == 0
    assert ours.only() == before


# ----------------------------------------------------------------------------------------- caps within one batch


def test_two_mails_of_one_person_in_one_batch(ours: Installation) -> None:
    """The first is answered, the second held, though neither is in the database's past yet."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.deliver(mail("ana@uni.example", f"{RENEWAL} I ask again.", message_id="<2@uni.example>"))
    decide(ours)
    assert stages(ours) == [MessageStage.ANSWERING, MessageStage.HELD]
    assert "cap.sender-template" in rules(ours.messages()[1])


def test_other_asks_of_one_person(with_settings: Callable[..., Installation]) -> None:
    """However many different templates fit, a person gets so many automatic mails a day and no more."""
    ours = with_settings(CAP_SENDER_DAY="2")
    for number, text in enumerate((RENEWAL, APPLY, SEATS)):
        ours.deliver(mail("ana@uni.example", text, message_id=f"<{number}@uni.example>"))
    decide(ours)
    assert sum(len(ours.replies(one)) for one in ours.messages()) == 2
    assert "cap.sender-day" in rules(ours.messages()[2])


def test_a_conversation_in_one_batch(ours: Installation) -> None:
    """Two mails of one thread that come together: one answer."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.deliver(mail("bob@uni.example", APPLY, "In-Reply-To: <ana@uni.example>"))
    decide(ours)
    assert stages(ours) == [MessageStage.ANSWERING, MessageStage.HELD]
    assert "thread.second-mail" in rules(ours.messages()[1])


def test_many_of_one_domain(with_settings: Callable[..., Installation]) -> None:
    """Past the domain's cap people look, within a batch as across two; a free provider is nobody's domain."""
    ours = with_settings(CAP_DOMAIN_HOUR="3", CAP_SAME_TEXT_HOUR="100")
    for number in range(5):
        ours.deliver(mail(f"u{number}@uni.example", RENEWAL))
        ours.deliver(mail(f"u{number}@gmail.com", RENEWAL))
    decide(ours)
    held = [one for one in ours.messages() if one.stage is MessageStage.HELD]
    assert len(held) == 2
    assert all("cap.domain" in rules(one) for one in held)
    ours.deliver(mail("u9@uni.example", RENEWAL))
    decide(ours)
    assert "cap.domain" in rules(ours.messages()[-1])
    ours.ahead = timedelta(hours=2)
    ours.deliver(mail("u10@uni.example", RENEWAL))
    decide(ours)
    assert ours.messages()[-1].stage is MessageStage.ANSWERING


def test_one_text_from_everywhere(ours: Installation) -> None:
    """The same words from many addresses are a campaign, or an attack: most of it is held."""
    for number in range(8):
        ours.deliver(mail(f"ana@n{number}.example", RENEWAL))
    decide(ours)
    assert stages(ours).count(MessageStage.ANSWERING) <= 3
    assert "cap.same-text" in rules(ours.messages()[-1])


# ---------------------------------------------------------------------------------------------- conversations


def test_thanks_in_a_thread_of_ours(ours: Installation) -> None:
    """Thanks alone are ignored; in a thread that was answered automatically a person looks at them."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.work()
    thanks = "Thank you very much!"
    ours.deliver(mail("kim@uni.example", thanks, subject="Re: the question"))
    threaded = "In-Reply-To: <ana@uni.example>"
    ours.deliver(mail("ana@uni.example", thanks, threaded, subject="Re: the question", message_id="<2@uni.example>"))
    decide(ours)
    _, elsewhere, here = ours.messages()
    assert (elsewhere.stage, here.stage) == (MessageStage.IGNORED, MessageStage.HELD)
    assert "thread.second-mail" in rules(here)


def test_asked_before_and_still_waiting(ours: Installation) -> None:
    """Somebody whose earlier mail waits for a person writes again: people see both."""
    ours.deliver(mail("ana@uni.example", LAWYER))
    decide(ours)
    ours.deliver(mail("ana@uni.example", RENEWAL, message_id="<2@uni.example>"))
    decide(ours)
    assert "cue.repeat" in rules(ours.messages()[1])
    assert stages(ours) == [MessageStage.HELD] * 2


# ------------------------------------------------------------------------------------------ parts that break


class Trap(Render):
    """The real templates, except that one of them does what a test wants."""

    def __init__(self, real: Render, template: str, trip: Callable[[], Exception]) -> None:
        """Raise what `trip` makes when `template` is rendered."""
        self._real, self._template, self._trip = real, template, trip

    def __call__(self, template: str, values: Mapping[str, str]) -> Rendered:
        """Render, or trip."""
        if template == self._template:
            raise self._trip()
        return self._real(template, values)

    def wrap(self, subject: str, body: str) -> Rendered:
        """As it is."""
        return self._real.wrap(subject, body)

    def names(self) -> Sequence[str]:
        """As they are."""
        return self._real.names()

    def rules(self) -> Rules:
        """As they are."""
        return self._real.rules()


def trapped(ours: Installation, trip: Callable[[], Exception]) -> Triage:
    """The mailbox's triage with a trap on education/renewal."""
    return replace(ours.lines["education"].triage, render=Trap(ours.app.templates, "education/renewal", trip))


@pytest.mark.parametrize("rule", ["template.missing", "template.broken", "template.unfilled", "template.long"])
def test_a_template_that_cannot_be_rendered(ours: Installation, rule: str) -> None:
    """Its message is held with the reason; others are answered."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.deliver(mail("bob@college.example", APPLY))
    decide(ours, trapped(ours, lambda: TemplateError(rule, "education/renewal")))
    assert stages(ours) == [MessageStage.HELD, MessageStage.ANSWERING]
    assert rule in rules(ours.messages()[0])


def test_a_defect_in_the_middle_of_a_batch(ours: Installation) -> None:
    """A message on which the program itself fails is held at the third failure; it stops no other message."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.deliver(mail("bob@college.example", APPLY))
    ours.deliver(mail("eve@school.example", LAWYER))
    decide(ours, trapped(ours, RecursionError))
    assert stages(ours) == [MessageStage.HELD, MessageStage.ANSWERING, MessageStage.HELD]
    poison = ours.messages()[0]
    assert "intake.poison" in rules(poison)
    assert ours.replies(poison) == []


class Broken(Classify):
    """A model that fails on every text."""

    version = "broken"

    def __call__(self, texts: Sequence[str], programs: Sequence[str]) -> Sequence[Prediction]:
        """Fail."""
        raise MemoryError(len(texts), len(programs))

    def evidence(self, text: str, program: str) -> Sequence[Evidence]:
        """Fail."""
        raise MemoryError(text, program)


@pytest.mark.parametrize("model", [None, Broken()])
def test_no_model_or_a_broken_one(ours: Installation, model: Classify | None) -> None:
    """What a person may have sent is held; machines are still told by their marks."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.deliver(mail("away@uni.example", "I am away.", "Auto-Submitted: auto-replied"))
    decide(ours, replace(ours.lines["education"].triage, classify=lambda: model))
    assert stages(ours) == [MessageStage.HELD, MessageStage.IGNORED]
    assert "model.missing" in rules(ours.messages()[0])


def test_an_author_nobody_can_write_to(ours: Installation) -> None:
    """An address without a sure form is no recipient: held, nothing is owed."""
    raw = mail("ana@uni.example", RENEWAL).replace(b"<ana@uni.example>\r\nTo", b"<ana@[127.0.0.1]>\r\nTo")
    ours.deliver(raw)
    decide(ours)
    assert stages(ours) == [MessageStage.HELD]
    assert ours.replies(ours.only()) == []
