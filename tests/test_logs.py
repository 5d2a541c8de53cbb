"""Logs hold no message text and no secret, and one event is one line."""

import json
import logging
from types import TracebackType

from responder.core.errors import InboxError
from responder.logs import JsonFormatter, PlainFormatter


def record(error: Exception | None = None, **fields: object) -> logging.LogRecord:
    """A log record as the program makes them."""
    made = logging.makeLogRecord({"msg": "it went well", "levelname": "INFO", **fields})
    if error is not None:
        made.exc_info = caught(error)
    return made


def caught(error: Exception) -> tuple[type[Exception], Exception, TracebackType | None]:
    """The error with the frames of having been raised here."""
    try:
        raise error
    except type(error) as raised:
        return type(raised), raised, raised.__traceback__


def test_foreign_errors_do_not_speak() -> None:
    """An exception of another library may quote a mail: its words stay out, its type and place remain."""
    for formatter in (PlainFormatter(), JsonFormatter()):
        line = formatter.format(record(ValueError("my bank account is 1234")))
        assert "1234" not in line
        assert "ValueError" in line
        assert "test_logs.py" in line


def test_own_errors_speak() -> None:
    """Our own errors tell what to do."""
    assert "log in first" in PlainFormatter().format(record(InboxError("log in first")))


def test_one_event_is_one_line() -> None:
    """A line break or an escape sequence in a field cannot forge a second event."""
    line = PlainFormatter().format(record(mailbox="a\n2026 forged\x1b[31m"))
    assert "\n" not in line
    assert "\x1b" not in line


def test_json_has_the_fields() -> None:
    """JSON logs carry every field by its name."""
    line = json.loads(JsonFormatter().format(record(mailbox="education", count=3)))
    assert (line["event"], line["mailbox"], line["count"]) == ("it went well", "education", 3)
