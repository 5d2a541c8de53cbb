"""The README says what is true: every setting with its default, every command, every file it names."""

import re
from pathlib import Path

from pydantic.fields import FieldInfo

from responder.cli import build_parser
from responder.settings import PREFIX, MailboxSettings, Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows() -> list[str]:
    """The settings table as the README must have it."""
    found = [_row(PREFIX + name.upper(), field) for name, field in Settings.model_fields.items() if name != "mailboxes"]
    group = f"{PREFIX}MAILBOXES__<NAME>__"
    return found + [_row(group + name.upper(), field) for name, field in MailboxSettings.model_fields.items()]


def _row(name: str, field: FieldInfo) -> str:
    default = "required" if field.is_required() else field.default
    shown = "" if default in (None, "", ()) else f"`{default}`" if default != "required" else "required"
    return f"| `{name}` | {shown} | {field.description} |"


def test_the_settings_table_is_complete_and_true() -> None:
    """Every setting stands in the README with its default and meaning; a row too many is wrong too."""
    listed = [line for line in README.splitlines() if line.startswith("| `RESPONDER_")]
    assert listed == rows()


def test_every_command_is_named() -> None:
    """The README names every command there is."""
    commands = re.findall(r"^    (\w+) ", build_parser().format_help(), re.MULTILINE)
    assert "explain" in commands
    missing = [command for command in commands if f"responder {command}" not in README]
    assert missing == []


def test_every_file_named_is_there() -> None:
    """A path in the README leads somewhere."""
    named = re.findall(r"`((?:responder|classifier|templates|models|tests|docs|deploy|benchmarks)/[\w./-]+)`", README)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_example_settings_are_known() -> None:
    """Every variable in .env.example is a setting."""
    known = {row.split("`")[1].replace("<NAME>", "") for row in rows()}
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"#? ?(RESPONDER_\w+)=", line):
            name = re.sub(r"MAILBOXES__[A-Z]+__", "MAILBOXES____", match[1])
            assert name in known, line
