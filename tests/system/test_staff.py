"""Operators and staff around the daemon: their own mail programs, modes, limits, edited files."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from imapclient import IMAPClient

from responder.cli import main
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.demo.imap_server import EmbeddedImap
from responder.demo.smtp_sink import EmbeddedSink
from responder.ports import StoredMessage
from tests.adapters.imap.accounts import Account
from tests.servers.dovecot import Dovecot
from tests.system.installation import (
    DOMAIN,
    LAWYER,
    PASSWORD,
    RENEWAL,
    SEATS,
    Installation,
    installed,
    mail,
    rules,
)
from tests.system.world import ROOT, World
from tests.waiting import wait_until


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Installation]:
    """One mailbox in auto mode."""
    with installed(tmp_path) as made:
        yield made


@pytest.fixture
def with_settings(tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    """Makes an installation with further settings of its mailbox."""
    with EmbeddedImap({"education": PASSWORD}) as imap, EmbeddedSink() as sink:
        made: list[Installation] = []

        def make(**chosen: str) -> Installation:
            group = "MAILBOXES__EDUCATION__"
            extra = {name if name.startswith("CAP_") else group + name: value for name, value in chosen.items()}
            made.append(Installation(tmp_path, imap, sink, extra=extra))
            return made[-1]

        yield make
        for one in made:
            one.close()


def desk(ours: Installation, folder: str = "INBOX") -> Account:
    """The mailbox as a person's mail program sees it."""
    endpoint = ours.imap.endpoint("education", folder)
    return Account(endpoint, endpoint)


def pause(ours: Installation, *, paused: bool = True) -> None:
    """Nothing automatic is sent, or again."""
    with ours.app.store.begin() as transaction:
        if paused:
            transaction.pause("education", ours.now(), "jo", "we look")
        else:
            transaction.resume("education", ours.now(), "jo")


# ------------------------------------------------------------------------------------------- answered by a person


def flagged(client: IMAPClient) -> None:
    r"""The mail program sets \Answered."""
    client.add_flags(client.search(), ["\\Answered"])


def sent_from_a_mail_program(client: IMAPClient) -> None:
    """The mail program files the answer in Sent and sets no flag."""
    answer = mail(f"education@{DOMAIN}", "I did it for you.", "In-Reply-To: <ana@uni.example>", to="ana@uni.example")
    client.append("Sent", answer, ["\\Seen"])


@pytest.mark.parametrize("answering", [flagged, sent_from_a_mail_program])
@pytest.mark.parametrize("ask", [RENEWAL, SEATS], ids=["reply", "receipt"])
def test_a_person_was_quicker(ours: Installation, answering: Callable[[IMAPClient], None], ask: str) -> None:
    """Staff answer while our reply or receipt waits: ours never leaves, and the message says who answered."""
    pause(ours)
    ours.deliver(mail("ana@uni.example", ask))
    ours.work()
    assert [reply.stage for reply in ours.replies(ours.only())] == [ReplyStage.QUEUED]
    with desk(ours).person() as client:
        answering(client)
    pause(ours, paused=False)
    ours.work()
    closed = ours.only()
    (reply,) = ours.replies(closed)
    assert ours.sent == []
    assert (closed.stage, reply.stage) == (MessageStage.CLOSED, ReplyStage.CANCELLED)
    assert any("answered by a person" in event.why for event in ours.app.review.events(closed.id))
    assert "$AutoClosed" in ours.flags()[0]


def test_a_person_answered_before_we_looked(ours: Installation) -> None:
    r"""Mail that carries \Answered when it is read for the first time is recorded, not answered."""
    ours.imap.deliver("education", mail("ana@uni.example", RENEWAL), flags=["\\Answered"])
    ours.work()
    assert ours.only().stage is MessageStage.RECORDED
    assert ours.sent == []


def test_after_a_person_the_thread_is_theirs(ours: Installation) -> None:
    """The next mail of a conversation that a person has answered goes to people, though it asks for a template."""
    pause(ours)
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.work()
    with desk(ours).person() as client:
        flagged(client)
    pause(ours, paused=False)
    ours.work()
    ours.deliver(mail("ana@uni.example", SEATS, "In-Reply-To: <ana@uni.example>", message_id="<2@uni.example>"))
    ours.work()
    assert ours.sent == []
    second = ours.messages()[-1]
    assert second.stage is MessageStage.HELD
    assert "thread.person-wrote" in rules(second)


def test_read_is_not_answered(ours: Installation) -> None:
    r"""Somebody has read a mail in a mail program (\Seen): it is answered all the same, and stays as it is."""
    ours.imap.deliver("education", mail("ana@uni.example", RENEWAL), flags=["\\Seen"])
    ours.deliver(mail("bob@college.example", LAWYER))
    ours.work()
    read, unread = ours.flags()
    assert [who for who, _ in ours.sent] == ["ana@uni.example"]
    assert "\\Seen" in read
    assert "\\Seen" not in unread


# ------------------------------------------------------------------------------------------------------- modes


def test_draft_holds_with_the_draft_ready(with_settings: Callable[..., Installation]) -> None:
    """Draft mode sends nothing and touches no flag; each message waits with the words that would have gone out."""
    ours = with_settings(MODE="draft")
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.deliver(mail("bob@college.example", SEATS))
    ours.work()
    assert ours.sent == []
    for held, template in zip(ours.messages(), ("education/renewal", "education/addon_request"), strict=True):
        assert (held.stage, held.template) == (MessageStage.HELD, template)
        assert "mode.draft" in rules(held)
        subject, _, body = ours.app.review.draft(held).partition("\n\n")
        assert subject == "Re: our licence"
        assert body.startswith("Hello")
    assert ours.flags() == [frozenset(), frozenset()]
    ours.app.review.send(ours.messages()[0].id, "jo")
    ours.work()
    assert [who for who, _ in ours.sent] == ["ana@uni.example"]


def test_shadow_writes_the_database_alone(with_settings: Callable[..., Installation]) -> None:
    """Shadow mode decides and keeps the decision; the mailbox stays untouched and nothing waits for anybody."""
    ours = with_settings(MODE="shadow")
    for number, text in enumerate((RENEWAL, SEATS, LAWYER)):
        ours.deliver(mail(f"ana@n{number}.example", text))
    ours.work()
    assert ours.sent == []
    assert [one.stage for one in ours.messages()] == [MessageStage.RECORDED] * 3
    assert [one.disposition for one in ours.messages()] == ["answer", "acknowledge", "hold"]
    assert [one.template for one in ours.messages()][:2] == ["education/renewal", "education/addon_request"]
    assert all(not ours.replies(one) for one in ours.messages())
    assert ours.flags() == [frozenset()] * 3
    assert ours.imap.messages("education", "Sent") == []


@pytest.mark.parametrize("before", ["draft", "shadow"])
def test_a_switch_to_auto_sends_nothing_old(with_settings: Callable[..., Installation], before: str) -> None:
    """What was decided in draft or shadow mode stays with people; what comes after the switch is answered."""
    ours = with_settings(MODE=before)
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.work()
    stage = ours.only().stage
    ours.start(MAILBOXES__EDUCATION__MODE="auto")
    ours.deliver(mail("bob@college.example", RENEWAL))
    ours.work()
    assert [who for who, _ in ours.sent] == ["bob@college.example"]
    assert ours.messages()[0].stage is stage


def test_a_switch_to_draft_withdraws_what_is_owed(ours: Installation) -> None:
    """A reply that waits when the mailbox is switched to draft goes to a person, not out."""
    pause(ours)
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.work()
    ours.start(MAILBOXES__EDUCATION__MODE="draft")
    pause(ours, paused=False)
    ours.work()
    assert ours.sent == []
    assert ours.only().stage is MessageStage.HELD


@pytest.mark.parametrize("mode", ["draft", "shadow", "auto"])
def test_machines_are_ignored_in_every_mode(with_settings: Callable[..., Installation], mode: str) -> None:
    """Ignore stays ignore, except that shadow only records."""
    ours = with_settings(MODE=mode)
    ours.deliver(mail("ana@uni.example", "I am away.", "Auto-Submitted: auto-replied"))
    ours.work()
    assert ours.only().disposition == "ignore"
    assert ours.only().stage is (MessageStage.RECORDED if mode == "shadow" else MessageStage.IGNORED)
    assert ours.sent == []


# ------------------------------------------------------------------------------------- the mailbox's own history


def test_mail_older_than_the_start(with_settings: Callable[..., Installation]) -> None:
    """ANSWER_SINCE=start: what arrived before the first start is on record, what comes later is answered."""
    ours = with_settings(ANSWER_SINCE="start")
    ours.deliver(mail("ana@uni.example", RENEWAL), at=ours.now() - timedelta(hours=1))
    ours.work()
    ours.ahead = timedelta(hours=2)
    ours.start()
    ours.deliver(mail("bob@college.example", RENEWAL), at=ours.now() - timedelta(hours=1))
    ours.work()
    assert [one.stage for one in ours.messages()] == [MessageStage.RECORDED, MessageStage.ANSWERED]
    assert [who for who, _ in ours.sent] == ["bob@college.example"]


def test_a_date_to_answer_from(with_settings: Callable[..., Installation]) -> None:
    """ANSWER_SINCE with a date: by the server's date of arrival, whatever the mail says of itself."""
    ours = with_settings(ANSWER_SINCE="2026-11-01")
    since = ours.now().replace(year=2026, month=11, day=1, hour=0, minute=0)
    ours.deliver(
        mail("ana@uni.example", RENEWAL, "Date: Fri, 20 Nov 2026 10:00:00 +0000"), at=since - timedelta(hours=1)
    )
    ours.deliver(
        mail("bob@college.example", RENEWAL, "Date: Thu, 1 Oct 2026 10:00:00 +0000"), at=since + timedelta(hours=1)
    )
    ours.work()
    assert [one.stage for one in ours.messages()] == [MessageStage.RECORDED, MessageStage.ANSWERED]


ASKS = {"ana@uni.example": RENEWAL, "bob@college.example": SEATS, "eve@school.example": LAWYER}


def fill(account: Account) -> None:
    """Each ask once."""
    account.create(account.desk.folder)
    for sender, text in ASKS.items():
        account.deliver(mail(sender, text), folder=account.desk.folder)


def test_a_mailbox_made_anew(with_settings: Callable[..., Installation]) -> None:
    """Deleted and made again with the same mail in it (another UIDVALIDITY): nothing is answered or held twice."""
    port = with_settings().imap.port
    ours = with_settings(IMAP_URL=f"imap://education@127.0.0.1:{port}/Asks")
    account = desk(ours, "Asks")
    fill(account)
    ours.work()
    before = [one.stage for one in ours.messages()]
    assert before == [MessageStage.ANSWERED, MessageStage.HELD, MessageStage.HELD]
    validity = ours.messages()[0].message.key.uidvalidity
    with account.person(None) as client:
        client.delete_folder("Asks")
    fill(account)
    ours.lines["education"].close()
    ours.work()
    again = ours.messages()
    assert len(ours.sent) == 2
    assert [one.stage for one in again] == before + [MessageStage.RECORDED] * 3
    assert again[-1].message.key.uidvalidity != validity
    account.deliver(mail("new@uni.example", RENEWAL), folder="Asks")
    ours.work()
    assert len(ours.sent) == 3


@pytest.mark.parametrize("waiting", [False, True])
def test_a_message_moved_out_and_back(ours: Installation, *, waiting: bool) -> None:
    """It has a new UID then, but it is the same mail: one answer, before or after the move."""
    if waiting:
        pause(ours)
    account = desk(ours)
    account.create("Later")
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.work()
    with account.person() as client:
        client.move(client.search(), "Later")
    ours.work()
    with account.person("Later") as client:
        client.move(client.search(), "INBOX")
    pause(ours, paused=False)
    ours.work()
    assert [who for who, _ in ours.sent] == ["ana@uni.example"]
    assert sorted(one.stage for one in ours.messages()) == [MessageStage.ANSWERED, MessageStage.RECORDED]


def test_a_message_deleted_meanwhile(ours: Installation) -> None:
    """Somebody deletes a mail between reading and filing: its answer goes out, and filing does not mind."""
    ours.deliver(mail("ana@uni.example", RENEWAL))
    line = ours.lines["education"]
    line.watch()
    line.decide()
    with desk(ours).person() as client:
        client.delete_messages(client.search())
        client.expunge()
    ours.work()
    assert [who for who, _ in ours.sent] == ["ana@uni.example"]
    assert ours.only().stage is MessageStage.ANSWERED


def test_too_large(with_settings: Callable[..., Installation]) -> None:
    """Mail above the limit is held unread, with its size, and the mail behind it is answered."""
    ours = with_settings(MAX_SIZE_MB="1")
    ours.deliver(mail("ana@uni.example", RENEWAL + "\n" + "very long indeed " * 70_000))
    ours.deliver(mail("bob@college.example", RENEWAL))
    ours.work()
    large, small = ours.messages()
    assert (large.stage, small.stage) == (MessageStage.HELD, MessageStage.ANSWERED)
    assert "intake.too-large" in rules(large)
    assert large.message.text == ""
    assert large.message.author is not None
    assert large.message.author.addr == "ana@uni.example"


# ------------------------------------------------------------------------------------------------- the operator


def test_pause_and_resume(ours: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """`responder pause` stops automatic replies, people's go on; after `resume` what waited is sent."""
    for name, value in ours.world.environment.items():
        monkeypatch.setenv(name, value)
    assert main(["pause", "education", "--why", "we look"]) == 0
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.deliver(mail("eve@school.example", LAWYER))
    ours.work()
    waiting, held = ours.messages()
    assert (waiting.stage, held.stage) == (MessageStage.ANSWERING, MessageStage.HELD)
    ours.app.review.edit(held.id, "Your notice\n\nWe have it.")
    ours.app.review.send(held.id, "jo")
    ours.work()
    assert [who for who, _ in ours.sent] == ["eve@school.example"]
    assert main(["resume", "education"]) == 0
    ours.work()
    assert [who for who, _ in ours.sent] == ["eve@school.example", "ana@uni.example"]
    assert main(["pause", "nowhere"]) == 1


def stages(ours: Installation, stage: MessageStage) -> list[StoredMessage]:
    """The messages in a stage."""
    return ours.messages("education", stage)


def test_the_brake(with_settings: Callable[..., Installation], caplog: pytest.LogCaptureFixture) -> None:
    """Past its replies an hour the mailbox pauses itself, says so, and sends nothing more until somebody resumes."""
    ours = with_settings(BRAKE_PER_HOUR="3", CAP_SAME_TEXT_HOUR="100")
    with ours.running():
        for number in range(5):
            ours.deliver(mail(f"ana@n{number}.example", RENEWAL))
        wait_until(lambda: paused(ours))
    assert len(ours.sent) == 3
    assert len(stages(ours, MessageStage.ANSWERING)) == 2
    assert [record.levelname for record in caplog.records if "paused itself" in record.message] == ["CRITICAL"]
    ours.deliver(mail("late@n9.example", LAWYER))
    ours.work()
    assert len(ours.sent) == 3
    assert len(stages(ours, MessageStage.HELD)) == 1
    pause(ours, paused=False)
    ours.work()
    assert len(ours.sent) == 5


def paused(ours: Installation) -> bool:
    """Whether the mailbox is."""
    with ours.app.store.begin() as transaction:
        return transaction.mailbox("education", ours.now()).paused_at is not None


def test_templates_edited_while_it_runs(tmp_path: Path) -> None:
    """The next reply uses the edited file; a broken one changes nothing until it is mended."""
    folder = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", folder)
    file = folder / "education" / "renewal.md"
    with installed(tmp_path, TEMPLATES=str(folder)) as ours, ours.running():
        written = file.read_text(encoding="utf-8")
        file.write_text(f"{written}\nPear trees bloom in April.\n", encoding="utf-8")
        wait_until(lambda: "Pear" in ours.app.templates("education/renewal", SLOTS).text)
        ours.deliver(mail("ana@n1.example", RENEWAL))
        wait_until(lambda: len(ours.sent) == 1)
        file.write_text(f"{written}\n{{{{ nonsense }}}} Plums ripen in August.\n", encoding="utf-8")
        wait_until(lambda: bool(ours.app.templates.problems))
        ours.deliver(mail("ana@n2.example", RENEWAL))
        wait_until(lambda: len(ours.sent) == 2)
        file.write_text(f"{written}\nPlums ripen in August.\n", encoding="utf-8")
        wait_until(lambda: "Plums" in ours.app.templates("education/renewal", SLOTS).text)
        ours.deliver(mail("ana@n3.example", RENEWAL))
        wait_until(lambda: len(ours.sent) == 3)
    said = [received.data for received in ours.sink.received]
    assert [b"Pear" in one for one in said] == [True, True, False]
    assert [b"Plums" in one for one in said] == [False, False, True]


SLOTS = {"first_name": "Ana", "subject": "x", "mailbox": "education@x.example", "ticket_ref": "1", "today": "today"}


# ------------------------------------------------------------------------------------------- servers that are away


def test_a_server_that_is_away_at_start(ours: Installation) -> None:
    """It is waited out, `status` says what is wrong meanwhile, and the mail is answered when it is back."""
    ours.imap.stop()
    with ours.running():
        wait_until(lambda: "education" in trouble(ours) and bool(trouble(ours)["education"]))
        ours.imap.start()
        ours.deliver(mail("ana@uni.example", RENEWAL))
        wait_until(lambda: len(ours.sent) == 1)
        wait_until(lambda: not trouble(ours)["education"])


def test_a_submission_server_that_is_away(ours: Installation) -> None:
    """The reply waits, no attempt is counted, and it leaves once when the server is back."""
    ours.sink.stop()
    with ours.running():
        ours.deliver(mail("ana@uni.example", RENEWAL))
        wait_until(lambda: "sending" in trouble(ours)["education"])
        assert stages(ours, MessageStage.ANSWERING)
        ours.sink.start()
        wait_until(lambda: len(ours.sent) == 1)
        wait_until(lambda: bool(stages(ours, MessageStage.ANSWERED)))
    (reply,) = ours.replies(ours.only())
    assert reply.attempts == 1


def trouble(ours: Installation) -> dict[str, str]:
    """The last error of each mailbox."""
    with ours.app.store.begin() as transaction:
        return {state.name: state.last_error for state in transaction.mailboxes()}


# ------------------------------------------------------------------------------------------------- the process


def test_a_day_of_the_daemon(new_world: Callable[..., World], dovecot: Dovecot, sink: EmbeddedSink) -> None:
    """It waits in IDLE, answers what comes in then, and ends by SIGTERM with exit status 0 and nothing half done."""
    world = new_world("education", MAILBOXES__EDUCATION__POLL_SECONDS="3600")
    with world.daemon() as daemon:
        wait_until(lambda: "started" in log(world))
        wait_until(lambda: ask(world, "SELECT polled_at FROM mailboxes") not in ([], [(None,)]))
        dovecot.deliver(world.imap["education"].user, mail("ana@uni.example", RENEWAL))
        wait_until(lambda: [one.recipients for one in sink.received] == [("ana@uni.example",)])
        wait_until(lambda: ask(world, "SELECT filed_stage FROM messages") == [("answered",)])
    assert daemon.returncode == 0
    assert world.log.rstrip().endswith("stopped")
    assert "Traceback" not in world.log
    assert "warning" not in world.log
    assert ask(world, "SELECT stage FROM replies") == [("sent",)]


def test_no_model(new_world: Callable[..., World], dovecot: Dovecot, sink: EmbeddedSink) -> None:
    """Without a model everything that a person may have sent is held, and the log says so loudly."""
    world = new_world("education")
    empty = world.folder / "models"
    empty.mkdir()
    for raw in (mail("ana@uni.example", RENEWAL), mail("m@uni.example", "Away.", "Auto-Submitted: auto-replied")):
        dovecot.deliver(world.imap["education"].user, raw)
    done = replace(world, extra={"MODELS": str(empty)}).command("run", "--once")
    assert done.returncode == 0, done.stderr
    assert "critical no model: everything is held" in done.stderr
    assert ask(world, "SELECT stage, reasons FROM messages ORDER BY id")[0][0] == "held"
    assert "model.missing" in str(ask(world, "SELECT reasons FROM messages ORDER BY id")[0])
    assert ask(world, "SELECT stage FROM messages ORDER BY id")[1] == ("ignored",)
    assert sink.received == []


def log(world: World) -> str:
    """The background daemon's log so far."""
    return world.log if (world.folder / "daemon.log").exists() else ""


def ask(world: World, query: str) -> list[tuple[object, ...]]:
    """What the database holds; nothing while there is none."""
    try:
        with closing(sqlite3.connect(f"file:{world.folder / 'responder.db'}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []
