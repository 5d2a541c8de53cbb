"""Settings: the environment over the file, every problem at once, no secret shown."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from responder.core.endpoint import Security
from responder.core.errors import SettingsError
from responder.core.mailbox import Mode
from responder.settings import load

GOOD = {
    "RESPONDER_MAILBOXES__EDUCATION__ADDRESS": "Education@Example.org",
    "RESPONDER_MAILBOXES__EDUCATION__PROGRAM": "education",
    "RESPONDER_MAILBOXES__EDUCATION__IMAP_URL": "imaps://edu%40example.org@imap.example.org/Shared%20Mail",
    "RESPONDER_MAILBOXES__EDUCATION__IMAP_PASSWORD": "s3cret-one",
    "RESPONDER_MAILBOXES__EDUCATION__SMTP_URL": "smtp+starttls://edu@smtp.example.org",
    "RESPONDER_MAILBOXES__EDUCATION__SMTP_PASSWORD": "s3cret-two",
}


def problems(**changes: str) -> list[str]:
    """The problems of the good settings with some changed."""
    with pytest.raises(SettingsError) as caught:
        load(environment={**GOOD, **changes})
    return caught.value.problems


def test_a_good_mailbox() -> None:
    """A complete group becomes a mailbox with endpoints and the documented defaults."""
    mailbox = load(environment=GOOD).mailboxes["education"]
    assert mailbox.address == "education@example.org"
    assert (mailbox.imap.host, mailbox.imap.port, mailbox.imap.security) == ("imap.example.org", 993, Security.TLS)
    assert (mailbox.imap.user, mailbox.imap.folder) == ("edu@example.org", "Shared Mail")
    assert (mailbox.smtp.port, mailbox.smtp.security) == (587, Security.STARTTLS)
    assert mailbox.mode is Mode.DRAFT
    assert mailbox.brake_per_hour == 30
    assert mailbox.cut_off(datetime(2026, 1, 2, tzinfo=UTC)) == datetime(2026, 1, 2, tzinfo=UTC)


def test_no_settings_are_fine() -> None:
    """Without any setting there are defaults and no mailbox: explain and templates work so."""
    settings = load(environment={})
    assert settings.mailboxes == {}
    assert settings.database_url == "sqlite:///var/responder.db"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A variable in both places has the environment's value."""
    file = tmp_path / "env"
    file.write_text("RESPONDER_STAFF_DOMAINS=file.example\nRESPONDER_CAP_THREAD=3\n")
    settings = load(file, {"RESPONDER_STAFF_DOMAINS": "One.example, two.example"})
    assert settings.staff_domains == ("one.example", "two.example")
    assert settings.cap_thread == 3


def test_a_missing_env_file_is_a_problem(tmp_path: Path) -> None:
    """A file that was named must be there."""
    with pytest.raises(SettingsError, match="there is no such file"):
        load(tmp_path / "nowhere", {})


def test_every_problem_at_once() -> None:
    """All that is wrong is told in one go, each line naming its variable."""
    found = problems(
        RESPONDER_CAP_THREAD="0",
        RESPONDER_NONSENSE="1",
        RESPONDER_MAILBOXES__EDUCATION__MODEE="auto",
        RESPONDER_MAILBOXES__STARTUPS__MODE="loud",
    )
    named = {line.partition(":")[0] for line in found}
    assert {
        "RESPONDER_CAP_THREAD",
        "RESPONDER_NONSENSE",
        "RESPONDER_MAILBOXES__EDUCATION__MODEE",
        "RESPONDER_MAILBOXES__STARTUPS__MODE",
        "RESPONDER_MAILBOXES__STARTUPS__ADDRESS",
        "RESPONDER_MAILBOXES__STARTUPS__IMAP_URL",
    } <= named
    assert any("did you mean MODE?" in line for line in found)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("IMAP_URL", "imaps://user:pw@imap.example.org", "holds a password"),
        ("IMAP_URL", "imap://user@imap.example.org", "in clear"),
        ("IMAP_URL", "pop3://user@imap.example.org", "starts with imaps://"),
        ("IMAP_URL", "imaps://imap.example.org", "names no user"),
        ("IMAP_URL", "imaps://user@imap.example.org:99999", "port"),
        ("SMTP_URL", "smtp://user@smtp.example.org", "in clear"),
        ("ADDRESS", "not an address", "is no mail address"),
        ("ANSWER_SINCE", "yesterday", "a date as 2026-11-01"),
        ("PROGRAM", "unknown", "is education, opensource or startups"),
        ("BRAKE_PER_HOUR", "many", "digits only"),
        ("IMAP_PASSWORD_FILE", "/nowhere/at/all", "cannot be read"),
    ],
)
def test_a_wrong_value_names_variable_and_cure(variable: str, value: str, says: str) -> None:
    """Each wrong value is told with its cure and without any password."""
    name = f"RESPONDER_MAILBOXES__EDUCATION__{variable}"
    changes = {name: value}
    if variable == "IMAP_PASSWORD_FILE":
        changes["RESPONDER_MAILBOXES__EDUCATION__IMAP_PASSWORD"] = ""
    found = problems(**changes)
    assert any(says in line for line in found), found
    assert "s3cret" not in "\n".join(found)
    assert ":pw@" not in "\n".join(found)


def test_plain_connections_are_for_loopback() -> None:
    """A password may cross an unprotected line only on this machine."""
    url = "imap://user@127.0.0.1:1143"
    mailbox = load(environment={**GOOD, "RESPONDER_MAILBOXES__EDUCATION__IMAP_URL": url}).mailboxes["education"]
    assert mailbox.imap.security is Security.PLAIN


def test_a_password_file(tmp_path: Path) -> None:
    """A password may lie in a file instead."""
    file = tmp_path / "password"
    file.write_text("from-file\n")
    changed = {**GOOD, "RESPONDER_MAILBOXES__EDUCATION__IMAP_PASSWORD": ""}
    changed["RESPONDER_MAILBOXES__EDUCATION__IMAP_PASSWORD_FILE"] = str(file)
    assert load(environment=changed).mailboxes["education"].imap.password == "from-file"


def test_secrets_are_never_shown() -> None:
    """Neither repr nor an endpoint's repr holds a password."""
    settings = load(environment={**GOOD, "RESPONDER_DATABASE_URL": "postgresql+psycopg://me:dbsecret@localhost/x"})
    shown = repr(settings) + repr(settings.mailboxes["education"].imap) + repr(settings.mailboxes["education"].smtp)
    assert "s3cret" not in shown
    assert "dbsecret" not in shown


def test_one_address_belongs_to_one_mailbox() -> None:
    """Two mailboxes cannot share an address: each mail has one owner."""
    other = {name.replace("EDUCATION", "OTHER"): value for name, value in GOOD.items()}
    with pytest.raises(SettingsError, match="belongs to both"):
        load(environment={**GOOD, **other})


def test_no_problem_hides_another() -> None:
    """Problems of single values, of a mailbox as a whole and of the program as a whole are told in the same run."""
    group = "RESPONDER_MAILBOXES__EDUCATION__"
    found = problems(
        **{
            "RESPONDER_DATABASE_URL": "mysql://x",
            "RESPONDER_TEMPLATES": "/nowhere/at/all",
            "RESPONDER_STAFF_DOMAINS": "foo bar",
            f"{group}IMAP_URL": "imaps://user:pw@imap.example.org",
            f"{group}SMTP_URL": "smtp://user@smtp.example.org",
            f"{group}SMTP_PASSWORD_FILE": "/nowhere/at/all",
            f"{group}BRAKE_PER_HOUR": "many",
            "RESPONDER_MAILBOXES__STARTUPS__PROGRAM": "unknown",
        }
    )
    named = {line.partition(":")[0] for line in found}
    assert {
        "RESPONDER_DATABASE_URL",
        "RESPONDER_TEMPLATES",
        "RESPONDER_STAFF_DOMAINS",
        f"{group}IMAP_URL",
        f"{group}SMTP_URL",
        f"{group}SMTP_PASSWORD_FILE",
        f"{group}BRAKE_PER_HOUR",
        "RESPONDER_MAILBOXES__STARTUPS__PROGRAM",
    } <= named


def test_both_passwords_are_missed_at_once() -> None:
    """A mailbox without any password hears of both."""
    group = "RESPONDER_MAILBOXES__EDUCATION__"
    found = problems(**{f"{group}IMAP_PASSWORD": "", f"{group}SMTP_PASSWORD": ""})
    assert {line.partition(":")[0] for line in found} == {f"{group}IMAP_PASSWORD", f"{group}SMTP_PASSWORD"}
