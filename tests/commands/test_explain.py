"""`responder explain`: the JSON is a contract, held key by key; what it says is what the daemon does."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from classifier.prediction import Intent, Program
from responder.demo.samples import samples
from tests.commands.conftest import Shell
from tests.system.installation import APPLY, DOMAIN, LAWYER, RENEWAL, SEATS, installed, mail
from tests.system.world import PROGRAMS, ROOT

KEYS = {
    "path", "from", "subject", "date", "text", "full_text", "may_reply", "program", "intent", "confidence",
    "runner_up", "disposition", "template", "findings", "reasons", "evidence",
}  # fmt: skip
OUTCOMES = {"reply", "acknowledge", "hold", "ignore"}


@pytest.fixture
def bare(shell: Shell) -> Shell:
    """A shell without any setting."""
    for name in list(os.environ):
        if name.startswith("RESPONDER_"):
            shell.environment.delenv(name)
    return shell


def explained(shell: Shell, *arguments: str, status: int = 0) -> list[dict[str, Any]]:
    """One object a line, and nothing else on standard output."""
    said = shell("explain", "--json", *arguments)
    assert said.status == status, said.err
    return [json.loads(line) for line in said.out.splitlines()]


def written(folder: Path, name: str, raw: bytes) -> str:
    """A file with a mail."""
    (folder / name).write_bytes(raw)
    return str(folder / name)


def check_shape(one: dict[str, Any]) -> None:
    """All keys, each of its type."""
    assert set(one) == KEYS
    for key in ("path", "subject", "text", "full_text"):
        assert isinstance(one[key], str), key
    for key in ("from", "date", "template"):
        assert one[key] is None or isinstance(one[key], str), key
    assert isinstance(one["may_reply"], bool)
    assert one["program"] in set(Program)
    assert one["disposition"] in OUTCOMES
    assert (one["intent"] is None) == (one["confidence"] is None) == (one["runner_up"] is None)
    if one["intent"] is not None:
        assert {one["intent"], one["runner_up"]} <= set(Intent)
        assert 0 <= one["confidence"] <= 1
    assert (one["template"] is not None) == (one["disposition"] in {"reply", "acknowledge"})
    for finding in one["findings"]:
        assert set(finding) == {"rule", "effect", "detail"}
        assert finding["effect"] in {"ignore", "hold", "variant"}
    assert all(isinstance(reason, str) and reason for reason in one["reasons"])
    for evidence in one["evidence"]:
        assert set(evidence) == {"text", "weight"}
        assert isinstance(evidence["weight"], float)


def test_one_mail_key_by_key(bare: Shell, tmp_path: Path) -> None:
    """Sender, subject, date in UTC, new text and whole text, guess, decision, reasons and evidence."""
    raw = mail(
        "Ana@Uni.example",
        f"{RENEWAL}\n\nOn Monday, Bob wrote:\n> an older question\n",
        "Date: Mon, 16 Nov 2026 10:30:00 +0200",
        to="education@anything.example",
        subject="=?utf-8?q?Licence_f=C3=BCr_uns?=",
    )
    path = written(tmp_path, "ana.eml", raw)
    (one,) = explained(bare, path)
    check_shape(one)
    assert one["path"] == path
    assert one["from"].lower() == "ana@uni.example"
    assert one["subject"] == "Licence für uns"
    assert datetime.fromisoformat(one["date"]) == datetime(2026, 11, 16, 8, 30, tzinfo=UTC)
    assert one["date"].endswith(("Z", "+00:00"))
    assert one["text"].strip() == RENEWAL
    assert "an older question" in one["full_text"]
    assert (one["program"], one["intent"], one["disposition"]) == ("education", "renewal", "reply")
    assert one["template"] == "education/renewal"
    assert one["may_reply"] is True
    assert one["evidence"]


@pytest.mark.parametrize(
    ("text", "headers", "disposition", "may_reply"),
    [
        (RENEWAL, [], "reply", True),
        (SEATS, [], "acknowledge", True),
        (LAWYER, [], "hold", True),
        ("I am away.", ["Auto-Submitted: auto-replied"], "ignore", False),
        (RENEWAL, ["X-Auto-Response-Suppress: All"], "hold", False),
    ],
)
def test_dispositions(
    bare: Shell, tmp_path: Path, text: str, headers: list[str], disposition: str, *, may_reply: bool
) -> None:
    """The four outcomes; `may_reply` is false for machine mail, parked or held."""
    (one,) = explained(bare, written(tmp_path, "a.eml", mail("ana@uni.example", text, *headers)))
    check_shape(one)
    assert (one["disposition"], one["may_reply"]) == (disposition, may_reply)


ODD = {
    "empty": b"",
    "no header": b"hello there",
    "only a header": b"From: ana@uni.example\r\n",
    "binary": bytes(range(256)) * 40,
    "bad charset": b"From: a@b.example\r\nContent-Type: text/plain; charset=klingon\r\n\r\n\xff\xfe\r\n",
    "broken multipart": b"From: a@b.example\r\nContent-Type: multipart/mixed\r\n\r\nno boundary\r\n",
    "surrogates": "From: a@b.example\r\nSubject: \udcff\r\n\r\n\udcff\r\n".encode(errors="surrogateescape"),
}


def test_broken_and_empty_mail(bare: Shell, tmp_path: Path) -> None:
    """Every input gives an object with all keys; broken mail is a person's matter, never answered."""
    paths = [written(tmp_path, f"{name}.eml", raw) for name, raw in ODD.items()]
    found = explained(bare, *paths)
    assert [one["path"] for one in found] == paths
    for one in found:
        check_shape(one)
        assert one["disposition"] == "hold", one["path"]
        assert one["may_reply"] is True, one["path"]
        assert one["reasons"], one["path"]


def test_names_that_are_not_utf8(bare: Shell, tmp_path: Path) -> None:
    """The path comes back byte for byte."""
    names = [b"caf\xe9.eml", b" spaced .eml", "ü.eml".encode(), b'q"uo\\te.eml', b"new\nline.eml", b"cr.eml\r"]
    paths = [written(tmp_path, os.fsdecode(name), mail("ana@uni.example", RENEWAL)) for name in names]
    found = explained(bare, *paths)
    assert [os.fsencode(one["path"]) for one in found] == [os.fsencode(path) for path in paths]


def test_files_that_cannot_be_opened(bare: Shell, tmp_path: Path) -> None:
    """Each gives path and error in its place, the others are explained, and the status is 1 at the end."""
    good = written(tmp_path, "good.eml", mail("ana@uni.example", RENEWAL))
    found = explained(bare, good, "/nowhere/x.eml", str(tmp_path), good, status=1)
    assert [set(one) == KEYS for one in found] == [True, False, False, True]
    assert found[1] == {"path": "/nowhere/x.eml", "error": "No such file or directory"}
    assert set(found[2]) == {"path", "error"}


class Stdin(TextIOWrapper):
    """Standard input with these bytes."""

    def __init__(self, raw: bytes) -> None:
        """Take them."""
        super().__init__(BytesIO(raw))


def test_paths_from_standard_input(bare: Shell, tmp_path: Path) -> None:
    """`-` reads one path a line, in its place among the others; no path is trimmed."""
    good = written(tmp_path, "good.eml", mail("ana@uni.example", RENEWAL))
    odd = os.fsencode(written(tmp_path, os.fsdecode(b"\xff .eml"), mail("bob@uni.example", SEATS)))
    listed = b"\n".join([os.fsencode(good), odd, b"", b"a\0b", os.fsencode(good)])
    bare.environment.setattr(sys, "stdin", Stdin(listed))
    found = explained(bare, good, "-", good, status=1)
    assert [os.fsencode(one["path"]) for one in found] == [
        os.fsencode(good),
        os.fsencode(good),
        odd,
        b"",
        b"a\0b",
        os.fsencode(good),
        os.fsencode(good),
    ]
    assert ["error" in one for one in found] == [False, False, False, True, True, False, False]


def test_each_line_comes_as_soon_as_it_is_decided(tmp_path: Path) -> None:
    """Another program may ask, read and ask again through one pipe; nothing else is on standard output."""
    path = written(tmp_path, "a.eml", mail("ana@uni.example", RENEWAL))
    process = subprocess.Popen(
        [sys.executable, "-m", "responder", "explain", "--json", "-"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for _ in range(2):
        process.stdin.write(os.fsencode(path) + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["path"] == path
    rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, b""), errors
    assert not list(tmp_path.glob("*.db"))


def test_the_mailbox_is_found(bare: Shell, tmp_path: Path) -> None:
    """The program of the To address's local part; `--mailbox` overrules it; else what the text says."""
    path = written(tmp_path, "a.eml", mail("ana@uni.example", APPLY, to="startups@company.example"))
    nowhere = written(tmp_path, "b.eml", mail("ana@uni.example", APPLY, to="hello@company.example"))
    (addressed,) = explained(bare, path)
    (named,) = explained(bare, "--mailbox", "education", path)
    (from_text,) = explained(bare, nowhere)
    assert named["program"] == "education"
    assert from_text["program"] == "education"
    assert {finding["rule"] for finding in from_text["findings"]} >= {"route.not-ours"}
    assert {finding["rule"] for finding in addressed["findings"]} & {"route.not-ours"} == set()
    said = bare("explain", "--json", "--mailbox", "nowhere", path)
    assert (said.status, said.out) == (1, "")
    assert "education" in said.err


def test_settings_that_are_present_apply(shell: Shell, tmp_path: Path) -> None:
    """Configured mailboxes and staff domains count, the mode does not; no server and no database is touched."""
    shell.ours.imap.stop()
    shell.set(
        MAILBOXES__EDUCATION__MODE="draft", STAFF_DOMAINS="staff.example", DATABASE_URL=f"sqlite:///{tmp_path}/new.db"
    )
    ours = written(tmp_path, "a.eml", mail("ana@uni.example", RENEWAL))
    colleague = written(tmp_path, "b.eml", mail("jo@staff.example", RENEWAL))
    ourselves = written(tmp_path, "c.eml", mail(f"education@{DOMAIN}", RENEWAL))
    found = explained(shell, ours, colleague, ourselves)
    assert [one["disposition"] for one in found] == ["reply", "hold", "ignore"]
    assert not (tmp_path / "new.db").exists()


def test_an_absent_return_path_is_not_the_null_one(bare: Shell, tmp_path: Path) -> None:
    """A saved mail often has none; only <> speaks of a machine."""
    raw = mail("ana@uni.example", RENEWAL)
    without = written(tmp_path, "a.eml", raw.replace(b"Return-Path: <ana@uni.example>\r\n", b""))
    null = written(tmp_path, "b.eml", raw.replace(b"<ana@uni.example>\r\nFrom", b"<>\r\nFrom"))
    assert [one["disposition"] for one in explained(bare, without, null)] == ["reply", "ignore"]


def test_no_model(bare: Shell, tmp_path: Path) -> None:
    """Without a model the guess is null, and everything but machine mail is held."""
    (tmp_path / "none").mkdir()
    bare.set(MODELS=str(tmp_path / "none"))
    (one,) = explained(bare, written(tmp_path, "a.eml", mail("ana@uni.example", RENEWAL)))
    check_shape(one)
    assert one["intent"] is None
    assert one["disposition"] == "hold"
    assert "model.missing" in {finding["rule"] for finding in one["findings"]} or any(
        "No model" in reason for reason in one["reasons"]
    )


def test_for_people(bare: Shell, tmp_path: Path) -> None:
    """A few readable lines; escape sequences in a mail steer no terminal; a missing file is told on stderr."""
    raw = mail("ana@uni.example", LAWYER, subject="=?utf-8?q?=1B]0;owned=07_=E2=80=AEhello?=")
    said = bare("explain", written(tmp_path, "a.eml", raw), "/nowhere/x.eml")
    assert said.status == 1
    assert "HOLD" in said.out
    assert "Legal matter" in said.out
    assert not {"\x1b", "\x07", "\u202e"}.intersection(said.out + said.err)
    assert "/nowhere/x.eml" in said.err


HISTORY = {"second mail of one person"}
"""Samples about which more than the mail itself decides."""


def test_what_is_explained_is_what_is_done(tmp_path: Path, bare: Shell) -> None:
    """Every sample of the demo: the daemon in auto mode decides as `explain` says, unless history speaks."""
    paths: dict[str, list[str]] = {name: [] for name in PROGRAMS}
    folder = tmp_path / "all"
    folder.mkdir()
    with installed(folder, *PROGRAMS) as ours:
        for sample in samples(datetime(2026, 11, 16, 9, 0, tzinfo=UTC)):
            if sample.kind not in HISTORY:
                paths[sample.mailbox].append(written(folder, sha256(sample.raw).hexdigest(), sample.raw))
                ours.deliver(sample.raw, sample.mailbox)
        ours.work()
        for name, value in ours.world.environment.items():
            bare.environment.setenv(name, value)
        done = {one.message.fingerprint: one for name in PROGRAMS for one in ours.messages(name)}
    for name in PROGRAMS:
        for one in explained(bare, "--mailbox", name, *paths[name]):
            stored = done[Path(one["path"]).name]
            said = "answer" if one["disposition"] == "reply" else one["disposition"]
            assert said == stored.disposition, one
            assert one["template"] in {None, stored.template}, one
