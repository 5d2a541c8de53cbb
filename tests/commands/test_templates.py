"""`responder templates`: the whole set checked, one reply previewed."""

import json
import shutil
from pathlib import Path

import pytest

from tests.commands.conftest import Shell
from tests.system.installation import RENEWAL, mail
from tests.system.world import ROOT


@pytest.fixture
def folder(shell: Shell, tmp_path: Path) -> Path:
    """A copy of the shipped templates, in use."""
    copied = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", copied)
    shell.set(TEMPLATES=str(copied))
    return copied


def test_the_shipped_set_is_sound(shell: Shell) -> None:
    """Nothing to say against what ships: status 0."""
    said = shell("templates", "check")
    assert (said.status, said.err) == (0, "")
    assert "agree" in said.out
    assert shell("templates", "check", "--json").json == []


def test_everything_wrong_is_told(shell: Shell, folder: Path) -> None:
    """An unknown variable, a missing subject, a file no row names and a row without a file: each with file and line."""
    (folder / "education" / "renewal.md").write_text("subject: Re: x\n\nHello {{ frist_name }}\n")
    (folder / "education" / "support.md").write_text("Hello\n")
    (folder / "education" / "spare.md").write_text("subject: Re: x\n\nHello\n")
    (folder / "opensource" / "renewal.md").unlink()
    said = shell("templates", "check")
    assert said.status == 1
    for words in ("education/renewal.md:3", "education/support.md", "education/spare.md", "opensource/renewal"):
        assert words in said.out, words
    problems = json.loads(shell("templates", "check", "--json").out)
    assert all(set(one) == {"file", "line", "what"} for one in problems)
    assert {"education/renewal.md", "policy.toml"} <= {one["file"] for one in problems}


def test_a_table_that_cannot_be_read(shell: Shell, folder: Path) -> None:
    """A broken policy is told with its line, in JSON too, not only as an error."""
    (folder / "policy.toml").write_text("[sure]\nconfidence = \n")
    said = shell("templates", "check")
    assert (said.status, said.err) == (1, "")
    assert said.out.startswith("policy.toml:2")
    (problem,) = json.loads(shell("templates", "check", "--json").out)
    assert (problem["file"], problem["line"]) == ("policy.toml", 2)


def test_a_folder_that_is_not_there(shell: Shell, tmp_path: Path) -> None:
    """The setting is wrong: its variable and the folder are named."""
    shell.set(TEMPLATES=str(tmp_path / "nowhere"))
    said = shell("templates", "check")
    assert said.status == 2
    assert "RESPONDER_TEMPLATES: there is no folder" in said.err


def test_preview(shell: Shell, tmp_path: Path) -> None:
    """A template as the reply to a sample, or to a mail of one's own; as text or as HTML."""
    said = shell("templates", "preview", "education/renewal")
    assert said.status == 0
    assert said.out.startswith("Subject: Re: ")
    (tmp_path / "a.eml").write_bytes(mail("ana@uni.example", RENEWAL, subject="licence & <b>more</b>"))
    mine = shell("templates", "preview", "education/renewal", "--message", str(tmp_path / "a.eml"))
    assert "Subject: Re: licence & <b>more</b>" in mine.out
    html = shell("templates", "preview", "education/renewal", "--message", str(tmp_path / "a.eml"), "--html")
    assert "<p>" in html.out
    assert "<b>more" not in html.out.partition("\n")[2]


def test_previews_that_cannot_be(shell: Shell, tmp_path: Path) -> None:
    """A template or a file that is not there: status 1 and its name."""
    none = shell("templates", "preview", "education/none")
    assert (none.status, none.out) == (1, "")
    assert "education/none" in none.err
    outside = shell("templates", "preview", "../templates/education/renewal")
    assert outside.status == 1
    nowhere = shell("templates", "preview", "education/renewal", "--message", str(tmp_path / "no.eml"))
    assert nowhere.status == 1
    assert "no.eml" in nowhere.err


def test_a_hostile_mail_steers_no_terminal(shell: Shell, tmp_path: Path) -> None:
    """Whatever stands in the mail, the preview prints letters."""
    raw = mail("ana@uni.example", RENEWAL, subject="=?utf-8?q?=1B]0;owned=07_=C2=9B31m?=")
    (tmp_path / "a.eml").write_bytes(raw)
    said = shell("templates", "preview", "education/renewal", "--message", str(tmp_path / "a.eml"))
    assert said.status == 0
    assert not {"\x1b", "\x07", "\x9b"}.intersection(said.out)
