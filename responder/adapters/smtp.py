"""Mail submission (RFC 6409) over one persistent connection; the only importer of smtplib.

smtplib raises the same error for a connection lost inside DATA (the server keeps nothing) and after the final dot (it
may have kept the mail), so the dialogue after DATA is spoken here: whether the dot was on its way decides between
deferred and in doubt.
"""

import contextlib
import re
import smtplib
import socket
import ssl
from dataclasses import dataclass

from responder.core.endpoint import Endpoint, Security
from responder.core.errors import TransportError
from responder.ports import Outcome, OutcomeKind, Outgoing

TIMEOUT = 60.0
"""Seconds for connecting and each answer but the last."""
FINAL_TIMEOUT = 300.0
"""Seconds to wait for the answer to the final dot; RFC 5321 section 4.5.3.2.6 asks for ten minutes, a lease is ten."""
WORDS = 300
_NOT_US = frozenset({503, 530, 534, 535, 538})
"""Answers to MAIL that speak of the account, not of the mail: nothing can be sent until somebody mends it."""


@dataclass(frozen=True, slots=True)
class _Answer:
    code: int
    words: str

    @property
    def kind(self) -> OutcomeKind:
        match self.code // 100:
            case 2:
                return OutcomeKind.ACCEPTED
            case 5:
                return OutcomeKind.REJECTED
            case _:
                return OutcomeKind.DEFERRED

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.kind, f"{self.code} {self.words}"[:WORDS])


class SmtpTransport:
    """ports.Transport for one account. One thread at a time; reconnects when the line was lost or the server tired."""

    def __init__(self, endpoint: Endpoint, *, timeout: float = TIMEOUT, final_timeout: float = FINAL_TIMEOUT) -> None:
        """Remember where to go; nothing is opened before the first send."""
        self._endpoint = endpoint
        self._timeout = timeout
        self._final_timeout = final_timeout
        self._client: smtplib.SMTP | None = None
        self.sessions = 0
        """Connections opened so far."""

    def connect(self) -> tuple[str, ...]:
        """Open and log in where needed; the server's extensions. Raises TransportError with what to do."""
        return tuple(sorted(self._session().esmtp_features))

    def send(self, outgoing: Outgoing) -> Outcome:
        """One attempt; see ports.Transport. A kept connection that turns out dead or tired is replaced once."""
        kept = self._client is not None
        outcome, begun = self._try(outgoing)
        if kept and not begun and outcome.kind is OutcomeKind.DEFERRED:
            self.close()
            outcome, _ = self._try(outgoing)
        return outcome

    def close(self) -> None:
        """QUIT where possible; never raises."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                client.quit()
            client.close()

    def _try(self, outgoing: Outgoing) -> tuple[Outcome, bool]:
        """The outcome, and whether the server had accepted MAIL (then a new connection would not help)."""
        client = self._session()
        try:
            answer = _ask(client, f"MAIL FROM:<{outgoing.envelope.sender}>{_size(client, outgoing.data)}")
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return _lost(error), False
        if answer.code in _NOT_US:
            self.close()
            raise TransportError(f"the server refuses this account: {answer.code} {answer.words}")
        if answer.kind is not OutcomeKind.ACCEPTED:
            self._forget(client, answer)
            return answer.outcome, False
        return self._transact(client, outgoing), True

    def _transact(self, client: smtplib.SMTP, outgoing: Outgoing) -> Outcome:
        """RCPT, DATA, body, dot."""
        try:
            answer = _ask(client, f"RCPT TO:<{outgoing.envelope.recipient}>")
            if answer.kind is OutcomeKind.ACCEPTED:
                answer = _ask(client, "DATA")
                if answer.code == 354:
                    _write(client, _stuffed(outgoing.data))
                    return self._finish(client)
                if answer.kind is OutcomeKind.ACCEPTED:
                    answer = _Answer(451, f"unexpected answer to DATA: {answer.code} {answer.words}")
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return _lost(error)
        self._forget(client, answer)
        return answer.outcome

    def _finish(self, client: smtplib.SMTP) -> Outcome:
        """The final dot and its answer. From here on a lost line leaves the mail's fate unknown (RFC 1047)."""
        try:
            _socket(client).settimeout(self._final_timeout)
            _write(client, b".\r\n")
            answer = _Answer(*_text(client.getreply()))
            _socket(client).settimeout(self._timeout)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Outcome(OutcomeKind.IN_DOUBT, f"the line broke after the mail was handed over ({_name(error)})")
        if answer.code == 421:
            self._drop()
        elif not 200 <= answer.code <= 599:
            self._drop()
            return Outcome(OutcomeKind.IN_DOUBT, "no readable answer after the mail was handed over")
        return answer.outcome

    def _session(self) -> smtplib.SMTP:
        if self._client is None:
            self._client = self._open()
            self.sessions += 1
        return self._client

    def _open(self) -> smtplib.SMTP:
        place = f"{self._endpoint.host}:{self._endpoint.port}"
        try:
            client = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise TransportError(f"cannot connect to {place}: {_reason(error)}") from error
        try:
            if self._endpoint.user:
                client.login(self._endpoint.user, self._endpoint.password)
        except smtplib.SMTPAuthenticationError as error:
            client.close()
            raise TransportError(f"{place} refuses the user name or password ({error.smtp_code})") from None
        except (OSError, smtplib.SMTPException) as error:
            client.close()
            raise TransportError(f"{place}: login failed: {_reason(error)}") from error
        return client

    def _connected(self) -> smtplib.SMTP:
        endpoint, context = self._endpoint, ssl.create_default_context()
        client: smtplib.SMTP
        if endpoint.security is Security.TLS:
            client = smtplib.SMTP_SSL(endpoint.host, endpoint.port, timeout=self._timeout, context=context)
        else:
            client = smtplib.SMTP(endpoint.host, endpoint.port, timeout=self._timeout)
        try:
            _socket(client).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.ehlo_or_helo_if_needed()
            if endpoint.security is Security.STARTTLS:
                client.starttls(context=context)
                client.ehlo()
        except (OSError, smtplib.SMTPException):
            client.close()
            raise
        return client

    def _forget(self, client: smtplib.SMTP, answer: _Answer) -> None:
        """After a refusal the transaction is reset, or the session ends where the server said so (421)."""
        if answer.code == 421:
            self._drop()
            return
        try:
            _ask(client, "RSET")
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _ask(client: smtplib.SMTP, line: str) -> _Answer:
    client.putcmd(line)
    return _Answer(*_text(client.getreply()))


def _text(reply: tuple[int, bytes]) -> tuple[int, str]:
    """The server's words on one line, printable."""
    words = reply[1].decode("utf-8", "replace")
    return reply[0], " ".join("".join(c if c.isprintable() else " " for c in words).split())


def _write(client: smtplib.SMTP, data: bytes) -> None:
    _socket(client).sendall(data)


def _socket(client: smtplib.SMTP) -> socket.socket:
    if client.sock is None:
        raise smtplib.SMTPServerDisconnected("not connected")
    return client.sock


def _stuffed(data: bytes) -> bytes:
    """CRLF line ends, leading dots doubled (RFC 5321 section 4.5.2), without the final dot."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _size(client: smtplib.SMTP, data: bytes) -> str:
    return f" SIZE={len(data)}" if client.has_extn("size") else ""


def _lost(error: Exception) -> Outcome:
    """A line lost before the final dot was sent: the server has kept nothing (RFC 5321 section 4.1.1.4)."""
    return Outcome(OutcomeKind.DEFERRED, f"the line broke before the mail was handed over ({_name(error)})")


def _name(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text((error.smtp_code, _bytes(error.smtp_error)))[1]}"
    return str(error) or type(error).__name__


def _bytes(words: bytes | str) -> bytes:
    return words.encode() if isinstance(words, str) else words
