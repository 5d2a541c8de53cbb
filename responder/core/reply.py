"""A rendered answer on the wire: threading, the marks of an automatic reply, a Message-ID that a retry repeats.

Nothing from the incoming mail reaches a header unless it has been checked to be what it should be.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr

from responder.core.charsets import clean_line, without_surrogates
from responder.core.greeting import first_name
from responder.core.message import Message, MessageKey

WIRE = compat32.clone(linesep="\r\n", max_line_length=998)
"""compat32, because the newer policies encode a long Message-ID in References as if it were prose. What may be folded
is folded here: a Message-ID on a line of its own is legal, but not every program finds it there."""
SUBJECT_LENGTH = 180
REFERENCES = 20
"""Message ids kept of a thread: the first and the last ones (RFC 5537 section 3.4.4 does the same for news)."""
NO_SUBJECT = "your message"
LONGEST_READ = 2_000
_JOINERS = "\u200c\u200d"
"""Invisible, yet parts of Persian and Indic words and of emoji."""
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
"""As one finds them, dots and quotes anywhere; with its field's name it fits the 998 octets of a line."""
_ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(
    rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATEXT}+(?:\.{_ATEXT}+)*@(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}"
)
"""RFC 5321 section 4.1.2 without quoted local parts and address literals, RFC 1035 for the domain, which has a dot."""
_REPLY_MARK = re.compile(
    r"(?:re|aw|sv|vs|antw|odp|odg|rif|r|res|resp|ynt|atb|ats|vá|bls|απ|σχετ|отв|ответ|отг|відп"
    r"|回复|回覆|答复|答覆|返信|회신|답장|رد|پاسخ|השב|תגובה|trả lời|ตอบ)"
    r"\s?(?:[\[(^]\d{1,3}[\])]?)?\s?[:：]\s?",
    re.IGNORECASE,
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

    Whether a Reply-To may be followed is screening's question (trust.reply-to); here only its form counts. A domain of
    other scripts is written as DNS wants it, if it means the same read back: IDNA of 2003 takes straße for strasse,
    which may be somebody else's.
    """
    wanted = {target.addr.lower() for target in message.reply_to}
    target = message.reply_to[0] if len(wanted) == 1 else message.author
    if target is None or "=?" in target.addr:
        return None
    local, _, domain = target.addr.rpartition("@")
    address = f"{local}@{_ascii_domain(domain)}"
    return address if _ADDRESS.fullmatch(address) else None


def _ascii_domain(domain: str) -> str:
    """The domain in ASCII, "" when it has no sure form there."""
    if domain.isascii():
        return domain
    try:
        written = domain[:255].encode("idna")
        return written.decode("ascii") if written.decode("idna") == domain.lower() else ""
    except UnicodeError:
        return ""


def reply_subject(subject: str) -> str:
    """One line with one "Re:", nothing invisible, cut to a length every client shows."""
    plain = clean_line(subject[:LONGEST_READ])
    plain = "".join(char for char in plain if char in _JOINERS or unicodedata.category(char)[0] != "C").strip()
    while mark := _REPLY_MARK.match(plain):
        plain = plain[mark.end() :]
    if len(plain) > SUBJECT_LENGTH:
        plain = plain[: SUBJECT_LENGTH - 1].rstrip(f" {_JOINERS}") + "…"
    return f"Re: {plain.strip() or NO_SUBJECT}"


def compose(
    letter: Letter, message: Message, reply_from: ReplyFrom, ordinal: int, at: datetime, *, automatic: bool
) -> tuple[str, str, bytes]:
    """The reply as (Message-ID, recipient, bytes): ASCII, CRLF. Raises ValueError without a safe reply address.

    RFC 3834 section 3.1 (Auto-Submitted, subject, threading), RFC 5322 section 3.6.4 (References).
    """
    recipient = reply_address(message)
    if recipient is None:
        raise ValueError("no safe address to reply to")
    message_id = reply_id(message.key, ordinal, reply_from)
    boundary = f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"  # "=_" cannot stand in quoted-printable
    mail = MIMEMultipart("alternative", boundary=boundary, policy=WIRE)
    mail["From"] = formataddr((clean_line(reply_from.name), reply_from.address))
    mail["To"] = recipient
    mail["Subject"] = _subject_field(reply_subject(letter.subject))
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id
    _add_thread(mail, message)
    mail["X-Loop"] = reply_from.loop_token
    mail["Original-Message-ID"] = message_id  # some submission services write a Message-ID of their own
    if automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["Precedence"] = "auto_reply"
    mail.attach(_text_part(letter.text, "plain"))
    mail.attach(_text_part(letter.html, "html"))
    return message_id, recipient, mail.as_bytes()


def _subject_field(subject: str) -> str:
    """Words that look encoded are encoded once more: what they would hide has not been cleaned (RFC 2047 section 5)."""
    charset = "us-ascii" if subject.isascii() and "=?" not in subject else "utf-8"
    return Header(subject, charset, header_name="Subject").encode(linesep="\r\n")


def _text_part(text: str, subtype: str) -> MIMENonMultipart:
    charset = Charset("utf-8")
    charset.body_encoding = QP
    part = MIMENonMultipart("text", subtype, policy=WIRE)
    part.set_payload(without_surrogates(text), charset)
    return part


def _add_thread(mail: MIMEMultipart, message: Message) -> None:
    own = message.message_id if message.message_id and _MESSAGE_ID.fullmatch(message.message_id) else ""
    if own:
        mail["In-Reply-To"] = own
    references = _references(message, own)
    if references:
        mail["References"] = "\r\n ".join(references)


def _references(message: Message, own: str) -> Sequence[str]:
    """The thread's ids and then the message's own; In-Reply-To stands in for References where it names one mail."""
    thread = message.thread
    known = thread.references or (thread.in_reply_to if len(thread.in_reply_to) == 1 else ())
    earlier = [one for one in dict.fromkeys(known) if _MESSAGE_ID.fullmatch(one) and one != own]
    kept = earlier if len(earlier) < REFERENCES else [earlier[0], *earlier[2 - REFERENCES :]]
    return [*kept, own] if own else kept


__all__ = [
    "Letter",
    "ReplyFrom",
    "compose",
    "first_name",
    "loop_token",
    "reply_address",
    "reply_id",
    "reply_subject",
]
