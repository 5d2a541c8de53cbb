"""An SMTP connection, question by question: opened, secured and logged in, a lost line told as an answer of its own."""

import base64
import contextlib
import re
import smtplib
import socket
import ssl
from dataclasses import dataclass
from functools import cache

from responder.adapters.smtp.reading import LineLostError, Reading, ReadingTls, named, one_line
from responder.core.endpoint import Endpoint, Security
from responder.core.errors import TransportError

GOODBYE = 5.0
"""Seconds a server has for its answer to QUIT."""
_HOST_NAME = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; code 0 where the line was lost instead, and the words say how."""

    code: int
    words: str

    @property
    def positive(self) -> bool:
        """2yz: done (RFC 5321 section 4.2.1)."""
        return self.code // 100 == 2

    def __str__(self) -> str:
        return f"{self.code} {self.words}".strip()


class Dialogue:
    """An open, secured, logged-in connection."""

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        """Connect, start TLS and log in as the endpoint says. Raises TransportError with what to do."""
        place = f"{endpoint.host}:{endpoint.port}"
        try:
            self._client = _connected(endpoint, timeout)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise TransportError(f"cannot connect to {place}: {_reason(error)}") from error
        if endpoint.user:
            self._log_in(endpoint, place)

    @property
    def extensions(self) -> tuple[str, ...]:
        """What EHLO announced, in lower case."""
        return tuple(sorted(self._client.esmtp_features))

    def offers(self, extension: str) -> bool:
        """Whether EHLO announced it."""
        return self._client.has_extn(extension)

    def ask(self, line: str) -> Answer:
        """Say one line, hear the answer; code 0 where the connection was lost, which ends it."""
        try:
            self._client.expect_silence()
            self._client.putcmd(line)
            return _answer(self._client.getreply())
        except (OSError, smtplib.SMTPException) as error:
            return self._lost(error)

    def write(self, data: bytes) -> Answer | None:
        """Put bytes on the wire while the server is silent; an Answer with code 0 says that they are not all there."""
        try:
            self._client.expect_silence()
            self._client.send(data)
        except (OSError, smtplib.SMTPException) as error:
            return self._lost(error)
        return None

    def hear(self, seconds: float) -> Answer:
        """The answer to what was written, within these seconds; code 0 where the connection was lost."""
        try:
            return _answer(self._client.answer_within(seconds))
        except (OSError, smtplib.SMTPException) as error:
            return self._lost(error)

    def quit(self) -> None:
        """Say goodbye, wait a moment for the answer, close; never raises."""
        self._client.timeout = min(self._client.timeout, GOODBYE)
        if self._client.sock is not None:
            self.ask("QUIT")
        self.drop()

    def drop(self) -> None:
        """Close without a word."""
        with contextlib.suppress(OSError):
            self._client.close()

    def _lost(self, error: Exception) -> Answer:
        self.drop()
        return Answer(0, _reason(error))

    def _log_in(self, endpoint: Endpoint, place: str) -> None:
        """AUTH PLAIN (RFC 4616) or LOGIN, both under TLS or on loopback only, in UTF-8, which smtplib's cannot."""
        offered = self._client.esmtp_features.get("auth", "").upper().split()
        user, password = _base64(endpoint.user), _base64(endpoint.password)
        both = _base64(f"\0{endpoint.user}\0{endpoint.password}")
        if "PLAIN" in offered:
            answer = self.ask(f"AUTH PLAIN {both}")
        elif "LOGIN" in offered:
            answer = self._ask_each("AUTH LOGIN", user, password)
        else:
            self.quit()
            raise TransportError(
                f"{place} offers no login that we know (PLAIN, LOGIN): is the port or the scheme wrong?"
            )
        if answer.code not in {235, 503}:  # 503: logged in already, by its certificate or address
            self.quit()
            raise TransportError(_login_failure(place, answer, (endpoint.password, user, password, both)))

    def _ask_each(self, *lines: str) -> Answer:
        """Lines that are each answered with 334, but for the last."""
        answer = Answer(334, "")
        for line in lines:
            if answer.code != 334:
                break
            answer = self.ask(line)
        return answer


def _connected(endpoint: Endpoint, timeout: float) -> Reading:
    context, name = ssl.create_default_context(), _own_name()
    client: Reading
    if endpoint.security is Security.TLS:
        client = ReadingTls(endpoint.host, endpoint.port, name, timeout=timeout, context=context)
    else:
        client = Reading(endpoint.host, endpoint.port, name, timeout=timeout)
    try:
        if client.sock is not None:
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _greet(client)
        if endpoint.security is Security.STARTTLS:
            client.starttls(context=context)
            _greet(client)
    except BaseException:
        client.close()
        raise
    return client


def _greet(client: Reading) -> None:
    """EHLO; a submission server that knows HELO alone is none (RFC 6409 section 7)."""
    code, words = client.ehlo()
    if code != 250:
        raise smtplib.SMTPHeloError(code, words)


@cache
def _own_name() -> str:
    """For EHLO (RFC 5321 section 4.1.1.1); asked once, since a broken resolver takes its time."""
    name = socket.getfqdn()
    return name if _HOST_NAME.fullmatch(name) else "[127.0.0.1]"


def _login_failure(place: str, answer: Answer, secrets: tuple[str, ...]) -> str:
    said = "" if any(secret in answer.words for secret in secrets if secret) else f": {answer}"
    if answer.code // 100 == 5:
        return f"{place} refuses the user name or password{said}"
    return f"{place} cannot log us in now{said}"


def _answer(reply: tuple[int, bytes]) -> Answer:
    return Answer(reply[0], one_line(reply[1]))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _reason(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message})"
        case smtplib.SMTPResponseException():
            words = error.smtp_error
            return str(Answer(error.smtp_code, one_line(words if isinstance(words, bytes) else words.encode())))
        case LineLostError():
            return str(error)
        case OSError() if not isinstance(error, smtplib.SMTPException):
            return named(error)
        case _:
            return str(error) or type(error).__name__
