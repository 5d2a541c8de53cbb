"""From received to answering, held or ignored: judged outside any transaction, decided inside one.

History (quotas, the conversation) is read in the transaction that writes the dispositions; it can only turn an answer
into a hold, so replies are rendered before it begins.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from responder.core.caps import History, Limits, caps, conversation
from responder.core.errors import TemplateError
from responder.core.lifecycle import MessageStage
from responder.core.mailbox import Mailbox, Mode
from responder.core.message import Message
from responder.core.reply import Letter, compose
from responder.core.reply_text import normalised
from responder.core.screen import Known
from responder.core.slots import reply_values
from responder.core.verdict import Acknowledge, Answer, Disposition, Effect, Finding, Hold, Ignore
from responder.ports import Classify, Decision, Envelope, NewReply, Outgoing, Render, Rules, Store, StoredMessage
from responder.services.bounces import link_bounces
from responder.services.judging import Judged, dispose, judge

BATCH = 100
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Triage:
    """The deciding service of one mailbox."""

    store: Store
    mailbox: Mailbox
    known: Known
    limits: Limits
    render: Render
    classify: Callable[[], Classify | None]
    """The live model, asked anew for each batch; None: there is none, everything is held."""

    def __call__(self, at: datetime, batch: int = BATCH) -> int:
        """Decide the next batch of received messages; how many were decided."""
        with self.store.begin() as transaction:
            stored = transaction.received(self.mailbox.name, batch)
        if not stored:
            return 0
        rules, model = self.render.rules(), self.classify()
        judged = judge([one.message for one in stored], self.mailbox, self.known, rules, model)
        judged = [replace(j, findings=(*s.findings, *j.findings)) for s, j in zip(stored, judged, strict=True)]
        prepared = [self._prepare(one, j, rules, at) for one, j in zip(stored, judged, strict=True)]
        with self.store.begin() as transaction:
            link_bounces(transaction, stored, at)
            histories = transaction.histories(stored, at)
            tally = Tally()
            decisions = [
                self._decide(ready, tally.add_to(history, ready), tally, rules, at)
                for ready, history in zip(prepared, histories, strict=True)
            ]
            decided = transaction.decide(decisions, at)
        log.info("decided", extra={"mailbox": self.mailbox.name, "count": len(decided)})
        return len(decided)

    def _prepare(self, stored: StoredMessage, judged: Judged, rules: Rules, at: datetime) -> "Prepared":
        """The disposition without history, and its reply ready; a reply that cannot be made is one more finding."""
        disposition = dispose(judged, (), rules, self.mailbox)
        template = _template(disposition)
        if template is None:
            return Prepared(stored, judged, disposition)
        try:
            reply = self._reply(stored.message, template, disposition, rules, at)
        except TemplateError as error:
            judged = _with(judged, Finding(error.rule, Effect.HOLD, error.detail, error.slots))
        except ValueError as error:
            judged = _with(judged, Finding("sender.missing", Effect.HOLD, str(error)))
        else:
            return Prepared(stored, judged, disposition, reply)
        return Prepared(stored, judged, dispose(judged, (), rules, self.mailbox))

    def _reply(self, message: Message, template: str, disposition: Disposition, rules: Rules, at: datetime) -> NewReply:
        rendered = self.render(template, reply_values(message, self.mailbox.reply_from.address, at))
        letter = Letter(rendered.subject, rendered.text, rendered.html)
        sender = self.mailbox.reply_from
        message_id, recipient, raw = compose(letter, message, sender, 1, at, automatic=True)
        prediction = disposition.prediction
        return NewReply(
            outgoing=Outgoing(message_id, Envelope(sender.bounce_address or sender.address, recipient), raw),
            automatic=True,
            receipt=isinstance(disposition, Acknowledge),
            template=template,
            template_version=rendered.version,
            subject=rendered.subject,
            body=rendered.text,
            not_before=at,
            policy=rules.version,
            model=prediction.model if prediction else "",
        )

    def _decide(self, ready: "Prepared", history: History, tally: "Tally", rules: Rules, at: datetime) -> Decision:
        """Add what history says, then what the mode allows."""
        del at
        said = list(conversation(ready.stored.message, history, self.limits))
        template = _template(ready.disposition)
        if template is not None:
            said += caps(history, template, self.limits, ready.stored.message)
        judged = _in_conversation(ready.judged) if _has_conversation(history) else ready.judged
        disposition = dispose(judged, said, rules, self.mailbox)
        reply = ready.reply if _template(disposition) == template else None
        if reply is not None and self.mailbox.mode is Mode.AUTO:
            tally.count(ready)
            return self._decision(ready, disposition, rules, reply)
        return self._decision(ready, self._restrained(disposition), rules, None, ready.reply)

    def _restrained(self, disposition: Disposition) -> Disposition:
        """What shadow and draft make of an answer: a hold with the draft ready, never sent by a later switch of mode."""
        if isinstance(disposition, Answer | Acknowledge):
            waits = Finding("mode.draft", Effect.HOLD, self.mailbox.mode)
            return Hold((*disposition.reasons, waits), disposition.prediction, disposition.template)
        return disposition

    def _decision(
        self,
        ready: "Prepared",
        disposition: Disposition,
        rules: Rules,
        reply: NewReply | None,
        draft: NewReply | None = None,
    ) -> Decision:
        stage = MessageStage.RECORDED if self.mailbox.mode is Mode.SHADOW else _stage(disposition)
        words = f"{draft.subject}\n\n{draft.body}" if draft and reply is None else None
        return Decision(ready.stored.id, disposition, stage, reply, rules.version, self.mailbox.mode, words)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message judged, disposed of without history, its reply ready where one would go."""

    stored: StoredMessage
    judged: Judged
    disposition: Disposition
    reply: NewReply | None = None


class Tally:
    """Replies granted earlier in the same batch, which the database cannot show yet."""

    def __init__(self) -> None:
        """Start with nothing granted."""
        self._templates: Counter[tuple[str, str]] = Counter()
        self._senders: Counter[str] = Counter()
        self._domains: Counter[str] = Counter()
        self._texts: Counter[str] = Counter()
        self._threads: set[str] = set()
        self._total = 0

    def add_to(self, history: History, ready: Prepared) -> History:
        """The history as if the batch's earlier replies were committed."""
        message = ready.stored.message
        if message.author is None:
            return history
        sender, text = message.author.addr, normalised(message.text)
        templates = Counter(history.sender_template)
        templates.update({t: n for (who, t), n in self._templates.items() if who == sender})
        earlier = self._texts[text]
        self._texts[text] += 1
        return replace(
            history,
            sender_template=dict(templates),
            sender_day=history.sender_day + self._senders[sender],
            sender_week=history.sender_week + self._senders[sender],
            domain_hour=history.domain_hour + self._domains[message.author.domain],
            mailbox_hour=history.mailbox_hour + self._total,
            same_text_hour=max(history.same_text_hour, earlier),
            thread_automatic=history.thread_automatic + (not self._threads.isdisjoint(_thread_ids(message))),
        )

    def count(self, ready: Prepared) -> None:
        """Note a granted reply."""
        message, template = ready.stored.message, _template(ready.disposition)
        if message.author is None or template is None:
            return
        self._templates[message.author.addr, template] += 1
        self._senders[message.author.addr] += 1
        self._domains[message.author.domain] += 1
        self._threads.update(_thread_ids(message))
        self._total += 1


def _thread_ids(message: Message) -> set[str]:
    return {*message.thread.ids, *filter(None, (message.message_id,))}


def _with(judged: Judged, finding: Finding) -> Judged:
    return replace(judged, findings=(*judged.findings, finding))


def _has_conversation(history: History) -> bool:
    return history.thread_person or history.thread_automatic > 0


def _in_conversation(judged: Judged) -> Judged:
    """Thanks alone are ignored, but not where they may hide "and one more thing" after an answer of ours."""
    findings = tuple(replace(f, effect=Effect.HOLD) if f.rule == "request.thanks" else f for f in judged.findings)
    return replace(judged, findings=findings)


def _template(disposition: Disposition) -> str | None:
    return disposition.template if isinstance(disposition, Answer | Acknowledge) else None


def _stage(disposition: Disposition) -> MessageStage:
    match disposition:
        case Answer():
            return MessageStage.ANSWERING
        case Acknowledge() | Hold():
            return MessageStage.HELD
        case Ignore():
            return MessageStage.IGNORED


__all__ = ["Triage"]
