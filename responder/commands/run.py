"""`responder run`: the daemon in the foreground of its supervisor."""

import argparse
import contextlib
import logging
import os
import signal
import socket
import threading

from responder import logs
from responder.app import build
from responder.core.errors import SettingsError
from responder.daemon import Daemon

EX_SOFTWARE = 70
HEARTBEAT = 10.0
log = logging.getLogger(__name__)


def run(args: argparse.Namespace) -> int:
    """Until SIGTERM or SIGINT; with --once until nothing is left to do."""
    logs.configure(args.log_level, as_json=args.log_format == "json")
    app = build(args.env_file)
    if not app.mailboxes:
        raise SettingsError(["RESPONDER_MAILBOXES__<NAME>__ADDRESS: no mailbox is set; .env.example shows one"])
    with app.store.begin() as transaction:
        for name in app.mailboxes:
            transaction.mailbox(name, app.clock())
    if app.model.get() is None:
        log.critical("no model: everything is held", extra={"models": str(app.models_folder)})
    daemon = app.daemon()
    log.info("started", extra={"mailboxes": {name: str(one.mode) for name, one in app.mailboxes.items()}})
    try:
        return _once(daemon) if args.once else _until_stopped(daemon)
    finally:
        app.store.close()
        log.info("stopped")


def _once(daemon: Daemon) -> int:
    signal.signal(signal.SIGTERM, lambda *_: daemon.stop())
    return 1 if daemon.drain() else 0


def _until_stopped(daemon: Daemon) -> int:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    daemon.start()
    notify("READY=1")
    while not stopping.wait(HEARTBEAT):
        if stalled := daemon.stalled():
            log.critical("stalled, ending so that the supervisor starts anew", extra={"stages": stalled})
            os._exit(EX_SOFTWARE)  # the stalled thread would not let a tidy exit pass; the database is crash-safe
        notify("WATCHDOG=1")
    notify("STOPPING=1")
    daemon.stop()
    return 0


def notify(state: str) -> None:
    """Tell systemd (sd_notify(3)); nothing happens where there is no supervisor listening."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    path = "\0" + address[1:] if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(state.encode(), path)
