"""What people do with the hold queue. Each step is one transaction, guarded by version and lifecycle."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from classifier.prediction import Intent
from responder.core.errors import ResponderError, StaleError
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.mailbox import Mailbox
from responder.core.reply import Letter, compose
from responder.core.slots import reply_values
from responder.core.verdict import Effect, Finding
from responder.ports import (
    Envelope,
    Event,
    NewReply,
    Outgoing,
    Query,
    Render,
    Rendered,
    Settlement,
    Store,
    StoredMessage,
    StoredReply,
)

NOW = timedelta(0)


@dataclass(frozen=True, slots=True)
class Review:
    """The hold queue's verbs. `who` is the person's name in every event."""

    store: Store
    render: Render
    mailboxes: Mapping[str, Mailbox]
    clock: Callable[[], datetime]

    def get(self, number: int) -> StoredMessage:
        """One message. Raises ResponderError when there is none."""
        with self.store.read() as transaction:
            found = transaction.message(number)
        if found is None:
            raise ResponderError(f"there is no message {number}")
        return found

    def held(self, number: int) -> StoredMessage:
        """One message that waits for a person. Raises StaleError when it does not, or not any more."""
        stored = self.get(number)
        if stored.stage is not MessageStage.HELD:
            raise StaleError(f"message {number} is {stored.stage}, not held; 'queue show {number}' tells what happened")
        return stored

    def find(self, query: Query) -> Sequence[StoredMessage]:
        """Messages, newest first unless the query says otherwise."""
        with self.store.read() as transaction:
            return transaction.find(query)

    def replies(self, number: int) -> Sequence[StoredReply]:
        """Every reply to a message, oldest first."""
        with self.store.read() as transaction:
            return transaction.replies(number)

    def events(self, number: int) -> Sequence[Event]:
        """Who did what with a message."""
        with self.store.read() as transaction:
            return transaction.events(number)

    def draft(self, stored: StoredMessage) -> str:
        """The words a send would use: the edited draft, else the suggested template's; "" where none fits."""
        if stored.draft is not None:
            return stored.draft
        if stored.template is None:
            return ""
        rendered = self._render_template(stored, stored.template)
        return f"{rendered.subject}\n\n{rendered.text}"

    def edit(self, number: int, text: str) -> None:
        """Keep a person's draft; an empty one goes back to the template."""
        stored = self.held(number)
        with self.store.begin() as transaction:
            transaction.draft(stored.id, text.strip() or None)

    def send(
        self, number: int, who: str, *, template: str | None = None, version: int | None = None, wait: timedelta = NOW
    ) -> StoredReply:
        """Queue the draft (or a template) as a person's answer, not before `wait` has passed: the time for an undo.

        Raises StaleError when somebody else was quicker, TemplateError when it cannot be rendered.
        """
        stored = self.held(number)
        rendered = self._words(stored, template)
        mailbox = self._mailbox(stored)
        now = self.clock()
        event = Event(now, who, "answered", template or stored.template or "in own words", stored.id)
        with self.store.begin() as transaction:
            ordinal = transaction.next_ordinal(stored.id)
            letter = Letter(rendered.subject, rendered.text, rendered.html)
            try:
                message_id, to, raw = compose(letter, stored.message, mailbox.reply_from, ordinal, now, automatic=False)
            except ValueError as error:
                raise ResponderError(f"message {number} cannot be answered: {error}") from None
            sender = mailbox.reply_from.bounce_address or mailbox.reply_from.address
            reply = NewReply(
                outgoing=Outgoing(message_id, Envelope(sender, to), raw),
                automatic=False,
                receipt=False,
                template=template or (stored.template if stored.draft is None else None),
                template_version=rendered.version,
                subject=rendered.subject,
                body=rendered.text,
                not_before=now + wait,
            )
            expected = stored.version if version is None else version
            row = transaction.queue_reply(stored.id, expected, reply, event)
            return next(one for one in transaction.replies(stored.id) if one.id == row)

    def undo(self, reply: int, who: str) -> None:
        """Take a reply back that has not left. Raises StaleError once it is on its way."""
        with self.store.begin() as transaction:
            transaction.cancel(reply, Event(self.clock(), who, "undone", "taken back before it left", reply=reply))

    def dismiss(self, number: int, who: str, why: str, *, version: int | None = None) -> None:
        """Close without an answer."""
        self._move(number, MessageStage.CLOSED, Event(self.clock(), who, "dismissed", why, number), version)

    def restore(self, number: int, who: str) -> None:
        """Bring a message back into the hold queue: a person whom screening took for a machine, or a second thought."""
        finding = Finding("person.restored", Effect.HOLD, who, (("name", who),))
        event = Event(self.clock(), who, "restored", "brought back by a person", number)
        self._move(number, MessageStage.HELD, event, None, finding)

    def relabel(self, number: int, intent: Intent, who: str) -> str | None:
        """Correct the intent: a row to learn from and, where it waits, the fitting template. Returns that template."""
        stored = self.get(number)
        row = self.render.rules().policy.row(self._program(stored), intent)
        said = stored.prediction.intent if stored.prediction else None
        model = stored.prediction.model if stored.prediction else ""
        template = row.template if row else None
        with self.store.begin() as transaction:
            transaction.correct(stored.id, said, intent, who, self.clock(), model)
            if stored.stage is MessageStage.HELD:
                transaction.suggest(stored.id, template)
                transaction.draft(stored.id, None)
        return template

    def arrived(self, number: int, who: str) -> None:
        """An unknown send turned out to have arrived: the reply is sent, the message answered."""
        now, number = self.clock(), self.get(number).id
        with self.store.begin() as transaction:
            doubtful = [one for one in transaction.replies(number) if one.stage is ReplyStage.IN_DOUBT]
            if not doubtful:
                raise StaleError(f"message {number} has no unknown send")
            transaction.settle(
                [Settlement(one.id, ReplyStage.SENT, words=f"it arrived, says {who}") for one in doubtful], now
            )
            transaction.move(
                number, None, MessageStage.CLOSED, Event(now, who, "arrived", "the unknown send arrived", number)
            )

    def _words(self, stored: StoredMessage, template: str | None) -> Rendered:
        if template is not None:
            return self._render_template(stored, template)
        text = self.draft(stored)
        if not text:
            raise ResponderError(
                f"no template fits message {stored.id}: write the answer with 'queue edit {stored.id}'"
            )
        if stored.draft is None and stored.template is not None:
            return self._render_template(stored, stored.template)
        subject, _, body = text.partition("\n")
        if not body.strip():
            raise ResponderError("the draft has no body: first line the subject, then a blank line, then the text")
        return self.render.wrap(subject.strip(), body.strip())

    def _render_template(self, stored: StoredMessage, template: str) -> Rendered:
        mailbox = self._mailbox(stored)
        return self.render(template, reply_values(stored.message, mailbox.reply_from.address, self.clock()))

    def _mailbox(self, stored: StoredMessage) -> Mailbox:
        name = stored.message.key.mailbox
        if name not in self.mailboxes:
            raise ResponderError(f"mailbox {name} is not configured any more")
        return self.mailboxes[name]

    def _program(self, stored: StoredMessage) -> str:
        return (stored.template or "").partition("/")[0] or self._mailbox(stored).program

    def _move(
        self, number: int, stage: MessageStage, event: Event, version: int | None, finding: Finding | None = None
    ) -> None:
        stored = self.get(number)
        with self.store.begin() as transaction:
            transaction.move(stored.id, version or stored.version, stage, event, finding=finding)
