"""Who sent it: the null path, system, list and no-reply addresses, ourselves, and where it was addressed (C1)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from responder.core.screen.case import Case, hold, ignore
from responder.core.verdict import Finding

SYSTEM = frozenset(
    "mailer-daemon mail-daemon mailerdaemon maildaemon mailer_daemon mdaemon listserv majordomo root abuse".split()
)
"""RFC 5230 section 4.6, RT, osTicket."""
_SYSTEM_STARTS = ("mailer-daemon", "microsoftexchange329e")
_LIST_SHAPE = re.compile(r"^(?:owner-|bounces?(?:[^a-z]|$))|-(?:request|bounces?|owner)$")
_NO_REPLY = re.compile(
    r"(?:^|[^a-z])(?:no|do[^a-z]?not|dont|never|cannot)[^a-z]?(?:reply|replies|respond|responder|answer)(?:[^a-z]|$)"
    r"|^no[._-]?reply|^auto[._-]?(?:reply|responder|response|confirm)"
    r"|^(?:nao[._-]?respond[ae]r?|no[._-]?(?:responda|contestar)|ne[._-]?pas[._-]?repondre"
    r"|nicht[._-]?antworten|non[._-]?rispondere)"
)
_SOFT = re.compile(r"(?:^|[._-])(?:notifications?|notify|newsletters?|updates?|alerts?|mailings?)(?:[._-]|$)|.noreply$")
_RELAYED = ("+bnc", "+caf_=")
"""Tags that Google Groups and forwarding put into the return path of a person's mail: no plus address of the owner."""


def split(address: str) -> tuple[str, str]:
    """Local part and domain in lower case; an address without @ is all local part (MAILER-DAEMON)."""
    local, at, domain = address.strip().strip("<>").lower().rpartition("@")
    return (local, domain) if at else (domain, "")


def _named(case: Case) -> Iterator[tuple[str, str, str]]:
    """(field, local part, domain) of each address that speaks for the sender; a form's own addresses are left out."""
    message = case.message
    if not case.through_relay:
        yield from (("From", *split(address)) for address in case.authors)
    if not case.through_relay and not via_own_list(case):
        if message.sender:
            yield ("Sender", *split(message.sender.addr))
        paths = (message.return_path or "", *case.values("return-path")[:20])
        yield from (("Return-Path", *path) for path in dict.fromkeys(map(split, paths)) if path[0])
    yield from (("Reply-To", *split(address.addr)) for address in message.reply_to)


@lru_cache(maxsize=32)
def _ours(addresses: frozenset[str]) -> frozenset[tuple[str, str]]:
    return frozenset(map(split, addresses))


def untagged(local: str) -> str:
    """The local part without its plus tag, unless a forwarding program set the tag."""
    if "+" not in local or any(tag in local for tag in _RELAYED):
        return local
    return local.partition("+")[0]


def _unwrapped(local: str) -> str:
    """The local part inside SRS (a forward's return path) or BATV (prvs=, set by outgoing filters); else as it is."""
    if local.startswith(("srs0", "srs1")):
        return local.rpartition("=")[2]
    if local.startswith(("prvs=", "msprvs1=", "btv1=")):
        return local.rpartition("=")[2]
    return local


def null_path(case: Case) -> Iterator[Finding]:
    """RFC 3834 section 2: never answer the null path; qmail writes #@[] for reports on reports."""
    raw = {"".join(value.split()).strip("<>") for value in case.values("return-path")}
    if case.message.return_path == "" or raw & {"", "#@[]"}:
        yield ignore("sender.null-path", "Return-Path: <>")


def missing(case: Case) -> Iterator[Finding]:
    """A mail without a readable From: nobody to answer, yet perhaps a person's."""
    if case.message.author is None:
        yield hold("sender.missing", "From unreadable" if "from" in case.fields else "no From")


def several(case: Case) -> Iterator[Finding]:
    """More than one author: whose mail it is cannot be told (RFC 5322 section 3.6.2)."""
    count = len(case.authors)
    if count > 1:
        yield hold("sender.several", f"{count} addresses in From", n=str(count))


def system(case: Case) -> Iterator[Finding]:
    """Daemons and list servers; the postmaster is sometimes a person (RFC 5230 section 4.6)."""
    for field, local, _ in _named(case):
        name = untagged(_unwrapped(local))
        if field in {"From", "Return-Path"} and (name in SYSTEM or name.startswith(_SYSTEM_STARTS)):
            yield ignore("sender.system", f"{field}: {name}@", local=name)
        elif field in {"From", "Return-Path"} and name.startswith("postmaster"):
            yield hold("sender.role", f"{field}: {name}@", local=name)


def mailing(case: Case) -> Iterator[Finding]:
    """Addresses of list servers and bounce catchers (Pigeonhole; RFC 5230 section 4.6).

    A BATV tag (prvs=) around the author's own address is what an outgoing filter does to a person's mail.
    """
    own = {f"{local}={domain}" for local, domain in _ours(case.known.addresses)}
    authors = {split(address)[0] for address in case.authors}
    for field, local, _ in _named(case):
        inner = _unwrapped(local)
        tagged = inner != local and not local.startswith("srs")
        names_us = "+caf_=" not in local and any(address in local for address in own)
        if _LIST_SHAPE.search(untagged(inner)) or names_us or (tagged and not (field != "From" and inner in authors)):
            yield ignore("sender.list", f"{field}: {local}@", local=local[:40])


def no_reply(case: Case) -> Iterator[Finding]:
    """The no-reply family is a machine's; softer words may be a team's."""
    for field, local, domain in _named(case):
        inner = _unwrapped(local)
        if _NO_REPLY.search(inner) or not {"noreply", "no-reply"}.isdisjoint(domain.split(".")):
            yield ignore("sender.no-reply", f"{field}: {inner}@", local=inner[:40])
        elif _SOFT.search(untagged(inner)):
            yield hold("sender.soft", f"{field}: {inner}@", local=inner[:40])


def own(case: Case) -> Iterator[Finding]:
    """From ourselves: a loop, or a copy of what we sent. A list of ours may itself have put our address there."""
    ours = frozenset() if via_own_list(case) else _ours(case.known.addresses)
    for field, local, domain in _named(case):
        if (untagged(local), domain) in ours:
            yield ignore("sender.own", f"{field}: {local}@{domain}", local=local[:40])


def via_own_list(case: Case) -> bool:
    """Whether the only list named is one of our addresses: a shared mailbox may be a group of the mail provider."""
    named = [value.rpartition("<")[2].strip("> ").lower() for value in case.values("list-id")]
    return bool(named) and {".".join(address) for address in _ours(case.known.addresses)}.issuperset(named)


def own_list(case: Case) -> Iterator[Finding]:
    """Mail through our own list: its marks are the list's, its sender may be rewritten; a person looks."""
    if via_own_list(case):
        yield hold("route.own-list", "List-Id names our address")


def not_ours(case: Case) -> Iterator[Finding]:
    """RFC 5230 section 4.5: answer only what names one of our addresses in To, Cc or their Resent forms."""
    ours = _ours(case.known.addresses)
    named = {(untagged(local), domain) for local, domain in (split(one.addr) for one in case.message.recipients)}
    if ours and ours.isdisjoint(named):
        delivered = [name for name in ("x-original-to", "delivered-to", "envelope-to") if name in case.fields]
        yield hold("route.not-ours", f"only {delivered[0]} tells how it came" if delivered else "")


def hops(case: Case) -> Iterator[Finding]:
    """RFC 5321 section 6.3: a long trace is a loop, or a way nobody's mail takes."""
    count = len(case.fields.get("received", ()))
    if count > case.known.max_hops:
        yield hold("route.hops", f"{count} Received fields", n=str(count))
