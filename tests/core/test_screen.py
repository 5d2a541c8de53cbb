"""core.screen: the rules on mail that no corpus file holds, and their behaviour as a whole."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.core.message import Address, Headers, Message, MessageKey, Part
from responder.core.parse import parse
from responder.core.reasons import REASONS, may_reply
from responder.core.screen import RULES, Known, screen
from responder.core.screen.case import strip_comments, token
from responder.core.screen.subject import bare_subject
from responder.core.screen.trust import aligned
from responder.core.verdict import Effect

NOW = datetime(2026, 11, 2, 9, 15, tzinfo=UTC)
OURS = Known(
    addresses=frozenset({"education@programs.example"}),
    staff_domains=frozenset({"company.example"}),
    loop_token="responder-0123456789ab",
    relays=frozenset({"forms.example"}),
)
PERSON = {
    "From": "Maria <maria@uni.example>",
    "To": "education@programs.example",
    "Subject": "Our licence",
    "Message-ID": "<1@uni.example>",
}
BODY = "Dear team, how do we renew our licence for the next year? Thank you, Maria"


def mail(body: str = BODY, **headers: str) -> Message:
    """A person's mail with other or further header fields (underscores stand for hyphens)."""
    fields = PERSON | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return parse(f"{raw}\r\n{body}".encode(), MessageKey("education", 1, 1), NOW)


def rules(message: Message, known: Known = OURS) -> dict[str, Effect]:
    """Each rule that hit with its effect."""
    return {finding.rule: finding.effect for finding in screen(message, known)}


def test_a_person_is_not_touched() -> None:
    """An ordinary mail has no finding at all."""
    assert screen(mail(), OURS) == ()


def test_without_knowledge_of_ourselves_nothing_about_us_is_asked() -> None:
    """Where no address of ours is configured, no mail is "not addressed to us", and nothing is checked for proof."""
    assert screen(mail(To="someone@else.example"), Known()) == ()


def test_an_absent_return_path_is_not_the_null_path() -> None:
    """Mail fetched over IMAP may lack the field; only <> is null (RFC 5321 section 4.5.5)."""
    assert rules(mail()) == {}
    assert rules(mail(Return_Path="<>"))["sender.null-path"] is Effect.IGNORE


def test_all_hits_are_kept() -> None:
    """The first sign does not hide the others."""
    found = rules(mail(Auto_Submitted="auto-replied", List_Id="<x.y>", X_Autoreply="yes", Return_Path="<>"))
    assert {"marker.auto-submitted", "marker.list", "marker.auto-response", "sender.null-path"} <= set(found)


def test_a_weak_sign_alone_holds_and_beside_another_ignores() -> None:
    """C2.10 and C2.17: a person can write "Out of office" and a help desk can send people's words as bulk."""
    assert rules(mail(Subject="Out of office"))["subject.automatic"] is Effect.HOLD
    assert rules(mail(Precedence="bulk")) == {"marker.bulk": Effect.HOLD}
    both = rules(mail(Subject="Out of office", Precedence="bulk"))
    assert both == {"marker.precedence": Effect.IGNORE, "subject.automatic": Effect.IGNORE}
    assert Effect.IGNORE not in rules(mail(Precedence="bulk", X_Zendesk_Id="1")).values()


@pytest.mark.parametrize(
    "subject",
    [
        "Out of office hours support",
        "Automatic renewal of our licence?",
        "Undeliverable coupon mail",
        "Read only access for students",
        "Accepted by the program, what next?",
        "Returned mail merge template",
        "Auto devops question",
        "Ooops, wrong form",
        "The automatic reply did not help",
        "Afwezigheid van studenten",
    ],
)
def test_a_subject_that_only_begins_like_a_programs_is_a_persons(subject: str) -> None:
    """What follows the phrase decides."""
    assert "subject.automatic" not in rules(mail(Subject=subject))


def test_reply_and_forward_marks_are_taken_off_in_many_languages() -> None:
    """Re, AW, SV, RV, TR and their like, numbered and nested."""
    for subject in (
        "Re: AW: x",
        "SV: VS: Fwd: x",
        "re[3]: TR : x",
        "RV: 回复：x",
        "  Antw: WG: x",
        "[EXT] Re: [teachers] x",
        "x",
    ):
        assert bare_subject(subject) == "x"
    assert bare_subject("Request: x") == "Request: x"


@pytest.mark.parametrize(
    "local",
    ["norah.reply", "pianoreply.music", "renotify", "root.anna", "abuse-research", "bouncer", "info",
     "accounts", "owner", "request", "postdoc", "admin", "webmaster", "helpdesk", "no.ren", "donot", "updater"],
)  # fmt: skip
def test_a_persons_or_teams_local_part_is_no_machines(local: str) -> None:
    """Names that only resemble the system, list and no-reply addresses."""
    assert rules(mail(From=f"Someone <{local}@uni.example>")) == {}


@pytest.mark.parametrize("local", ["noreply2", "no-reply-education", "mail.noreply", "do-not-respond", "autoreply"])
def test_variants_of_no_reply_are_known(local: str) -> None:
    """Separators, numbers and words around do not hide the family."""
    assert rules(mail(From=f"{local}@uni.example"))["sender.no-reply"] is Effect.IGNORE


def test_every_occurrence_is_looked_at() -> None:
    """A harmless first field does not cover a second one."""
    message = mail()
    fields = (*message.headers, ("Auto-Submitted", "no"), ("AUTO-SUBMITTED", "auto-generated"))
    doubled = Message(**{name: getattr(message, name) for name in Message.__slots__} | {"headers": Headers(fields)})
    assert rules(doubled) == {"marker.auto-submitted": Effect.IGNORE}


def test_an_address_in_a_display_name_is_no_sender() -> None:
    """What people put into their names does not park them."""
    assert rules(mail(From='"noreply@x.example via Maria" <maria@uni.example>')) == {}


def test_a_web_form_answers_for_the_person_it_names_only_if_configured() -> None:
    """C4.23: the form's own no-reply address and the differing Reply-To count only for unknown forms."""
    form = {"From": "Form <noreply@forms.example>", "Reply_To": "maria@uni.example"}
    assert rules(mail(**form)) == {}
    unknown = rules(mail(**form), Known(addresses=OURS.addresses))
    assert unknown == {"sender.no-reply": Effect.IGNORE, "trust.reply-to": Effect.HOLD}
    assert "sender.no-reply" in rules(mail(From="noreply@forms.example", Reply_To="noreply@forms.example"))


def test_our_own_group_holds_and_a_strangers_list_is_ignored() -> None:
    """A header that names our list switches no other check off."""
    assert rules(mail(List_Id="<education.programs.example>")) == {"route.own-list": Effect.HOLD}
    loop = rules(mail(List_Id="<education.programs.example>", X_Loop="responder-0123456789ab"))
    assert loop["marker.loop"] is Effect.IGNORE
    assert rules(mail(List_Id="<education.programs.example.evil.example>"))["marker.list"] is Effect.IGNORE


def test_a_part_of_an_attached_message_is_not_the_messages_own() -> None:
    """Built by hand: parts after message/rfc822 belong to what was attached."""
    message = mail()
    kinds = ("multipart/mixed", "text/plain", "message/rfc822", "multipart/report", "message/delivery-status")
    values = {name: getattr(message, name) for name in Message.__slots__}
    attached = Message(**values | {"parts": tuple(map(Part, kinds))})
    own = Message(**values | {"parts": tuple(map(Part, ("multipart/mixed", "text/plain", "message/delivery-status")))})
    assert rules(attached) == {}
    assert rules(own) == {"shape.report": Effect.IGNORE}


def test_staff_are_known_by_domain_and_what_lies_below_it() -> None:
    """A look-alike is no colleague."""
    for domain, expected in [("company.example", True), ("a.b.company.example", True), ("notcompany.example", False)]:
        assert ("staff.sender" in rules(mail(From=f"sam@{domain}"))) is expected


def test_alignment_needs_a_whole_label_and_a_real_domain() -> None:
    """RFC 7489 section 3.1: neither a suffix of letters nor a bare top level proves anything."""
    assert aligned("uni.example", "uni.example")
    assert aligned("mail.uni.example", "uni.example")
    assert aligned("uni.example", "cs.uni.example")
    assert not aligned("ni.example", "uni.example")
    assert not aligned("example", "uni.example")
    assert not aligned("", "uni.example")


def test_comments_are_taken_out_however_they_nest() -> None:
    """RFC 5322 section 3.2.2, with quoted pairs, quoted strings and an end that never comes."""
    assert strip_comments("(a(b)c) no") == "no"
    assert strip_comments(r"no (a\)b)") == "no"
    assert strip_comments('"(x)" y') == '"(x)" y'
    assert strip_comments("no (open") == "no"
    assert token("No; x=1") == "no"
    assert token('"no"') == token("") == token("nö") == ""


def test_each_rule_has_its_line_and_every_line_its_own_rule() -> None:
    """The table is the list: no rule twice, each with its place in it."""
    assert len({rule for _, rule in RULES}) == len({name for name, _ in RULES}) == len(RULES)


def test_details_hold_no_body_and_stay_short() -> None:
    """What goes into the record of reasons may be logged and shown."""
    secret = "COUPON-7F3K-99ZZ"
    found = screen(mail(f"Hello {secret} " * 40, Subject=f"Automatic reply: {secret}", X_Mailer="osTicket"), OURS)
    assert found
    assert all(secret not in finding.detail and len(finding.detail) <= 80 for finding in found)


@given(st.binary(max_size=3_000))
def test_any_bytes_are_screened(raw: bytes) -> None:
    """Nothing in a mail's content raises, and every rule that hits has its row."""
    found = screen(parse(raw, MessageKey("education", 1, 1), NOW), OURS)
    assert {finding.rule for finding in found} <= set(REASONS)


FIELDS = """From Sender Reply-To Return-Path To Subject Auto-Submitted Precedence List-Id X-Loop
    Authentication-Results""".split()


@given(st.lists(st.tuples(st.sampled_from(FIELDS), st.text(max_size=60)), max_size=8))
def test_any_header_values_are_screened(fields: list[tuple[str, str]]) -> None:
    """Unreadable values of the fields that rules read hold at most; they never raise."""
    message = mail()
    values = {name: getattr(message, name) for name in Message.__slots__} | {"headers": Headers(tuple(fields))}
    known = Known(OURS.addresses, authserv_id="mx.programs.example", loop_token="responder-0123456789ab")
    assert {finding.rule for finding in screen(Message(**values), known)} <= set(REASONS)


HOSTILE = [
    "(",
    ")",
    '"',
    "\\",
    "<",
    "a@",
    "@",
    ",",
    ";",
    "=",
    "Re:",
    "re: ",
    " ",
    "(a",
    '"a;',
    "x.",
    "a=",
    "-",
    "ä",
    "no ",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_in_every_field_ends(piece: str) -> None:
    """No rule is slower than linear: this would take hours otherwise."""
    long = piece * (1_000_000 // len(piece))
    names = [*FIELDS, "X-Auto-Response-Suppress", "X-Forefront-Antispam-Report", "X-Mailer", "List-Unsubscribe"]
    headers = Headers(tuple((name, f"mx.programs.example; {long}" if "Auth" in name else long) for name in names))
    address = Address(long, long[:5_000] + "@uni.example")
    message = mail()
    values = {name: getattr(message, name) for name in Message.__slots__}
    values |= {"headers": headers, "subject": long, "text": long, "full_text": long, "author": address}
    values |= {"sender": address, "reply_to": (address,), "recipients": (address,), "return_path": long}
    known = Known(OURS.addresses, authserv_id="mx.programs.example", loop_token="responder-0123456789ab")
    assert screen(Message(**values), known)


def test_a_hundred_thousand_header_fields_end() -> None:
    """The fields are indexed once, not searched for each rule."""
    message = mail()
    fields = tuple((f"X-Field-{number}", "value") for number in range(100_000))
    values = {name: getattr(message, name) for name in Message.__slots__} | {"headers": Headers(fields)}
    assert may_reply(screen(Message(**values), OURS))
