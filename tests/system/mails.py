"""Mail for the whole-system tests: the demo's samples again and again, each time from somebody else."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from responder.demo.samples import Sample, samples

ANSWERED = {
    "new application",
    "renewal",
    "add-on",
    "rejection dispute",
    "support",
    "support, technical",
    "wrong mailbox",
    "HTML only",
    "hostile",
    "student alone",
    "not listed",
}
"""Kinds that may get a reply or receipt; every other kind must not."""
MACHINES = {
    "out of office",
    "bounce",
    "list",
    "machine notice",
    "newsletter",
    "our own address",
    "calendar",
    "spam",
    "thanks only",
    "verifier's case",
}
FIXED = {"our own address", "second mail of one person", "broken"}
"""Samples whose sender is their point."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A sample as it was posted, and who wrote it."""

    sample: Sample
    sender: str

    @property
    def may_be_answered(self) -> bool:
        """Whether a reply or receipt is allowed at all."""
        return self.sample.kind in ANSWERED


def posted(count: int, now: datetime) -> list[Posted]:
    """`count` mails of every kind; sender, domain, Message-ID and sign-off differ, so that no cap joins them."""
    kinds = samples(now)
    return [_personal(kinds[number % len(kinds)], number) for number in range(count)]


def _personal(sample: Sample, number: int) -> Posted:
    raw = re.sub(rb"<sample-\d+@", b"<sample-%d@" % number, sample.raw)
    if sample.kind not in FIXED:
        raw = re.sub(rb"(?m)^(From:.*?)<([^<>@]+)@([^<>]+)>", rb"\1<\2@n%d.\3>" % number, raw, count=1)
    raw = b"X-Number: %d\r\n%s" % (number, raw)  # the same bytes again would be the same mail
    sender = re.search(rb"(?m)^From:.*?([^<>\s]+@[^<>\s]+?)>?\r$", raw)
    return Posted(replace(sample, raw=raw), sender[1].decode() if sender else "")
