"""How much unseen mail gets the right reply by itself, and how much a wrong one.

    python benchmarks/decisions.py [--seen] [--list]

The mail in benchmarks/mail was written by other people than the training texts. What lies in `unseen` is the measure:
it is never looked at while rules or texts are written. `seen` is there to be looked at (--list). Each mail says what a
careful team would do (`right`); `hold_ok` marks what may as well wait. A reply or receipt counts as right when it is
that very template; as wrong when any other one goes out, or one goes out where a person or nobody should have acted.
Holding is never wrong, only slow.
"""

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[1])  # not this folder, whose classifier.py would stand before the package

from responder.app import App
from responder.settings import load

MAIL = Path(__file__).parent / "mail"
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
WORDS = {"reply": "reply", "receipt": "acknowledge", "hold": "hold", "ignore": "ignore"}


@dataclass(frozen=True, slots=True)
class Case:
    """One mail and what became of it."""

    name: str
    deserved: str
    """reply or acknowledge with its template, hold, or ignore."""
    got: str
    intent: str
    guessed: str
    why: str
    rules: tuple[str, ...]

    @property
    def deserving(self) -> bool:
        """Whether a template should go out."""
        return "/" in self.deserved

    @property
    def right(self) -> bool:
        """The deserved template went out."""
        return self.deserving and self.got == self.deserved

    @property
    def wrong(self) -> bool:
        """A template went out that should not have."""
        return "/" in self.got and self.got != self.deserved


def main() -> int:
    """Decide everything, print the table; 1 when a wrong template went out or too little was answered."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seen", action="store_true", help="the set that rules may be mended by")
    parser.add_argument("--list", action="store_true", help="show every mail that did not get what it deserved")
    parser.add_argument("--floor", type=float, default=30.0, help="the least share answered right, percent")
    args = parser.parse_args()
    cases = list(
        _cases(
            App(load(environment={"RESPONDER_STAFF_DOMAINS": "company.example"})),
            MAIL / ("seen" if args.seen else "unseen"),
        )
    )
    _print(cases)
    if args.list:
        _print_list(cases)
    deserving = [case for case in cases if case.deserving]
    share = 100 * sum(case.right for case in cases) / len(deserving)
    wrong = sum(case.wrong for case in cases)
    print(f"\nright by itself: {share:.1f} % of {len(deserving)} that deserve one (floor {args.floor:.0f} %)")
    print(f"wrong by itself: {wrong} of {len(cases)} mails (limit 0)")
    return 0 if share >= args.floor and wrong == 0 else 1


def _cases(app: App, folder: Path) -> Iterator[Case]:
    explainer = app.explainer()
    for file in sorted(folder.glob("*.toml")):
        for mail in tomllib.loads(file.read_text(encoding="utf-8"))["message"]:
            explained = explainer(_raw(mail), NOW)
            kind, _, template = mail["right"].partition(" ")
            yield Case(
                name=f"{file.stem}/{mail['id']}",
                deserved=f"{WORDS[kind]} {template}".strip(),
                got=f"{explained.outcome} {explained.template or ''}".strip(),
                intent=mail["intent"],
                guessed=explained.prediction.intent if explained.prediction else "none",
                why=mail.get("why", ""),
                rules=tuple(f.rule for f in explained.disposition.reasons),
            )


def _raw(mail: dict[str, Any]) -> bytes:
    made = EmailMessage(policy=SMTP)
    made["From"] = mail["from"]
    made["To"] = f"{mail['mailbox']}@programs.example"
    made["Subject"] = mail["subject"]
    made["Date"] = NOW
    made["Message-ID"] = f"<{mail['id']}@mail.example>"
    made.set_content(mail["body"])
    return made.as_bytes()


def _print(cases: list[Case]) -> None:
    counts = Counter((case.deserved, _outcome(case)) for case in cases)
    columns = ("right", "held", "ignored", "wrong")
    print(f"{'deserved':<42}{'mails':>7}" + "".join(f"{name:>9}" for name in columns))
    for deserved in sorted({case.deserved for case in cases}):
        row = [counts[deserved, name] for name in columns]
        print(f"{deserved:<42}{sum(row):>7}" + "".join(f"{number:>9}" for number in row))
    intents = sum(case.guessed == case.intent for case in cases)
    print(f"\nintent right: {intents} of {len(cases)} ({100 * intents / len(cases):.1f} %)")
    blocking = Counter(rule for case in cases if case.deserving and not case.right for rule in case.rules)
    print("what held deserving mail: " + ", ".join(f"{rule} {number}" for rule, number in blocking.most_common(15)))


def _outcome(case: Case) -> str:
    if case.wrong:
        return "wrong"
    if case.right or case.got == case.deserved:
        return "right"
    return "held" if case.got == "hold" else "ignored"


def _print_list(cases: list[Case]) -> None:
    for case in cases:
        if case.wrong or (case.deserving and not case.right):
            mark = "WRONG" if case.wrong else "     "
            rules = ", ".join(case.rules)
            print(f"{mark} {case.name}: {case.deserved} -> {case.got}; {case.guessed}; {rules}; {case.why}")


if __name__ == "__main__":
    sys.exit(main())
