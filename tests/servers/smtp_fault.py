"""An SMTP server that fails on demand, and keeps what it accepted: that is what a sender must not get wrong.

A fault is planned for a command, or asked for by a recipient's local part: `451-rcpt@x`, `lost-dot-kept+7@x` (see
`BY_RECIPIENT`); everything else is accepted.
"""

import asyncio
import base64
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

from responder.core.endpoint import Endpoint, Secret, Security
from responder.demo.smtp_sink import Received

HOST = "127.0.0.1"
SECONDS = 10.0
LIMIT = 1 << 26
STEPS = ("CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "DOT", "RSET", "QUIT")


class Then(Enum):
    """What happens to the connection after the fault."""

    GO_ON = auto()
    CLOSE = auto()
    RESET = auto()
    HANG = auto()
    FLOOD = auto()
    """Say it again and again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """At a step, say something else than one should (or nothing), then go on or not."""

    at: str
    """One of STEPS. BODY is after its first bytes, DOT after the final one."""
    say: bytes = b""
    """Instead of the proper answer, its CRLF included."""
    then: Then = Then.GO_ON
    keep: bool = False
    """At the dot: the mail is kept all the same."""
    pace: float = 0.0
    """Seconds before each byte."""


def refuse(at: str, code: int, words: str = "not today") -> Fault:
    """An honest refusal; 421 closes the connection, as RFC 5321 section 3.8 wants."""
    return Fault(at, f"{code} {words}\r\n".encode(), Then.CLOSE if code == 421 else Then.GO_ON)


BY_RECIPIENT: Mapping[str, Fault] = {
    **{f"{code}-{at.lower()}": refuse(at, code) for code in (421, 451, 452, 554) for at in ("RCPT", "DATA", "DOT")},
    "lost-rcpt": Fault("RCPT", then=Then.CLOSE),
    "lost-data": Fault("DATA", then=Then.CLOSE),
    "lost-body": Fault("BODY", then=Then.RESET),
    "lost-dot": Fault("DOT", then=Then.RESET),
    "lost-dot-kept": Fault("DOT", then=Then.RESET, keep=True),
    "hang-dot": Fault("DOT", then=Then.HANG),
    "hang-dot-kept": Fault("DOT", then=Then.HANG, keep=True),
    "garbage-dot": Fault("DOT", b"\x00\xff?!\r\n"),
    "garbage-dot-kept": Fault("DOT", b"\x00\xff?!\r\n", keep=True),
}


class FaultServer:
    """`with FaultServer() as server: server.plan(refuse("MAIL", 451))`."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        accounts: Mapping[str, str] | None = None,
        extensions: Iterable[str] = ("PIPELINING", "8BITMIME"),
        per_session: int | None = None,
        once: bool = False,
        on_mail: Callable[[Received], None] | None = None,
    ) -> None:
        """`per_session` mails, then 452; `once`: a recipient's own fault happens to its first mail only.

        `on_mail` is called in the server's thread for each mail after its final dot, before the answer or the fault.
        """
        self._tls, self._accounts, self._extensions = tls, accounts or {}, tuple(extensions)
        self._per_session, self._once = per_session, once
        self.on_mail = on_mail
        self._planned: list[Fault] = []
        self._seen: set[str] = set()
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self.received: list[Received] = []
        """What was accepted, or kept without a word."""
        self.sessions = 0
        self.commands: list[str] = []
        """Every command line, in order of arrival."""
        self.port = 0

    def plan(self, *faults: Fault) -> None:
        """Each happens once, at the first such step from now on; several at one step happen one after another."""
        assert all(fault.at in STEPS for fault in faults)
        with self._lock:
            self._planned += faults

    def endpoint(self, user: str = "", security: Security = Security.PLAIN) -> Endpoint:
        """How to reach it."""
        return Endpoint("localhost" if self._tls else HOST, self.port, security, user, Secret(self._accounts.get(user)))

    def drop_connections(self) -> None:
        """Close every connection in an orderly way, as a server does with idle ones."""

        async def drop() -> None:
            for writer in self._writers:
                writer.close()
            await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)

        asyncio.run_coroutine_threadsafe(drop(), self._loop).result(SECONDS)

    def __enter__(self) -> Self:
        started: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=[started], name="fault-server", daemon=True)
        self._thread.start()
        self.port = started.result(SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS)

    def _run(self, started: "Future[int]") -> None:
        asyncio.set_event_loop(self._loop)
        serving = asyncio.start_server(self._serve, HOST, self.port, limit=LIMIT)
        server = self._loop.run_until_complete(serving)
        started.set_result(server.sockets[0].getsockname()[1])
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions += 1
        self._writers.add(writer)
        session = _Session(self, reader, writer)
        try:
            await session.talk()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError, _Over):
            pass
        finally:
            self._writers.discard(writer)
            with suppress(OSError, RuntimeError):
                writer.close()

    def due(self, step: str, recipient: str) -> Fault | None:
        """The fault of this step, if there is one."""
        with self._lock:
            for fault in self._planned:
                if fault.at == step:
                    self._planned.remove(fault)
                    return fault
            asked = BY_RECIPIENT.get(recipient.partition("@")[0].partition("+")[0])
            if asked is None or asked.at != step or (self._once and recipient in self._seen):
                return None
            self._seen.add(recipient)
            return asked

    def extensions(self, *, secure: bool) -> list[str]:
        """What EHLO announces."""
        tls = ["STARTTLS"] if self._tls and not secure else []
        auth = ["AUTH PLAIN LOGIN"] if self._accounts and (secure or not self._tls) else []
        return [*self._extensions, *tls, *auth]

    def knows(self, user: bytes, password: bytes) -> bool:
        """Whether this is one of the accounts."""
        return self._accounts.get(user.decode()) == password.decode()

    def full(self, mails: int) -> bool:
        """Whether a session has had its number of mails."""
        return self._per_session is not None and mails > self._per_session

    @property
    def tls(self) -> ssl.SSLContext | None:
        """For STARTTLS."""
        return self._tls


class _Over(Exception):  # noqa: N818 - no error, the end of a session
    """This session has ended."""


class _Session:
    """One dialogue."""

    def __init__(self, server: FaultServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._secure = False
        self._mails = 0
        self._sender = self._recipient = ""

    async def talk(self) -> None:
        await self._step("CONNECT", b"220 fault.example ESMTP\r\n")
        while line := await self._reader.readline():
            self._server.commands.append(line.decode("latin-1").strip())
            verb = line[:4].upper().strip()
            match verb:
                case b"EHLO":
                    await self._step("EHLO", self._greeting())
                case b"STAR":
                    await self._starttls()
                case b"AUTH":
                    await self._auth(line.split())
                case b"MAIL":
                    await self._mail(line)
                case b"RCPT":
                    self._recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                    await self._step("RCPT", b"250 2.1.5 fine\r\n")
                case b"DATA":
                    await self._data()
                case b"QUIT":
                    await self._step("QUIT", b"221 2.0.0 bye\r\n", then=Then.CLOSE)
                case b"RSET":
                    await self._step("RSET", b"250 2.0.0 fine\r\n")
                case _:
                    await self._say(b"500 5.5.1 what?\r\n")

    async def _step(self, at: str, proper: bytes, *, then: Then = Then.GO_ON) -> bool:
        """Say what is proper, or the fault due here; True when the proper thing was said."""
        fault = self._server.due(at, self._recipient)
        if fault is None:
            await self._say(proper)
            await self._end(then, b"")
            return True
        await self._say(fault.say, fault.pace)
        await self._end(fault.then, fault.say)
        return False

    async def _say(self, words: bytes, pace: float = 0.0) -> None:
        pieces = [words[i : i + 1] for i in range(len(words))] if pace else [words]
        for piece in pieces:
            if pace:
                await asyncio.sleep(pace)
            self._writer.write(piece)
            await self._writer.drain()

    async def _end(self, then: Then, words: bytes) -> None:
        match then:
            case Then.GO_ON:
                return
            case Then.CLOSE:
                self._writer.close()
            case Then.RESET:
                self._writer.transport.abort()
            case Then.HANG:
                await self._reader.read()
            case Then.FLOOD:
                while True:
                    await self._say(words)
        raise _Over

    def _greeting(self) -> bytes:
        lines = ["fault.example", *self._server.extensions(secure=self._secure)]
        return "".join(f"250{'-' if n < len(lines) else ' '}{line}\r\n" for n, line in enumerate(lines, 1)).encode()

    async def _starttls(self) -> None:
        context = self._server.tls
        if context is None:
            await self._say(b"502 5.5.1 no TLS here\r\n")
            return
        fault = self._server.due("STARTTLS", "")
        await self._say(fault.say if fault else b"220 2.0.0 go ahead\r\n")
        await self._end(fault.then if fault else Then.GO_ON, b"")
        if fault is None or fault.say.startswith(b"220"):
            await self._writer.start_tls(context)
            self._secure = True

    async def _auth(self, words: list[bytes]) -> None:
        if words[1].upper() == b"PLAIN":
            said = base64.b64decode(words[2]).split(b"\0")[1:]
        else:
            said = [base64.b64decode(words[2])] if len(words) > 2 else [await self._ask(b"Username:")]
            said.append(await self._ask(b"Password:"))
        known = self._server.knows(*said)
        await self._step("AUTH", b"235 2.7.0 welcome\r\n" if known else b"535 5.7.8 wrong\r\n")

    async def _ask(self, what: bytes) -> bytes:
        await self._say(b"334 " + base64.b64encode(what) + b"\r\n")
        return base64.b64decode(await self._reader.readline())

    async def _mail(self, line: bytes) -> None:
        self._mails += 1
        self._sender = line.partition(b"<")[2].partition(b">")[0].decode()
        self._recipient = ""
        full = self._server.full(self._mails)
        await self._step("MAIL", b"452 4.5.3 too many mails\r\n" if full else b"250 2.1.0 fine\r\n")

    async def _data(self) -> None:
        if not await self._step("DATA", b"354 go ahead\r\n"):
            return
        early = self._server.due("BODY", self._recipient)
        if early is not None:
            await self._reader.read(100)
            await self._say(early.say, early.pace)
            await self._end(early.then, early.say)
        stuffed = await self._reader.readuntil(b"\r\n.\r\n")
        mail = Received(self._sender, (self._recipient,), _unstuffed(stuffed))
        if self._server.on_mail is not None:
            self._server.on_mail(mail)
        fault = self._server.due("DOT", self._recipient)
        if fault is None or fault.keep:
            self._server.received.append(mail)
        await self._say(b"250 2.0.0 kept\r\n" if fault is None else fault.say, fault.pace if fault else 0.0)
        if fault is not None:
            await self._end(fault.then, fault.say)


def _unstuffed(data: bytes) -> bytes:
    lines = data.removesuffix(b".\r\n").split(b"\r\n")
    return b"\r\n".join(line.removeprefix(b".") for line in lines)
