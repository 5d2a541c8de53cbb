"""A mailbox on a real server, as the responder and as a person's mail program see it."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from responder.adapters.imap import ImapInbox
from responder.core.endpoint import Endpoint, Secret, Security

LONG_AGO = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)
SIZE_LIMIT = 20_000


def mail(name: str, *headers: str, body: str = "Hello") -> bytes:
    """A small message with the Message-ID <name@example.org>."""
    lines = [
        "From: Ada <ada@example.org>",
        "To: education@example.test",
        f"Message-ID: <{name}@example.org>",
        *headers,
        "",
        body,
        "",
    ]
    return "\r\n".join(lines).encode()


@dataclass(frozen=True)
class Account:
    """`endpoint` is tested; `desk` is where a person logs in, past any proxy."""

    endpoint: Endpoint
    desk: Endpoint

    def inbox(self, *, timeout: float = 10.0, idle: bool = True, **changes: object) -> ImapInbox:
        """The adapter on this account; `changes` alter the endpoint."""
        endpoint = replace(self.endpoint, **changes)
        return ImapInbox(endpoint, size_limit=SIZE_LIMIT, timeout=timeout, idle=idle)

    @contextmanager
    def person(self, folder: str | None = "INBOX") -> Iterator[IMAPClient]:
        """A person's mail program with a folder open."""
        context = ssl.create_default_context() if self.desk.security is Security.TLS else None
        client = IMAPClient(self.desk.host, self.desk.port, ssl=context is not None, ssl_context=context, timeout=10)
        try:
            client.login(self.desk.user, self.desk.password)
            if folder is not None:
                client.select_folder(folder)
            yield client
        finally:
            client.logout()

    def deliver(self, raw: bytes, *, at: datetime = LONG_AGO, folder: str = "INBOX", flags: Sequence[str] = ()) -> None:
        """Put a message there, by APPEND."""
        with self.person(None) as client:
            client.append(folder, raw, flags, at)

    def create(self, folder: str) -> None:
        """Make a folder unless it is there."""
        with self.person(None) as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)

    def flags(self, folder: str = "INBOX") -> dict[int, set[str]]:
        r"""The flags of each message, without \Recent."""
        with self.person(None) as client:
            client.select_folder(folder, readonly=True)
            found = client.get_flags(client.search())
        return {uid: {flag.decode() for flag in flags} - {"\\Recent"} for uid, flags in found.items()}

    def ids(self, folder: str) -> list[bytes]:
        """The Message-IDs in a folder, or none where there is no such folder."""
        with self.person(None) as client:
            try:
                client.select_folder(folder, readonly=True)
            except IMAPClientError:
                return []
            found = client.fetch(client.search(), ["ENVELOPE"])
        return [item[b"ENVELOPE"].message_id for _, item in sorted(found.items())]

    def through(self, port: int) -> "Account":
        """The same account, the adapter going through a proxy on this port."""
        return Account(replace(self.endpoint, port=port, security=Security.PLAIN), self.desk)

    def with_password(self, password: str) -> "Account":
        """The same account, the adapter using another password."""
        return Account(replace(self.endpoint, password=Secret(password)), self.desk)
