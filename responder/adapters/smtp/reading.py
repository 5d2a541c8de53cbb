"""Answers of an SMTP server: each bounded in time and length, none taken before its question.

smtplib connects, says EHLO and starts TLS. Answers are read here, because smtplib waits anew for every byte of a server
that drips, reads a flood to its end, and takes what was left over from the last answer for the next one.
"""

import contextlib
import re
import smtplib
import socket
import ssl
import time
from typing import Any

LONGEST_ANSWER = 65_536
"""Bytes, all lines together; RFC 5321 section 4.5.3.1.5 allows 512 a line."""
_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)


class LineLostError(smtplib.SMTPServerDisconnected):
    """Nothing more can be said on this connection; its text is for people."""


class Reading(smtplib.SMTP):
    """smtplib with our way of reading answers."""

    _unread = b""
    _source: socket.socket | None = None

    def getreply(self) -> tuple[int, bytes]:
        """One answer within the timeout. Raises LineLostError."""
        return self.answer_within(self.timeout)

    def answer_within(self, seconds: float) -> tuple[int, bytes]:
        """One answer, its last byte read within these seconds. Raises LineLostError."""
        until, code, words, size = time.monotonic() + seconds, 0, list[bytes](), 0
        while True:
            line = self._next_line(until)
            size += len(line)
            match = _LINE.fullmatch(line.rstrip(b"\r\n"))
            if match is None or (code and int(match[1]) != code) or size > LONGEST_ANSWER:
                raise self._lost("an answer that cannot be read")
            code = int(match[1])
            words.append(match[3] or b"")
            if match[2] != b"-":
                return code, b"\n".join(words)

    def send(self, s: Any) -> None:  # noqa: ANN401 - smtplib's signature: str or bytes
        """Write it all within the timeout. Raises LineLostError."""
        line = self._line()
        line.settimeout(self.timeout)
        try:
            line.sendall(s.encode("ascii") if isinstance(s, str) else s)
        except OSError as error:
            raise self._lost(named(error)) from error

    def expect_silence(self) -> None:
        """The server must not have spoken or gone: it is our turn. Raises LineLostError."""
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
            self._read(0)
        if self._unread:
            raise self._lost(f"it spoke out of turn: {one_line(self._unread)[:100]}")

    def _next_line(self, until: float) -> bytes:
        self._line()
        while (end := self._unread.find(b"\n") + 1) == 0:
            if len(self._unread) > LONGEST_ANSWER:
                raise self._lost("an answer without an end")
            self._read(max(until - time.monotonic(), 0.001))
        read, self._unread = self._unread[:end], self._unread[end:]
        return read

    def _read(self, seconds: float) -> None:
        """Wait for bytes. Raises BlockingIOError or SSLWantReadError for 0 seconds without any, else LineLostError."""
        line = self._line()
        line.settimeout(seconds)
        try:
            read = line.recv(8192)
        except (BlockingIOError, ssl.SSLWantReadError):
            raise
        except OSError as error:
            raise self._lost(named(error)) from error
        if not read:
            raise self._lost("it closed the connection")
        self._unread += read

    def _line(self) -> socket.socket:
        """The socket; with TLS started on it, what was read before counts no more (RFC 3207 section 6)."""
        if self.sock is None:
            raise LineLostError("not connected")
        if self._source is not self.sock:
            self._source, self._unread = self.sock, b""
        return self.sock

    def _lost(self, why: str) -> LineLostError:
        self.close()
        return LineLostError(why)


class ReadingTls(Reading, smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""


def one_line(words: bytes) -> str:
    """A server's words on one line, printable."""
    text = words.decode("utf-8", "replace")
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def named(error: OSError) -> str:
    """What the system says of a failure."""
    return "no answer in time" if isinstance(error, TimeoutError) else error.strerror or type(error).__name__
