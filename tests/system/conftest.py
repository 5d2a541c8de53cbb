"""Real servers for the whole-system tests: Dovecot, Postfix with STARTTLS and AUTH, and a sink behind it."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from responder.core.endpoint import Endpoint
from responder.demo.smtp_sink import EmbeddedSink
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import Postfix
from tests.system.world import PROGRAMS, World

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """The IMAP server; any user name is an account of its own."""
    with Dovecot() as server:
        yield server


@pytest.fixture
def sink() -> Iterator[EmbeddedSink]:
    """Where replies end."""
    with EmbeddedSink() as server:
        yield server


@pytest.fixture
def postfix(sink: EmbeddedSink) -> Iterator[Postfix]:
    """The submission server of the three mailboxes, which hands everything to the sink."""
    with Postfix(f"smtp:[127.0.0.1]:{sink.port}", dict.fromkeys(PROGRAMS, "smtp-secret")) as server:
        yield server


@pytest.fixture
def new_world(tmp_path: Path, dovecot: Dovecot, sink: EmbeddedSink) -> Callable[..., World]:
    """Makes worlds with fresh accounts on Dovecot; replies go straight to the sink unless another server is given."""

    def made(*names: str, smtp: Endpoint | None = None, **extra: str) -> World:
        number = next(_NUMBERS)
        chosen = names or PROGRAMS
        folder = tmp_path / f"world-{number}"
        folder.mkdir()
        return World(
            folder=folder,
            imap={name: dovecot.endpoint(f"{name}-{number}") for name in chosen},
            smtp=dict.fromkeys(chosen, smtp or sink.endpoint()),
            extra=extra,
        )

    return made
