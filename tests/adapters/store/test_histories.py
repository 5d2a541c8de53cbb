"""What caps and conversation rules read: senders, threads, mailboxes, texts."""

from dataclasses import replace
from datetime import datetime

import pytest

from responder.core.caps import History
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.message import Address, Message, Thread
from responder.ports import ANSWERED_BY_PERSON, ANSWERED_ELSEWHERE, Settlement, Store, StoredMessage
from tests.adapters.store.samples import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    acknowledge,
    mail,
    person_reply,
    put,
    put_answered,
    put_answering,
    put_held,
    said,
    settle,
    take,
)

BEN = Address("Ben", "ben@other.example")


def history(store: Store, message: Message, at: datetime = NOW) -> History:
    """The history of a message that comes now."""
    [row] = put(store, message, at=at)
    return of(store, row, at=at)[0]


def of(store: Store, *rows: StoredMessage, at: datetime = NOW) -> list[History]:
    """The histories of these rows."""
    with store.begin() as transaction:
        return list(transaction.histories(rows, at))


def test_a_first_mail_has_no_history(store: Store) -> None:
    """Nobody has written, nothing was answered: every figure is zero."""
    assert history(store, mail(1)) == History()


def test_answers_to_a_sender_are_counted_by_window(store: Store) -> None:
    """Per template in this mailbox within 7 days; in all mailboxes within a day and a week."""
    put_answered(store, mail(1), at=NOW - 8 * DAY)
    put_answered(store, mail(2), at=NOW - 6 * DAY)
    put_answered(store, mail(3), at=NOW - 2 * DAY, template="education/lost")
    put_answered(store, mail(4, mailbox="startups"), at=NOW - HOUR)
    put_answered(store, mail(5, author=BEN), at=NOW - HOUR)
    found = history(store, mail(9))
    assert found.sender_template == {"education/renewal": 1, "education/lost": 1}
    assert (found.sender_day, found.sender_week) == (1, 3)


def test_what_may_still_go_out_counts(store: Store) -> None:
    """QUEUED (however old), SENDING and IN_DOUBT count like SENT; FAILED and CANCELLED do not."""
    put_answering(store, mail(1), at=NOW - 20 * DAY, not_before=NOW + DAY)
    assert history(store, mail(2)).sender_day == 1
    for uid, stage, message_stage, counted in (
        (3, ReplyStage.IN_DOUBT, MessageStage.HELD, 2),
        (4, ReplyStage.FAILED, MessageStage.HELD, 2),
        (5, ReplyStage.CANCELLED, MessageStage.CLOSED, 2),
    ):
        _, reply = put_answering(store, mail(uid))
        take(store)
        settle(store, Settlement(reply.id, stage, message_stage))
        assert history(store, mail(uid + 10)).sender_day == counted
    put_answering(store, mail(6))
    take(store)
    assert history(store, mail(20)).sender_day == 3


def test_the_window_begins_with_the_last_attempt(store: Store) -> None:
    """A reply held back for days counts from when it went out, not from when it was written."""
    put_answering(store, mail(1), at=NOW - 9 * DAY)
    [leased] = take(store, at=NOW - HOUR)
    settle(store, Settlement(leased.id, ReplyStage.SENT, MessageStage.ANSWERED), at=NOW - HOUR)
    found = history(store, mail(2))
    assert (found.sender_day, found.sender_template) == (1, {"education/renewal": 1})


def test_one_sender_whatever_the_spelling(store: Store) -> None:
    """Case and IDNA make no new sender."""
    put_answered(store, mail(1, author=Address("", "Ana@bücher.example")), to="Ana@xn--bcher-kva.example")
    for spelling in ("ana@bücher.example", "ANA@XN--BCHER-KVA.EXAMPLE"):
        assert history(store, mail(len(spelling) + 10, author=Address("", spelling))).sender_day == 1


def test_a_reply_to_address_is_the_same_sender(store: Store) -> None:
    """Answers count for whom they went to and for whose mail they answered, each once."""
    other = Address("", "assistant@elsewhere.example")
    put_answered(store, mail(1, reply_to=(other,)), to=other.addr)
    assert history(store, mail(2)).sender_day == 1
    assert history(store, mail(3, author=other)).sender_day == 1
    assert history(store, mail(4, author=BEN, reply_to=(other,))).sender_day == 1
    assert history(store, mail(5, reply_to=(other,))).sender_day == 1


def test_people_and_their_answers_fill_no_quota(store: Store) -> None:
    """Only automatic replies count."""
    held = put_held(store, mail(1))
    with store.begin() as transaction:
        transaction.queue_reply(held.id, None, person_reply(held.message), said())
    found = history(store, mail(2))
    assert (found.sender_day, found.domain_hour, found.mailbox_hour, found.sender_template) == (0, 0, 0, {})


def test_the_domain_and_the_mailbox_within_an_hour(store: Store) -> None:
    """Answers to anyone at the sender's domain, and answers of the mailbox, within an hour."""
    put_answered(store, mail(1, author=Address("", "one@uni.example")), at=NOW - 59 * MINUTE)
    put_answered(store, mail(2, author=Address("", "two@UNI.example")), at=NOW - MINUTE)
    put_answered(store, mail(3, author=Address("", "three@uni.example")), at=NOW - 61 * MINUTE)
    put_answered(store, mail(4, author=BEN), at=NOW - MINUTE)
    put_answered(store, mail(5, mailbox="startups"), at=NOW - MINUTE)
    found = history(store, mail(6))
    assert (found.domain_hour, found.mailbox_hour) == (3, 3)


def test_the_same_words_from_anyone(store: Store) -> None:
    """Mails with the same folded text within an hour, this one not counted; other text and empty text do not count."""
    text = "Dear team, please renew our licence."
    put(store, mail(1, text=text, author=BEN), at=NOW - 61 * MINUTE)
    put(store, mail(2, text=text, author=BEN), at=NOW - MINUTE)
    put(store, mail(3, text=text.upper() + "  !", mailbox="startups"), at=NOW - MINUTE)
    put(store, mail(4, text="Something else"), at=NOW - MINUTE)
    put(store, mail(5, text="", full_text=""), at=NOW - MINUTE)
    assert history(store, mail(6, text=text)).same_text_hour == 2
    assert history(store, mail(7, text="", full_text="")).same_text_hour == 0


def test_a_batch_counts_its_equal_texts(store: Store) -> None:
    """Equal mails that come together count each other."""
    rows = put(store, *(mail(uid, text="Same words") for uid in range(1, 6)))
    assert [one.same_text_hour for one in of(store, *rows)] == [4] * 5


def test_a_failed_address_is_remembered(store: Store) -> None:
    """The last bounce of the author's or the Reply-To address, in whatever spelling."""
    with store.begin() as transaction:
        transaction.bounced("ANA@uni.example", NOW - 9 * DAY, None)
        transaction.bounced("ana@uni.example", NOW - 2 * DAY, None)
    assert history(store, mail(1)).bounced_at == NOW - 2 * DAY
    assert history(store, mail(2, author=BEN, reply_to=(mail(1).author,))).bounced_at == NOW - 2 * DAY
    assert history(store, mail(3, author=BEN)).bounced_at is None


def test_mails_still_waiting_for_a_person(store: Store) -> None:
    """The sender's HELD mails in this mailbox."""
    put_held(store, mail(1))
    put_held(store, mail(2))
    put_held(store, mail(3, author=BEN))
    put_held(store, mail(4, mailbox="startups"))
    put_answered(store, mail(5))
    assert history(store, mail(6)).unanswered_mails == 2


def test_mail_without_author_has_no_sender(store: Store) -> None:
    """Nobody's answers are nobody's history."""
    put_held(store, mail(1, author=None))
    assert history(store, mail(2, author=None)) == History()


@pytest.mark.parametrize("how", ["references", "in_reply_to", "our reply", "through a mail between", "shared root"])
def test_a_thread_is_known(store: Store, how: str) -> None:
    """Our answer is found from any id of the conversation, named in whatever way."""
    row, reply = put_answered(store, mail(1, author=BEN), at=NOW - 30 * DAY)
    root, ours = row.message.message_id or "", reply.outgoing.message_id
    if how == "through a mail between":
        put(store, mail(2, author=BEN, thread=Thread((ours,), (root, ours))))
        thread = Thread((mail(2).message_id or "",))
    elif how == "shared root":
        put_answered(store, mail(3, author=BEN, thread=Thread((), ("<lost@x>", "<other@x>"))), at=NOW - 30 * DAY)
        thread = Thread(("<mine@x>",), ("<lost@x>", "<mine@x>"))
    else:
        thread = {
            "references": Thread((), ("<unknown@x>", root)),
            "in_reply_to": Thread((root,)),
            "our reply": Thread((ours,)),
        }[how]
    found = history(store, mail(9, thread=thread))
    assert (found.thread_automatic, found.thread_person) == (1, False)


def test_threads_that_turn_out_to_be_one_are_joined(store: Store) -> None:
    """A mail that names two conversations makes them one, for later mails of either."""
    put_answered(store, mail(1, author=BEN), at=NOW - 30 * DAY)
    put_answered(store, mail(2, author=BEN), at=NOW - 30 * DAY)
    one, two = mail(1).message_id or "", mail(2).message_id or ""
    assert history(store, mail(3, thread=Thread((), (one,)))).thread_automatic == 1
    assert history(store, mail(4, thread=Thread((), (one, two)))).thread_automatic == 2
    assert history(store, mail(5, thread=Thread((two,)))).thread_automatic == 2
    assert history(store, mail(6, thread=Thread((mail(3).message_id or "",)))).thread_automatic == 2


def test_threads_within_one_batch(store: Store) -> None:
    """Mails of one batch find each other in any order, also through ids nobody has seen."""
    rows = put(
        store,
        mail(1, message_id="<c@x>", thread=Thread(("<b@x>",))),
        mail(2, message_id="<a@x>"),
        mail(3, message_id="<b@x>", thread=Thread(("<a@x>",))),
        mail(4, message_id="<z@x>"),
    )
    with store.begin() as transaction:
        transaction.decide([acknowledge(rows[1])], NOW)
    found = of(store, *rows)
    assert [one.thread_automatic for one in found] == [1, 1, 1, 0]


def test_the_same_message_id_elsewhere_is_the_same_thread(store: Store) -> None:
    """A mail sent to two mailboxes is one conversation: the second is not answered as if it were new."""
    row, _ = put_answered(store, mail(1))
    twin = replace(row.message, key=mail(5, mailbox="startups").key)
    assert history(store, twin).thread_automatic == 1


def test_a_persons_reply_is_remembered(store: Store) -> None:
    """A person's reply counts from the moment it is owed; a cancelled one does not."""
    held = put_held(store, mail(1, author=BEN))
    thread = Thread((held.message.message_id or "",))
    with store.begin() as transaction:
        reply = transaction.queue_reply(held.id, None, person_reply(held.message), said())
    assert history(store, mail(2, thread=thread)).thread_person
    with store.begin() as transaction:
        transaction.cancel(reply, said())
    assert not history(store, mail(3, thread=thread)).thread_person


@pytest.mark.parametrize(
    ("what", "why", "known"),
    [
        (ANSWERED_BY_PERSON, "", True),
        ("closed", f"{ANSWERED_BY_PERSON} by telephone", True),
        ("dismissed", ANSWERED_ELSEWHERE, True),
        ("dismissed", "spam", False),
    ],
)
def test_a_message_closed_as_answered_is_remembered(store: Store, what: str, why: str, *, known: bool) -> None:
    """Dismissed as answered elsewhere: a person has written in this thread. Other dismissals say nothing."""
    held = put_held(store, mail(1, author=BEN))
    with store.begin() as transaction:
        transaction.move(held.id, held.version, MessageStage.CLOSED, said(what, why))
    following = mail(2, thread=Thread((held.message.message_id or "",)))
    assert history(store, following).thread_person is known


def test_each_message_of_a_batch_gets_its_own(store: Store) -> None:
    """Histories come in the order of the messages, for hundreds as for one."""
    put_answered(store, mail(1))
    put_answered(store, mail(2, author=BEN, mailbox="startups"))
    rows = put(store, *(mail(uid + 10, author=(mail(1).author, BEN, None)[uid % 3]) for uid in range(600)))
    found = of(store, *rows)
    assert [one.sender_week for one in found] == [1, 1, 0] * 200
    assert [one.sender_template for one in found[:3]] == [{"education/renewal": 1}, {}, {}]
