"""The command line: quick help, clear errors, documented exit statuses."""

import subprocess
import sys
from pathlib import Path

import pytest

from responder.cli import build_parser, main


def run(*arguments: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The command as a process of its own."""
    root = str(Path(__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-m", "responder", *arguments],
        cwd=cwd,
        env={"PYTHONPATH": root, "PATH": "/usr/bin:/bin", "HOME": str(cwd), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_help_imports_nothing_heavy() -> None:
    """`--help` stays quick because no library but the standard one is loaded for it."""
    heavy = "{'sklearn', 'numpy', 'sqlalchemy', 'jinja2', 'pydantic', 'rich', 'imapclient', 'alembic', 'onnxruntime'}"
    code = (
        f"import sys; from responder.cli import build_parser as b; b().format_help(); print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_command_has_a_module_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command's help teaches it, and the module it names can be imported."""
    parser = build_parser()
    with pytest.raises(SystemExit):
        parser.parse_args(["queue", "list", "--help"])
    assert "oldest first" in capsys.readouterr().out


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Called with nothing it teaches and answers 2."""
    assert main([]) == 2
    assert "responder demo" in capsys.readouterr().out


def test_wrong_settings_stop_everything(tmp_path: Path) -> None:
    """All problems at once on standard error, exit status 2, and nothing was started."""
    done = run("run", cwd=tmp_path, RESPONDER_CAP_THREAD="none", RESPONDER_MAILBOXES__A__MODE="auto")
    assert done.returncode == 2
    assert "RESPONDER_CAP_THREAD" in done.stderr
    assert "RESPONDER_MAILBOXES__A__IMAP_URL" in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_run_without_a_mailbox_says_what_to_do(tmp_path: Path) -> None:
    """A daemon without mailboxes is a wrong setting, not an idle process."""
    done = run("run", cwd=tmp_path)
    assert done.returncode == 2
    assert ".env.example" in done.stderr
