"""The stages around the work: errors waited out, servers away, signs of life, the supervisor told."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from responder.commands.run import notify
from responder.core.errors import InboxError, LoginError
from responder.core.lifecycle import MessageStage
from responder.daemon import LOGIN_PAUSE, LONGEST_PAUSE, LONGEST_REST, STALLED_AFTER, Stage, pause_after
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Proxy
from tests.system.installation import LAWYER, RENEWAL, Installation, installed, mail
from tests.system.world import World
from tests.waiting import wait_until


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Installation]:
    """One mailbox in auto mode."""
    with installed(tmp_path) as made:
        yield made


def test_pauses_grow_to_an_end() -> None:
    """Doubling with jitter, at most some minutes; a refused login is tried rarely from the start, lest it be locked."""
    pauses = [pause_after(InboxError("away"), failures) for failures in range(1, 40)]
    assert 0.5 < pauses[0] < 2
    assert pauses[4] > 5 * pauses[0]
    assert max(pauses) <= 1.2 * LONGEST_PAUSE
    assert min(pause_after(LoginError("no"), failures) for failures in range(1, 40)) > 20
    assert 1.2 * max(LOGIN_PAUSE, LONGEST_PAUSE, LONGEST_REST) < STALLED_AFTER
    assert len({pause_after(InboxError("away"), 3) for _ in range(10)}) > 1


def test_a_stage_outlives_every_error(caplog: pytest.LogCaptureFixture) -> None:
    """An error of any kind is logged, waited out, and the work goes on; the log tells a defect from bad weather."""
    stopping, calls = threading.Event(), []
    errors: list[Exception] = [InboxError("the server is away"), ZeroDivisionError("a mail's own words")]

    def step() -> bool:
        calls.append(len(calls))
        if errors:
            raise errors.pop()
        return False

    failed: list[Exception] = []
    stage = Stage("education/watch", step=step, rest=stopping.set, failed=failed.append, stopping=stopping)
    stage.start()
    stage.join(30)
    assert not stage.is_alive()
    assert len(calls) == 3
    assert [type(error) for error in failed] == [ZeroDivisionError, InboxError]
    assert stage.failures == 0
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


def test_a_stage_that_hangs_or_ended_is_told(ours: Installation) -> None:
    """The heartbeat knows a stage that gives no sign of life, so that the supervisor can start anew."""
    daemon = ours.app.daemon()
    daemon.start()
    try:
        assert daemon.stalled() == []
        watch, triage, send = daemon._stages
        wait_until(lambda: watch.alive_at > 0)
        triage.alive_at -= 2 * STALLED_AFTER
        assert daemon.stalled() == ["education/triage"]
    finally:
        daemon.stop()
    assert not any(stage.is_alive() for stage in (watch, triage, send))
    assert len(daemon.stalled()) == 3


def test_rare_polls_are_no_stall(ours: Installation) -> None:
    """However rarely it polls, the watcher comes up for a sign of life in between."""
    line = ours.start(MAILBOXES__EDUCATION__POLL_SECONDS="86400")[1]["education"]
    waited: list[float] = []
    line.watch_inbox.wait = waited.append  # type: ignore[method-assign,assignment]
    line.rest_watching()
    assert waited == [LONGEST_REST]


def test_what_is_decided_is_shown_while_nothing_can_be_sent(ours: Installation) -> None:
    """The submission server is away: held mail has its keyword all the same; `status` goes on saying what is wrong."""
    ours.start(MAILBOXES__EDUCATION__POLL_SECONDS="1")
    ours.sink.stop()
    ours.deliver(mail("ana@uni.example", RENEWAL))
    ours.deliver(mail("eve@school.example", LAWYER))
    with ours.running():
        wait_until(lambda: "$AutoHeld" in ours.flags()[1])
        looks = polled(ours)
        wait_until(lambda: polled(ours) != looks)
        looks = polled(ours)
        wait_until(lambda: polled(ours) != looks)
        wait_until(lambda: trouble(ours).startswith("sending: "))
        assert ours.messages()[0].stage is MessageStage.ANSWERING
        ours.sink.start()
        wait_until(lambda: len(ours.sent) == 1)
        wait_until(lambda: not trouble(ours))


def polled(ours: Installation) -> object:
    """When the server was looked at last."""
    with ours.app.store.read() as transaction:
        return transaction.mailboxes()[0].polled_at


def trouble(ours: Installation) -> str:
    """The mailbox's last error."""
    with ours.app.store.read() as transaction:
        return transaction.mailboxes()[0].last_error


def test_the_supervisor_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sd_notify(3): a datagram to the socket it names; without one, or with a dead one, nothing happens."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notify("READY=1")
        assert listening.recv(100) == b"READY=1"
    (tmp_path / "notify").unlink()
    notify("WATCHDOG=1")


def test_the_line_breaks_in_mid_life(new_world: Callable[..., World], dovecot: Dovecot, tmp_path: Path) -> None:
    """Every connection is cut, twice: the daemon reconnects by itself and answers what came meanwhile."""
    endpoint = new_world("education").imap["education"]
    with Proxy(endpoint.port) as proxy, installed(tmp_path) as ours:
        ours.start(
            MAILBOXES__EDUCATION__IMAP_URL=f"imap://{endpoint.user}@127.0.0.1:{proxy.port}",
            MAILBOXES__EDUCATION__IMAP_PASSWORD=str(endpoint.password),
        )
        with ours.running():
            for number in range(1, 3):
                dovecot.deliver(endpoint.user, mail(f"ana@n{number}.example", RENEWAL))
                wait_until(lambda expected=number: len(ours.sent) == expected)
                proxy.close_all()
