"""What the MIME structure says: reports, invitations, receipts, ciphertext, nothing at all (C3)."""

from collections.abc import Iterator

from responder.core.message import Part
from responder.core.screen.case import Case, hold, ignore, token
from responder.core.verdict import Finding

_ENCRYPTED = frozenset(
    {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"}
)
_REPORT_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status", "message/feedback-report"})
_RECEIPT_PARTS = frozenset({"message/disposition-notification", "message/global-disposition-notification"})


def outer_parts(case: Case) -> tuple[Part, ...]:
    """The message's own parts, up to the first attached message: a bounce that a person attaches is no bounce."""
    parts = case.message.parts
    for place, part in enumerate(parts):
        if place and part.content_type in {"message/rfc822", "message/global"}:
            return parts[:place]
    return parts


def report(case: Case) -> Iterator[Finding]:
    """RFC 6522: multipart/report is a server's word about another mail (RFC 3464, RFC 8098, RFC 5965)."""
    parts = outer_parts(case)
    containers = [part for part in parts if part.content_type == "multipart/report"]
    if containers:
        yield ignore("shape.report", containers[0].parameter("report-type") or "multipart/report")
    elif any(part.content_type in _REPORT_PARTS for part in parts):
        yield ignore("shape.report", "delivery-status")
    elif case.message.report is not None and parts == case.message.parts and not _is_receipt(parts):
        yield ignore("shape.report", case.message.report.kind)
    if "x-failed-recipients" in case.fields:
        yield ignore("shape.report", "X-Failed-Recipients")


def _is_receipt(parts: tuple[Part, ...]) -> bool:
    return any(part.content_type in _RECEIPT_PARTS for part in parts)


def read_receipt(case: Case) -> Iterator[Finding]:
    """A read receipt outside multipart/report (RFC 8098 section 3 asks for one)."""
    parts = outer_parts(case)
    in_report = any(part.content_type == "multipart/report" for part in parts)
    classes = [value.lower() for value in case.values("content-class")]
    if (_is_receipt(parts) and not in_report) or "urn:content-classes:mdn" in classes:
        yield hold("shape.read-receipt", "disposition-notification")


def calendar(case: Case) -> Iterator[Finding]:
    """RFC 6047 section 2.4: a text/calendar part with a method is an invitation or its answer, not an attached file."""
    for part in outer_parts(case):
        if part.content_type == "text/calendar" and (part.parameter("method") or part.disposition != "attachment"):
            yield hold("shape.calendar", f"text/calendar {part.parameter('method')}")
            return
    if "urn:content-classes:calendarmessage" in (value.lower() for value in case.values("content-class")):
        yield hold("shape.calendar", "Content-Class")


def encrypted(case: Case) -> Iterator[Finding]:
    """S/MIME (RFC 8551 section 3.2; opaque signatures too, where no text came out) and PGP (RFC 3156 section 4)."""
    for part in outer_parts(case):
        opaque = part.parameter("smime-type").lower() in {"signed-data", "certs-only", "compressed-data"}
        if part.content_type in _ENCRYPTED and not (opaque and case.message.text.strip()):
            yield hold("shape.encrypted", part.content_type)
            return
    if case.message.text.lstrip().startswith("-----BEGIN PGP MESSAGE-----"):
        yield hold("shape.encrypted", "inline PGP")


def unreadable(case: Case) -> Iterator[Finding]:
    """What the parser could not read for sure."""
    if case.message.unreadable:
        yield hold("intake.unreadable", case.message.unreadable)


def empty(case: Case) -> Iterator[Finding]:
    """No words at all and no file."""
    message = case.message
    if not (message.full_text.strip() or message.attachments or message.unreadable or any(encrypted(case))):
        yield hold("shape.empty")


def spam(case: Case) -> Iterator[Finding]:
    """A filter's verdict: an answer would only confirm the address."""
    for name, verdicts in _SPAM_WORDS:
        for value in case.values(name):
            if value.lower().startswith(verdicts):
                yield ignore("trust.spam", name)
    levels = [token(value) for value in case.values("x-ms-exchange-organization-scl")]
    stamps = [word for value in case.values("x-forefront-antispam-report") for word in value.lower().split(";")]
    levels += [word.strip().removeprefix("scl:") for word in stamps if word.strip().startswith("scl:")]
    if any(level.isdecimal() and int(level[:4]) >= _SPAM_LEVEL for level in levels):
        yield ignore("trust.spam", "spam confidence level")
    elif any(word.strip() in {"sfv:spm", "sfv:sks", "sfv:skb"} for word in stamps):
        yield ignore("trust.spam", "spam filter verdict")


_SPAM_LEVEL = 5
"""Exchange: 5 and 6 are spam, 9 for sure."""
_SPAM_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("x-spam-flag", ("yes", "true", "1")),
    ("x-spam-status", ("yes",)),
    ("x-spam", ("yes", "spam", "true")),
    ("x-barracuda-spam-status", ("yes",)),
    ("x-barracuda-spam-flag", ("yes",)),
    ("x-bogosity", ("spam", "yes")),
    ("x-dspam-result", ("spam",)),
    ("x-rspamd-action", ("add header", "rewrite subject", "reject")),
    ("x-vr-spam-state", ("spam",)),
    ("x-proofpoint-spam-details", ("rule=spam", "rule=quarantine_spam")),
    ("x-gm-spam", ("1",)),
)
