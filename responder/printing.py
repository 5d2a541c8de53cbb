"""How commands print: tables for people, JSON for programs. rich is imported only for tables."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta


def as_json(value: object) -> None:
    """One JSON value on standard output."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=_plain)
    sys.stdout.write("\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """A table as wide as the terminal; `empty` where there are no rows."""
    from rich.console import Console  # noqa: PLC0415 - `--help` must not pay for it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    filled = [[Text(printable(cell), overflow="fold") for cell in row] for row in rows]
    if not filled:
        sys.stdout.write(f"{empty}\n")
        return
    shown = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        shown.add_column(column)
    for row in filled:
        shown.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(shown)


def lines(*said: str) -> None:
    """Plain lines, safe for a terminal."""
    for line in said:
        sys.stdout.write(f"{printable(line)}\n")


def printable(text: str) -> str:
    """Text from outside without anything that could steer a terminal (escape sequences, bidi overrides)."""
    return "".join(char if char.isprintable() or char in "\n\t" else f"[U+{ord(char):04X}]" for char in text)


def age(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago, as "2 h" or "3 d"; after 7 days the date."""
    if moment is None:
        return "never"
    passed = (now or datetime.now(UTC)) - moment
    if passed >= timedelta(days=7):
        return moment.date().isoformat()
    minutes = max(int(passed.total_seconds()) // 60, 0)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 24 * 60 else f"{minutes // (24 * 60)} d"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
