"""A whole installation for a test: settings in the environment, the command as a process, mail in, replies out."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Mail
from pathlib import Path
from typing import TYPE_CHECKING

from responder.core.endpoint import Endpoint, Security
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PROGRAMS = ("education", "opensource", "startups")
DOMAIN = "company.example"
SCHEMES = {Security.PLAIN: "", Security.STARTTLS: "+starttls", Security.TLS: "s"}


@dataclass(frozen=True)
class World:
    """Where the servers are and what else is set."""

    folder: Path
    imap: Mapping[str, Endpoint]
    """By mailbox."""
    smtp: Mapping[str, Endpoint]
    database: str = ""
    ca_file: Path | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    """Further settings, without the prefix."""

    @property
    def database_url(self) -> str:
        """SQLite in the folder unless another one is named."""
        return self.database or f"sqlite:///{self.folder / 'responder.db'}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings as variables; old mail may be answered, and the brake is out of the way."""
        values = {"RESPONDER_DATABASE_URL": self.database_url, "RESPONDER_STAFF_DOMAINS": DOMAIN}
        for name in self.imap:
            group = f"RESPONDER_MAILBOXES__{name.upper()}__"
            values |= {
                f"{group}ADDRESS": f"{name}@{DOMAIN}",
                f"{group}PROGRAM": name,
                f"{group}IMAP_URL": _url("imap", self.imap[name]),
                f"{group}IMAP_PASSWORD": str(self.imap[name].password),
                f"{group}SMTP_URL": _url("smtp", self.smtp[name]),
                f"{group}SMTP_PASSWORD": str(self.smtp[name].password),
                f"{group}MODE": "auto",
                f"{group}ANSWER_SINCE": "2020-01-01",
                f"{group}BRAKE_PER_HOUR": "1000",
            }
        return values | {f"RESPONDER_{name}": value for name, value in self.extra.items()}

    def command(self, *arguments: str, timeout: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run `responder ...` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "responder", *arguments],
            cwd=self.folder,
            env=self._process_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    @contextmanager
    def daemon(self) -> "Iterator[subprocess.Popen[bytes]]":
        """`responder run` in the background, ended by SIGTERM; its log is in the folder."""
        with (self.folder / "daemon.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "responder", "run"],
                cwd=self.folder,
                env=self._process_environment(),
                stdout=log,
                stderr=log,
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                    process.wait(60)

    @property
    def log(self) -> str:
        """What the background daemon has logged."""
        return (self.folder / "daemon.log").read_text(encoding="utf-8")

    def _process_environment(self) -> dict[str, str]:
        trust = {"SSL_CERT_FILE": str(self.ca_file)} if self.ca_file else {}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            **trust,
            **self.environment,
        }


def _url(kind: str, endpoint: Endpoint) -> str:
    user = f"{endpoint.user}@" if endpoint.user else ""
    folder = f"/{endpoint.folder}" if kind == "imap" else ""
    return f"{kind}{SCHEMES[endpoint.security]}://{user}{endpoint.host}:{endpoint.port}{folder}"


def mails(received: Sequence[bytes]) -> list[Mail]:
    """What arrived, parsed."""
    return [message_from_bytes(raw) for raw in received]


__all__ = ["DOMAIN", "PROGRAMS", "World", "mails", "wait_until"]
