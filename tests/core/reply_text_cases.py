"""The written cases: a body and what its writer newly wrote. Run as a program, it prints the exact share."""

import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from responder.core.addresses import addresses
from responder.core.charsets import clean
from responder.core.html_text import html_to_text
from responder.core.reply_text import ReplyText, split

FOLDER = Path(__file__).parent / "reply_text_cases"


@dataclass(frozen=True)
class Case:
    """One body of one mail."""

    source: str
    shows: str
    body: str
    html: str | None
    new: str
    author: str = ""
    forward: bool = False
    forwarded: str | None = None

    def result(self) -> ReplyText:
        """What we make of it."""
        author = next(iter(addresses(self.author)), None)
        return split(self.body, self.html, author=author, forward=self.forward)


def cases() -> list[Case]:
    """Every case of every file."""
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            html = entry.get("html")
            body = clean(entry["body"] if "body" in entry else html_to_text(html)).strip("\n")
            rest = {name: entry[name] for name in ("author", "forward", "forwarded") if name in entry}
            found.append(Case(path.stem, entry["shows"], body, html, clean(entry["new"]).strip("\n"), **rest))
    return found


def words_f1(got: str, wanted: str) -> float:
    """Token F1 over multisets of words."""
    ours, theirs = got.split(), wanted.split()
    if not ours or not theirs:
        return float(ours == theirs)
    left = list(theirs)
    shared = 0
    for word in ours:
        if word in left:
            left.remove(word)
            shared += 1
    return 2 * shared / (len(ours) + len(theirs))


def main() -> None:
    """Print the cases that differ and the exact share."""
    every = cases()
    wrong = [case for case in every if case.result().text != case.new]
    for case in wrong:
        print(f"--- {case.source}: {case.shows}\n{case.result().text}\n+++\n{case.new}\n", file=sys.stderr)  # noqa: T201
    f1 = sum(words_f1(case.result().text, case.new) for case in every) / len(every)
    print(f"exact {len(every) - len(wrong)} of {len(every)}, mean word F1 {f1:.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
