"""The embedded SMTP sink: it keeps what it gets, from several threads, and comes and goes."""

import smtplib
import threading

import pytest

from responder.demo.smtp_sink import EmbeddedSink, Received

MAIL = b"Subject: x\r\n\r\n.\r\n..dots\r\n"


def submit(sink: EmbeddedSink, *recipients: str, sender: str = "a@x.example") -> None:
    """Send MAIL."""
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=10) as client:
        client.sendmail(sender, recipients, MAIL)


def test_it_keeps_envelope_and_bytes() -> None:
    """What comes over the wire is what is kept; the null path is the empty string."""
    with EmbeddedSink() as sink:
        submit(sink, "b@x.example", "c@x.example", sender="")
        assert sink.received == [Received("", ("b@x.example", "c@x.example"), MAIL)]
        sink.received.clear()
        assert len(sink.received) == 1  # a copy was cleared


def test_many_senders_at_once() -> None:
    """Nothing is lost between threads."""
    with EmbeddedSink() as sink:
        threads = [threading.Thread(target=submit, args=[sink, f"r{number}@x.example"]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert {one.recipients for one in sink.received} == {(f"r{number}@x.example",) for number in range(8)}
        assert sink.sessions == 8


def test_the_listener_hears_of_it_before_the_sender() -> None:
    """By the time the sender reads 250, `on_message` has run; where it fails, the mail is refused and not kept."""
    heard: list[Received] = []
    with EmbeddedSink(on_message=heard.append) as sink:
        submit(sink, "b@x.example")
        assert heard == sink.received

    def fail(_: Received) -> None:
        raise ValueError("no")

    with EmbeddedSink(on_message=fail) as sink, pytest.raises(smtplib.SMTPDataError):
        submit(sink, "b@x.example")
    assert sink.received == []


def test_it_comes_back_on_the_same_port() -> None:
    """Stopped it refuses, started again it takes mail; stopping twice is fine; what was kept stays."""
    sink = EmbeddedSink().start()
    port = sink.port
    submit(sink, "b@x.example")
    sink.stop()
    sink.stop()
    with pytest.raises(OSError):  # noqa: PT011 - whichever way the system refuses
        submit(sink, "c@x.example")
    with sink:
        assert sink.port == port
        submit(sink, "d@x.example")
    assert [one.recipients[0] for one in sink.received] == ["b@x.example", "d@x.example"]


def test_a_port_in_use_is_an_error() -> None:
    """What keeps it from listening is raised where it is started."""
    with EmbeddedSink() as sink:
        other = EmbeddedSink()
        other.port = sink.port
        with pytest.raises(OSError, match="in use"):
            other.start()
