"""What the mailbox on the server does not show yet: stages as flags and folders, copies in Sent."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select, text, update

from responder.adapters.store.rows import MESSAGE, REPLY, stored_message, stored_reply
from responder.adapters.store.schema import UNFILED, UNKEPT, messages, replies
from responder.adapters.store.statements import Part, pieces
from responder.core.lifecycle import MessageStage
from responder.ports import StoredMessage, StoredReply


class Filing(Part):
    """The filing half of a transaction."""

    def unfiled(self, mailbox: str, uidvalidity: int, limit: int) -> Sequence[StoredMessage]:
        """See ports.Transaction. Stages that pass within minutes, and mail only recorded, are not shown there."""
        c = messages.c
        here = (c.mailbox == mailbox) & (c.uidvalidity == uidvalidity)
        rows = self._connection.execute(select(*MESSAGE).where(here, text(UNFILED)).order_by(c.id).limit(limit))
        return [stored_message(row) for row in rows]

    def filed(self, ids: Sequence[int], stages: Sequence[MessageStage]) -> None:
        """See ports.Transaction."""
        shown = update(messages).where(messages.c.id == bindparam("row")).values(filed_stage=bindparam("shown"))
        rows = [{"row": id_, "shown": stage.value} for id_, stage in zip(ids, stages, strict=True)]
        if rows:
            self._connection.execute(shown, rows)

    def unkept(self, mailbox: str, limit: int) -> Sequence[StoredReply]:
        """See ports.Transaction."""
        sent = (
            select(replies.c.id).where(replies.c.mailbox == mailbox, text(UNKEPT)).order_by(replies.c.id).limit(limit)
        )
        joined = replies.join(messages, messages.c.id == replies.c.message)
        rows = select(*REPLY).select_from(joined).where(replies.c.id.in_(sent)).order_by(replies.c.id)
        return [stored_reply(row) for row in self._connection.execute(rows)]

    def kept(self, ids: Sequence[int]) -> None:
        """See ports.Transaction."""
        for piece in pieces(ids):
            self._connection.execute(update(replies).where(replies.c.id.in_(piece)).values(kept=True))
