"""Waiting that another thread can interrupt."""

import selectors
import socket
from contextlib import suppress


class Bell:
    """A doorbell that a selector can watch: rings once, until somebody has looked."""

    def __init__(self) -> None:
        """Open the two ends."""
        self.near, self._far = socket.socketpair()
        self.near.settimeout(0)
        self._far.settimeout(0)

    def __del__(self) -> None:
        """Bells live as long as their inbox, which may be closed and used again; so nobody else closes them."""
        self.near.close()
        self._far.close()

    def ring(self) -> None:
        """Make whoever waits look up; any thread may call it."""
        with suppress(BlockingIOError):  # full: it rings already
            self._far.send(b"!")

    def rang(self) -> bool:
        """Whether it has been rung since the last look."""
        with suppress(BlockingIOError):
            return len(self.near.recv(4096)) > 0
        return False

    def wait(self, seconds: float) -> None:
        """Until rung or `seconds` have passed."""
        await_readable(seconds, self.near)


def await_readable(seconds: float, *sockets: socket.socket) -> None:
    """Until one of them has something to read or `seconds` have passed."""
    with selectors.DefaultSelector() as selector:
        for one in sockets:
            selector.register(one, selectors.EVENT_READ)
        selector.select(max(seconds, 0.0))
