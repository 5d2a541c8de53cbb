"""`responder pause` and `responder resume`."""

import argparse
import getpass

from responder.app import build
from responder.core.errors import ResponderError
from responder.printing import lines


def run(args: argparse.Namespace) -> int:
    """Stop or start a mailbox's automatic replies."""
    app = build(args.env_file)
    if args.mailbox not in app.settings.mailboxes:
        known = ", ".join(app.settings.mailboxes) or "none is configured"
        raise ResponderError(f"there is no mailbox {args.mailbox}; known: {known}")
    who = getpass.getuser()
    with app.store.begin() as transaction:
        transaction.mailbox(args.mailbox, app.clock())
        if args.command == "pause":
            transaction.pause(args.mailbox, app.clock(), who, args.why or "paused by a person")
        else:
            transaction.resume(args.mailbox, app.clock(), who)
    waits = "paused: no automatic reply leaves until resume; what people send still goes"
    lines(f"{args.mailbox} is {waits if args.command == 'pause' else 'sending again'}")
    return 0
