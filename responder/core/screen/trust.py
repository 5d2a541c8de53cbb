"""Who is behind the sender address, and to how many an answer would go (C4). No inbound header switches a check off."""

import re
from collections.abc import Iterator

from responder.core.screen.case import LONGEST_VALUE, Case, hold, strip_comments
from responder.core.verdict import Finding

_RESULT = re.compile(r"\s*([a-z0-9-]{1,30})(?:\s{0,3}/\s{0,3}\d{1,3})?\s{0,3}=\s{0,3}([a-z]{1,20})(?![a-z0-9])")
_PROPERTY = re.compile(r"\b(smtp\.mailfrom|header\.d|header\.i|header\.from)\s{0,3}=\s{0,3}\"?([^\s;\"]{1,300})")

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SYNTAX = re.compile(r"[;=\s]+")

Result = tuple[str, str, dict[str, str]]
"""Method, verdict, and the properties that name domains."""


def results(case: Case) -> list[Result]:
    """What our own server found: RFC 8601 section 2.2, only our authserv-id (section 5), topmost ones.

    Further fields of ours count up to the next Received: below it, somebody else wrote them.
    """
    found: list[Result] = []
    seen = False
    for name, value in case.message.headers:
        lowered = name.strip().lower()
        if lowered == "received" and seen:
            break
        if lowered != "authentication-results":
            continue
        server, _, rest = _unquoted(strip_comments(value[:LONGEST_VALUE]).lower()).partition(";")
        if server.split()[:1] == [case.known.authserv_id.lower()]:
            seen = True
            found += [result for part in rest.split(";")[:40] for result in _result(part)]
    return found


def _unquoted(value: str) -> str:
    """Quoted strings without what could pass for syntax: the sender chooses the local part in smtp.mailfrom."""
    return _QUOTED.sub(lambda quoted: _SYNTAX.sub("", quoted[1]), value)


def _result(part: str) -> Iterator[Result]:
    match = _RESULT.match(part)
    if match:
        named = {name: value.rpartition("@")[2].strip(".<>") for name, value in _PROPERTY.findall(part)}
        yield match[1], match[2], named


def aligned(domain: str, author: str) -> bool:
    """RFC 7489 section 3.1, relaxed but without a list of public suffixes: equal, or one lies above the other."""
    return (
        bool(domain)
        and "." in domain
        and (domain == author or author.endswith(f".{domain}") or domain.endswith(f".{author}"))
    )


def dmarc(case: Case) -> Iterator[Finding]:
    """Hold where our server's DMARC result is missing or failing, or "none" without aligned SPF or DKIM."""
    if not case.known.authserv_id:
        return
    found = results(case)
    author = case.author_domain
    verdicts = {verdict for method, verdict, _ in found if method == "dmarc"}
    bad = verdicts - {"pass", "none", "bestguesspass"}
    if bad:
        yield hold("trust.dmarc", f"dmarc={min(bad)}")
    elif not verdicts:
        yield hold("trust.dmarc", "no DMARC result of our server")
    elif not any(_proves(result, author) for result in found):
        yield hold("trust.dmarc", "neither SPF nor DKIM speaks for the sender")


def _proves(result: Result, author: str) -> bool:
    method, verdict, named = result
    if verdict != "pass" or not author:
        return False
    if method == "dmarc":
        return aligned(named.get("header.from", author), author)
    if method == "spf":
        return aligned(named.get("smtp.mailfrom", ""), author)
    return method == "dkim" and aligned(named.get("header.d") or named.get("header.i", ""), author)


def reply_to(case: Case) -> Iterator[Finding]:
    """An answer must not reach a domain that did not write, unless a configured web form says for whom it speaks."""
    foreign = [one.domain for one in case.message.reply_to if one.domain != case.author_domain]
    if foreign and not case.through_relay:
        yield hold("trust.reply-to", foreign[0], domain=foreign[0])


def recipients(case: Case) -> Iterator[Finding]:
    """One mail, one answer, one address: never more reply targets, never a crowd."""
    targets = {one.addr.lower() for one in case.message.reply_to}
    addressed = {one.addr.lower() for one in case.message.recipients}
    if len(targets) > 1:
        yield hold("trust.recipients", f"{len(targets)} in Reply-To", n=str(len(targets)))
    if len(addressed) > case.known.max_recipients:
        yield hold("trust.recipients", f"{len(addressed)} in To and Cc", n=str(len(addressed)))
