"""A TCP proxy for line protocols (IMAP without TLS) that fails on demand: between a real client and a real server."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

_COMMAND = re.compile(rb"(?P<tag>[A-Za-z0-9.]+) (?:UID )?(?P<verb>[A-Za-z]+)")


class Fault(Enum):
    """What happens instead of the command."""

    CUT = "the connection is closed before the server sees the command"
    CUT_AFTER = "the server does it, the connection is closed before the answer comes back"
    BYE = "the client reads BYE, then the end"
    HOLE = "nothing passes in either direction any more, the connection stays open"
    NO = "the client reads a tagged NO, the server sees nothing"


@dataclass
class _Plan:
    verb: str
    fault: Fault
    nth: int
    times: int


@dataclass
class _Pair:
    client: socket.socket
    server: socket.socket
    hole: bool = False
    mute: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        for one in (self.client, self.server):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


class Proxy:
    """`with Proxy(port) as proxy: proxy.on("FETCH", Fault.CUT)`; connect to `proxy.port`."""

    def __init__(self, target: int, *, rewrite: Callable[[bytes], bytes] | None = None) -> None:
        """`rewrite` is applied to each line the server sends."""
        self._target = target
        self._rewrite = rewrite
        self._plans: list[_Plan] = []
        self._pairs: list[_Pair] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.delay = 0.0
        """Seconds before each command is passed on."""
        self.mute_new = False
        """Accept connections, but never let the server's greeting through."""
        self.before: Callable[[str], None] = lambda _command: None
        """Called with each command before it is passed on: whatever else happens at that very moment."""
        self.commands: list[str] = []
        """Every line the clients sent that looks like a command, without its tag."""

    def on(self, verb: str, fault: Fault, *, nth: int = 1, times: int = 1) -> None:
        """At the n-th such command from now on (FETCH stands for UID FETCH too, * for any), this many times."""
        self._plans.append(_Plan(verb, fault, nth, times))

    def mend(self) -> None:
        """No more faults."""
        self._plans.clear()

    def black_hole(self) -> None:
        """From now on nothing passes on the connections there are."""
        for pair in self._pairs:
            pair.hole = True

    def close_all(self) -> None:
        """Close the connections there are, as a server that is restarted."""
        for pair in self._pairs:
            pair.close()

    def say(self, line: bytes) -> None:
        """Put a line before the client, as if the server had said it."""
        for pair in self._pairs:
            with pair.lock, contextlib.suppress(OSError):
                pair.client.sendall(line + b"\r\n")

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.close_all()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                pair = _Pair(client, socket.create_connection(("127.0.0.1", self._target)))
                for one in (pair.client, pair.server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                pair.hole = self.mute_new
                self._pairs.append(pair)
                threading.Thread(target=self._up, args=[pair], daemon=True).start()
                threading.Thread(target=self._down, args=[pair], daemon=True).start()

    def _up(self, pair: _Pair) -> None:
        with contextlib.suppress(OSError, ValueError), pair.client.makefile("rb") as lines:
            for line in lines:
                self._pass_on(pair, line)
        pair.close()

    def _pass_on(self, pair: _Pair, line: bytes) -> None:
        time.sleep(self.delay)
        command = _COMMAND.match(line)
        fault = None
        if command is not None:
            self.commands.append(line[command.end("tag") + 1 :].decode("utf-8", "replace").strip())
            self.before(self.commands[-1])
            fault = self._due(command["verb"].decode().upper())
        match fault:
            case Fault.CUT:
                pair.close()
            case Fault.BYE:
                self._answer(pair, b"* BYE shutting down\r\n")
                pair.close()
            case Fault.NO:
                assert command is not None
                self._answer(pair, command["tag"] + b" NO [SERVERBUG] not today\r\n")
            case Fault.HOLE:
                pair.hole = True
            case Fault.CUT_AFTER:
                pair.mute = True
                pair.server.sendall(line)
            case None:
                if not pair.hole:
                    pair.server.sendall(line)

    def _due(self, verb: str) -> Fault | None:
        for plan in self._plans:
            if plan.times and plan.verb in ("*", verb):
                plan.nth -= 1
                if plan.nth <= 0:
                    plan.times -= 1
                    return plan.fault
        return None

    def _answer(self, pair: _Pair, line: bytes) -> None:
        with pair.lock:
            pair.client.sendall(line)

    def _down(self, pair: _Pair) -> None:
        with contextlib.suppress(OSError, ValueError), pair.server.makefile("rb") as lines:
            for line in lines:
                if pair.mute:
                    break
                if not pair.hole:
                    self._answer(pair, self._rewrite(line) if self._rewrite else line)
        if not pair.hole:
            pair.close()
