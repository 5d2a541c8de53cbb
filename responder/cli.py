"""The command line: names, arguments and help. Each command's module is imported only when it runs."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from responder import __version__
from responder.core.errors import ResponderError, SettingsError

EPILOG = """\
exit status:
  0   done
  1   something failed or was not found; standard error says what
  2   wrong usage or wrong settings; nothing was started
  70  the daemon stalled and ended itself, for its supervisor to start it again

Settings come from the environment and from .env (or --env-file); the README lists them all.
Start with:  responder demo      see it work on sample mail, no account needed
             responder check     test your settings, servers, templates and model
             responder run       answer the mailboxes
"""

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse has no other name


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.command is None:
        parser.print_help()
        return 2
    try:
        return int(import_module(args.module).run(args))
    except SettingsError as error:
        _complain("the settings are wrong; nothing was started", *error.problems)
        return 2
    except ResponderError as error:
        _complain(str(error))
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _complain(said: str, *more: str) -> None:
    sys.stderr.write("".join(f"{line}\n" for line in (f"responder: {said}", *(f"  {one}" for one in more))))


def build_parser() -> argparse.ArgumentParser:
    """Every command with its help; quick, because nothing heavy is imported."""
    parser = argparse.ArgumentParser(
        prog="responder",
        description="Answers the shared mailboxes of community programs: sends the matching template,\n"
        "or holds the mail for a person with every reason.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"responder {__version__}")
    parser.add_argument("--env-file", type=Path, metavar="FILE", help="read settings from FILE instead of .env")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for add in (_run, _demo, _check, _status, _pause, _queue, _explain, _templates, _train, _evaluate):
        add(commands)
    return parser


def _command(
    commands: Commands, name: str, summary: str, *, module: str | None = None, more: str = "", as_json: bool = False
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary}. {more}".strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=name, module=f"responder.commands.{module or name}")
    if as_json:
        parser.add_argument("--json", action="store_true", help="print JSON for programs")
    return parser


def _logging(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--log-level", choices=["debug", "info", "warning", "error"], default="info")
    parser.add_argument(
        "--log-format", choices=["plain", "json"], default="plain", help="one line an event, or one object"
    )


def _run(commands: Commands) -> None:
    parser = _command(
        commands,
        "run",
        "Answer the mailboxes until stopped (SIGTERM, Ctrl-C)",
        more="Logs go to standard error.",
    )
    parser.add_argument("--once", action="store_true", help="handle everything that is there, then exit 0")
    _logging(parser)


def _demo(commands: Commands) -> None:
    parser = _command(
        commands,
        "demo",
        "See it work: embedded servers, sample mail, the real daemon",
        more="Needs no account and leaves nothing behind.",
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the database and the replies in DIR")


def _check(commands: Commands) -> None:
    _command(
        commands,
        "check",
        "Test settings, servers, database, templates and model",
        more="One line each, with what to do when it fails.",
        as_json=True,
    )


def _status(commands: Commands) -> None:
    _command(commands, "status", "Counts per stage, oldest held, last poll, pauses", as_json=True)


def _pause(commands: Commands) -> None:
    for name, summary in (
        ("pause", "Stop automatic replies of a mailbox; mail is still read and decided"),
        ("resume", "Let a paused mailbox send again, what waited included"),
    ):
        parser = _command(commands, name, summary, module="pause")
        parser.add_argument("mailbox", metavar="MAILBOX")
        parser.add_argument("--why", default="", help="shown in status")


def _queue(commands: Commands) -> None:
    parser = _command(commands, "queue", "Work the hold queue")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)

    def verb(name: str, summary: str, *, number: bool = True, as_json: bool = False) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=summary, description=summary)
        added.set_defaults(verb=name)
        if number:
            added.add_argument("number", type=int, metavar="N", help="the message's number, from 'queue list'")
        if as_json:
            added.add_argument("--json", action="store_true", help="print JSON for programs")
        return added

    for name, summary in (
        ("list", "What waits for a person, oldest first"),
        ("ignored", "What was taken for machine mail"),
    ):
        listing = verb(name, summary, number=False, as_json=True)
        listing.add_argument("--mailbox", metavar="NAME")
        listing.add_argument("--limit", type=int, default=50, metavar="N")
    finding = verb("find", "Search all mail: from: to: reason: intent: and free words", number=False, as_json=True)
    finding.add_argument("words", nargs="+", metavar="WORDS")
    finding.add_argument("--limit", type=int, default=50, metavar="N")
    verb("show", "The message, the reasons and the draft", as_json=True)
    sending = verb("send", "Send the draft, or a template, as your answer")
    sending.add_argument("--template", metavar="NAME", help="e.g. education/renewal; see 'templates check'")
    verb("edit", "Open the draft in $EDITOR; what you save is the draft, 'queue send' sends it")
    dismissing = verb("dismiss", "Close without an answer")
    dismissing.add_argument("--why", default="dismissed", help="machine, spam, thanks only, answered elsewhere, ...")
    relabelling = verb(
        "relabel", "Correct the intent: the fitting template becomes the draft, the correction is learned from"
    )
    relabelling.add_argument("intent", metavar="INTENT")
    verb("restore", "Bring an ignored or closed message back into the hold queue")
    verb("arrived", "Settle an unknown send: the reply did arrive")


def _explain(commands: Commands) -> None:
    parser = _command(
        commands,
        "explain",
        "What would be done with a raw message, and why; nothing is sent",
        as_json=True,
    )
    parser.add_argument("--mailbox", metavar="NAME", help="decide as this mailbox")
    parser.add_argument("files", nargs="+", metavar="FILE", help="RFC 5322 files; - reads paths from standard input")


def _templates(commands: Commands) -> None:
    parser = _command(commands, "templates", "Check and preview the reply templates")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    checking = verbs.add_parser("check", help="Render every template, find unknown variables, dead rows, bad cues")
    checking.set_defaults(verb="check")
    checking.add_argument("--json", action="store_true", help="print JSON for programs")
    preview = verbs.add_parser("preview", help="Show a template as a message's reply")
    preview.set_defaults(verb="preview")
    preview.add_argument("template", metavar="NAME", help="e.g. education/renewal")
    preview.add_argument("--message", type=Path, metavar="FILE", help="a raw message to answer; a sample when left out")
    preview.add_argument("--html", action="store_true", help="show the HTML side")


def _train(commands: Commands) -> None:
    parser = _command(commands, "train", "Train a model from the corpus and the corrections")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="the training texts; unset: the shipped ones")
    parser.add_argument(
        "--encoder",
        type=Path,
        metavar="DIR",
        help="another sentence encoder (encoder.onnx, tokenizer.json, unseen.npz)",
    )
    parser.add_argument(
        "--shipped", action="store_true", help="rebuild the model that ships with the package, from the corpus alone"
    )


def _evaluate(commands: Commands) -> None:
    parser = _command(
        commands,
        "evaluate",
        "How good the model is on writers it has not seen",
        more="Every text is judged by a model that never saw its writer.",
        as_json=True,
    )
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="labelled texts; unset: the shipped ones")
