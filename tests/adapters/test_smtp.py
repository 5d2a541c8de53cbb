"""Mail submission: the same promises on the embedded sink and on Postfix, and what every fault must come to."""

import base64
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from responder.adapters.smtp import SmtpTransport
from responder.adapters.smtp.reading import LONGEST_ANSWER
from responder.core.endpoint import Endpoint, Secret, Security
from responder.core.errors import TransportError
from responder.demo.smtp_sink import EmbeddedSink, Received
from responder.ports import Envelope, OutcomeKind, Outgoing
from tests.servers.authority import Authority, make_authority
from tests.servers.dovecot import free_port
from tests.servers.postfix import Postfix
from tests.servers.sink import submission_sink
from tests.servers.smtp_fault import Fault, FaultServer, Then, refuse

USER, PASSWORD = "education", "s3cret-wörd"
ACCOUNTS = {USER: PASSWORD}
QUICK = 0.5
"""Seconds that the transport waits for an answer that never comes."""
BODY = b"From: education@example.org\r\nSubject: Re: hi\r\nMessage-ID: <%d@example.org>\r\n\r\nHello,\r\n"
_numbers = count(1)

ACCEPTED, DEFERRED, REJECTED, IN_DOUBT = OutcomeKind


def mail(to: str = "ana@uni.example", data: bytes | None = None, sender: str = "bounces@example.org") -> Outgoing:
    """A reply, each with a Message-ID of its own."""
    number = next(_numbers)
    return Outgoing(f"<{number}@example.org>", Envelope(sender, to), BODY % number if data is None else data)


@contextmanager
def connected(endpoint: Endpoint, timeout: float = 10.0, final_timeout: float = 10.0) -> Iterator[SmtpTransport]:
    """A transport, closed in the end."""
    transport = SmtpTransport(endpoint, timeout=timeout, final_timeout=final_timeout)
    try:
        yield transport
    finally:
        transport.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the servers' certificates."""
    return make_authority(tmp_path_factory.mktemp("authority"))


# ------------------------------------------------------------------------------------------------- the contract suite


@dataclass(frozen=True)
class Server:
    """A submission server, and what reached it."""

    endpoint: Endpoint
    ca_file: Path
    arrived: Callable[[], list[Received]]


@pytest.fixture(scope="session")
def servers(authority: Authority) -> Iterator[dict[str, Server]]:
    """The embedded sink and Postfix (which hands on to a sink); both ask for STARTTLS and AUTH."""
    with ExitStack() as stack:
        own = stack.enter_context(submission_sink(authority, ACCOUNTS))
        sink = Endpoint("localhost", own.port, Security.STARTTLS, USER, Secret(PASSWORD))
        behind = stack.enter_context(EmbeddedSink())
        postfix = stack.enter_context(Postfix(f"smtp:[127.0.0.1]:{behind.port}", ACCOUNTS))

        def handed_on() -> list[Received]:
            postfix.await_empty()
            return behind.received

        yield {
            "sink": Server(sink, authority.ca_file, lambda: own.received),
            "postfix": Server(postfix.endpoint(USER), postfix.ca_file, handed_on),
        }


@pytest.fixture(params=["sink", "postfix"])
def server(request: pytest.FixtureRequest, servers: dict[str, Server], monkeypatch: pytest.MonkeyPatch) -> Server:
    """One of them, trusted."""
    chosen = servers[request.param]
    monkeypatch.setenv("SSL_CERT_FILE", str(chosen.ca_file))
    return chosen


def arrived_to(server: Server, recipient: str) -> list[Received]:
    """What reached this recipient."""
    return [one for one in server.arrived() if one.recipients == (recipient,)]


def someone() -> str:
    """A recipient of the test's own."""
    return f"r{next(_numbers)}@uni.example"


def body_of(received: Received) -> bytes:
    """Without the header."""
    return received.data.partition(b"\r\n\r\n")[2]


def test_accepted_mail_arrives_once_as_it_was(server: Server) -> None:
    """ACCEPTED means that the server has exactly one copy, with the envelope we gave it."""
    to = someone()
    with connected(server.endpoint) as transport:
        outcome = transport.send(mail(to))
    assert outcome.kind is ACCEPTED
    assert outcome.words.startswith("250 ")
    [received] = arrived_to(server, to)
    assert received.sender == "bounces@example.org"
    assert body_of(received) == b"Hello,\r\n"


def test_the_null_path_is_a_sender_too(server: Server) -> None:
    """RFC 3834 section 3.3 advises it; where the operator wants it, it goes out as <>."""
    to = someone()
    with connected(server.endpoint) as transport:
        assert transport.send(mail(to, sender="")).kind is ACCEPTED
    assert [one.sender for one in arrived_to(server, to)] == [""]


def test_one_connection_carries_many_mails(server: Server) -> None:
    """The session is reused; the transport says how many it opened."""
    recipients = [someone() for _ in range(20)]
    with connected(server.endpoint) as transport:
        kinds = {transport.send(mail(to)).kind for to in recipients}
        assert transport.sessions == 1
    assert kinds == {ACCEPTED}
    assert [len(arrived_to(server, to)) for to in recipients] == [1] * 20


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b".\r\n", b".\r\n"),
        (b".\r\nQUIT\r\n", b".\r\nQUIT\r\n"),
        (b"..\r\n...\r\n.a\r\n", b"..\r\n...\r\n.a\r\n"),
        (b"a\n.\nMAIL FROM:<x@evil.example>\n", b"a\r\n.\r\nMAIL FROM:<x@evil.example>\r\n"),
        (b"a\r.\rb", b"a\r\n.\r\nb\r\n"),
        (b"a\r\n.\rb\n\r\nc", b"a\r\n.\r\nb\r\n\r\nc\r\n"),
        (b"no end", b"no end\r\n"),
        (b"", b""),
    ],
)
def test_lines_and_dots_cannot_end_the_mail(server: Server, written: bytes, meant: bytes) -> None:
    """Whatever line ends and dots the text has, one mail arrives with all its lines (no smuggling)."""
    to = someone()
    with connected(server.endpoint) as transport:
        assert transport.send(mail(to, b"Subject: x\r\n\r\n" + written)).kind is ACCEPTED
        assert transport.send(mail(after := someone())).kind is ACCEPTED
    [received] = arrived_to(server, to)
    assert body_of(received) == meant
    assert len(arrived_to(server, after)) == 1


def test_eight_bit_mail_arrives_unchanged(server: Server) -> None:
    """Declared as 8BITMIME (RFC 6152), its bytes stay what they are."""
    to, text = someone(), "Grüße, 更新\r\n".encode()
    with connected(server.endpoint) as transport:
        assert transport.send(mail(to, b"Subject: x\r\n\r\n" + text)).kind is ACCEPTED
    assert [body_of(one) for one in arrived_to(server, to)] == [text]


def test_a_line_too_long_is_a_plain_yes_or_no(server: Server) -> None:
    """A line over 998 octets arrives or is refused; the session goes on either way."""
    to = someone()
    with connected(server.endpoint) as transport:
        outcome = transport.send(mail(to, b"Subject: x\r\n\r\n" + b"y" * 5000 + b"\r\n"))
        assert outcome.kind in {ACCEPTED, REJECTED}
        assert transport.send(mail(someone())).kind is ACCEPTED
    assert len(arrived_to(server, to)) == (outcome.kind is ACCEPTED)


def test_a_big_mail_arrives_whole(server: Server) -> None:
    """Several megabytes are one mail like any other."""
    to, text = someone(), b"".join(b"%07d .\r\n" % n for n in range(300_000))
    with connected(server.endpoint) as transport:
        assert transport.send(mail(to, b"Subject: x\r\n\r\n" + text)).kind is ACCEPTED
    [received] = arrived_to(server, to)
    assert body_of(received) == text


def test_a_wrong_password_is_no_session(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """TransportError says what is wrong, and the password stands neither in it nor in a log."""
    wrong = Endpoint(server.endpoint.host, server.endpoint.port, Security.STARTTLS, USER, Secret("wr0ng-pass"))
    caplog.set_level(logging.DEBUG)
    with (
        connected(wrong) as transport,
        pytest.raises(TransportError, match="refuses the user name or password") as error,
    ):
        transport.send(mail())
    assert "wr0ng" not in str(error.value) + repr(error.value.__cause__) + caplog.text


def test_an_untrusted_certificate_is_no_session(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the authority in the trusted ones nothing is said, least of all the password."""
    monkeypatch.delenv("SSL_CERT_FILE")
    with connected(server.endpoint) as transport, pytest.raises(TransportError, match="certificate is not trusted"):
        transport.send(mail())


def test_a_certificate_for_another_name_is_not_trusted(server: Server) -> None:
    """The name that was configured must stand in the certificate."""
    other = Endpoint("127.0.0.2", server.endpoint.port, Security.STARTTLS, USER, Secret(PASSWORD))
    with connected(other) as transport, pytest.raises(TransportError, match=r"cannot connect to 127\.0\.0\.2"):
        transport.send(mail())


def test_a_server_that_wants_a_login_and_gets_none_takes_nothing(server: Server) -> None:
    """Without AUTH the server refuses: an error of the account or a rejection with its words, never a mail."""
    to = someone()
    nobody = Endpoint(server.endpoint.host, server.endpoint.port, Security.STARTTLS)
    with connected(nobody) as transport:
        assert re.search("TransportError.*530|rejected.*denied", attempt(transport, mail(to)))
    assert arrived_to(server, to) == []


def attempt(transport: SmtpTransport, outgoing: Outgoing) -> str:
    """What came of it, in one string."""
    try:
        outcome = transport.send(outgoing)
    except TransportError as error:
        return f"TransportError: {error}"
    return f"{outcome.kind}: {outcome.words}"


def test_connect_names_the_extensions(server: Server) -> None:
    """`check` logs in without sending anything and shows what the server can do."""
    with connected(server.endpoint) as transport:
        assert {"auth", "8bitmime"} <= set(transport.connect())
        assert transport.sessions == 1


def test_plain_without_a_password(authority: Authority) -> None:
    """smtp:// to a server that asks for nothing."""
    del authority
    with EmbeddedSink() as sink, connected(sink.endpoint()) as transport:
        assert transport.send(mail("a@b.example")).kind is ACCEPTED
        assert [one.recipients for one in sink.received] == [("a@b.example",)]


def test_nobody_listens() -> None:
    """A closed port is a TransportError that names the place."""
    port = free_port()
    with connected(Endpoint("127.0.0.1", port, Security.PLAIN)) as transport:
        for _ in range(2):
            with pytest.raises(TransportError, match=f"cannot connect to 127.0.0.1:{port}: Connection refused"):
                transport.send(mail())


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70, "ünknown..host", ""])
def test_a_host_that_is_none(host: str) -> None:
    """Whatever stands for a host name, it is a TransportError."""
    with connected(Endpoint(host, 1, Security.STARTTLS), timeout=2) as transport, pytest.raises(TransportError):
        transport.send(mail())


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_tls_where_the_server_speaks_none(security: Security) -> None:
    """No silent fall back to plain: a server without TLS is no session, and no password goes there."""
    with FaultServer(accounts=ACCOUNTS) as server:
        endpoint = Endpoint("127.0.0.1", server.port, security, USER, Secret(PASSWORD))
        with connected(endpoint, timeout=QUICK) as transport, pytest.raises(TransportError, match="cannot connect"):
            transport.send(mail())
        assert not any("AUTH" in line for line in server.commands)


# ------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nRCPT TO:<x@evil.example>", "ä@b.example", "a b@c.example", "", "<>"]
)
@pytest.mark.parametrize("field", ["sender", "recipient"])
def test_an_address_that_is_none_never_reaches_the_wire(field: str, address: str) -> None:
    """It is REJECTED here, for a person to see; an empty sender alone is a good one."""
    outgoing = mail(sender=address) if field == "sender" else mail(to=address)
    with FaultServer() as server, connected(server.endpoint()) as transport:
        outcome = transport.send(outgoing)
        good = (field, address) == ("sender", "")
        assert outcome.kind is (ACCEPTED if good else REJECTED)
        assert len(server.received) == good
        assert good or server.commands == []


@pytest.mark.parametrize(("code", "kind"), [(421, DEFERRED), (451, DEFERRED), (452, DEFERRED), (554, REJECTED)])
@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA", "DOT"])
def test_a_refusal_means_what_its_code_says(at: str, code: int, kind: OutcomeKind) -> None:
    """4yz is DEFERRED, 5yz is REJECTED, with the server's words; nothing is kept; the next mail goes through."""
    with FaultServer() as server, connected(server.endpoint()) as transport:
        server.plan(refuse(at, code, "4.7.1 because of this"))
        outcome = transport.send(mail())
        assert outcome.kind is kind
        assert outcome.words == f"{code} 4.7.1 because of this"
        assert server.received == []
        assert transport.send(mail()).kind is ACCEPTED
        assert len(server.received) == 1
        assert transport.sessions == (2 if code == 421 else 1)


@pytest.mark.parametrize(("code", "kind"), [(421, DEFERRED), (451, DEFERRED), (452, DEFERRED), (554, REJECTED)])
@pytest.mark.parametrize("at", ["RCPT", "DATA", "DOT"])
def test_a_refusal_on_a_kept_connection_means_the_same(at: str, code: int, kind: OutcomeKind) -> None:
    """One copy of what was accepted, none of what was not."""
    with FaultServer() as server, connected(server.endpoint()) as transport:
        transport.send(mail("first@x.example"))
        assert transport.send(mail(f"{code}-{at.lower()}@x.example")).kind is kind
        assert transport.send(mail("last@x.example")).kind is ACCEPTED
        assert [one.recipients[0] for one in server.received] == ["first@x.example", "last@x.example"]


@pytest.mark.parametrize("code", [421, 451, 554])
@pytest.mark.parametrize("at", ["CONNECT", "EHLO", "STARTTLS", "AUTH"])
def test_a_refusal_before_any_mail_is_no_session(
    at: str, code: int, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TransportError with the server's words: nothing was sent, no reply is to blame; later it may work."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    with FaultServer(tls=authority.server_context(), accounts=ACCOUNTS) as server:
        server.plan(refuse(at, code, "too busy"))
        with connected(server.endpoint(USER, Security.STARTTLS)) as transport:
            with pytest.raises(TransportError, match=f"{code} too busy") as error:
                transport.send(mail())
            assert PASSWORD not in str(error.value)
            assert transport.sessions == 0
            assert transport.send(mail()).kind is ACCEPTED
            assert len(server.received) == 1


@pytest.mark.parametrize("then", [Then.CLOSE, Then.RESET, Then.HANG])
@pytest.mark.parametrize("at", ["CONNECT", "EHLO", "STARTTLS", "AUTH"])
def test_a_connection_lost_before_any_mail_is_no_session(
    at: str, then: Then, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for a line that breaks or falls silent."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    with FaultServer(tls=authority.server_context(), accounts=ACCOUNTS) as server:
        server.plan(Fault(at, then=then))
        with connected(server.endpoint(USER, Security.STARTTLS), timeout=QUICK) as transport:
            with pytest.raises(TransportError):
                transport.send(mail())
            assert transport.send(mail()).kind is ACCEPTED
            assert len(server.received) == 1


@pytest.mark.parametrize("then", [Then.CLOSE, Then.RESET, Then.HANG])
@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
def test_a_connection_lost_before_the_mail_is_deferred(at: str, then: Then) -> None:
    """Nothing was handed over, and that is sure; the next mail finds a new connection."""
    with FaultServer() as server, connected(server.endpoint(), timeout=QUICK) as transport:
        server.plan(Fault(at, then=then))
        outcome = transport.send(mail())
        assert outcome.kind is DEFERRED
        assert "before the mail was handed over" in outcome.words
        assert ("no answer in time" in outcome.words) == (then is Then.HANG)
        assert server.received == []
        assert transport.send(mail()).kind is ACCEPTED
        assert len(server.received) == 1


@pytest.mark.parametrize("then", [Then.CLOSE, Then.RESET])
def test_a_connection_lost_inside_a_big_mail_is_deferred(then: Then) -> None:
    """The body did not fit down the line, so the dot was never sent: the server keeps nothing, and that is sure."""
    with FaultServer() as server, connected(server.endpoint()) as transport:
        server.plan(Fault("BODY", then=then))
        outcome = transport.send(mail(data=b"Subject: x\r\n\r\n" + (b"y" * 990 + b"\r\n") * 30_000))
        assert outcome.kind is DEFERRED
        assert "before the mail was handed over" in outcome.words
        assert transport.send(mail()).kind is ACCEPTED
        assert len(server.received) == 1


@pytest.mark.parametrize("then", [Then.CLOSE, Then.RESET])
def test_a_connection_lost_inside_a_small_mail_is_never_a_yes(then: Then) -> None:
    """Body and dot may have left together: DEFERRED when the dot surely was not sent, IN_DOUBT when it was."""
    with FaultServer() as server, connected(server.endpoint(), timeout=QUICK) as transport:
        server.plan(Fault("BODY", then=then))
        assert transport.send(mail()).kind in {DEFERRED, IN_DOUBT}
        assert server.received == []
        assert transport.send(mail()).kind is ACCEPTED


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(
    "fault",
    [
        Fault("DOT", then=Then.CLOSE),
        Fault("DOT", then=Then.RESET),
        Fault("DOT", then=Then.HANG),
        Fault("DOT", b"\x00\xff\xfe ?!\r\n"),
        Fault("DOT", b"\r\n"),
        Fault("DOT", b"250", Then.CLOSE),
        Fault("DOT", b"250-almost\r\n", Then.CLOSE),
        Fault("DOT", b"250-first\r\n550 no, this\r\n"),
        Fault("DOT", b"354 more, please\r\n"),
        Fault("DOT", b"099 what\r\n"),
        Fault("DOT", b"250 " + b"x" * 2 * LONGEST_ANSWER + b"\r\n"),
        Fault("DOT", b"250-again\r\n", Then.FLOOD),
        Fault("DOT", b"250 " + b"." * 1000, pace=0.01),
    ],
    ids=lambda fault: f"{fault.say[:12]!r}-{fault.then.name}",
)
def test_whatever_is_no_clear_answer_to_the_dot_is_in_doubt(fault: Fault, *, keep: bool) -> None:
    """Kept or lost, we cannot know (RFC 1047): IN_DOUBT, soon, never a second try; the next mail goes through."""
    with FaultServer() as server, connected(server.endpoint(), timeout=5, final_timeout=QUICK) as transport:
        server.plan(Fault(fault.at, fault.say, fault.then, keep, fault.pace))
        began = time.monotonic()
        outcome = transport.send(mail("ana@x.example"))
        assert time.monotonic() - began < 5  # a server that drips does not get the whole timeout for each byte
        assert outcome.kind is IN_DOUBT
        assert "after the mail was handed over" in outcome.words
        assert len(outcome.words) <= 300
        assert len(server.received) == keep
        assert transport.send(mail("ben@x.example")).kind is ACCEPTED
        assert [one.recipients[0] for one in server.received].count("ana@x.example") == keep


def test_a_slow_answer_is_an_answer() -> None:
    """Within the time for the last answer, slow is fine."""
    with FaultServer() as server, connected(server.endpoint(), timeout=0.2, final_timeout=5) as transport:
        server.plan(Fault("DOT", b"250 2.0.0 at last\r\n", keep=True, pace=0.03))
        outcome = transport.send(mail())
        assert (outcome.kind, outcome.words) == (ACCEPTED, "250 2.0.0 at last")
        assert transport.send(mail()).kind is ACCEPTED
        assert (len(server.received), transport.sessions) == (2, 1)


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\xff?!\r\n",
        b"\r\n",
        b"999 what\r\n",
        b"250-a\r\n550 b\r\n",
        b"2500 fine\r\n",
        b"250 " + b"x" * 200_000,
        b"25",
    ],
)
@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
def test_garbage_before_the_mail_is_deferred(at: str, said: bytes) -> None:
    """An answer that cannot be read ends the session with nothing handed over."""
    with FaultServer() as server, connected(server.endpoint(), timeout=QUICK) as transport:
        server.plan(Fault(at, said))
        assert transport.send(mail()).kind is DEFERRED
        assert server.received == []
        assert transport.send(mail()).kind is ACCEPTED
        assert len(server.received) == 1


@pytest.mark.parametrize(
    "said", [b"\x00\xff?!\r\n", b"250 hello\r\n", b"2" * 300_000, b"334 !!!\r\n", b"334 !!!\r\n" * 40]
)
@pytest.mark.parametrize("at", ["CONNECT", "AUTH"])
def test_garbage_before_the_login_is_no_session(at: str, said: bytes) -> None:
    """No answer a server could make up gets past the login as anything but TransportError."""
    with FaultServer(accounts=ACCOUNTS) as server:
        server.plan(Fault(at, said))
        with connected(server.endpoint(USER), timeout=QUICK) as transport:
            with pytest.raises(TransportError):
                transport.send(mail())
            assert transport.send(mail()).kind is ACCEPTED


def test_multi_line_answers_are_one_answer() -> None:
    """Every line counts as words, on one line, without control characters."""
    with FaultServer() as server, connected(server.endpoint()) as transport:
        server.plan(Fault("RCPT", b"550-5.7.1 first\r\n550-5.7.1 \x1b[31msecond\x00\r\n550 5.7.1 third\xff\r\n"))
        outcome = transport.send(mail())
        assert outcome.kind is REJECTED
        assert outcome.words == "550 5.7.1 first 5.7.1 [31msecond 5.7.1 third�"
        server.plan(Fault("RCPT", b"250-fine\r\n250 indeed\r\n"))
        assert transport.send(mail()).kind is ACCEPTED
        assert transport.sessions == 1


def test_an_answer_is_never_taken_before_its_question() -> None:
    """Two answers at once put every later one out of step: the connection ends, nothing counts as accepted."""
    with FaultServer() as server, connected(server.endpoint()) as transport:
        server.plan(Fault("DATA", b"354 go ahead\r\n250 2.0.0 kept\r\n"))
        outcome = transport.send(mail())
        assert outcome.kind is DEFERRED
        assert "spoke out of turn: 250" in outcome.words
        assert server.received == []
        assert transport.send(mail()).kind is ACCEPTED


@pytest.mark.parametrize("said", [b"250 2.0.0 what data?\r\n", b"251 no\r\n", b"503 5.5.1 no MAIL\r\n"])
def test_an_odd_answer_to_data_is_neither_yes_nor_no(said: bytes) -> None:
    """DATA is answered with 354 or a refusal of the mail; whatever else ends the session and is tried again."""
    with FaultServer() as server, connected(server.endpoint()) as transport:
        server.plan(Fault("DATA", said))
        assert transport.send(mail()).kind is DEFERRED
        assert server.received == []
        assert transport.send(mail()).kind is ACCEPTED
        assert transport.sessions == 2


@pytest.mark.parametrize("code", [530, 534, 535, 538])
@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
def test_a_refused_account_is_no_fault_of_the_mail(at: str, code: int) -> None:
    """RFC 4954 section 6: TransportError, so that the outbox waits instead of failing reply after reply."""
    with FaultServer() as server, connected(server.endpoint()) as transport:
        server.plan(refuse(at, code, "5.7.0 log in first"))
        with pytest.raises(TransportError, match=f"refuses this account: {code} 5.7.0 log in first"):
            transport.send(mail())
        assert transport.send(mail()).kind is ACCEPTED
        assert len(server.received) == 1


def test_a_login_that_ran_out_is_renewed() -> None:
    """An account refused on a kept connection gets one new login before anybody is told."""
    with FaultServer(accounts=ACCOUNTS) as server, connected(server.endpoint(USER)) as transport:
        transport.send(mail())
        server.plan(refuse("MAIL", 530, "5.7.0 log in again"))
        assert transport.send(mail()).kind is ACCEPTED
        assert (transport.sessions, len(server.received)) == (2, 2)


def test_so_many_mails_a_session() -> None:
    """452 after n mails (OpenSMTPD): a new session takes the next ones, each mail arrives once and is accepted."""
    with FaultServer(per_session=3) as server, connected(server.endpoint()) as transport:
        sent = [mail(f"r{number}@x.example") for number in range(10)]
        assert {transport.send(one).kind for one in sent} == {ACCEPTED}
        assert [one.recipients[0] for one in server.received] == [one.envelope.recipient for one in sent]
        assert transport.sessions == 4


@pytest.mark.parametrize("farewell", [b"", b"421 4.4.2 idle for too long\r\n"])
def test_a_kept_connection_that_was_closed_is_replaced(farewell: bytes) -> None:
    """The server's idle timeout costs a new connection, no mail, no second copy."""
    with FaultServer() as server, connected(server.endpoint()) as transport:
        transport.send(mail("first@x.example"))
        for writer in tuple(server._writers):
            server._loop.call_soon_threadsafe(writer.write, farewell)
        server.drop_connections()
        assert transport.send(mail("second@x.example")).kind is ACCEPTED
        assert [one.recipients[0] for one in server.received] == ["first@x.example", "second@x.example"]
        assert transport.sessions == 2


def test_a_kept_connection_reset_by_a_restart_is_replaced() -> None:
    """The same where the server went away and came back."""
    sink = EmbeddedSink().start()
    try:
        with connected(sink.endpoint()) as transport:
            transport.send(mail("first@x.example"))
            sink.stop()
            with pytest.raises(TransportError, match="cannot connect"):
                transport.send(mail("second@x.example"))
            sink.start()
            assert transport.send(mail("second@x.example")).kind is ACCEPTED
            assert [one.recipients[0] for one in sink.received] == ["first@x.example", "second@x.example"]
    finally:
        sink.stop()


@pytest.mark.parametrize("then", [Then.CLOSE, Then.RESET])
@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA", "DOT"])
def test_a_kept_connection_lost_at_work(at: str, then: Then) -> None:
    """At MAIL it is replaced at once; later it is deferred; after the dot in doubt; never two copies."""
    with FaultServer() as server, connected(server.endpoint()) as transport:
        transport.send(mail("first@x.example"))
        server.plan(Fault(at, then=then, keep=True))
        outcome = transport.send(mail("second@x.example"))
        assert outcome.kind is {"MAIL": ACCEPTED, "DOT": IN_DOUBT}.get(at, DEFERRED)
        copies = [one.recipients[0] for one in server.received].count("second@x.example")
        assert copies == (0 if outcome.kind is DEFERRED else 1)


def test_a_refused_reset_ends_the_session() -> None:
    """Where RSET fails, the next mail gets a connection that knows nothing of the last one."""
    with FaultServer() as server, connected(server.endpoint()) as transport:
        server.plan(refuse("RCPT", 550), refuse("RSET", 500))
        assert transport.send(mail()).kind is REJECTED
        assert transport.send(mail()).kind is ACCEPTED
        assert transport.sessions == 2


def test_eight_bit_mail_needs_a_server_that_takes_it() -> None:
    """RFC 6152 section 3: not sent where it is not announced; a person hears why."""
    with FaultServer(extensions=["PIPELINING"]) as server, connected(server.endpoint()) as transport:
        outcome = transport.send(mail(data="Subject: ä\r\n\r\n".encode()))
        assert outcome.kind is REJECTED
        assert "ASCII" in outcome.words
        assert transport.send(mail()).kind is ACCEPTED


def test_size_is_told_where_it_is_asked_for() -> None:
    """RFC 1870: the octets of the mail with its CRLFs, without the doubled dots."""
    with FaultServer(extensions=["SIZE 1000"]) as server, connected(server.endpoint()) as transport:
        transport.send(mail(data=b"Subject: x\n\n.\n"))
        assert "MAIL FROM:<bounces@example.org> SIZE=17" in server.commands


@pytest.mark.parametrize("mechanisms", ["AUTH LOGIN", "AUTH PLAIN", "AUTH CRAM-MD5 LOGIN", "AUTH=PLAIN"])
def test_each_login_that_we_know(mechanisms: str) -> None:
    """PLAIN and LOGIN, with a password in UTF-8."""
    with FaultServer(accounts=ACCOUNTS) as server, connected(server.endpoint(USER)) as transport:
        server.plan(Fault("EHLO", f"250-fault.example\r\n250 {mechanisms}\r\n".encode()))
        assert transport.send(mail()).kind is ACCEPTED


def test_no_login_that_we_know() -> None:
    """The password is not tried in a way the server did not offer."""
    with FaultServer(accounts=ACCOUNTS) as server, connected(server.endpoint(USER)) as transport:
        server.plan(Fault("EHLO", b"250-fault.example\r\n250 AUTH GSSAPI\r\n"))
        with pytest.raises(TransportError, match="offers no login that we know"):
            transport.send(mail())
        assert not any(line.startswith("AUTH") for line in server.commands)


def test_a_server_that_repeats_the_password(caplog: pytest.LogCaptureFixture) -> None:
    """Its words are left out, in plain and in base64."""
    caplog.set_level(logging.DEBUG)
    said = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
    with FaultServer(accounts=ACCOUNTS) as server, connected(server.endpoint(USER)) as transport:
        for words in (PASSWORD.encode(), said):
            server.plan(Fault("AUTH", b"535 5.7.8 unknown: " + words + b"\r\n"))
            with pytest.raises(TransportError, match="refuses the user name or password") as error:
                transport.send(mail())
            shown = str(error.value) + caplog.text
            assert PASSWORD not in shown
            assert said.decode() not in shown


def test_the_greeting_cannot_smuggle_answers_into_tls(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said in clear before the handshake counts for nothing after it (RFC 3207 section 6)."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    with FaultServer(tls=authority.server_context(), accounts=ACCOUNTS) as server:
        endpoint = server.endpoint(USER, Security.STARTTLS)
        with connected(endpoint, timeout=QUICK) as transport:
            server.plan(Fault("STARTTLS", b"220 go ahead\r\n250-evil.example\r\n250 AUTH GSSAPI\r\n"))
            assert transport.send(mail()).kind is ACCEPTED
            assert "auth" in transport.connect()


def test_closing_never_raises_and_never_waits_long() -> None:
    """QUIT to a server that is silent, gone or never was."""
    with FaultServer() as server:
        for then in (Then.HANG, Then.CLOSE, Then.RESET):
            transport = SmtpTransport(server.endpoint(), timeout=QUICK)
            transport.send(mail())
            server.plan(Fault("QUIT", then=then))
            transport.close()
            transport.close()
        assert len(server.received) == 3


def test_a_secret_is_never_shown() -> None:
    """Neither the endpoint nor the transport shows the password."""
    endpoint = Endpoint("localhost", 25, Security.STARTTLS, USER, Secret(PASSWORD))
    assert PASSWORD not in repr(endpoint) + repr(SmtpTransport(endpoint)) + repr(vars(SmtpTransport(endpoint)))
