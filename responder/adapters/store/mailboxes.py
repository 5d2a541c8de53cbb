"""What the database knows of each mailbox: first start, pause, last look at the server."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from responder.adapters.store.rows import mailbox_state
from responder.adapters.store.schema import mailboxes
from responder.adapters.store.statements import Part, upsert, write_events
from responder.ports import Event, MailboxState


class Mailboxes(Part):
    """The mailboxes' half of a transaction."""

    def mailbox(self, name: str, at: datetime) -> MailboxState:
        """See ports.Transaction."""
        here = select(mailboxes).where(mailboxes.c.name == name)
        row = self._connection.execute(here).first()
        if row is None:
            self._make(name, at)
            row = self._connection.execute(here).one()
        return mailbox_state(row)

    def mailboxes(self) -> Sequence[MailboxState]:
        """See ports.Transaction."""
        return [mailbox_state(row) for row in self._connection.execute(select(mailboxes).order_by(mailboxes.c.name))]

    def polled(self, name: str, at: datetime, error: str = "", server_count: int | None = None) -> None:
        """See ports.Transaction."""
        self._make(name, at)
        noted = update(mailboxes).where(mailboxes.c.name == name).values(last_error=error)
        if not error:
            noted = noted.values(polled_at=at)
        if server_count is not None:
            noted = noted.values(server_count=server_count)
        self._connection.execute(noted)

    def pause(self, name: str, at: datetime, who: str, why: str) -> None:
        """See ports.Transaction."""
        self._make(name, at)
        running = (mailboxes.c.name == name) & mailboxes.c.paused_at.is_(None)
        paused = update(mailboxes).where(running).values(paused_at=at, paused_by=who, pause_reason=why)
        if self._connection.execute(paused).rowcount:
            write_events(self._connection, [Event(at, who, f"paused {name}", why)])

    def resume(self, name: str, at: datetime, who: str) -> None:
        """See ports.Transaction."""
        paused = (mailboxes.c.name == name) & mailboxes.c.paused_at.is_not(None)
        running = {"paused_at": None, "paused_by": "", "pause_reason": "", "resumed_at": at}
        if self._connection.execute(update(mailboxes).where(paused).values(running)).rowcount:
            write_events(self._connection, [Event(at, who, f"resumed {name}")])

    def _make(self, name: str, at: datetime) -> None:
        new = upsert(self._connection, mailboxes).on_conflict_do_nothing()
        self._connection.execute(new, {"name": name, "started_at": at})
