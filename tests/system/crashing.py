"""The daemon's work in a process that kills itself at a chosen effect: `python -m tests.system.crashing SECONDS`.

Reads one order a line, as {"at": 7, "after": true, "ahead": [0, 3600]}: fork, do all there is to do with the clock so
many seconds ahead, and die by SIGKILL before or after the 7th effect (a commit, a message on the wire, a change in the
mailbox). Answers how many effects there were, or -1 where the child was killed. What takes long to load is loaded once,
by a first life without a crash, whose number of effects is the first answer.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

from responder.adapters.imap import ImapInbox
from responder.adapters.smtp import SmtpTransport
from responder.app import App
from responder.daemon import Line, utc_now
from responder.ports import Store
from responder.settings import load


class Fuse:
    """Counts effects and burns at one of them."""

    def __init__(self, at: int, *, after: bool) -> None:
        """`at` counts from 1; 0 never burns."""
        self.at, self.after, self.count = at, after, 0

    def around(self, effect: Callable[[], Any]) -> Any:
        """Run one effect, dying before or after it if it is its turn."""
        self.count += 1
        if self.count == self.at and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = effect()
        if self.count == self.at and self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        return done


class FusedStore:
    """The real store; the moment of commit is an effect."""

    def __init__(self, store: Store, fuse: Fuse) -> None:
        """Wrap it."""
        self._store, self._fuse = store, fuse

    @contextmanager
    def begin(self) -> Iterator[Any]:
        """A transaction that may never get to its commit, or die right after it."""
        with ExitStack() as stack:
            yield stack.enter_context(self._store.begin())
            self._fuse.around(stack.close)

    def read(self) -> Any:
        """A look changes nothing: no effect."""
        return self._store.read()

    def close(self) -> None:
        """Let go."""
        self._store.close()


def fused(thing: Any, fuse: Fuse, names: Sequence[str]) -> Any:
    """The real adapter, with these methods made effects."""
    for name in names:
        method = getattr(thing, name)
        setattr(thing, name, lambda *given, _method=method: fuse.around(lambda: _method(*given)))
    return thing


class CrashingApp(App):
    """The composition root with fuses in its parts."""

    fuse: Fuse

    def inbox(self, name: str) -> ImapInbox:
        """Changes to the mailbox are effects."""
        return fused(super().inbox(name), self.fuse, ("fetch", "file", "keep_sent"))

    def transport(self, name: str) -> SmtpTransport:
        """Each message on the wire is an effect."""
        return fused(super().transport(name), self.fuse, ("send",))


def work(loaded: App, fuse: Fuse, ahead: Sequence[float]) -> None:
    """Everything there is to do, stage after stage, so that the effects come in the same order each time.

    Once for each of these seconds ahead of the clock, the process living on between them.
    """
    moment = timedelta(0)
    app = CrashingApp(loaded.settings, lambda: utc_now() + moment)
    app.fuse, app.model, app.templates = fuse, loaded.model, loaded.templates
    app.__dict__["store"] = FusedStore(app.store, fuse)
    lines: list[Line] = [app._line(name) for name in app.mailboxes]
    for seconds in ahead:
        moment = timedelta(seconds=seconds)
        for line in lines:
            for step in (line.watch, line.decide, line.send):
                while step():
                    pass
    for line in lines:
        line.close()
    app.store.close()


def obey(loaded: App, order: dict[str, Any]) -> int:
    """Do the work in a child; its number of effects, or -1 when it was killed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        fuse = Fuse(order["at"], after=order["after"])
        work(loaded, fuse, order["ahead"])
        os.write(write, str(fuse.count).encode())
        os._exit(0)
    os.close(write)
    _, status = os.waitpid(child, 0)
    said = os.read(read, 20)
    os.close(read)
    if os.WIFSIGNALED(status):
        return -1
    if os.waitstatus_to_exitcode(status) or not said:
        raise RuntimeError(f"the child failed at {order}")
    return int(said)


def main() -> None:
    """Do it once without a crash, which loads and prepares what the children inherit; say how many effects; obey."""
    first = json.loads(sys.argv[1])
    loaded, fuse = App(load()), Fuse(0, after=False)
    work(loaded, fuse, first)
    _say(fuse.count)
    for line in sys.stdin:
        _say(obey(loaded, json.loads(line)))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
