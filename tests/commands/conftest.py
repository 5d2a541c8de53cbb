"""The real commands in this process, on an installation whose database a real run has filled."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from responder.cli import main
from tests.system.installation import Installation, installed


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command said and answered."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output as JSON; a failed command has none."""
        assert self.status == 0, self.err
        return json.loads(self.out)


class Shell:
    """An operator's shell whose environment holds the settings of an installation."""

    def __init__(
        self, ours: Installation, environment: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]
    ) -> None:
        """Take over its settings."""
        self.ours, self.environment, self._captured = ours, environment, captured
        for name, value in ours.world.environment.items():
            environment.setenv(name, value)
        environment.chdir(ours.world.folder)

    def set(self, **settings: str) -> None:
        """Change settings, named without their prefix."""
        for name, value in settings.items():
            self.environment.setenv(f"RESPONDER_{name}", value)

    def __call__(self, *arguments: str) -> Ran:
        """Run `responder ...`."""
        self._captured.readouterr()
        try:
            status = main(arguments)
        except SystemExit as left:  # argparse's way
            status = int(str(left.code))
        said = self._captured.readouterr()
        return Ran(status, said.out, said.err)


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Installation]:
    """One mailbox, education, in auto mode."""
    with installed(tmp_path) as made:
        yield made


@pytest.fixture
def shell(ours: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The shell of its operator."""
    monkeypatch.setenv("USER", "jo")
    monkeypatch.setenv("LOGNAME", "jo")
    return Shell(ours, monkeypatch, capsys)
