"""`responder demo`: embedded servers, sample mail, the real daemon in auto mode, and a table of what became of it."""

import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from responder.app import App
from responder.core.lifecycle import MessageStage
from responder.core.reasons import effective, say, topmost
from responder.daemon import utc_now
from responder.demo.imap_server import EmbeddedImap
from responder.demo.samples import DOMAIN, Sample, samples
from responder.demo.smtp_sink import EmbeddedSink
from responder.ports import Query, StoredMessage
from responder.printing import printable
from responder.settings import load

PROGRAMS = ("education", "opensource", "startups")
PASSWORD = "demo"  # noqa: S105 - of an embedded server on loopback that lives for seconds
COLORS = {"answer": "green", "acknowledge": "cyan", "hold": "yellow", "ignore": "dim"}
OUTCOMES = {"answer": "answered", "acknowledge": "receipt", "hold": "held", "ignore": "ignored"}


@dataclass(frozen=True, slots=True)
class Played:
    """One sample and what became of it."""

    sample: Sample
    stored: StoredMessage


def play(keep: Path | None, console: Console) -> int:
    """Run it all; 0 when every sample was decided and everything owed was sent."""
    now = utc_now()
    mail = samples(now)
    with _folder(keep) as folder, EmbeddedImap(dict.fromkeys(PROGRAMS, PASSWORD)) as imap, EmbeddedSink() as sink:
        console.print(f"IMAP server on port {imap.port}, SMTP sink on port {sink.port}, {len(mail)} sample mails.")
        uids = {(one.mailbox, _deliver(imap, one)): one for one in mail}
        environment = _environment(imap, sink, folder, now)
        app = App(load(environment=environment))
        errors = _drain(app, len(mail), console)
        played = _played(app, uids)
        app.store.close()
        if keep is not None:
            _keep_replies(sink, keep)
            (keep / "env").write_text("".join(f"{name}={value}\n" for name, value in environment.items()))
        _report(played, sink, console, keep)
    undecided = [one for one in played if one.stored.stage in {MessageStage.RECEIVED, MessageStage.ANSWERING}]
    return 1 if errors or undecided or len(played) < len(mail) else 0


def _deliver(imap: EmbeddedImap, sample: Sample) -> int:
    return imap.deliver(sample.mailbox, sample.raw, received_at=sample.arrived_at)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    folder = Path(tempfile.mkdtemp(prefix="responder-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(imap: EmbeddedImap, sink: EmbeddedSink, folder: Path, now: datetime) -> Mapping[str, str]:
    """What an operator would write into .env; old mail may be answered, and the brake is out of the way."""
    values = {
        "RESPONDER_DATABASE_URL": f"sqlite:///{folder / 'responder.db'}",
        "RESPONDER_STAFF_DOMAINS": DOMAIN,
    }
    for program in PROGRAMS:
        values |= {
            f"RESPONDER_MAILBOXES__{program.upper()}__{name}": value
            for name, value in {
                "ADDRESS": f"{program}@{DOMAIN}",
                "PROGRAM": program,
                "IMAP_URL": f"imap://{program}@127.0.0.1:{imap.port}",
                "IMAP_PASSWORD": PASSWORD,
                "SMTP_URL": f"smtp://127.0.0.1:{sink.port}",
                "MODE": "auto",
                "ANSWER_SINCE": f"{now.year - 1}-01-01",
                "BRAKE_PER_HOUR": "1000",
            }.items()
        }
    return values


def _drain(app: App, total: int, console: Console) -> list[Exception]:
    """The daemon as `run --once` runs it, with a progress display."""
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=not console.is_terminal) as progress:
        read, decided = progress.add_task("read", total=total), progress.add_task("decided", total=total)
        looked = threading.Event()

        def show() -> None:
            looked.wait(0.1)
            with app.store.read() as transaction:
                counts = Counter[MessageStage]()
                for stages in transaction.count().values():
                    counts.update(stages)
            progress.update(read, completed=counts.total())
            progress.update(decided, completed=counts.total() - counts[MessageStage.RECEIVED])

        errors = app.daemon().drain(show)
        show()
    return errors


def _played(app: App, uids: Mapping[tuple[str, int], Sample]) -> list[Played]:
    with app.store.read() as transaction:
        found = transaction.find(Query(limit=len(uids) + 1, oldest_first=True))
    by_key = {(one.message.key.mailbox, one.message.key.uid): one for one in found}
    return [Played(sample, by_key[key]) for key, sample in uids.items() if key in by_key]


def _report(played: list[Played], sink: EmbeddedSink, console: Console, keep: Path | None) -> None:
    table = Table(title="What became of each mail, and why", title_justify="left", box=None, pad_edge=False)
    for column in ("mailbox", "sample", "from", "outcome", "template or reason"):
        table.add_column(column)
    for one in played:
        table.add_row(*(Text(printable(cell)) if isinstance(cell, str) else cell for cell in _row(one)))
    shown = console if console.is_terminal else Console(width=150, file=console.file)
    shown.print(table)
    counts = Counter(OUTCOMES.get(one.stored.disposition or "", "undecided") for one in played)
    shown.print(f"\n{len(played)} mails: " + ", ".join(f"{number} {name}" for name, number in counts.most_common()))
    shown.print(f"{len(sink.received)} replies and receipts reached the SMTP sink, each once.\n")
    shown.print("Where to look next:")
    if keep is not None:
        shown.print(f"  responder --env-file {keep / 'env'} queue list", soft_wrap=True)
        shown.print(f"  {keep / 'replies'}  the replies as they went out", soft_wrap=True)
    else:
        shown.print("  responder demo --keep demo     keeps the database and the replies")
    shown.print("  templates/policy.toml          who is answered with what")
    shown.print("  responder explain mail.eml     what would be done with a mail of yours, and why")
    shown.print("  .env.example, responder check  connect a real mailbox; it starts in draft mode and sends nothing")


def _row(one: Played) -> tuple[str, str, str, Text, str]:
    stored = one.stored
    author = stored.message.author.addr if stored.message.author else "nobody"
    outcome = stored.disposition or "undecided"
    said = [say(finding) for finding in topmost(effective(stored.findings))]
    why = stored.template or "" if outcome in {"answer", "acknowledge"} else "; ".join(said[:2])
    more = f" (+{len(said) - 2})" if len(said) > 2 and outcome not in {"answer", "acknowledge"} else ""
    shown = Text(OUTCOMES.get(outcome, outcome), style=COLORS.get(outcome, ""))
    return one.sample.mailbox, one.sample.kind, author, shown, why + more


def _keep_replies(sink: EmbeddedSink, keep: Path) -> None:
    folder = keep / "replies"
    folder.mkdir(exist_ok=True)
    for number, received in enumerate(sink.received, 1):
        (folder / f"{number:03}.eml").write_bytes(received.data)
