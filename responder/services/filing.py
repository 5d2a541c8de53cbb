"""IMAP as a view of the database: flags, keywords, folders and the copy in Sent. Idempotent, last, in batches."""

from dataclasses import dataclass

from responder.core.lifecycle import MessageStage
from responder.core.mailbox import Mailbox, Mode
from responder.ports import Filing, Inbox, Store, StoredMessage

BATCH = 100
KEYWORDS = {
    MessageStage.ANSWERED: "$AutoAnswered",
    MessageStage.HELD: "$AutoHeld",
    MessageStage.IGNORED: "$AutoIgnored",
    MessageStage.CLOSED: "$AutoClosed",
}
"""Stages in between are not shown: they pass within minutes."""


@dataclass(frozen=True, slots=True)
class FilingService:
    """Shows one mailbox's decisions in the mailbox itself."""

    store: Store
    mailbox: Mailbox

    def __call__(self, inbox: Inbox) -> int:
        """File the next batch; how many messages and copies were filed. Raises InboxError."""
        if self.mailbox.mode is Mode.SHADOW:
            return 0
        return self._file(inbox) + (self._keep(inbox) if self.mailbox.keep_sent else 0)

    def _file(self, inbox: Inbox) -> int:
        uidvalidity = inbox.select()
        with self.store.read() as transaction:
            batch = transaction.unfiled(self.mailbox.name, uidvalidity, BATCH)
        if not batch:
            return 0
        shown = self._shown
        done = inbox.file([self._filing(one) for one in batch if one.stage in shown])
        filed = [one for one in batch if one.stage not in shown or one.message.key.uid in done]
        with self.store.begin() as transaction:
            transaction.filed([one.id for one in filed], [one.stage for one in filed])
        return len(filed)

    @property
    def _shown(self) -> frozenset[MessageStage]:
        """Draft mode leaves the mailbox alone but for what people have answered: colleagues must see that."""
        return frozenset({MessageStage.ANSWERED}) if self.mailbox.mode is Mode.DRAFT else frozenset(KEYWORDS)

    def _filing(self, stored: StoredMessage) -> Filing:
        answered = stored.stage is MessageStage.ANSWERED
        folders = {MessageStage.ANSWERED: self.mailbox.answered_folder, MessageStage.HELD: self.mailbox.held_folder}
        folder = folders.get(stored.stage) or None
        return Filing(stored.message.key.uid, KEYWORDS[stored.stage], answered, folder)

    def _keep(self, inbox: Inbox) -> int:
        with self.store.read() as transaction:
            batch = transaction.unkept(self.mailbox.name, BATCH)
        if not batch:
            return 0
        kept = inbox.keep_sent([(reply.outgoing.message_id, reply.outgoing.data) for reply in batch])
        with self.store.begin() as transaction:
            transaction.kept([reply.id for reply in batch if reply.outgoing.message_id in kept])
        return len(kept)
