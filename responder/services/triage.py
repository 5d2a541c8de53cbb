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
from responder.core.errors import ResponderError
from responder.core.lifecycle import MessageStage
from responder.core.mailbox import Mailbox, Mode
from responder.core.message import Message
from responder.core.reply_text import normalised
from responder.core.screen import Known
from responder.core.verdict import Acknowledge, Answer, Disposition, Effect, Finding, Hold, Ignore
from responder.ports import Classify, Decision, NewReply, Render, Store, StoredMessage
from responder.services.bounces import link_bounces
from responder.services.judging import Judge, Judged, Prepared, template_of

BATCH = 100
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Triage:
    """The deciding service of one mailbox."""

    store: Store
    mailbox: Mailbox
    known: Callable[[], Known]
    limits: Limits
    render: Render
    classify: Callable[[], Classify | None]
    """The live model, asked anew for each batch; None: there is none, everything is held."""

    def __call__(self, at: datetime, batch: int = BATCH) -> int:
        """Decide the next batch of received messages; how many were decided."""
        with self.store.read() as transaction:
            stored = transaction.received(self.mailbox.name, batch)
        if not stored:
            return 0
        try:
            return self._decide(stored, at)
        except ResponderError:
            raise  # the database or the templates are at fault, no message
        except Exception:
            log.exception("a batch cannot be decided, one by one now", extra={"mailbox": self.mailbox.name})
            return sum(self._alone(one, at) for one in stored)

    def _alone(self, stored: StoredMessage, at: datetime) -> int:
        """Decide one message of a batch that failed; the third failure of the same one gives it to a person."""
        try:
            return self._decide([stored], at)
        except ResponderError:
            raise
        except Exception as error:
            log.exception("a message cannot be decided", extra={"mailbox": self.mailbox.name, "number": stored.id})
            with self.store.begin() as transaction:
                transaction.failed_reading(stored.message.key, at, type(error).__name__)
            return 1

    def _decide(self, stored: Sequence[StoredMessage], at: datetime) -> int:
        judge = Judge(self.mailbox, self.known(), self.render.rules(), self.render, self.classify())
        prepared = self._prepare(judge, stored, at)
        with self.store.begin() as transaction:
            link_bounces(transaction, stored, at)
            histories = transaction.histories(stored, at)
            decider = _Decider(judge, self.limits)
            decided = transaction.decide([decider(*case) for case in zip(stored, prepared, histories, strict=True)], at)
        log.info("decided", extra={"mailbox": self.mailbox.name, "count": len(decided)})
        return len(decided)

    def _prepare(self, judge: Judge, stored: Sequence[StoredMessage], at: datetime) -> list[Prepared]:
        """Everything that needs no history; what intake found (too large) stays."""
        judged = judge([one.message for one in stored])
        known = [replace(j, findings=(*s.findings, *j.findings)) for s, j in zip(stored, judged, strict=True)]
        return [judge.prepare(one, at) for one in known]


class _Decider:
    """Adds what history says, then what the mode allows, message after message of one batch."""

    def __init__(self, judge: Judge, limits: Limits) -> None:
        self._judge, self._limits, self._tally = judge, limits, Tally()

    def __call__(self, stored: StoredMessage, ready: Prepared, history: History) -> Decision:
        message = stored.message
        history = self._tally.add_to(history, message)
        said = list(conversation(message, history, self._limits))
        template = template_of(ready.disposition)
        if template is not None:
            said += caps(history, template, self._limits, message)
        judged = _in_conversation(ready.judged) if _has_conversation(history) else ready.judged
        disposition = self._judge.dispose(judged, said)
        reply = ready.reply if template_of(disposition) == template else None
        if reply is None or self._judge.mailbox.mode is not Mode.AUTO:
            disposition, draft = self._restrained(disposition), _words(ready.reply)
            return self._decision(stored, disposition, (*judged.findings, *said), draft=draft)
        self._tally.count(message, reply)
        return self._decision(stored, disposition, (*judged.findings, *said), reply=reply)

    def _restrained(self, disposition: Disposition) -> Disposition:
        """What draft mode makes of an answer: a hold, the draft ready, never sent by a later switch of mode."""
        if self._judge.mailbox.mode is Mode.DRAFT and isinstance(disposition, Answer | Acknowledge):
            waits = Finding("mode.draft", Effect.HOLD, self._judge.mailbox.mode)
            return Hold((*disposition.reasons, waits), disposition.prediction, disposition.template)
        return disposition

    def _decision(
        self,
        stored: StoredMessage,
        disposition: Disposition,
        findings: tuple[Finding, ...],
        *,
        reply: NewReply | None = None,
        draft: str | None = None,
    ) -> Decision:
        mode = self._judge.mailbox.mode
        stage = MessageStage.RECORDED if mode is Mode.SHADOW else _stage(disposition)
        version = self._judge.rules.version
        return Decision(stored.id, disposition, stage, reply, version, mode, draft, findings)


def _words(reply: NewReply | None) -> str | None:
    """A reply as a draft for a person."""
    return f"{reply.subject}\n\n{reply.body}" if reply else None


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

    def add_to(self, history: History, message: Message) -> History:
        """The history as if the batch's earlier replies were committed."""
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

    def count(self, message: Message, reply: NewReply) -> None:
        """Note a granted reply."""
        if message.author is None or reply.template is None:
            return
        self._templates[message.author.addr, reply.template] += 1
        self._senders[message.author.addr] += 1
        self._domains[message.author.domain] += 1
        self._threads.update(_thread_ids(message))
        self._total += 1


def _thread_ids(message: Message) -> set[str]:
    return {*message.thread.ids, *filter(None, (message.message_id,))}


def _has_conversation(history: History) -> bool:
    return history.thread_person or history.thread_automatic > 0


def _in_conversation(judged: Judged) -> Judged:
    """Thanks alone are ignored, but not where they may hide "and one more thing" after an answer of ours."""
    findings = tuple(replace(f, effect=Effect.HOLD) if f.rule == "request.thanks" else f for f in judged.findings)
    return replace(judged, findings=findings)


def _stage(disposition: Disposition) -> MessageStage:
    match disposition:
        case Answer():
            return MessageStage.ANSWERING
        case Acknowledge() | Hold():
            return MessageStage.HELD
        case Ignore():
            return MessageStage.IGNORED
