"""A small IMAP server in this process (pymap, pure Python), for `responder demo` and the tests: mail lives in memory.

It listens on loopback without TLS, keeps keywords, and knows IDLE, MOVE and UIDPLUS. It runs in a thread with an event
loop of its own; every public method may be called from any thread. Not for hostile mail: pymap's parser takes its time.
"""

import asyncio
import logging
import threading
from argparse import Namespace
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, Identity, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import ObjectId
from pymap.parsing.specials.flag import Flag, Wildcard
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import Cleartext

from responder.core.endpoint import Endpoint, Secret, Security

HOST = "127.0.0.1"
SECONDS = 10.0
"""How long starting, stopping and each request from outside may take."""
Result = TypeVar("Result")
logging.getLogger("pymap").setLevel(logging.WARNING)  # its debug lines hold mail and passwords


class EmbeddedImap:
    """`with EmbeddedImap({"education": "secret"}) as server: server.deliver("education", raw)`."""

    def __init__(self, users: Mapping[str, str], *, folders: Sequence[str] = ("Sent",), keywords: bool = True) -> None:
        """Users with their passwords; each gets INBOX and these folders. No `keywords`: only system flags are kept."""
        self._users = dict(users)
        self._folders = tuple(folders)
        self._keywords = keywords
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._mail: dict[str, MailboxSet] = {}
        self.port = 0
        """The free port it was given, from `start` on."""

    def start(self) -> Self:
        """Listen; returns when the port is open. Raises what kept it from starting."""
        started: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=[started], name="embedded-imap", daemon=True)
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

    def endpoint(self, user: str, folder: str = "INBOX") -> Endpoint:
        """How the responder reaches this user's mailbox."""
        return Endpoint(HOST, self.port, Security.PLAIN, user, Secret(self._users[user]), folder)

    def deliver(
        self,
        user: str,
        raw: bytes,
        *,
        received_at: datetime | None = None,
        folder: str = "INBOX",
        flags: Sequence[str] = (),
    ) -> int:
        """Put a message into a folder with its INTERNALDATE (default: now); its UID. Whoever is in IDLE is told."""
        when = received_at or datetime.now(UTC)
        message = AppendMessage(raw, when, frozenset(Flag(flag) for flag in flags))

        async def append() -> int:
            mailbox = await self._mail[user].get_mailbox(folder)
            return (await mailbox.append(message, recent=True)).uid

        return self._ask(append())

    def messages(self, user: str, folder: str = "INBOX") -> list[tuple[int, bytes, frozenset[str]]]:
        """(UID, raw, flags) of every message in a folder."""

        async def read() -> list[tuple[int, bytes, frozenset[str]]]:
            mailbox = await self._mail[user].get_mailbox(folder)
            return [
                (one.uid, bytes(one._content or b""), frozenset(map(str, one.permanent_flags)))  # noqa: SLF001
                async for one in mailbox.messages()
            ]

        return self._ask(read())

    def drop_connections(self) -> None:
        """Close every connection without a word, as a server that is restarted; the port stays open."""

        async def drop() -> None:
            for writer in self._connections:
                writer.transport.abort()

        self._ask(drop())

    def _ask(self, request: Coroutine[Any, Any, Result]) -> Result:
        if self._loop is None:
            request.close()
            raise RuntimeError("the embedded IMAP server is not running")
        return asyncio.run_coroutine_threadsafe(request, self._loop).result(SECONDS)

    def _run(self, started: "Future[int]") -> None:
        try:
            asyncio.run(self._serve(started))
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that starts us
            if not started.done():
                started.set_exception(error)

    async def _serve(self, started: "Future[int]") -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(_log_quietly)
        config = _Config(Namespace(passlib_cfg=None, proxy_protocol=None))
        config.apply_context()
        login = Login(config)
        for user, password in self._users.items():
            await self._add_user(login, user, password)
        serve = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(login, config))
        server = await asyncio.start_server(self._counted(serve), HOST, self.port)
        started.set_result(server.sockets[0].getsockname()[1])
        async with server:
            await self._stopping.wait()
            for writer in self._connections:
                writer.transport.abort()

    async def _add_user(self, login: Login, user: str, password: str) -> None:
        hashed = await Passwords(login.config).hash_password(password)
        await Identity(user, login, None, frozenset()).set(UserMetadata(login.config, user, password=hashed))
        self._mail[user] = mailboxes = _MailboxSet() if self._keywords else MailboxSet()
        for folder in self._folders:
            await mailboxes.add_mailbox(folder)
        login.config.set_cache[user] = (mailboxes, FilterSet())

    def _counted(self, serve: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """Remember the connections, so that they can be closed."""

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._connections = {one for one in self._connections if not one.is_closing()} | {writer}
            await serve(reader, writer)

        return connected


class _Config(Config):
    """Passwords in clear and no question to the name service: it is a toy, on loopback, in memory."""

    def __init__(self, args: Namespace) -> None:
        super().__init__(
            args,
            host=HOST,
            port=0,
            tls_enabled=False,
            demo_data=False,
            demo_user="",
            demo_password="",
            reject_dnsbl=False,
            hash_context=Cleartext(),
            cpu_subsystem=Subsystem.for_asyncio(),
            invalid_user_sleep=0.0,
        )

    @property
    def greeting(self) -> bytes:
        return b"embedded server ready"


class _KeywordMailbox(MailboxData):
    """pymap's in-memory folder keeps system flags only and says OK to the rest; with the wildcard it keeps all."""

    @property
    def permanent_flags(self) -> frozenset[Flag]:
        return super().permanent_flags | {Wildcard}


class _MailboxSet(MailboxSet):
    """A user's folders, each keeping keywords."""

    def __init__(self) -> None:
        super().__init__()
        self._inbox = self._made()

    async def add_mailbox(self, name: str) -> ObjectId:
        async with self._set_lock.write_lock():
            if name in self._set:
                raise ValueError(name)
            self._set[name] = made = self._made()
            return made.mailbox_id

    def _made(self) -> MailboxData:
        return _KeywordMailbox(self._content_cache, self._thread_cache)


def _log_quietly(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A client that goes away in mid-sentence is no error of this program."""
    logging.getLogger(__name__).debug("embedded IMAP server: %s", context.get("message"))
