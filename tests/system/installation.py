"""A whole installation in this process: embedded servers, the real App, its stages stepped by the test.

What takes seconds to load and never changes (the shipped model and templates) is loaded once for all tests.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message as Mail
from functools import cache
from pathlib import Path

from responder.app import App
from responder.core.lifecycle import MessageStage
from responder.daemon import Line, utc_now
from responder.demo.imap_server import EmbeddedImap
from responder.demo.smtp_sink import EmbeddedSink
from responder.ports import Query, StoredMessage, StoredReply
from responder.settings import load
from tests.system.world import DOMAIN, World

RENEWAL = (
    "Our university's education licence ends in about two months. What do we have to do to renew it for another year?"
)
"""An ask that is surely answered, with education/renewal."""
APPLY = (
    "I am a lecturer at a university and would like to use your product in my course."
    " How do I apply for the education licence?"
)
"""Another, with education/new_application."""
SEATS = "Can we get 40 more seats added to our university's education subscription? We have 100 seats now."
"""An ask that gets a receipt and is held."""
LAWYER = "Our lawyer asks you to confirm receipt of this legal notice."
"""Mail that is held and gets nothing."""
PASSWORD = "secret"


def mail(
    sender: str,
    text: str,
    *headers: str,
    to: str = f"education@{DOMAIN}",
    subject: str = "our licence",
    message_id: str | None = None,
) -> bytes:
    """A plain mail; its Message-ID comes from the sender unless given ("" leaves it out)."""
    own = f"<{sender}>" if message_id is None else message_id
    fields = [
        f"Return-Path: <{sender}>",
        f"From: Ana Costa <{sender}>",
        f"To: {to}",
        f"Subject: {subject}",
        *([f"Message-ID: {own}"] if own else []),
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        *headers,
    ]
    return ("\r\n".join(fields) + f"\r\n\r\n{text}\r\n").replace("\r\n", "\n").replace("\n", "\r\n").encode()


@cache
def shipped() -> App:
    """An App without mailboxes, for its model and templates."""
    return App(load(environment={}))


class Installation:
    """Some mailboxes on embedded servers. `ahead` moves the clock of the whole program."""

    def __init__(
        self,
        folder: Path,
        imap: EmbeddedImap,
        sink: EmbeddedSink,
        *,
        names: Sequence[str] = ("education",),
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """`extra` are further settings, without the prefix."""
        self.imap, self.sink = imap, sink
        endpoints = {name: imap.endpoint(name) for name in names}
        self.world = World(folder, endpoints, dict.fromkeys(names, sink.endpoint()), extra=extra or {})
        self.ahead = timedelta(0)
        self.apps: list[App] = []
        self.app, self.lines = self.start()

    def start(self, **extra: str) -> tuple[App, dict[str, Line]]:
        """What a (re)start of the daemon makes, with these settings changed; the last one started is in use."""
        environment = self.world.environment | {f"RESPONDER_{name}": value for name, value in extra.items()}
        app = App(load(environment=environment), self.now)
        if app.settings.templates is None:
            app.templates = shipped().templates
        if app.settings.models is None:
            app.model = shipped().model
        self.apps.append(app)
        self.app = app
        self.lines = {name: app._line(name) for name in app.mailboxes}
        with app.store.begin() as transaction:
            for name in app.mailboxes:
                transaction.mailbox(name, app.clock())
        return self.app, self.lines

    def now(self) -> datetime:
        """The clock."""
        return utc_now() + self.ahead

    def deliver(self, raw: bytes, mailbox: str = "education", *, at: datetime | None = None) -> int:
        """New mail; its UID."""
        return self.imap.deliver(mailbox, raw, received_at=at)

    def work(self) -> None:
        """Everything there is to do: read, decide, send and file."""
        for line in self.lines.values():
            for step in (line.watch, line.decide, line.send):
                while step():
                    pass

    @contextmanager
    def running(self) -> Iterator[None]:
        """The real daemon, its stages in threads of their own."""
        daemon = self.app.daemon()
        daemon.start()
        try:
            yield
        finally:
            daemon.stop()

    def only(self, mailbox: str = "education") -> StoredMessage:
        """The one message of a mailbox."""
        (found,) = self.messages(mailbox)
        return found

    def messages(self, mailbox: str = "education", *stages: MessageStage) -> list[StoredMessage]:
        """Its messages, in order of arrival."""
        with self.app.store.begin() as transaction:
            return list(transaction.find(Query(stages, mailbox=mailbox, limit=1000, oldest_first=True)))

    def replies(self, stored: StoredMessage) -> list[StoredReply]:
        """A message's replies."""
        with self.app.store.begin() as transaction:
            return list(transaction.replies(stored.id))

    @property
    def sent(self) -> list[tuple[str, Mail]]:
        """(recipient, mail) of everything the sink has."""
        return [(one.recipients[0], message_from_bytes(one.data)) for one in self.sink.received]

    def flags(self, mailbox: str = "education") -> list[frozenset[str]]:
        """The flags of its messages in the INBOX, by UID."""
        return [flags for _, _, flags in sorted(self.imap.messages(mailbox))]

    def close(self) -> None:
        """Let go of servers and databases."""
        for line in self.lines.values():
            line.close()
        for app in self.apps:
            app.store.close()


@contextmanager
def installed(folder: Path, *names: str, **extra: str) -> Iterator[Installation]:
    """An installation on servers of its own."""
    chosen = names or ("education",)
    with EmbeddedImap(dict.fromkeys(chosen, PASSWORD)) as imap, EmbeddedSink() as sink:
        made = Installation(folder, imap, sink, names=chosen, extra=extra)
        try:
            yield made
        finally:
            made.close()


def rules(stored: StoredMessage) -> set[str]:
    """The rules that hit."""
    return {finding.rule for finding in stored.findings}
