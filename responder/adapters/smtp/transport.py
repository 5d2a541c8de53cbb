"""One persistent submission connection, reused for mail after mail; what became of each is never guessed.

Whether the final dot was on its way decides between deferred and in doubt (RFC 1047): before it, a server keeps nothing
(RFC 5321 section 4.1.1.4).
"""

import re
from dataclasses import dataclass

from responder.adapters.smtp.dialogue import Answer, Dialogue
from responder.core.endpoint import Endpoint
from responder.core.errors import TransportError
from responder.ports import Outcome, OutcomeKind, Outgoing

TIMEOUT = 60.0
"""Seconds for connecting and for each answer but the last."""
FINAL_TIMEOUT = 300.0
"""Seconds to wait for the answer to the final dot; RFC 5321 section 4.5.3.2.6 asks for ten minutes, a lease is ten."""
WORDS = 300
"""Characters kept of a server's words."""
_ACCOUNT = frozenset({530, 534, 535, 538})
"""RFC 4954 section 6: the account is refused, not the mail; nothing can be sent until somebody mends it."""
_OUT_OF_STEP = 503
"""Bad sequence of commands: says nothing about the mail either."""
_PATH = re.compile(r"[!-;=?-~]{1,254}")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Wire:
    """A mail as it goes over the wire: CRLF line ends, leading dots doubled (RFC 5321 section 4.5.2), no final dot."""

    sender: str
    recipient: str
    data: bytes
    size: int
    """Octets before the doubling (RFC 1870 section 3)."""

    def mail_from(self, dialogue: Dialogue) -> str:
        """MAIL with what the server's extensions ask for."""
        size = f" SIZE={self.size}" if dialogue.offers("size") else ""
        body = " BODY=8BITMIME" if not self.data.isascii() else ""
        return f"MAIL FROM:<{self.sender}>{size}{body}"


class SmtpTransport:
    """ports.Transport for one account. One thread at a time; reconnects when the line was lost or the server tired."""

    def __init__(self, endpoint: Endpoint, *, timeout: float = TIMEOUT, final_timeout: float = FINAL_TIMEOUT) -> None:
        """Remember where to go; nothing is opened before the first use."""
        self._endpoint = endpoint
        self._timeout = timeout
        self._final_timeout = final_timeout
        self._dialogue: Dialogue | None = None
        self.sessions = 0
        """Connections opened so far."""

    def connect(self) -> tuple[str, ...]:
        """Open and log in where needed; the server's extensions. Raises TransportError with what to do."""
        return self._opened().extensions

    def send(self, outgoing: Outgoing) -> Outcome:
        """One attempt; see ports.Transport. A kept connection that turns out dead or tired is replaced once."""
        if not _PATH.fullmatch(outgoing.envelope.recipient) or not _PATH.fullmatch(outgoing.envelope.sender or "x"):
            return Outcome(OutcomeKind.REJECTED, "an address that no envelope can carry")
        wire = _wire(outgoing)
        kept = self._dialogue is not None
        answer = self._begin(wire)
        if kept and not answer.positive and _kind(answer) is not OutcomeKind.REJECTED:
            self.close()
            answer = self._begin(wire)
        return self._transact(wire) if answer.positive else self._refused(answer)

    def close(self) -> None:
        """QUIT where possible; never raises."""
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is not None:
            dialogue.quit()

    def _begin(self, wire: _Wire) -> Answer:
        dialogue = self._opened()
        if not wire.data.isascii() and not dialogue.offers("8bitmime"):
            return Answer(554, "the server takes ASCII only (RFC 6152)")
        return dialogue.ask(wire.mail_from(dialogue))

    def _transact(self, wire: _Wire) -> Outcome:
        """RCPT, DATA, body, dot. From the dot on a lost line leaves the mail's fate unknown."""
        dialogue = self._opened()
        answer = dialogue.ask(f"RCPT TO:<{wire.recipient}>")
        if answer.positive:
            answer = dialogue.ask("DATA")
        if answer.code != 354:
            return self._refused(answer)
        lost = dialogue.write(wire.data) or dialogue.write(b".\r\n")  # a dot the system did not take was never sent
        return self._refused(lost) if lost else self._settled(dialogue.hear(self._final_timeout))

    def _settled(self, answer: Answer) -> Outcome:
        """What the answer to the final dot means."""
        if answer.code == 421 or answer.code // 100 not in {2, 4, 5}:
            self._drop()
        match answer.code // 100:
            case 2:
                return Outcome(OutcomeKind.ACCEPTED, _words(answer))
            case 4:
                return Outcome(OutcomeKind.DEFERRED, _words(answer))
            case 5:
                return Outcome(OutcomeKind.REJECTED, _words(answer))
            case _:
                return Outcome(OutcomeKind.IN_DOUBT, _lost_words("after", answer))

    def _refused(self, answer: Answer) -> Outcome:
        """What a refusal before the final dot means; the transaction is reset. Raises TransportError (the account)."""
        if answer.code in _ACCOUNT:
            self.close()
            raise TransportError(f"{self._endpoint.host} refuses this account: {_words(answer)}")
        over = answer.code in {0, 421, _OUT_OF_STEP} or answer.code // 100 not in {4, 5}
        if over or not self._opened().ask("RSET").positive:
            self._drop()
        return Outcome(_kind(answer), _words(answer) if answer.code else _lost_words("before", answer))

    def _opened(self) -> Dialogue:
        if self._dialogue is None:
            self._dialogue = Dialogue(self._endpoint, self._timeout)
            self.sessions += 1
        return self._dialogue

    def _drop(self) -> None:
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is not None:
            dialogue.drop()


def _wire(outgoing: Outgoing) -> _Wire:
    lines = _LINE_END.sub(b"\r\n", outgoing.data)
    whole = lines if lines.endswith(b"\r\n") else lines + b"\r\n"
    return _Wire(outgoing.envelope.sender, outgoing.envelope.recipient, _LEADING_DOT.sub(b"..", whole), len(whole))


def _kind(answer: Answer) -> OutcomeKind:
    """Of an answer other than the wished one, before the final dot."""
    lasting = answer.code // 100 == 5 and answer.code != _OUT_OF_STEP and answer.code not in _ACCOUNT
    return OutcomeKind.REJECTED if lasting else OutcomeKind.DEFERRED


def _words(answer: Answer) -> str:
    return str(answer)[:WORDS]


def _lost_words(when: str, answer: Answer) -> str:
    why = answer.words if answer.code == 0 else f"unexpected answer: {answer}"
    return f"the line was lost {when} the mail was handed over ({why})"[:WORDS]
