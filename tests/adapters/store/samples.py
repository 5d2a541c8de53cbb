"""Messages, decisions and replies to put into a store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from classifier.prediction import Intent, Prediction, Program
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.message import Address, Attachment, Headers, Message, MessageKey, Part, Report, Thread
from responder.core.verdict import Acknowledge, Answer, Effect, Finding, Hold, Ignore
from responder.ports import (
    Arrival,
    Decision,
    Envelope,
    Event,
    NewReply,
    Outgoing,
    Settlement,
    Store,
    StoredMessage,
    StoredReply,
)

NOW = datetime(2026, 11, 3, 9, 30, 15, 123456, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ANA = Address("Ana Costa", "ana@uni.example")
OURS = Address("", "education@example.org")
PREDICTION = Prediction(Intent.RENEWAL, 0.91, Intent.SUPPORT, 0.8, None, Program.EDUCATION, 0.97, "2026-11-01", 0.5)
MONEY = Finding("cue.money", Effect.HOLD, "refund", (("words", "refund"),))


def mail(uid: int = 1, **changes: Any) -> Message:
    """A plain mail from Ana; Message-ID, text and fingerprint follow the key."""
    key = MessageKey(changes.pop("mailbox", "education"), changes.pop("uidvalidity", 7), uid)
    where = f"{key.mailbox}.{key.uidvalidity}.{key.uid}"
    plain = Message(
        key=key,
        fingerprint=where.encode().hex().ljust(64, "0")[:64],
        size=4096,
        message_id=f"<{where}@uni.example>",
        return_path="ana@uni.example",
        author=ANA,
        sender=None,
        reply_to=(),
        recipients=(OURS,),
        subject=f"Licence {uid}",
        text=f"Our licence {where} runs out.",
        full_text=f"Our licence {where} runs out.\n> earlier words",
        html=None,
        headers=Headers((("From", "Ana Costa <ana@uni.example>"), ("To", "education@example.org"))),
        thread=Thread(),
        parts=(Part("text/plain", (("charset", "utf-8"),), "", "", "", 31),),
        attachments=(),
        received_at=NOW,
    )
    return replace(plain, **changes)


def full_mail() -> Message:
    """A mail with something in every field."""
    return mail(
        9,
        author=Address('Ana "A." Costa ✓', "ana@müller.example"),
        sender=Address("Office", "office@uni.example"),
        reply_to=(Address("", "a@b.example"), Address("B", "b@b.example")),
        subject="Grüße, 更新 😀",
        html="<p>Our licence</p>",
        headers=Headers((("Received", "by mx"), ("Received", "by relay"), ("X-Odd", "a\x00b \udcff"))),
        thread=Thread(("<c@x>",), ("<a@x>", "<b@x>", "<c@x>")),
        parts=(
            Part("multipart/mixed", (("boundary", "x"),)),
            Part("image/png", (), "attachment", "form.png", "<1@x>", 210_000),
        ),
        attachments=(Attachment("form.png", "image/png", 210_000),),
        sent_at=NOW - HOUR,
        report=Report("delivery-status", failed=True, recipients=("x@y.example",), original_ids=("<r@x>",)),
        forwarded=Address("Chen", "chen@z.example"),
        defects=("unknown charset x-foo in part 2",),
        unreadable="parser limit",
        return_path="",
        message_id=None,
    )


def new_reply(message: Message, ordinal: int = 1, **changes: Any) -> NewReply:
    """An automatic answer to a mail, due at once."""
    to = message.author.addr if message.author else "nobody@example.com"
    message_id = f"<reply.{message.key.mailbox}.{message.key.uidvalidity}.{message.key.uid}.{ordinal}@example.org>"
    outgoing = Outgoing(message_id, Envelope("bounces@example.org", changes.pop("to", to)), b"From: us\r\n\r\n\x00\xff")
    plain = NewReply(
        outgoing=outgoing,
        automatic=True,
        receipt=False,
        template="education/renewal",
        template_version="0123456789ab",
        subject=f"Re: {message.subject}",
        body="Please use the renewal form.",
        not_before=NOW,
        policy="p1",
        model="2026-11-01",
    )
    return replace(plain, **changes)


def person_reply(message: Message, ordinal: int = 1, **changes: Any) -> NewReply:
    """A person's own answer."""
    own = {"automatic": False, "template": None, "body": "Dear Ana, done."}
    return new_reply(message, ordinal, **(own | changes))


def answer(stored: StoredMessage, **changes: Any) -> Decision:
    """Answer it."""
    reply = new_reply(stored.message, **changes)
    disposition = Answer(reply.template or "", PREDICTION)
    return Decision(stored.id, disposition, MessageStage.ANSWERING, reply, policy="p1", mode="auto")


def acknowledge(stored: StoredMessage, **changes: Any) -> Decision:
    """Hold it with a receipt."""
    reply = new_reply(stored.message, receipt=True, **changes)
    disposition = Acknowledge("education/receipt", PREDICTION, (MONEY,))
    return Decision(stored.id, disposition, MessageStage.HELD, reply, policy="p1", mode="auto")


def hold(stored: StoredMessage, *reasons: Finding, draft: str | None = None) -> Decision:
    """Hold it."""
    disposition = Hold(reasons or (MONEY,), PREDICTION, "education/renewal")
    return Decision(stored.id, disposition, MessageStage.HELD, policy="p1", mode="auto", draft=draft)


def ignore(stored: StoredMessage) -> Decision:
    """Ignore it."""
    machine = Finding("marker.auto-submitted", Effect.IGNORE, "auto-generated")
    return Decision(stored.id, Ignore((machine,)), MessageStage.IGNORED, policy="p1", mode="auto")


def received(message: Message) -> Arrival:
    """As intake brings it."""
    return Arrival(message, MessageStage.RECEIVED)


def said(what: str = "did it", why: str = "", at: datetime = NOW) -> Event:
    """A person's event."""
    return Event(at, "jo", what, why)


def put(store: Store, *messages: Message, at: datetime = NOW) -> list[StoredMessage]:
    """Store these as received; their rows in the same order."""
    with store.begin() as transaction:
        transaction.add([received(message) for message in messages], at)
        rows = {
            row.message.key: row
            for name in {m.key.mailbox for m in messages}
            for row in transaction.received(name, 1000)
        }
    return [rows[message.key] for message in messages]


def put_answering(
    store: Store, message: Message, at: datetime = NOW, **changes: Any
) -> tuple[StoredMessage, StoredReply]:
    """A message whose automatic answer is owed."""
    [row] = put(store, message, at=at)
    with store.begin() as transaction:
        transaction.decide([answer(row, **({"not_before": at} | changes))], at)
        return fresh(transaction.message(row.id)), transaction.replies(row.id)[0]


def put_held(store: Store, message: Message, at: datetime = NOW) -> StoredMessage:
    """A held message."""
    [row] = put(store, message, at=at)
    with store.begin() as transaction:
        transaction.decide([hold(row)], at)
        return fresh(transaction.message(row.id))


def put_answered(
    store: Store, message: Message, at: datetime = NOW, **changes: Any
) -> tuple[StoredMessage, StoredReply]:
    """A message whose automatic answer was sent."""
    row, reply = put_answering(store, message, at, **changes)
    take(store, at=at, mailbox=message.key.mailbox)
    settle(store, Settlement(reply.id, ReplyStage.SENT, MessageStage.ANSWERED, "250 ok"), at=at)
    return look(store, row.id), replies_of(store, row.id)[0]


def take(store: Store, at: datetime = NOW, mailbox: str = "education", limit: int = 20) -> list[StoredReply]:
    """Lease what is due for five minutes."""
    with store.begin() as transaction:
        return list(transaction.lease(mailbox, limit, at, at + 5 * MINUTE, "daemon-1", automatic=limit))


def settle(store: Store, *settlements: Settlement, at: datetime = NOW) -> frozenset[int]:
    """Settle in a transaction of its own."""
    with store.begin() as transaction:
        return transaction.settle(settlements, at)


def look(store: Store, id_: int) -> StoredMessage:
    """The message as it is now."""
    with store.read() as transaction:
        return fresh(transaction.message(id_))


def replies_of(store: Store, message: int) -> list[StoredReply]:
    """Its replies as they are now."""
    with store.read() as transaction:
        return list(transaction.replies(message))


def events_of(store: Store, message: int) -> list[str]:
    """What happened to it, in short."""
    with store.read() as transaction:
        return [event.what for event in transaction.events(message)]


def fresh(row: StoredMessage | None) -> StoredMessage:
    """A row that must be there."""
    assert row is not None
    return row
