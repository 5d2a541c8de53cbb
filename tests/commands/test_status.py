"""`responder status`: what an operator wants to know at a glance."""

from datetime import timedelta

from tests.commands.conftest import Shell
from tests.system.installation import LAWYER, RENEWAL, mail


def fill(shell: Shell) -> None:
    """One answered, two held, one ignored."""
    for number, raw in enumerate(
        (
            mail("ana@uni.example", RENEWAL),
            mail("eve@school.example", LAWYER),
            mail("kim@school.example", f"Once more: {LAWYER}"),
            mail("away@uni.example", "I am away.", "Auto-Submitted: auto-replied"),
        )
    ):
        shell.ours.deliver(raw, at=shell.ours.now() - timedelta(hours=5 - number))
    shell.ours.work()


def test_before_the_first_run(shell: Shell) -> None:
    """A configured mailbox is listed though nothing has been read yet."""
    facts = shell("status", "--json").json
    assert facts["mailboxes"]["education"]["polled_at"] is None
    assert set(facts["mailboxes"]["education"]["stages"].values()) == {0}
    assert facts["oldest_held"] is None
    said = shell("status")
    assert said.status == 0
    assert "nothing is held" in said.out


def test_after_a_run(shell: Shell) -> None:
    """Counts per stage, the outbox, the oldest held message and the last look at the server."""
    fill(shell)
    facts = shell("status", "--json").json
    stages = facts["mailboxes"]["education"]["stages"]
    assert {name: count for name, count in stages.items() if count} == {"answered": 1, "held": 2, "ignored": 1}
    assert facts["outbox"]["sent"] == 1
    assert facts["outbox"]["queued"] == 0
    assert facts["oldest_held"].startswith((shell.ours.now() - timedelta(hours=4)).strftime("%Y-%m-%dT%H"))
    assert facts["mailboxes"]["education"]["mode"] == "auto"
    assert facts["mailboxes"]["education"]["waiting_on_server"] == 0
    assert facts["mailboxes"]["education"]["last_error"] == ""
    said = shell("status").out
    assert "Outbox: 1 sent" in said
    assert "Oldest held: 4 h" in said
    assert "ok" in said


def test_a_paused_mailbox(shell: Shell) -> None:
    """Who paused it, and why."""
    shell("pause", "education", "--why", "we look")
    assert "PAUSED by jo: we look" in shell("status").out
    facts = shell("status", "--json").json["mailboxes"]["education"]
    assert (facts["pause_reason"], facts["paused_at"] is None) == ("we look", False)
    shell("resume", "education")
    assert "PAUSED" not in shell("status").out


def test_a_mailbox_that_is_not_configured_any_more(shell: Shell) -> None:
    """What lies in the database is counted whatever the settings say."""
    fill(shell)
    for name in shell.ours.world.environment:
        if "__EDUCATION__" in name:
            shell.environment.delenv(name)
    assert shell("status", "--json").json["mailboxes"]["education"]["mode"] is None
    assert "not configured" in shell("status").out


def test_broken_templates_are_no_hindrance(shell: Shell) -> None:
    """What an operator needs in trouble works without the templates: status, pause and resume."""
    folder = shell.ours.world.folder / "broken"
    folder.mkdir()
    shell.set(TEMPLATES=str(folder))
    for arguments in (["status"], ["pause", "education"], ["resume", "education"]):
        assert shell(*arguments).status == 0, arguments
