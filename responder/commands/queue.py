"""`responder queue`: the hold queue from a terminal."""

import argparse
import getpass
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from classifier.prediction import Intent
from responder.app import App, build
from responder.core.cues import mask
from responder.core.errors import ResponderError, TemplateError
from responder.core.lifecycle import MessageStage
from responder.core.reasons import REASONS, effective, say, topmost
from responder.core.reply import reply_subject
from responder.ports import Query, StoredMessage
from responder.printing import age, as_json, lines, table


def run(args: argparse.Namespace) -> int:
    """Run one verb."""
    app = build(args.env_file)
    _VERBS[args.verb](app, args)
    return 0


def _list(app: App, args: argparse.Namespace) -> None:
    query = Query((MessageStage.HELD,), mailbox=args.mailbox, limit=args.limit, oldest_first=True)
    _print_list("Held", app.review.find(query), args, empty="Nothing is held.")


def _ignored(app: App, args: argparse.Namespace) -> None:
    query = Query((MessageStage.IGNORED,), mailbox=args.mailbox, limit=args.limit)
    _print_list("Ignored", app.review.find(query), args, empty="Nothing was ignored.")


def _find(app: App, args: argparse.Namespace) -> None:
    found = app.review.find(Query(words=" ".join(args.words), limit=args.limit))
    _print_list("Found", found, args, empty="Nothing matches.")


def _show(app: App, args: argparse.Namespace) -> None:
    stored = app.review.get(args.number)
    draft = _draft(app, stored)
    if args.json:
        as_json(_facts(stored) | {"text": mask(stored.message.text), "draft": draft, "replies": _replies(app, stored)})
        return
    message = stored.message
    author = f"{message.author.name} <{message.author.addr}>" if message.author else "nobody"
    lines(
        _subject(stored),
        f"from {author} to {message.key.mailbox}, {age(message.received_at)}",
        "",
    )
    lines(f"{stored.stage.upper()}  {_guess(stored)}")
    for finding in topmost(effective(stored.findings)):
        lines(f"  {say(finding)}", f"      {_do(finding.rule)}")
    if stored.also:
        lines(f"  also noticed: {'; '.join(dict.fromkeys(say(finding) for finding in stored.also))}")
    lines("", mask(message.text) or "(no text)", "")
    for attachment in message.attachments:
        lines(f"[{attachment.filename or 'unnamed'}, {attachment.content_type}, {attachment.size // 1000} kB]")
    for reply in app.review.replies(stored.id):
        kind = "receipt" if reply.receipt else "automatic answer" if reply.automatic else "answer"
        lines(f"--- {kind} {reply.stage} {age(reply.sent_at or reply.created_at)}: {reply.words}", reply.body, "")
    if stored.stage is MessageStage.HELD:
        lines(f"--- draft ({stored.template or 'no template fits'})", draft)
    lines("", *(f"{age(event.at):>8}  {event.who}: {event.what} {event.why}" for event in app.review.events(stored.id)))


def _send(app: App, args: argparse.Namespace) -> None:
    reply = app.review.send(args.number, getpass.getuser(), template=args.template)
    lines(f"queued for {reply.outgoing.envelope.recipient}; it leaves as soon as the daemon runs")


def _edit(app: App, args: argparse.Namespace) -> None:
    before = _to_edit(app, app.review.held(args.number))
    after = _edited(before)
    if after.strip() == before.strip():
        lines("unchanged")
        return
    if not after.strip():
        lines("the draft was emptied: nothing is kept, nothing is sent; 'queue dismiss' closes without an answer")
        return
    app.review.edit(args.number, after)
    lines(f"draft kept; 'responder queue send {args.number}' sends it")


def _to_edit(app: App, stored: StoredMessage) -> str:
    """The draft, or where none can be made its first line, so that the form is plain to see."""
    try:
        draft = app.review.draft(stored)
    except TemplateError:
        draft = ""
    return draft or f"{reply_subject(mask(stored.message.subject))}\n\n"


def _edited(text: str) -> str:
    """What $EDITOR makes of the text; the file is private and removed."""
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    descriptor, name = tempfile.mkstemp(prefix="draft-", suffix=".md")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        if subprocess.run([*editor, name], check=False).returncode != 0:  # noqa: S603 - the person's own editor
            raise ResponderError("the editor failed; the draft is as it was")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ResponderError(f"there is no editor {editor[0]}: set EDITOR") from None
    finally:
        path.unlink(missing_ok=True)


def _dismiss(app: App, args: argparse.Namespace) -> None:
    app.review.dismiss(args.number, getpass.getuser(), args.why)
    lines(f"message {args.number} is closed")


def _relabel(app: App, args: argparse.Namespace) -> None:
    if args.intent not in {*Intent}:
        raise ResponderError(f"there is no intent {args.intent}; write one of {', '.join(Intent)}")
    template = app.review.relabel(args.number, Intent(args.intent), getpass.getuser())
    draft = f"the fitting template is {template}" if template else "no template fits: write the answer"
    lines(f"corrected to {args.intent}; {draft}")


def _restore(app: App, args: argparse.Namespace) -> None:
    answered = app.review.get(args.number).stage is MessageStage.ANSWERED
    app.review.restore(args.number, getpass.getuser())
    lines(f"message {args.number} is held again")
    if answered:
        lines("it was answered already: 'queue edit' the draft, or they get the same words twice")


def _arrived(app: App, args: argparse.Namespace) -> None:
    app.review.arrived(args.number, getpass.getuser())
    lines(f"message {args.number} is closed: its reply arrived")


def _print_list(title: str, found: Sequence[StoredMessage], args: argparse.Namespace, *, empty: str) -> None:
    if args.json:
        as_json([_facts(one) for one in found])
        return
    columns = ("N", "age", "mailbox", "from", "subject", "guess", "reason")
    table(title, columns, [_row(one) for one in found], empty=empty)


def _row(stored: StoredMessage) -> list[str]:
    message = stored.message
    author = message.author.addr if message.author else "nobody"
    return [
        str(stored.id),
        age(message.received_at),
        message.key.mailbox,
        author,
        _subject(stored)[:60],
        _guess(stored),
        _why(stored),
    ]


def _why(stored: StoredMessage) -> str:
    shown = topmost(effective(stored.findings))
    if not shown:
        return ""
    more = f" +{len(shown) - 1}" if len(shown) > 1 else ""
    reason = REASONS.get(shown[0].rule)
    return (reason.short if reason else shown[0].rule) + more


def _subject(stored: StoredMessage) -> str:
    return mask(stored.message.subject) or "(no subject)"


def _guess(stored: StoredMessage) -> str:
    guess = stored.prediction
    return f"{guess.intent}, {min(round(guess.confidence * 100), 99)} of 100" if guess else "no guess"


def _do(rule: str) -> str:
    """What to do; nothing for the rule of an older version, which has no row any more."""
    return REASONS[rule].do if rule in REASONS else ""


def _draft(app: App, stored: StoredMessage) -> str:
    """The draft as it is shown: without codes, and with the trouble in its place where it cannot be made."""
    try:
        return mask(app.review.draft(stored))
    except ResponderError as error:
        return f"(there is no draft: {error})"


def _replies(app: App, stored: StoredMessage) -> list[dict[str, object]]:
    return [
        {
            "id": r.id,
            "stage": r.stage,
            "automatic": r.automatic,
            "template": r.template,
            "sent_at": r.sent_at,
            "body": r.body,
        }
        for r in app.review.replies(stored.id)
    ]


def _facts(stored: StoredMessage) -> dict[str, object]:
    message, guess = stored.message, stored.prediction
    return {
        "number": stored.id,
        "mailbox": message.key.mailbox,
        "stage": stored.stage,
        "from": message.author.addr if message.author else None,
        "subject": mask(message.subject),
        "received_at": message.received_at,
        "intent": guess.intent if guess else None,
        "confidence": guess.confidence if guess else None,
        "template": stored.template,
        "reasons": [say(finding) for finding in topmost(effective(stored.findings))],
        "findings": [{"rule": f.rule, "effect": f.effect, "detail": f.detail} for f in stored.findings],
    }


_VERBS: dict[str, Callable[[App, argparse.Namespace], None]] = {
    "list": _list,
    "ignored": _ignored,
    "find": _find,
    "show": _show,
    "send": _send,
    "edit": _edit,
    "dismiss": _dismiss,
    "relabel": _relabel,
    "restore": _restore,
    "arrived": _arrived,
}
