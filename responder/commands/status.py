"""`responder status`: what an operator wants to know at a glance."""

import argparse
from typing import Any

from responder.app import App, build
from responder.core.lifecycle import MessageStage, ReplyStage
from responder.ports import MailboxState
from responder.printing import age, as_json, lines, table

COLUMNS = (
    MessageStage.RECEIVED,
    MessageStage.ANSWERING,
    MessageStage.ANSWERED,
    MessageStage.HELD,
    MessageStage.IGNORED,
    MessageStage.CLOSED,
    MessageStage.RECORDED,
)


def run(args: argparse.Namespace) -> int:
    """Print counts, ages, pauses and errors."""
    app = build(args.env_file)
    with app.store.read() as transaction:
        counts, outbox, oldest = transaction.count(), transaction.outbox(), transaction.oldest_held()
        states = {state.name: state for state in transaction.mailboxes()}
    names = sorted({*app.settings.mailboxes, *states, *counts})
    if args.json:
        as_json(
            {
                "mailboxes": {name: _facts(app, name, states.get(name), counts.get(name, {})) for name in names},
                "outbox": {stage: outbox.get(stage, 0) for stage in ReplyStage},
                "oldest_held": oldest,
            }
        )
        return 0
    rows = [_row(app, name, states.get(name), counts.get(name, {})) for name in names]
    table("Mailboxes", ("mailbox", "mode", *COLUMNS, "last poll", "waiting", "state"), rows, empty="No mailbox yet.")
    owed = ", ".join(f"{outbox[stage]} {stage}" for stage in ReplyStage if outbox.get(stage)) or "empty"
    lines("", f"Outbox: {owed}", f"Oldest held: {age(oldest) if oldest else 'nothing is held'}")
    return 0


def _row(app: App, name: str, state: MailboxState | None, counts: Any) -> list[str]:  # noqa: ANN401 - stage to number
    mode = str(app.settings.mailboxes[name].mode) if name in app.settings.mailboxes else "not configured"
    waiting = "" if state is None or state.server_count is None else str(state.server_count)
    polled = age(state.polled_at) if state else "never"
    return [name, mode, *(str(counts.get(stage, 0)) for stage in COLUMNS), polled, waiting, _state(state)]


def _state(state: MailboxState | None) -> str:
    if state is None:
        return "never started"
    if state.paused_at:
        return f"PAUSED by {state.paused_by}: {state.pause_reason}"
    return f"ERROR {state.last_error}" if state.last_error else "ok"


def _facts(app: App, name: str, state: MailboxState | None, counts: Any) -> dict[str, object]:  # noqa: ANN401
    return {
        "mode": str(app.settings.mailboxes[name].mode) if name in app.settings.mailboxes else None,
        "stages": {stage: counts.get(stage, 0) for stage in COLUMNS},
        "polled_at": state.polled_at if state else None,
        "waiting_on_server": state.server_count if state else None,
        "paused_at": state.paused_at if state else None,
        "pause_reason": state.pause_reason if state else "",
        "last_error": state.last_error if state else "",
    }
