"""An SMTP server in this process (aiosmtpd) that keeps what it gets, for `responder demo` and the tests.

It listens on loopback, asks for no password and sends nothing on. It runs in a thread with an event loop of its own;
`start`, `stop` and `received` may be used from any thread.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, NamedTuple, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from responder.core.endpoint import Endpoint, Security

HOST = "127.0.0.1"
SECONDS = 10.0
"""How long starting and stopping may take."""


class Received(NamedTuple):
    """One mail as it came over the wire: dots unstuffed, line ends as they were."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes


class EmbeddedSink:
    """`with EmbeddedSink() as sink: ...; sink.received`."""

    def __init__(self, on_message: Callable[[Received], None] | None = None, **options: Any) -> None:  # noqa: ANN401 - aiosmtpd's
        """`on_message` runs in the server's thread before the mail is accepted; `options` go to aiosmtpd's SMTP."""
        self._on_message = on_message
        self._options = {"hostname": "sink.example", "enable_SMTPUTF8": True} | options
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._connections: set[asyncio.BaseTransport] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self.port = 0
        """The free port it was given, from `start` on."""
        self.sessions = 0
        """Connections so far."""

    @property
    def received(self) -> list[Received]:
        """Everything accepted so far, in order; a copy."""
        with self._lock:
            return list(self._received)

    def start(self) -> Self:
        """Listen (again on the same port after a stop); returns when the port is open. Raises what kept it from it."""
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # it would log every line of the dialogue
        started: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=[started], name="embedded-sink", daemon=True)
        self._thread.start()
        self.port = started.result(SECONDS)
        return self

    def stop(self) -> None:
        """Close every connection and the port; may be called twice."""
        loop, self._loop = self._loop, None
        if loop is not None and self._stopping is not None and self._thread is not None:
            with suppress(RuntimeError):  # the loop is closed already
                loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(SECONDS)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def endpoint(self) -> Endpoint:
        """How the responder reaches it."""
        return Endpoint(HOST, self.port, Security.PLAIN)

    def drop_connections(self) -> None:
        """Close every connection without a word, as a server does with idle ones; the port stays open."""
        loop = self._loop
        if loop is None:
            raise RuntimeError("the embedded SMTP sink is not running")
        asyncio.run_coroutine_threadsafe(self._drop(), loop).result(SECONDS)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep it; aiosmtpd calls this after the final dot."""
        data = envelope.content
        raw = data if isinstance(data, bytes) else (data or "").encode()
        sender = (envelope.mail_from or "").removeprefix("<>")  # aiosmtpd's way to write the null path
        mail = Received(sender, tuple(envelope.rcpt_tos), raw)
        if self._on_message is not None:
            self._on_message(mail)
        with self._lock:
            self._received.append(mail)
        return "250 2.0.0 kept"

    def _run(self, started: "Future[int]") -> None:
        try:
            asyncio.run(self._serve(started))
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that starts us
            if not started.done():
                started.set_exception(error)

    async def _serve(self, started: "Future[int]") -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(self._session, HOST, self.port)
        started.set_result(server.sockets[0].getsockname()[1])
        async with server:
            await self._stopping.wait()
            await self._drop()

    def _session(self) -> SMTP:
        self.sessions += 1
        return _Session(self, **self._options)

    def note(self, connection: asyncio.BaseTransport) -> None:
        """Remember a connection, so that it can be closed; the session calls this."""
        self._connections = {one for one in self._connections if not one.is_closing()} | {connection}

    async def _drop(self) -> None:
        for connection in self._connections:
            if isinstance(connection, asyncio.WriteTransport):
                connection.abort()


class _Session(SMTP):
    def __init__(self, sink: EmbeddedSink, **options: Any) -> None:  # noqa: ANN401 - aiosmtpd's
        super().__init__(sink, **options)
        self._sink = sink

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._sink.note(transport)
