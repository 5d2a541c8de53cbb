"""Structured logs: one line an event, plain text for people or JSON for programs.

Never a message body, never a secret: an exception is logged by its type and frames, not by its words, because those may
quote what was being read; only our own errors, whose words we wrote, speak.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

from responder.core.errors import ResponderError

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
QUIET = {"imapclient": logging.WARNING, "imapclient.imaplib": logging.WARNING, "alembic": logging.WARNING}
"""The libraries' own loggers would show LOGIN lines and message text at DEBUG."""


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _cause(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[1] is None:
        return ""
    error = record.exc_info[1]
    words = f": {error}" if isinstance(error, ResponderError) else ""
    return "".join(traceback.format_tb(error.__traceback__)) + f"{type(error).__name__}{words}"


class PlainFormatter(logging.Formatter):
    """time level logger message field=value ..."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, the frames of an exception below it."""
        time = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items())
        cause = _cause(record)
        line = f"{time} {record.levelname.lower():8} {record.getMessage()}{fields}"
        return _one_line(line) + (f"\n{cause}" if cause else "")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, event, then the event's own fields."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_fields(record),
        }
        if cause := _cause(record):
            line["cause"] = cause
        return json.dumps(line, default=str)


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else "�" for char in text)


def configure(level: str = "info", *, as_json: bool = False) -> None:
    """Send the program's logs to standard error."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(JsonFormatter() if as_json else PlainFormatter())
    root = logging.getLogger()
    root.handlers[:] = [stream]
    root.setLevel(level.upper())
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)
