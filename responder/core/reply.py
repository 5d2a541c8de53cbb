"""A rendered answer on the wire: threading, the marks of an automatic reply, a Message-ID that a retry repeats.

Nothing from the incoming mail reaches a header unless it has been checked to be what it should be.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr

from responder.core.message import Address, Message, MessageKey

WIRE = compat32.clone(linesep="\r\n")
"""compat32, because the newer policies encode a long Message-ID in References as if it were prose."""
SUBJECT_LENGTH = 180
REFERENCES = 20
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?")
_REPLY_MARK = re.compile(
    r"^(?:\s*(?:re|aw|sv|antw|odp|ref|rif|res|vs|ynt|回复|答复)\s*(?:\[\d+\])?\s*[:：])+\s*", re.IGNORECASE
)
_NAME_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor doc ing dipl phd msc bsc mag herr frau mme mlle sr sra srta sir rev".split()
)
_NOT_NAMES = frozenset(
    """the team office department dept support service services info admin administration school university college
    faculty institute lab laboratory library group project foundation association company inc ltd gmbh llc it helpdesk
    desk purchasing procurement billing accounts accounting sales marketing secretary secretariat secretaria
    sekretariat student students staff studio labs systems software solutions technologies open source community via
    for of at and von der de no reply noreply mail email newsletter contact hello user guest owner webmaster postmaster
    root""".split()
)


@dataclass(frozen=True, slots=True)
class ReplyFrom:
    """As whom a mailbox answers; all of it from configuration, never copied from the mail."""

    address: str
    name: str
    bounce_address: str
    loop_token: str

    @property
    def domain(self) -> str:
        """The domain of its Message-IDs."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a rendered template says: subject and the two bodies."""

    subject: str
    text: str
    html: str


def loop_token(addresses: frozenset[str]) -> str:
    """The mark our own mail carries: the same for one set of mailboxes, no secret."""
    digest = hashlib.sha256("\n".join(sorted(addresses)).encode()).hexdigest()
    return f"responder-{digest[:12]}"


def reply_id(key: MessageKey, ordinal: int, reply_from: ReplyFrom) -> str:
    """The Message-ID of the n-th reply to a message: a retry repeats it, a second reply does not."""
    seed = f"{key.mailbox}\0{key.uidvalidity}\0{key.uid}\0{ordinal}"
    return f"<{hashlib.sha256(seed.encode()).hexdigest()[:24]}.{reply_from.loop_token}@{reply_from.domain}>"


def reply_address(message: Message) -> str | None:
    """The one recipient: the author, or the one address of Reply-To. None when no safe address is there.

    Whether a Reply-To may be followed is screening's question (trust.reply-to); here only its form counts.
    """
    target = message.reply_to[0] if len(message.reply_to) == 1 else message.author
    if target is None:
        return None
    local, _, domain = target.addr.rpartition("@")
    try:
        address = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return None
    return address if _ADDRESS.fullmatch(address) and ".." not in address else None


def reply_subject(subject: str) -> str:
    """One line with one "Re:", without control characters, cut to a length every client shows."""
    plain = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in subject)
    plain = _REPLY_MARK.sub("", " ".join(plain.split()))
    if len(plain) > SUBJECT_LENGTH:
        plain = plain[: SUBJECT_LENGTH - 1].rstrip() + "…"
    return f"Re: {plain}" if plain else "Re: your message"


def first_name(author: Address | None) -> str:
    """The given name for a greeting, or "" where the display name is not plainly a person's."""
    if author is None or "@" in author.name:
        return ""
    name = author.name.strip().strip("\"'")
    family, comma, given = name.partition(",")
    words = (
        (given if comma and len(given.split()) <= 2 and len(family.split()) <= 2 else name).replace(".", ". ").split()
    )
    words = [word for word in words if word.strip(".").lower() not in _TITLES]
    if not _is_name(words, alone=bool(comma)):
        return ""
    return words[0].title() if words[0].isupper() else words[0]


def _is_name(words: list[str], *, alone: bool) -> bool:
    if not (1 if alone else 2) <= len(words) <= 4:
        return False
    if any(word.strip(".").lower() in _NOT_NAMES for word in words):
        return False
    first = words[0]
    return (
        _NAME_WORD.fullmatch(first) is not None
        and 2 <= len(first) <= 25
        and first[0].isupper()
        and not (first.isupper() and len(first) <= 3)  # an acronym
        and all(_NAME_WORD.fullmatch(word.strip(".")) for word in words)
    )


def compose(
    letter: Letter, message: Message, reply_from: ReplyFrom, ordinal: int, at: datetime, *, automatic: bool
) -> tuple[str, str, bytes]:
    """The reply as (Message-ID, recipient, bytes). Raises ValueError when the message has no safe reply address.

    RFC 3834 section 3.1 (Auto-Submitted, subject, threading), RFC 5322 section 3.6.4 (References).
    """
    recipient = reply_address(message)
    if recipient is None:
        raise ValueError("no safe address to reply to")
    message_id = reply_id(message.key, ordinal, reply_from)
    boundary = f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"
    mail = MIMEMultipart("alternative", boundary=boundary, policy=WIRE)
    mail["From"] = formataddr((reply_from.name, reply_from.address))
    mail["To"] = recipient
    mail["Subject"] = Header(reply_subject(letter.subject), header_name="Subject").encode(linesep="\r\n")
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id
    _add_thread(mail, message)
    mail["X-Loop"] = reply_from.loop_token
    if automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["Precedence"] = "auto_reply"
    mail.attach(_text_part(letter.text, "plain"))
    mail.attach(_text_part(letter.html, "html"))
    return message_id, recipient, mail.as_bytes()


def _text_part(text: str, subtype: str) -> MIMENonMultipart:
    charset = Charset("utf-8")
    charset.body_encoding = QP
    part = MIMENonMultipart("text", subtype, policy=WIRE)
    part.set_payload(text, charset)
    return part


def _add_thread(mail: MIMEMultipart, message: Message) -> None:
    own = [message.message_id] if message.message_id and _MESSAGE_ID.fullmatch(message.message_id) else []
    if own:
        mail["In-Reply-To"] = own[0]
    earlier = [one for one in message.thread.references or message.thread.in_reply_to if _MESSAGE_ID.fullmatch(one)]
    references = list(dict.fromkeys([*earlier[:1], *earlier[1:][-(REFERENCES - 2) :], *own]))
    if references:
        mail["References"] = " ".join(references)
