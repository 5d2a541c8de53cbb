"""`responder check`: one line for everything, and what to do where something fails."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from responder.core.endpoint import Secret
from responder.demo.imap_server import EmbeddedImap
from responder.demo.smtp_sink import EmbeddedSink
from tests.commands.conftest import Shell
from tests.servers.dovecot import Dovecot, free_port
from tests.system.installation import PASSWORD, Installation
from tests.system.world import ROOT, World


def states(shell: Shell) -> dict[str, str]:
    """What was checked, and how it ended."""
    said = shell("check", "--json")
    assert said.out, said.err
    return {one["what"]: one["state"] for one in replace(said, status=0).json}


def failing(shell: Shell) -> list[dict[str, str]]:
    """The lines that failed; the command answers 1."""
    said = shell("check", "--json")
    assert said.status == 1
    return [one for one in replace(said, status=0).json if one["state"] == "failed"]


def test_all_is_well(shell: Shell) -> None:
    """Status 0, a line each; that no Authentication-Results are checked is a warning with its cure."""
    said = shell("check")
    assert said.status == 0
    assert said.err == ""
    assert "FAIL" not in said.out
    assert "RESPONDER_MAILBOXES__EDUCATION__AUTHSERV_ID" in said.out
    assert states(shell) == {
        "settings": "ok",
        "database": "ok",
        "templates": "ok",
        "model": "ok",
        "education IMAP": "ok",
        "education SMTP": "ok",
        "education sender check": "warning",
        "education mode": "ok",
    }
    shell.set(MAILBOXES__EDUCATION__AUTHSERV_ID="mx.company.example")
    assert "education sender check" not in states(shell)


def test_nothing_is_left_behind(shell: Shell) -> None:
    """A check sends nothing and marks nothing."""
    shell("check")
    assert shell.ours.sent == []
    assert shell.ours.messages() == []


def test_a_wrong_password(shell: Shell) -> None:
    """It names the variable; the password is not shown, and everything else is still checked."""
    shell.set(MAILBOXES__EDUCATION__IMAP_PASSWORD="wr0ng-pass")
    (failed,) = failing(shell)
    assert failed["what"] == "education IMAP"
    assert "RESPONDER_MAILBOXES__EDUCATION__IMAP_URL" in failed["cure"]
    said = shell("check")
    assert "wr0ng-pass" not in said.out + said.err
    assert "ok    education SMTP" in said.out


def test_servers_that_are_away(shell: Shell) -> None:
    """Each of them has its line."""
    port = free_port()
    shell.set(
        MAILBOXES__EDUCATION__IMAP_URL=f"imap://education@127.0.0.1:{port}",
        MAILBOXES__EDUCATION__SMTP_URL=f"smtp://127.0.0.1:{port}",
    )
    assert [one["what"] for one in failing(shell)] == ["education IMAP", "education SMTP"]


def test_a_folder_that_is_not_there(shell: Shell) -> None:
    """A wrong folder in the URL is an error of the IMAP line."""
    port = shell.ours.imap.port
    shell.set(MAILBOXES__EDUCATION__IMAP_URL=f"imap://education@127.0.0.1:{port}/Nowhere")
    assert [one["what"] for one in failing(shell)] == ["education IMAP"]


@pytest.fixture
def templates(shell: Shell) -> Path:
    """A copy of the templates, in use."""
    folder = shell.ours.world.folder / "templates"
    shutil.copytree(ROOT / "templates", folder)
    shell.set(TEMPLATES=str(folder))
    return folder


def test_a_broken_template(shell: Shell, templates: Path) -> None:
    """File and line of what is wrong."""
    file = templates / "education" / "renewal.md"
    written = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([*written, "{{ nonsense }}"]), encoding="utf-8")
    (failed,) = failing(shell)
    assert failed["what"] == "templates"
    assert f"education/renewal.md:{len(written) + 1}" in failed["detail"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("policy.toml", "nonsense = !\n"), ("cues.toml", "= 1"), ("facts.toml", "\n\n[education\n")],
)
def test_broken_tables(shell: Shell, templates: Path, name: str, text: str) -> None:
    """A table nobody can read fails its own line with file and line; the servers are checked all the same."""
    with (templates / name).open("a", encoding="utf-8") as file:
        file.write(text)
    (failed,) = failing(shell)
    assert failed["what"] == "templates"
    assert failed["detail"].startswith(f"{name}:")
    assert failed["detail"].partition(":")[2].partition(":")[0].isdecimal()
    assert states(shell)["education SMTP"] == "ok"


def test_a_policy_row_that_names_no_template(shell: Shell, templates: Path) -> None:
    """A row whose template is not there is named."""
    (templates / "education" / "renewal.md").unlink()
    assert [one["detail"] for one in failing(shell)] == ["policy.toml: education/renewal is not there"]


def test_no_model(shell: Shell, tmp_path: Path) -> None:
    """Without a model everything is held: that is a failure with its cure."""
    (tmp_path / "none").mkdir()
    shell.set(MODELS=str(tmp_path / "none"))
    (failed,) = failing(shell)
    assert failed["what"] == "model"
    assert "responder train" in failed["cure"]


def test_no_mailbox(shell: Shell) -> None:
    """Settings without a mailbox are a warning that says how to begin."""
    for name in shell.ours.world.environment:
        if "__EDUCATION__" in name:
            shell.environment.delenv(name)
    assert states(shell)["settings"] == "warning"
    assert ".env.example" in shell("check").out


def test_a_database_that_cannot_be_opened(shell: Shell, tmp_path: Path) -> None:
    """Its line fails, the others are still there."""
    shell.set(DATABASE_URL=f"sqlite:///{tmp_path}")
    assert [one["what"] for one in failing(shell)] == ["database"]


@pytest.fixture
def poor(tmp_path: Path) -> Iterator[Installation]:
    """A server without a folder for sent mail that keeps no keywords."""
    with EmbeddedImap({"education": PASSWORD}, folders=(), keywords=False) as imap, EmbeddedSink() as sink:
        made = Installation(tmp_path, imap, sink)
        yield made
        made.close()


def test_a_poor_mailbox(
    poor: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the mailbox lacks is told, but is no failure."""
    shell = Shell(poor, monkeypatch, capsys)
    assert shell("check").status == 0
    found = states(shell)
    assert (found["education Sent"], found["education keywords"]) == ("warning", "warning")


def test_several_problems_at_once(shell: Shell) -> None:
    """Wrong settings are all told together, with status 2, and nothing is checked."""
    shell.set(CAP_THREAD="none", MAILBOXES__EDUCATION__MODE="autp", MAILBOXES__EDUCATION__PORT="1")
    said = shell("check")
    assert (said.status, said.out) == (2, "")
    for name in ("CAP_THREAD", "EDUCATION__MODE", "EDUCATION__PORT"):
        assert name in said.err


def test_once_with_a_wrong_password(tmp_path: Path) -> None:
    """`run --once` does not wait for a better password: status 1, and the log says whose login was refused."""
    with Dovecot() as dovecot, EmbeddedSink() as sink:
        wrong = replace(dovecot.endpoint("education"), password=Secret("wr0ng-pass"))
        world = World(tmp_path, {"education": wrong}, {"education": sink.endpoint()})
        done = world.command("run", "--once", timeout=60)
    assert done.returncode == 1
    assert "refuses the user name or password" in done.stderr
    assert "wr0ng-pass" not in done.stderr
