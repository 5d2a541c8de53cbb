"""`responder queue`: every verb, as a person uses it in a terminal and as a program reads it."""

import stat
import sys
from pathlib import Path

import pytest

from responder.core.lifecycle import MessageStage, ReplyStage
from responder.core.verdict import Effect, Finding
from responder.ports import Event
from tests.commands.conftest import Shell
from tests.servers.smtp_fault import FaultServer
from tests.system.installation import APPLY, DOMAIN, LAWYER, RENEWAL, SEATS, Installation, mail

HOSTILE = "\x1b]0;owned\x07 \x1b[2Jred\u202e \x9b31m"
CODE = "K7QX-93HD-LM2P-88ZT"


def encoded(words: str) -> str:
    """A subject as RFC 2047 writes it."""
    return f"=?utf-8?q?{''.join(f'={byte:02X}' for byte in words.encode())}?="


@pytest.fixture
def shell(shell: Shell) -> Shell:
    """The shell of somebody whose mailbox has something of every outcome, numbered from 1."""
    for raw in (
        mail("ana@uni.example", RENEWAL, subject="licence for next year"),
        mail("bob@college.example", SEATS),
        mail("eve@school.example", LAWYER, subject="notice"),
        mail("away@uni.example", "I am away.", "Auto-Submitted: auto-replied"),
    ):
        shell.ours.deliver(raw)
    shell.ours.work()
    return shell


ANSWERED, RECEIPT, HELD, IGNORED = "1", "2", "3", "4"


def stage(shell: Shell, number: str) -> MessageStage:
    """Where a message stands."""
    return shell.ours.app.review.get(int(number)).stage


def editor(folder: Path, text: str, status: int = 0) -> str:
    """An editor that writes this text over the file it is given."""
    script = folder / "editor"
    script.write_text(
        f"#!{sys.executable}\nimport pathlib, sys\n"
        f"file = pathlib.Path(sys.argv[1])\npathlib.Path({str(folder / 'seen')!r}).write_bytes(file.read_bytes())\n"
        f"pathlib.Path({str(folder / 'mode')!r}).write_text(oct(file.stat().st_mode))\n"
        f"pathlib.Path({str(folder / 'name')!r}).write_text(sys.argv[1])\n"
        f"file.write_text({text!r})\nsys.exit({status})\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return str(script)


# ------------------------------------------------------------------------------------------------------- reading


def test_list(shell: Shell) -> None:
    """What is held, oldest first, with sender, guess and reason; nothing else."""
    said = shell("queue", "list")
    assert said.status == 0
    assert "bob@college.example" in said.out
    assert said.out.index("bob@college.example") < said.out.index("eve@school.example")
    assert "Legal matter" in said.out
    assert "ana@uni.example" not in said.out
    assert [one["number"] for one in shell("queue", "list", "--json").json] == [2, 3]
    assert [one["number"] for one in shell("queue", "list", "--limit", "1", "--json").json] == [2]
    assert shell("queue", "list", "--mailbox", "startups", "--json").json == []
    assert "Nothing is held." in shell("queue", "list", "--mailbox", "startups").out


def test_the_json_of_a_list(shell: Shell) -> None:
    """One object a message, always with these keys."""
    (bob, eve) = shell("queue", "list", "--json").json
    assert set(bob) >= {
        "number", "mailbox", "stage", "from", "subject", "received_at",
        "intent", "confidence", "template", "reasons", "findings",
    }  # fmt: skip
    assert (bob["mailbox"], bob["stage"], bob["from"]) == ("education", "held", "bob@college.example")
    assert (bob["intent"], bob["template"]) == ("addon_request", "education/addon_request")
    assert eve["reasons"][0] == "Legal matter: a lawyer, claim or court is named"
    assert {"rule": "cue.legal", "effect": "hold", "detail": "lawyer"} in eve["findings"]


def test_show(shell: Shell) -> None:
    """Message, reasons, what to do, draft and history on one screen."""
    said = shell("queue", "show", HELD)
    assert said.status == 0
    for part in ("notice", "eve@school.example", "HELD", LAWYER, "Pass it on to the legal team", "triage: held"):
        assert part in said.out, part
    answered = shell("queue", "show", ANSWERED).out
    assert "automatic answer sent" in answered
    assert "ANSWERED" in answered
    assert "receipt sent" in shell("queue", "show", RECEIPT).out


def test_the_json_of_one(shell: Shell) -> None:
    """As in a list, and the text, the draft and the replies."""
    one = shell("queue", "show", ANSWERED, "--json").json
    assert one["text"].strip() == RENEWAL
    (reply,) = one["replies"]
    assert (reply["stage"], reply["automatic"], reply["template"]) == ("sent", True, "education/renewal")
    assert reply["sent_at"]
    assert shell("queue", "show", HELD, "--json").json["draft"] == ""


def test_ignored(shell: Shell) -> None:
    """Machine mail is listed apart."""
    assert [one["number"] for one in shell("queue", "ignored", "--json").json] == [4]
    assert "away@uni.example" in shell("queue", "ignored").out


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["from:ana@"], [1]),
        (["legal", "notice"], [3]),
        (["is:ignored"], [4]),
        (["reason:cue.legal"], [3]),
        (["intent:renewal"], [1]),
        (["to:bob"], [2]),
        (["nothing-like-this"], []),
        (["100%", "_"], []),
    ],
)
def test_find(shell: Shell, words: list[str], found: list[int]) -> None:
    """All mail is searched by words, sender, receiver, reason, intent and stage."""
    assert [one["number"] for one in shell("queue", "find", *words, "--json").json] == found


def test_there_is_no_such_message(shell: Shell) -> None:
    """A number that is none ends every verb with status 1 and a sentence."""
    verbs: list[list[str]] = [["show"], ["send"], ["edit"], ["dismiss"], ["restore"], ["arrived"]]
    for verb in verbs:
        said = shell("queue", *verb, "99")
        assert (said.status, said.out) == (1, ""), verb
        assert "there is no message 99" in said.err, verb
    assert shell("queue", "relabel", "99", "renewal").status == 1


# ------------------------------------------------------------------------------------------------------- deciding


def test_send_a_template(shell: Shell) -> None:
    """A template of one's choice goes out as a person's answer: no marks of a machine, one copy."""
    assert shell("queue", "send", HELD, "--template", "education/support").status == 0
    shell.ours.work()
    who, answer = shell.ours.sent[-1]
    assert who == "eve@school.example"
    assert answer["Subject"] == "Re: notice"
    assert "Auto-Submitted" not in answer
    assert answer["In-Reply-To"] == "<eve@school.example>"
    assert stage(shell, HELD) is MessageStage.ANSWERED
    again = shell("queue", "send", HELD, "--template", "education/support")
    assert again.status == 1
    assert "not held" in again.err


def test_send_without_words(shell: Shell) -> None:
    """Where no template fits and nothing was written there is nothing to send; a wrong name is told, too."""
    said = shell("queue", "send", HELD)
    assert said.status == 1
    assert f"queue edit {HELD}" in said.err
    assert shell("queue", "send", HELD, "--template", "education/none").status == 1
    assert stage(shell, HELD) is MessageStage.HELD


def test_send_the_draft_of_a_receipt(shell: Shell) -> None:
    """A message with a receipt gets its answer as a second reply with a Message-ID of its own."""
    shell.environment.setenv("EDITOR", editor(shell.ours.world.folder, "Re: our licence\n\nYou have 40 seats more."))
    assert shell("queue", "edit", RECEIPT).status == 0
    assert shell("queue", "send", RECEIPT).status == 0
    shell.ours.work()
    receipt, answer = (mail for who, mail in shell.ours.sent if who == "bob@college.example")
    assert receipt["Message-ID"] != answer["Message-ID"]
    assert b"You have 40 seats more." in shell.ours.sink.received[-1].data


def test_edit(shell: Shell) -> None:
    """$EDITOR gets the draft in a private file that is gone afterwards; what is saved is what is sent."""
    folder = shell.ours.world.folder
    shell.environment.setenv("EDITOR", editor(folder, "Re: your *notice*\n\nWe have it, **Eve**.\n"))
    assert shell("queue", "edit", HELD).status == 0
    assert (folder / "mode").read_text().endswith("600")
    assert not Path((folder / "name").read_text()).exists()
    assert "We have it, **Eve**." in shell("queue", "show", HELD).out
    assert shell("queue", "edit", HELD).out == "unchanged\n"
    assert (folder / "seen").read_text().strip() == "Re: your *notice*\n\nWe have it, **Eve**."
    assert shell("queue", "send", HELD).status == 0
    shell.ours.work()
    plain, html = (part.get_payload(decode=True).decode() for part in shell.ours.sent[-1][1].get_payload())
    assert "<strong>Eve</strong>" in html
    assert "Eve" in plain


def test_an_editor_that_fails(shell: Shell) -> None:
    """The draft stays as it was; a missing editor is named."""
    shell.environment.setenv("EDITOR", editor(shell.ours.world.folder, "Re: x\n\ny", status=1))
    assert shell("queue", "edit", HELD).status == 1
    assert shell.ours.app.review.get(int(HELD)).draft is None
    shell.environment.setenv("EDITOR", "no-such-editor")
    said = shell("queue", "edit", HELD)
    assert said.status == 1
    assert "no-such-editor" in said.err


def test_only_held_mail_is_edited(shell: Shell) -> None:
    """An answered message has no draft to write: the editor is not even opened."""
    shell.environment.setenv("EDITOR", editor(shell.ours.world.folder, "Re: x\n\ny"))
    said = shell("queue", "edit", ANSWERED)
    assert said.status == 1
    assert "not held" in said.err
    assert not (shell.ours.world.folder / "seen").exists()


def test_dismiss(shell: Shell) -> None:
    """Closed without an answer, with the reason and the person on record; a receipt still waiting is withdrawn."""
    assert shell("queue", "dismiss", HELD, "--why", "spam").status == 0
    assert stage(shell, HELD) is MessageStage.CLOSED
    assert "jo: dismissed spam" in shell("queue", "show", HELD).out
    assert shell("queue", "dismiss", HELD).status == 1
    assert shell("queue", "dismiss", ANSWERED).status == 1
    shell.ours.work()
    assert len(shell.ours.sent) == 2


def test_relabel(shell: Shell) -> None:
    """The right intent brings its template as the draft, and is kept to learn from."""
    said = shell("queue", "relabel", HELD, "renewal")
    assert said.status == 0
    assert "education/renewal" in said.out
    assert shell("queue", "show", HELD, "--json").json["draft"].startswith("Re: notice")
    with shell.ours.app.store.begin() as transaction:
        ((_, text, _, label),) = transaction.corrections()
    assert (text.strip(), label) == (LAWYER, "renewal")
    assert "no template fits" in shell("queue", "relabel", HELD, "other").out
    wrong = shell("queue", "relabel", HELD, "renewel")
    assert wrong.status == 1
    assert "new_application" in wrong.err


def test_restore(shell: Shell) -> None:
    """A person whom screening took for a machine is back in the queue, and can be answered."""
    assert shell("queue", "restore", IGNORED).status == 0
    assert stage(shell, IGNORED) is MessageStage.HELD
    assert "Brought back by jo" in shell("queue", "show", IGNORED).out
    assert shell("queue", "restore", IGNORED).status == 1
    assert shell("queue", "send", IGNORED, "--template", "education/support").status == 0
    shell.ours.work()
    assert shell.ours.sent[-1][0] == "away@uni.example"


def test_arrived(shell: Shell) -> None:
    """An unknown send that did arrive is settled by a person; without one there is nothing to settle."""
    with FaultServer() as server:
        ours = shell.ours
        ours.start(MAILBOXES__EDUCATION__SMTP_URL=f"smtp://127.0.0.1:{server.port}")
        ours.deliver(mail("lost-dot-kept@uni.example", APPLY))
        ours.work()
        (doubtful,) = (one for one in ours.messages() if one.id > int(IGNORED))
        assert doubtful.stage is MessageStage.HELD
        assert "Unknown if sent" in shell("queue", "list").out
        assert shell("queue", "arrived", str(doubtful.id)).status == 0
        assert [reply.stage for reply in ours.replies(doubtful)] == [ReplyStage.SENT]
        assert stage(shell, str(doubtful.id)) in {MessageStage.CLOSED, MessageStage.ANSWERED}
        ours.work()
        assert len(server.received) == 1
    assert shell("queue", "arrived", HELD).status == 1


# -------------------------------------------------------------------------------------------------------- safety


def test_coupon_codes_are_masked(shell: Shell) -> None:
    """No screen and no JSON shows a code that somebody has pasted, be it in the text or in the subject."""
    text = f"My coupon code {CODE} does not work, please send another one."
    shell.ours.deliver(mail("kim@uni.example", text, subject=f"coupon code {CODE}"))
    shell.ours.work()
    for arguments in (["list"], ["show", "5"], ["find", "from:kim"]):
        for form in ([], ["--json"]):
            said = shell("queue", *arguments, *form)
            assert said.status == 0
            assert CODE not in said.out, arguments + form
            assert "[code hidden]" in said.out, arguments + form


def test_hostile_words_on_a_terminal(shell: Shell) -> None:
    """Escape sequences and bidi overrides in subject, name and text come out as harmless letters, in JSON too."""
    raw = mail("eve@evil.example", f"lawyer {HOSTILE}", subject=encoded(HOSTILE))
    raw = raw.replace(b"From: Ana Costa", b"From: " + encoded(HOSTILE).encode())
    shell.ours.deliver(raw)
    shell.ours.work()
    for arguments in (["list"], ["show", "5"], ["find", "from:evil"]):
        for form in ([], ["--json"]):
            said = shell("queue", *arguments, *form).out
            assert said
            assert not {"\x1b", "\x07", "\x9b", "\u202e"}.intersection(said), arguments + form


def test_a_rule_of_an_older_version(shell: Shell, ours: Installation) -> None:
    """A record whose rule has no sentence any more is shown by its code."""
    with ours.app.store.begin() as transaction:
        event = Event(ours.now(), "jo", "noted")
        transaction.note(int(HELD), Finding("cue.legal-of-old", Effect.HOLD, "writ"), event)
    for arguments in (["list"], ["show", HELD]):
        assert shell("queue", *arguments).status == 0
    assert "cue.legal-of-old" in shell("queue", "show", HELD).out


def test_wrong_usage(shell: Shell) -> None:
    """A wrong verb or number is wrong usage: status 2."""
    for arguments in ([], ["lisst"], ["show"], ["show", "x"], ["find"]):
        assert shell("queue", *arguments).status == 2, arguments


def test_a_database_that_cannot_be_opened(shell: Shell, tmp_path: Path) -> None:
    """Status 1 and a sentence, no traceback."""
    (tmp_path / "folder.db").mkdir()
    shell.set(DATABASE_URL=f"sqlite:///{tmp_path / 'folder.db'}")
    said = shell("queue", "list")
    assert said.status == 1
    assert said.err.startswith("responder: The database")


def test_a_mailbox_that_is_not_configured_any_more(shell: Shell) -> None:
    """Its mail is still listed and shown; it cannot be answered, and that is said."""
    for name in shell.ours.world.environment:
        if "__EDUCATION__" in name:
            shell.environment.delenv(name)
    assert [one["number"] for one in shell("queue", "list", "--json").json] == [2, 3]
    assert shell("queue", "show", RECEIPT).status == 0
    said = shell("queue", "send", RECEIPT)
    assert said.status == 1
    assert "not configured" in said.err
    assert DOMAIN not in said.err
