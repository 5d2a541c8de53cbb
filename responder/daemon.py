"""The background service: three stages a mailbox, each a thread that waits for its own kind of news.

    watch    IMAP to database (IDLE, a poll as the net)          wakes triage
    triage   judge and decide                                    wakes send
    send     deliver what is owed, then file what is done        sleeps until the next reply falls due

No stage hands anything to the next but a nudge: what is to be done stands in the database, so a restart only asks it.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from responder.core.errors import InboxError, LoginError, ResponderError, TransportError
from responder.core.mailbox import Mailbox
from responder.ports import Inbox, Store, Transport
from responder.services.delivery import Delivery
from responder.services.filing import FilingService
from responder.services.intake import check_counts, take_in
from responder.services.triage import Triage

FIRST_PAUSE, LONGEST_PAUSE, LOGIN_PAUSE = 1.0, 300.0, 600.0
"""Seconds between attempts to reach a server that is away; a refused login is tried again rarely."""
ONCE_TRIES = 3
"""How often `run --once` tries what fails; a refused login once."""
STALLED_AFTER = 900.0
"""Seconds without a sign of life from a stage; every network call has a shorter timeout."""
LONGEST_REST = 300.0
STOP_WITHIN = 30.0
IDLE_LOOK = 30.0
"""Seconds after which triage and send look at the database even without a nudge (another process may have written)."""
log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The clock of the whole program, owned by the composition root."""
    return datetime.now(UTC)


class Nudge:
    """A doorbell between threads: rings until somebody has looked."""

    def __init__(self) -> None:
        """Start silent."""
        self._event = threading.Event()

    def ring(self) -> None:
        """There may be something to do."""
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Until rung or `seconds` have passed; True when rung."""
        rung = self._event.wait(max(seconds, 0.0))
        self._event.clear()
        return rung


class Stage(threading.Thread):
    """Runs `step` while it finds work, else `rest`; errors are logged, waited out and never end it."""

    def __init__(
        self,
        name: str,
        *,
        step: Callable[[], bool],
        rest: Callable[[], None],
        failed: Callable[[Exception], None],
        stopping: threading.Event,
        finished: Callable[[], bool] | None = None,
    ) -> None:
        """`finished` ends the stage when there is no work left and it says so (run --once)."""
        super().__init__(name=name, daemon=True)
        self._step, self._rest, self._failed = step, rest, failed
        self._stopping, self._finished = stopping, finished
        self.alive_at = time.monotonic()
        self.failures = 0
        self.error: Exception | None = None

    def run(self) -> None:
        """Until stopped or finished."""
        while not self._stopping.is_set():
            self.alive_at = time.monotonic()
            try:
                if self._step():
                    self.failures = 0
                    continue
                self.failures = 0
                if self._finished is not None:
                    if self._finished():
                        return
                    self._stopping.wait(0.01)
                    continue
                self._rest()
            except Exception as error:  # noqa: BLE001 - a stage outlives everything
                self._note(error)
                if self._finished is not None and (self.failures >= ONCE_TRIES or isinstance(error, LoginError)):
                    self.error = error
                    return
                self._stopping.wait(pause_after(error, self.failures))

    def _note(self, error: Exception) -> None:
        self.failures += 1
        if isinstance(error, ResponderError):
            log.warning("%s: %s", self.name, error)
        else:
            log.error("%s failed", self.name, exc_info=error)
        self._failed(error)


def pause_after(error: Exception, failures: int) -> float:
    """Seconds to wait: doubling with jitter; a refused login is not tried again soon."""
    longest = LOGIN_PAUSE if isinstance(error, LoginError) else LONGEST_PAUSE
    first = 30.0 if isinstance(error, LoginError) else FIRST_PAUSE
    return min(first * 2.0 ** min(failures - 1, 20), longest) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


@dataclass(slots=True)
class Line:
    """One mailbox's stages and what they share."""

    mailbox: Mailbox
    store: Store
    triage: Triage
    watch_inbox: Inbox
    send_inbox: Inbox
    transport: Transport
    delivery: Delivery
    filing: FilingService
    poll_seconds: float
    clock: Callable[[], datetime] = utc_now
    received: Nudge = field(default_factory=Nudge)
    owed: Nudge = field(default_factory=Nudge)
    _counted_at: float = 0.0
    _trouble: str = ""
    """Why nothing can be sent, for `status`."""

    def watch(self) -> bool:
        """One batch of new mail; True while there may be more."""
        taken = take_in(self.store, self.watch_inbox, self.mailbox, self.clock())
        if taken.stored:
            self.received.ring()
        if not taken.more and time.monotonic() - self._counted_at > self.poll_seconds:
            check_counts(self.store, self.watch_inbox, self.mailbox, self.clock())
            self._counted_at = time.monotonic()
            if self._trouble:  # a look that went well has taken it off the record
                self._note(self._trouble)
        return taken.more

    def decide(self) -> bool:
        """One batch of decisions."""
        decided = self.triage(self.clock())
        if decided:
            self.owed.ring()
        return decided > 0

    def send(self) -> bool:
        """One group of replies, then one batch of filing: what is decided is shown though nothing can be sent."""
        try:
            sent = self.delivery()
            self._trouble = ""
        except TransportError:
            self.filing(self.send_inbox)
            raise
        filed = self.filing(self.send_inbox)
        return sent + filed > 0

    def rest_watching(self) -> None:
        """IDLE or poll, coming up for a sign of life however rare the polls are."""
        self.watch_inbox.wait(min(self.poll_seconds, LONGEST_REST))

    def rest_deciding(self) -> None:
        """Until new mail was stored."""
        self.received.wait(IDLE_LOOK)

    def rest_sending(self) -> None:
        """Until the next reply falls due, or something is owed or to be filed."""
        with self.store.read() as transaction:
            due = transaction.next_due(self.mailbox.name)
        seconds = (due - self.clock()).total_seconds() if due else IDLE_LOOK
        self.owed.wait(min(max(seconds, 0.05), IDLE_LOOK))

    def watch_failed(self, error: Exception) -> None:
        """Show the error in `status`; the connection is made anew."""
        self.watch_inbox.close()
        self._note(f"{type(error).__name__}: {error}" if isinstance(error, ResponderError) else type(error).__name__)

    def send_failed(self, error: Exception) -> None:
        """Make both connections anew."""
        if isinstance(error, InboxError):
            self.send_inbox.close()
        if isinstance(error, TransportError):
            self._trouble = f"sending: {error}"
            self._note(self._trouble)
        self.transport.close()

    def close(self) -> None:
        """Let go of the servers."""
        self.watch_inbox.close()
        self.send_inbox.close()
        self.transport.close()

    def _note(self, words: str) -> None:
        try:
            with self.store.begin() as transaction:
                transaction.polled(self.mailbox.name, self.clock(), error=words[:300])
        except Exception as error:  # noqa: BLE001 - the database being away is reported by the next step itself
            log.warning("cannot note an error: %s", type(error).__name__)


class Daemon:
    """All lines of all mailboxes."""

    def __init__(self, lines: Sequence[Line]) -> None:
        """Nothing starts before `start` or `drain`."""
        self._lines = lines
        self._stopping = threading.Event()
        self._stages: list[Stage] = []

    def start(self) -> None:
        """Start every stage; returns at once."""
        for line in self._lines:
            self._stages += self._stages_of(line, once=False)
        for stage in self._stages:
            stage.start()

    def drain(self, progress: Callable[[], None] = lambda: None) -> list[Exception]:
        """Handle everything that is there, then return; the errors of stages that gave up."""
        for line in self._lines:
            self._stages += self._stages_of(line, once=True)
        for stage in self._stages:
            stage.start()
        while any(stage.is_alive() for stage in self._stages):
            progress()
            self._stopping.wait(0.05)
            if self._stopping.is_set():
                break
        self.stop()
        return [stage.error for stage in self._stages if stage.error is not None]

    def stop(self) -> None:
        """Let every stage finish its step and end."""
        self._stopping.set()
        for line in self._lines:
            line.watch_inbox.wake()
            line.received.ring()
            line.owed.ring()
        deadline = time.monotonic() + STOP_WITHIN
        for stage in self._stages:
            stage.join(max(0.0, deadline - time.monotonic()))
        for line in self._lines:
            line.close()

    def stalled(self) -> list[str]:
        """Stages without a sign of life for too long: the process had better be restarted."""
        now = time.monotonic()
        return [stage.name for stage in self._stages if now - stage.alive_at > STALLED_AFTER or not stage.is_alive()]

    def _stages_of(self, line: Line, *, once: bool) -> list[Stage]:
        name = line.mailbox.name
        watch = Stage(
            f"{name}/watch",
            step=line.watch,
            rest=line.rest_watching,
            failed=line.watch_failed,
            stopping=self._stopping,
            finished=_true if once else None,
        )
        triage = Stage(
            f"{name}/triage",
            step=line.decide,
            rest=line.rest_deciding,
            failed=lambda _error: None,
            stopping=self._stopping,
            finished=(lambda: not watch.is_alive() and not line.decide()) if once else None,
        )
        send = Stage(
            f"{name}/send",
            step=line.send,
            rest=line.rest_sending,
            failed=line.send_failed,
            stopping=self._stopping,
            finished=(lambda: not triage.is_alive() and not line.send()) if once else None,
        )
        return [watch, triage, send]


def _true() -> bool:
    return True
