"""What every screening rule looks at: the message, what we know of ourselves, and the header fields by name."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from responder.core.addresses import addresses
from responder.core.message import Message
from responder.core.verdict import Effect, Finding

LONGEST_VALUE = 4000
"""Characters of a header value that are looked at; no real marker comes near."""
_MOST_FROM, _LONGEST_LIST = 20, 20_000
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Known:
    """What a mailbox knows of itself and its surroundings, all from configuration, never from mail."""

    addresses: frozenset[str] = frozenset()
    """Our mailboxes, aliases and bounce addresses, of all programs."""
    staff_domains: frozenset[str] = frozenset()
    vendor_domains: frozenset[str] = frozenset()
    """Where the verifier's mail comes from."""
    loop_token: str = ""
    """What our own mail carries in X-Loop and in its Message-ID."""
    authserv_id: str = ""
    """Whose Authentication-Results to trust (RFC 8601 section 2.5); "" checks nothing."""
    relays: frozenset[str] = frozenset()
    """Addresses or domains of web forms, whose Reply-To is the person."""
    max_recipients: int = 10
    max_hops: int = 30


@dataclass(frozen=True, slots=True)
class Case:
    """One message under the rules."""

    message: Message
    known: Known
    fields: Mapping[str, tuple[str, ...]]
    """Every value of each header field, by its name in lower case."""
    authors: tuple[str, ...]
    """Every address of every From field in lower case; RFC 5322 section 3.6 allows one field, hostile mail has more."""

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a field (its name in lower case), comments and surplus length removed."""
        found = self.fields.get(name)
        return tuple(strip_comments(value[:LONGEST_VALUE]) for value in found) if found else ()

    @property
    def author_domain(self) -> str:
        """The domain of From, or "" where there is none."""
        return self.message.author.domain if self.message.author else ""

    @property
    def through_relay(self) -> bool:
        """Whether a configured web form sent this for somebody named in Reply-To."""
        author = self.message.author
        return (
            author is not None
            and bool(self.message.reply_to)
            and not self.known.relays.isdisjoint((author.addr.lower(), author.domain))
        )


Rule = Callable[[Case], Iterator[Finding]]
"""One line of the table: yields what hit, or nothing."""


def case_of(message: Message, known: Known) -> Case:
    """Index the header fields once, so that a mail with a hundred thousand of them costs one pass."""
    fields: dict[str, list[str]] = {}
    for name, value in message.headers:
        fields.setdefault(name.strip().lower(), []).append(value)
    authors = [message.author.addr.lower()] if message.author else []
    for value in fields.get("from", [])[:_MOST_FROM]:
        authors += [one.addr.lower() for one in addresses(value[:_LONGEST_LIST])]
    indexed = {name: tuple(values) for name, values in fields.items()}
    return Case(message, known, indexed, tuple(dict.fromkeys(authors)))


def ignore(rule: str, detail: str = "", **slots: str) -> Finding:
    """A finding that parks the mail."""
    return Finding(rule, Effect.IGNORE, _short(detail), tuple(slots.items()))


def hold(rule: str, detail: str = "", **slots: str) -> Finding:
    """A finding that keeps the mail for a person."""
    return Finding(rule, Effect.HOLD, _short(detail), tuple(slots.items()))


def _short(detail: str) -> str:
    return " ".join(detail[:200].split())[:80]


def strip_comments(value: str) -> str:
    """Take out RFC 5322 comments, nested ones too (section 3.2.2); an unclosed one reaches to the end."""
    if "(" not in value:
        return value.strip()
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in value:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif char == "(" and not quoted:
            depth += 1
        elif char == ")" and depth:
            depth -= 1
            continue
        if not depth:
            kept.append(char)
    return "".join(kept).strip()


def token(value: str) -> str:
    """The first token of a value, in lower case, before any parameter; "" when there is none (RFC 2045 section 5.1)."""
    first = _BETWEEN.split(value.strip(), maxsplit=1)[0]
    return first.lower() if _TOKEN.fullmatch(first) else ""


def tokens(value: str) -> tuple[str, ...]:
    """All tokens of a list that is parted by commas, semicolons or spaces; "" stands for what is none."""
    words = [word for word in _BETWEEN.split(value.strip()) if word]
    return tuple(word.lower() if _TOKEN.fullmatch(word) else "" for word in words)


def domain_matches(domain: str, wanted: frozenset[str]) -> bool:
    """Whether a domain, or one above it, is among the wanted ones."""
    labels = domain.rstrip(".").split(".")
    return any(".".join(labels[start:]) in wanted for start in range(min(len(labels), 20)))
