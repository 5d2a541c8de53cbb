"""`responder check`: one line for everything the daemon needs, with what to do when it fails."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from responder.app import App, build
from responder.core.errors import ResponderError
from responder.printing import as_json, lines

A_KEYWORD = "$AutoHeld"


@dataclass(frozen=True, slots=True)
class Checked:
    """One line: ok, warning or failed."""

    what: str
    state: str
    detail: str
    cure: str = ""


def run(args: argparse.Namespace) -> int:
    """Test everything; 1 when anything failed (a warning is none)."""
    app = build(args.env_file)
    checked: list[Checked] = []
    for one in _checks(app):
        checked.append(one)
        if not args.json:
            sign = {"ok": "ok  ", "warning": "WARN", "failed": "FAIL"}[one.state]
            lines(f"{sign}  {one.what}: {one.detail}", *([f"      -> {one.cure}"] if one.cure else []))
    if args.json:
        as_json([asdict(one) for one in checked])
    return 1 if any(one.state == "failed" for one in checked) else 0


def _checks(app: App) -> Iterator[Checked]:
    yield _settings(app)
    yield _tried("database", "set RESPONDER_DATABASE_URL, or mend what it says", lambda: _database(app))
    yield from _templates(app)
    yield _model(app)
    for name in app.settings.mailboxes:
        yield from _mailbox(app, name)


def _settings(app: App) -> Checked:
    names = app.settings.mailboxes
    count = len(names)
    if not count:
        return Checked("settings", "warning", "no mailbox is set", "copy .env.example to .env and fill one in")
    return Checked("settings", "ok", f"{count} mailbox{'es' if count > 1 else ''}: {', '.join(names)}")


def _database(app: App) -> str:
    with app.store.read() as transaction:
        held = transaction.oldest_held()
    return f"open and migrated; oldest held {held.date().isoformat() if held else 'none'}"


def _templates(app: App) -> Iterator[Checked]:
    problems = app.check_templates()
    for problem in problems:
        yield Checked("templates", "failed", str(problem), "mend it; the running daemon keeps its last good set")
    if not problems:
        yield Checked("templates", "ok", f"{len(app.templates.names())} templates, policy and cues agree")


def _model(app: App) -> Checked:
    model = app.model.get()
    if model is None:
        return Checked("model", "failed", f"none in {app.models_folder}: everything is held", "run 'responder train'")
    return Checked("model", "ok", model.version)


def _mailbox(app: App, name: str) -> Iterator[Checked]:
    chosen = app.settings.mailboxes[name]
    variable = f"RESPONDER_MAILBOXES__{name.upper()}__"
    yield from _imap(app, name, f"check {variable}IMAP_URL and its password")
    yield _tried(f"{name} SMTP", f"check {variable}SMTP_URL and its password", lambda: _smtp(app, name))
    if not chosen.authserv_id:
        cure = f"set {variable}AUTHSERV_ID to what your server writes in Authentication-Results"
        yield Checked(f"{name} sender check", "warning", "Authentication-Results are not checked", cure)
    yield Checked(f"{name} mode", "ok", str(chosen.mode))


def _imap(app: App, name: str, cure: str) -> Iterator[Checked]:
    """Login and folders; what the mailbox lacks costs comfort or safety, but not the answers."""
    inbox = app.inbox(name)
    try:
        inbox.select()
        able, folders, sent, keeps = inbox.capabilities(), inbox.folders(), inbox.sent_folder(), inbox.keeps(A_KEYWORD)
    except ResponderError as error:
        yield Checked(f"{name} IMAP", "failed", str(error), cure)
        return
    finally:
        inbox.close()
    wanted = ("IDLE", "MOVE", "UIDPLUS", "SPECIAL-USE")
    has = ", ".join(one for one in wanted if one in able) or "none of them"
    yield Checked(f"{name} IMAP", "ok", f"logged in, {len(folders)} folders; of {', '.join(wanted)} it has {has}")
    if sent is None:
        why = "no folder for sent mail: what people answer is seen by its flag alone, and no copies are kept"
        yield Checked(f"{name} Sent", "warning", why, "make a folder Sent")
    if not keeps:
        why = "keeps no keywords of ours: what became of a mail is not shown there"
        yield Checked(f"{name} keywords", "warning", why, "let the user write to the mailbox, or ask 'queue find'")


def _smtp(app: App, name: str) -> str:
    transport = app.transport(name)
    try:
        extensions = transport.connect()
    finally:
        transport.close()
    return f"logged in; {', '.join(extensions) or 'no extensions'}"


def _tried(what: str, cure: str, attempt: Callable[[], str]) -> Checked:
    try:
        return Checked(what, "ok", attempt())
    except ResponderError as error:
        return Checked(what, "failed", str(error), cure)
