"""Installations on embedded servers and SQLite, for the services one by one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.system.installation import Installation, installed


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Installation]:
    """One mailbox, education, in auto mode."""
    with installed(tmp_path) as made:
        yield made


@pytest.fixture
def with_settings(tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    """Makes an installation with further settings of its mailbox (or caps)."""
    with ExitStack() as stack:

        def make(**chosen: str) -> Installation:
            group = "MAILBOXES__EDUCATION__"
            extra = {name if name.startswith("CAP_") else group + name: value for name, value in chosen.items()}
            return stack.enter_context(installed(tmp_path, **extra))

        yield make
