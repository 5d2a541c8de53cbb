"""What our replies say in their headers, to whom they go and by which name they greet, whatever the mail said."""

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.message import Message as CompatMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from responder.core.message import Address, Headers, Message, MessageKey, Thread
from responder.core.reply import (
    REFERENCES,
    SUBJECT_LENGTH,
    Letter,
    ReplyFrom,
    compose,
    first_name,
    loop_token,
    reply_address,
    reply_id,
    reply_subject,
)

AT = datetime(2026, 11, 3, 9, 30, 15, tzinfo=UTC)
OURS = ReplyFrom("education@example.org", "Education Program", "bounces@example.org", "responder-0123456789ab")
LETTER = Letter("Re: Licence", "Hello Ana,\n\nGrüße\n", "<p>Hello Ana,</p>\n")
ANA = Address("Ana Costa", "ana@uni.example")


def mail(**changes: object) -> Message:
    """A plain mail from Ana."""
    plain = Message(
        key=MessageKey("education", 7, 1),
        fingerprint="0" * 64,
        size=1000,
        message_id="<mail.1@uni.example>",
        return_path="ana@uni.example",
        author=ANA,
        sender=None,
        reply_to=(),
        recipients=(Address("", "education@example.org"),),
        subject="Licence",
        text="Hello",
        full_text="Hello",
        html=None,
        headers=Headers(),
        thread=Thread(),
        parts=(),
        attachments=(),
        received_at=AT,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def raw(message: Message | None = None, letter: Letter = LETTER, *, ordinal: int = 1, automatic: bool = True) -> bytes:
    """The reply's bytes."""
    return compose(letter, message or mail(), OURS, ordinal, AT, automatic=automatic)[2]


def reply(message: Message | None = None, letter: Letter = LETTER, *, automatic: bool = True) -> CompatMessage:
    """The reply, read back as any mail program would."""
    return message_from_bytes(raw(message, letter, automatic=automatic), policy=policy.compat32)


def unfolded(read: CompatMessage, name: str) -> str | None:
    """A header's value on one line."""
    value = read[name]
    return None if value is None else re.sub(r"\r?\n(?=[ \t])", "", str(value))


def subject_of(read: CompatMessage) -> str:
    """The decoded subject."""
    return str(make_header(decode_header(read["Subject"])))


# -------------------------------------------------------------------------------------------------------------- headers


def test_every_header_of_an_automatic_reply() -> None:
    """never-reply.md C7, field by field; From comes from configuration alone."""
    read = reply(mail(thread=Thread(references=("<a@x>", "<b@x>"))))
    message_id = reply_id(MessageKey("education", 7, 1), 1, OURS)
    assert dict(read.items()) == {
        "Content-Type": read["Content-Type"],
        "MIME-Version": "1.0",
        "From": "Education Program <education@example.org>",
        "To": "ana@uni.example",
        "Subject": "Re: Licence",
        "Date": "Tue, 03 Nov 2026 09:30:15 +0000",
        "Message-ID": message_id,
        "In-Reply-To": "<mail.1@uni.example>",
        "References": "<a@x>\r\n <b@x>\r\n <mail.1@uni.example>",
        "X-Loop": "responder-0123456789ab",
        "Original-Message-ID": message_id,
        "Auto-Submitted": "auto-replied",
        "X-Auto-Response-Suppress": "All",
        "Precedence": "auto_reply",
    }
    assert read.get_content_type() == "multipart/alternative"


def test_a_persons_reply_is_not_marked_automatic() -> None:
    """What a person wrote may be answered by a machine; it still carries our loop token, for Sent."""
    read = reply(automatic=False)
    assert not {"Auto-Submitted", "X-Auto-Response-Suppress", "Precedence"} & set(read.keys())
    assert read["X-Loop"] == OURS.loop_token
    assert read["In-Reply-To"] == "<mail.1@uni.example>"


def test_both_bodies_say_what_the_letter_says() -> None:
    """text/plain first, text/html last (RFC 2046 section 5.1.4), both in UTF-8, no octet over ASCII on the wire."""
    words = "From the start:\n.\n..dots\n>From\n" + "ä" * 3000 + " \t\nend  \n\x00\x0b=\n"
    data = raw(letter=Letter("x", words, "<p>é</p>\n" + "y" * 5000))
    read = message_from_bytes(data, policy=policy.compat32)
    plain, html = read.get_payload()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_payload(decode=True).decode().replace("\r\n", "\n") == words
    assert html.get_payload(decode=True).decode().replace("\r\n", "\n") == "<p>é</p>\n" + "y" * 5000
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 100


def test_the_original_text_is_not_sent_back() -> None:
    """What somebody put into the mail does not travel on in our name."""
    assert b"pills" not in raw(mail(text="pills", full_text="pills", html="<p>pills</p>"))


def test_the_date_keeps_its_zone() -> None:
    """Whatever clock we are given, the moment is right."""
    east = AT.astimezone(timezone(timedelta(hours=9)))
    _, _, data = compose(LETTER, mail(), OURS, 1, east, automatic=True)
    assert b"\r\nDate: Tue, 03 Nov 2026 18:30:15 +0900\r\n" in data


@pytest.mark.parametrize(
    "name", ["Bildung, Schule & Co.", 'The "Team"', "Équipe Éducation", "a\r\nBcc: x@evil.example", ""]
)
def test_any_sender_name(name: str) -> None:
    """The configured name, quoted or encoded, is one address with our own."""
    _, _, data = compose(LETTER, mail(), replace(OURS, name=name), 1, AT, automatic=True)
    read = message_from_bytes(data, policy=policy.default)
    assert isinstance(read, EmailMessage)
    [address] = read["From"].addresses
    assert address.addr_spec == "education@example.org"
    assert address.display_name == " ".join(name.split())
    assert "Bcc" not in read


# ----------------------------------------------------------------------------------------------------------- message id


def test_a_retry_repeats_the_message_id_and_every_byte() -> None:
    """The same reply is the same mail, so that a copy can be found and a second one be told from it."""
    assert raw() == raw()


def test_every_other_reply_has_another_message_id() -> None:
    """Another ordinal, UID, incarnation or mailbox is another reply."""
    keys = [("a", 7, 1), ("a", 7, 2), ("a", 8, 1), ("b", 7, 1), ("a", 71, 1), ("a\0", 7, 1)]
    ids = {reply_id(MessageKey(*key), ordinal, OURS) for key in keys for ordinal in (1, 2, 11)}
    assert len(ids) == 18
    assert all(re.fullmatch(r"<[0-9a-f]{24}\.responder-0123456789ab@example\.org>", one) for one in ids)


def test_the_loop_token_names_a_set_of_mailboxes() -> None:
    """The same mailboxes have the same token, in whatever order; others have another."""
    assert loop_token(frozenset({"a@x", "b@x"})) == loop_token(frozenset({"b@x", "a@x"}))
    assert loop_token(frozenset({"a@x"})) != loop_token(frozenset({"a@x", "b@x"}))
    assert re.fullmatch(r"responder-[0-9a-f]{12}", loop_token(frozenset()))


# ------------------------------------------------------------------------------------------------------------ threading


def references(message_id: str | None, thread: Thread) -> tuple[str | None, list[str]]:
    """In-Reply-To and References of the reply."""
    read = reply(mail(message_id=message_id, thread=thread))
    return unfolded(read, "In-Reply-To"), (unfolded(read, "References") or "").split()


@pytest.mark.parametrize(
    ("message_id", "thread", "in_reply_to", "expected"),
    [
        ("<m@x>", Thread(), "<m@x>", ["<m@x>"]),
        ("<m@x>", Thread(("<b@x>",), ("<a@x>", "<b@x>")), "<m@x>", ["<a@x>", "<b@x>", "<m@x>"]),
        ("<m@x>", Thread(("<b@x>",)), "<m@x>", ["<b@x>", "<m@x>"]),
        ("<m@x>", Thread(("<b@x>", "<c@x>")), "<m@x>", ["<m@x>"]),
        ("<m@x>", Thread((), ("<a@x>", "<a@x>", "<m@x>", "<b@x>")), "<m@x>", ["<a@x>", "<b@x>", "<m@x>"]),
        (None, Thread((), ("<a@x>",)), None, ["<a@x>"]),
        (None, Thread(), None, []),
        ("<no-at-sign>", Thread(), "<no-at-sign>", ["<no-at-sign>"]),
        ("<a,b;c$d.[1]@[10.0.0.1]>", Thread(), "<a,b;c$d.[1]@[10.0.0.1]>", ["<a,b;c$d.[1]@[10.0.0.1]>"]),
        ("<a b@x>", Thread((), ("<c\r\nBcc: e@evil.example>", "<ä@x>", "plain", "<>", "<a@x>")), None, ["<a@x>"]),
        ("<m@x>\r\nBcc: e@evil.example", Thread(), None, []),
        ("<" + "y" * 5000 + "@x>", Thread(), None, []),
    ],
)
def test_threading(message_id: str | None, thread: Thread, in_reply_to: str | None, expected: list[str]) -> None:
    """RFC 5322 section 3.6.4: the thread's ids, then the mail's own, each once; what is no message id is left out."""
    assert references(message_id, thread) == (in_reply_to, expected)


@pytest.mark.parametrize("length", [REFERENCES - 2, REFERENCES - 1, REFERENCES, REFERENCES + 1, 5000])
def test_a_long_thread_is_trimmed(length: int) -> None:
    """The first id and the last ones stay, the mail's own is the last, and every line fits."""
    ids = [f"<{number:04}.{'x' * 60}@mail.example>" for number in range(length)]
    message = mail(message_id="<m@x>", thread=Thread(references=tuple(ids)))
    _, kept = references("<m@x>", message.thread)
    assert kept == ([*ids, "<m@x>"] if length < REFERENCES else [ids[0], *ids[-REFERENCES + 2 :], "<m@x>"])
    assert len(kept) <= REFERENCES
    assert max(map(len, raw(message).split(b"\r\n"))) <= 998


def test_the_longest_ids_fit_a_line() -> None:
    """900 characters of one id stand on one line of at most 998 octets, unbroken."""
    longest = "<" + "y" * 898 + "@x>"
    in_reply_to, kept = references(longest[:-3] + ">", Thread(references=(f"<{'z' * 900}>",)))
    assert in_reply_to == longest[:-3] + ">"
    assert kept == [f"<{'z' * 900}>", in_reply_to]
    assert max(map(len, raw(mail(message_id=f"<{'z' * 900}>")).split(b"\r\n"))) <= 998


# ------------------------------------------------------------------------------------------------------------- subjects


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Licence", "Re: Licence"),
        ("Re: Licence", "Re: Licence"),
        ("RE: re: Re:Licence", "Re: Licence"),
        ("Re[2]: Re^3: RE(4) : Licence", "Re: Licence"),
        ("AW: Antw: SV: VS: Odp: RIF: R: RES: YNT: Vá: BLS: Atb: Licence", "Re: Licence"),
        ("Отв: Ответ: Отг: ΑΠ: ΣΧΕΤ: Licence", "Re: Licence"),
        ("回复: 答复：回覆: 返信: 회신: رد: השב: Trả lời: ตอบ: Licence", "Re: Licence"),
        ("Re : Licence", "Re: Licence"),
        ("Fwd: Re: Licence", "Re: Fwd: Re: Licence"),
        ("Regarding: the licence", "Re: Regarding: the licence"),
        ("Reply: x", "Re: Reply: x"),
        ("Re", "Re: Re"),
        ("", "Re: your message"),
        (" \t\r\n ", "Re: your message"),
        ("Re: Re: ", "Re: your message"),
        ("\u200b\u202e\ufeff", "Re: your message"),
        ("Grüße, 更新 😀", "Re: Grüße, 更新 😀"),
        ("می‌خواهم", "Re: می‌خواهم"),
        ("family 👩‍💻", "Re: family 👩‍💻"),
        ("a\r\nBcc: x@evil.example", "Re: a Bcc: x@evil.example"),
        ("a\nb\rc\x0bd\x0ce\x85f\u2028g\u2029h", "Re: a b c d e f g h"),
        ("a\x00b\x1b[31mc\x7f", "Re: ab[31mc"),
        ("invoice\u202etxt.exe", "Re: invoicetxt.exe"),
        ("a\u2066b\u2069\u200fc\u061cd\xade", "Re: abcde"),
        ("\U000e0041tag\ue000private\udc80half", "Re: tagprivate�half"),
        ("cafe\u0301", "Re: café"),
    ],
)
def test_subjects(subject: str, expected: str) -> None:
    """One line, one "Re:" whatever language the mark was in, nothing invisible; it arrives as it was made."""
    assert reply_subject(subject) == expected
    assert subject_of(reply(letter=replace(LETTER, subject=subject))) == expected


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?a=0D=0ABcc:_x=40evil.example?=",
        "=?utf-8?b?4oCudHh0LmV4ZQ==?=",
        "a =?x-unknown?q?b?= c",
        "=?",
        "=?utf-8?q?" + "x" * 300,
    ],
)
def test_words_that_look_encoded_arrive_as_they_look(subject: str) -> None:
    """Encoded twice by the sender, they are decoded once: what they would hide never takes effect."""
    read = reply(letter=replace(LETTER, subject=subject))
    assert subject_of(read) == reply_subject(subject)
    assert "\u202e" not in subject_of(read)
    assert "Bcc" not in read


def test_a_long_subject_is_cut() -> None:
    """10 kB become one line of a length that every mail program shows."""
    for subject in (
        "word " * 2000,
        "x" * 10_000,
        "漢" * 10_000,
        "e\u0301\u0302" * 3000,
        "re: " * 3000,
        "re:" * 3000 + "x",
    ):
        made = reply_subject(subject)
        assert len(made) <= SUBJECT_LENGTH + len("Re: ")
        assert subject_of(reply(letter=replace(LETTER, subject=subject))) == made


@pytest.mark.parametrize(
    "piece", ["re", "re ", "re[1", " ", ":", "=?", "\u0301", "\u0300\u0316", "\U000e0041", "Re^1: ", "é"]
)
def test_a_megabyte_of_anything_is_no_burden(piece: str) -> None:
    """No input makes the subject, the greeting or the address slow."""
    big = piece * (1_000_000 // len(piece))
    started = time.process_time()
    reply_subject(big)
    first_name(Address(big, "ana@uni.example"))
    first_name(Address("Ana Costa", f"{big}@uni.example"))
    reply_address(mail(author=Address("", f"{big}@uni.example")))
    reply_address(mail(author=Address("", f"ana@{big}.example")))
    references(f"<{big}>", Thread(references=(f"<{big}>", big)))
    assert time.process_time() - started < 5


# ------------------------------------------------------------------------------------------------------------ recipient


@pytest.mark.parametrize(
    ("addr", "expected"),
    [
        ("ana@uni.example", "ana@uni.example"),
        ("Ana.Costa+x=y@Uni.Example", "Ana.Costa+x=y@Uni.Example"),
        ("o'neil_{x}|y/z~!#$%&*?^`-@a-b.c1.example", "o'neil_{x}|y/z~!#$%&*?^`-@a-b.c1.example"),
        ("ana@müller.example", "ana@xn--mller-kva.example"),
        ("ana@例え.テスト", "ana@xn--r8jz45g.xn--zckzah"),
        ("ana@MÜLLER.example", "ana@xn--mller-kva.example"),
        ("a" * 64 + "@b.example", "a" * 64 + "@b.example"),
        ("ana@straße.example", None),  # IDNA of 2003 would write to strasse.example
        ("ana@ｅvil.example", None),
        ("ana@uni。example", None),
        ("ana@zero\u200djoiner.example", None),
        ("änä@uni.example", None),
        ('"ana costa"@uni.example', None),
        ('"ana"@uni.example', None),
        ("ana@[127.0.0.1]", None),
        ("ana@127.0.0.1", None),
        ("ana@localhost", None),
        ("ana@uni.example.", None),
        ("ana@.example", None),
        ("ana@-uni.example", None),
        ("ana@uni-.example", None),
        ("ana@uni_x.example", None),
        ("ana@uni..example", None),
        (".ana@uni.example", None),
        ("ana.@uni.example", None),
        ("a..b@uni.example", None),
        ("@uni.example", None),
        ("ana", None),
        ("", None),
        ("@", None),
        ("a@b@c.example", None),
        ("ana@uni.example\r\nBcc: x@evil.example", None),
        ("ana@uni.example\n", None),
        ("ana@uni.example, x@evil.example", None),
        ("<ana@uni.example>", None),
        ("ana @uni.example", None),
        ("ana@uni.example>\r\nRCPT TO:<x@evil.example", None),
        ("=?utf-8?q?a?=@uni.example", None),
        ("a\x00b@uni.example", None),
        ("a" * 65 + "@b.example", None),
        ("ana@" + "a." * 130 + "example", None),
        ("ana@" + "a" * 64 + ".example", None),
        ("ana@" + "ü" * 300 + ".example", None),
        ("ana@\udc80.example", None),
    ],
)
def test_the_recipient_is_a_safe_address_or_none(addr: str, expected: str | None) -> None:
    """What no server could misread; an answer to anything else is a person's matter."""
    message = mail(author=Address("Ana", addr))
    assert reply_address(message) == expected
    if expected is None:
        with pytest.raises(ValueError, match="no safe address"):
            compose(LETTER, message, OURS, 1, AT, automatic=True)
    else:
        assert compose(LETTER, message, OURS, 1, AT, automatic=True)[1] == expected
        assert reply(message)["To"] == expected


@pytest.mark.parametrize(
    ("reply_to", "expected"),
    [
        ((), "ana@uni.example"),
        (("office@uni.example",), "office@uni.example"),
        (("office@uni.example", "OFFICE@uni.example"), "office@uni.example"),
        (("office@uni.example", "other@uni.example"), "ana@uni.example"),
        (("not an address",), None),
    ],
)
def test_reply_to(reply_to: Sequence[str], expected: str | None) -> None:
    """One address in Reply-To is the recipient; several leave it with the author; a broken one with nobody."""
    assert reply_address(mail(reply_to=tuple(Address("", one) for one in reply_to))) == expected


def test_a_mail_without_author_has_no_recipient() -> None:
    """No From, no Reply-To: nobody to answer. Reply-To alone is enough for a person's answer."""
    assert reply_address(mail(author=None)) is None
    assert reply_address(mail(author=None, reply_to=(ANA,))) == "ana@uni.example"


def test_the_answer_goes_to_one_address_without_a_name() -> None:
    """No display name, no Cc: nothing the writer chose but a checked address."""
    read = reply(mail(author=Address("Boss <boss@evil.example>", "ana@uni.example")))
    assert read.get_all("To") == ["ana@uni.example"]
    assert not {"Cc", "Bcc", "Reply-To", "Sender"} & set(read.keys())


# ------------------------------------------------------------------------------------------------------------- greeting


@pytest.mark.parametrize(
    ("name", "addr", "expected"),
    [
        ("Ana Costa", "ana@uni.example", "Ana"),
        ("Ana Costa", "acosta@uni.example", "Ana"),
        ("Ana Costa", "a.costa12@uni.example", "Ana"),
        ("Ana Costa", "costa.ana@uni.example", "Ana"),
        ("Ana Maria de Souza", "ana.souza@uni.example", "Ana"),
        ("Ana M. Costa", "ana@uni.example", "Ana"),
        ("'Ana Costa'", "ana@uni.example", "Ana"),
        ("ANA COSTA", "ana@uni.example", "Ana"),
        ("ana costa", "ana@uni.example", "Ana"),
        ("Jean DUPONT", "j.dupont@uni.example", "Jean"),
        ("Costa, Ana", "ana@uni.example", "Ana"),
        ("COSTA, Ana", "ana.costa@uni.example", "Ana"),
        ("Wang, Wei", "wei.wang@uni.example", "Wei"),
        ("Dr. Ana Costa", "ana@uni.example", "Ana"),
        ("Prof.Dr. Ana Costa", "ana@uni.example", "Ana"),
        ("Ana Costa, PhD", "ana@uni.example", "Ana"),
        ("Costa, Ana, Ph.D.", "ana@uni.example", "Ana"),
        ("Ana Costa (she/her)", "ana@uni.example", "Ana"),
        ("Ana Costa [Uni Lisboa]", "ana@uni.example", "Ana"),
        ("Jean-Luc O'Neil", "jl.oneil@uni.example", "Jean-Luc"),
        ("Jürgen Müller", "juergen.mueller@uni.example", "Jürgen"),
        ("Zoë Łukasz", "zoe@uni.example", "Zoë"),
        ("Ørjan Bø", "orjan@uni.example", "Ørjan"),
        # not plainly a name
        ("", "ana@uni.example", ""),
        ("Ana", "ana@uni.example", ""),
        ("A. Costa", "a.costa@uni.example", ""),
        ("Mr. Costa", "costa@uni.example", ""),
        ("Dr.", "dr@uni.example", ""),
        ("ana@uni.example", "ana@uni.example", ""),
        ("Ana Costa <ana@uni.example>", "ana@uni.example", ""),
        ("Ana Costa via Docs", "ana@uni.example", ""),
        ("Ana Costa from Acme", "ana@uni.example", ""),
        ("Ana Costa for the Physics Lab", "ana@uni.example", ""),
        ("Ana und Ben Costa", "ana@uni.example", ""),
        ("Ana & Ben", "ana@uni.example", ""),
        ("Ana Costa", "s1234567@uni.example", ""),
        ("Ana Costa", "info@acme.example", ""),
        ("Acme Widgets", "acme@acme.example", ""),
        ("Acme Widgets", "hello@acmewidgets.example", ""),
        ("Blue Ocean", "blue@blue-ocean.example", ""),
        ("UCLA Physics", "physics@ucla.example", ""),
        ("MIT Libraries", "libraries@mit.example", ""),
        ("Purchasing Department", "purchasing@uni.example", ""),
        ("Student Office", "student@uni.example", ""),
        ("Acme, Inc.", "acme@x.example", ""),
        ("Universidade de Lisboa, Reitoria", "reitoria@ul.example", ""),
        ("Wang Wei", "wang.wei@uni.example", ""),
        ("王 伟", "wangwei@uni.example", ""),
        ("Анна Иванова", "anna@uni.example", ""),
        ("Аna Costa", "ana@uni.example", ""),  # a Cyrillic А
        ("Ana 🌸 Costa", "ana@uni.example", ""),
        ("Ana\u202e Costa", "ana@uni.example", ""),
        ("Ana http://evil.example", "ana@uni.example", ""),
        ("Ana **Costa**", "ana@uni.example", ""),
        ("Ana {{ Costa }}", "ana@uni.example", ""),
        ("<b>Ana</b> Costa", "ana@uni.example", ""),
        ("Ana Costa Ana Costa Ana", "ana@uni.example", ""),
        ("Xx" * 20 + " Costa", "costa@uni.example", ""),
        ("De Souza Ana", "desouza@uni.example", ""),
        ("DJ Costa", "dj@uni.example", ""),
        ("Ana Costa, Ben Silva", "ana@uni.example", ""),
        (", ,", "ana@uni.example", ""),
        ("Ana Costa", "", ""),
        ("Ana Costa", "@", ""),
    ],
)
def test_a_greeting_uses_a_name_only_when_it_is_plainly_one(name: str, addr: str, expected: str) -> None:
    """The display name looks like a person's and the address agrees; in every other case there is no name."""
    assert first_name(Address(name, addr)) == expected


def test_nobody_has_no_name() -> None:
    """A mail without From."""
    assert first_name(None) == ""


@given(name=st.text(max_size=60), addr=st.text(max_size=60))
@settings(max_examples=300)
def test_a_name_is_letters_and_nothing_else(name: str, addr: str) -> None:
    """Whatever stands in From, the greeting cannot become markup, a link or a line of its own."""
    found = first_name(Address(name, addr))
    assert found == "" or re.fullmatch(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", found)
    assert len(found) <= 25


# ------------------------------------------------------------------------------------------------------ any mail at all

_hostile = st.one_of(
    st.text(st.characters(), max_size=300),
    st.text(st.sampled_from("\r\n\t\x00 :<>@,;=?\"'()[]\\.aZ9ä漢\u202e\udc80😀"), max_size=120),
    st.sampled_from(["a\r\nBcc: x@evil.example", "=?utf-8?q?=0D=0ABcc:_x?=", "\r\n\r\nbody", "Re: " * 50, "<x@y>"]),
)
_address = st.builds(Address, _hostile, st.one_of(_hostile, st.just("ana@uni.example")))
_ids = st.lists(st.one_of(_hostile, st.from_regex(r"<[!-;=?-~]{1,300}>", fullmatch=True)), max_size=30).map(tuple)
_once = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type", "X-Loop"]
_known = {*_once, "In-Reply-To", "References", "X-Auto-Response-Suppress", "Precedence", "Original-Message-ID"}


@given(
    subject=_hostile,
    bodies=st.tuples(_hostile, _hostile),
    author=st.one_of(st.none(), _address),
    reply_to=st.lists(_address, max_size=2).map(tuple),
    message_id=st.one_of(st.none(), _hostile, st.from_regex(r"<[!-;=?-~]{1,900}>", fullmatch=True)),
    thread=st.builds(Thread, _ids, _ids),
)
@example("x", ("", ""), ANA, (), "<=?utf-8?q?x?=@y>", Thread((), ("<=?utf-8?q?x?=>", "<=?a@b>")))
@settings(max_examples=400, deadline=None)
def test_any_header_value_yields_a_safe_reply(  # noqa: PLR0917 - what a mail consists of
    subject: str,
    bodies: tuple[str, str],
    author: Address | None,
    reply_to: tuple[Address, ...],
    message_id: str | None,
    thread: Thread,
) -> None:
    """It reads back with each header once and none of the writer's own, in ASCII lines that fit; or there is none."""
    message = mail(author=author, reply_to=reply_to, message_id=message_id, thread=thread)
    if reply_address(message) is None:
        return
    _, recipient, data = compose(Letter(subject, *bodies), message, OURS, 1, AT, automatic=True)
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert b"\n" not in data.replace(b"\r\n", b"")
    for rules in (policy.compat32, policy.default):
        read = message_from_bytes(data, policy=rules)
        assert not read.defects
        assert [len(read.get_all(name) or []) for name in _once] == [1] * len(_once)
        assert set(read.keys()) <= _known
        assert len(read.keys()) == len(set(read.keys()))
        assert unfolded(read, "To") == recipient
        assert len(read.get_payload()) == 2
    read = message_from_bytes(data, policy=policy.compat32)
    assert subject_of(read) == reply_subject(subject)
    assert (unfolded(read, "References") or "").split()[-1:] == ([message_id] if read["In-Reply-To"] else []) or (
        not read["In-Reply-To"]
    )
    plain = read.get_payload(0).get_payload(decode=True).decode()
    assert plain.split() == bodies[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").split()
