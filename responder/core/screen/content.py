"""What must reach a person for what it is: colleagues, forwards, files, few or foreign words, vendor mail."""

import re
from collections import Counter
from collections.abc import Iterator

from responder.core.language import NAMES, language
from responder.core.screen.case import Case, domain_matches, hold
from responder.core.screen.senders import split
from responder.core.screen.subject import LONGEST, bare_subject
from responder.core.verdict import Finding

_FORWARD = re.compile(r"\s*(?:fwd?|fw|wg|tr|rv|enc|doorst|pd|vb|ilt|转发|転送)\s{0,3}[:：]", re.IGNORECASE)
_RESENT = ("resent-from", "resent-to", "resent-date", "resent-message-id", "resent-sender")
_WORD = re.compile(r"\w+")
_NEEDS = re.compile(
    r"\b(?:escalat\w{1,5}|appeal\w{0,4}|disput\w{1,4}|manual(?:ly)? review\w{0,3}|could you|can you|would you"
    r"|(?:your|needs?|requires?|awaiting|pending)(?: an?| your)? (?:decision|approval|review|attention|input|help)"
    r"|(?:decision|approval|review|action|input|response) (?:is )?(?:needed|required|requested|pending)"
    r"|please (?:advise|confirm|approve|decide|reply|respond|let us know (?:whether|how|which|what)"
    r"|review(?! (?:our|the (?:privacy|terms))))|whether to|(?:should|shall) we|to be decided|needs? to decide)\b",
    re.IGNORECASE,
)
_CASE = re.compile(
    r"\b(?:case|ticket|applicants?|application|verification|institution|organi[sz]ation|escalation|dispute|request|account)\b",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"\b(?:completed|signed|executed|finali[sz]ed|countersigned)\b", re.IGNORECASE)
_QUOTE = re.compile(r"\b(?:quote|order form|sales order|add-?on agreement|program agreement)\b", re.IGNORECASE)
_LOOKED_AT = 3000
_FEW_WORDS = 4


def staff(case: Case) -> Iterator[Finding]:
    """Colleagues ask for themselves or pass a mail on; neither gets a template, and nobody they quote gets mail."""
    if any(domain_matches(split(address)[1], case.known.staff_domains) for address in case.authors):
        if _is_forward(case):
            quoted = case.message.forwarded
            name = (quoted.name or quoted.addr) if quoted else ""
            yield hold("staff.forward", "", name=name or "somebody")
        else:
            yield hold("staff.sender", case.author_domain)


def forward(case: Case) -> Iterator[Finding]:
    """A forward says little itself; whom to answer, and about what, stands in what is quoted (RFC 5322 3.6.6)."""
    if _is_forward(case) and not any(staff(case)):
        quoted = case.message.forwarded
        yield hold("request.forward", quoted.addr if quoted else "")


def _is_forward(case: Case) -> bool:
    return (
        case.message.forwarded is not None
        or _FORWARD.match(case.message.subject[:LONGEST]) is not None
        or any(name in case.fields for name in _RESENT)
    )


def attachment(case: Case) -> Iterator[Finding]:
    """Files carry proofs, IDs and screenshots: no machine opens them, and an answer without them misses the point."""
    files = case.message.attachments
    if files:
        kinds = Counter(file.content_type.rpartition("/")[2] for file in files)
        named = ", ".join(kind for kind, _ in kinds.most_common(3))
        yield hold("request.attachment", f"{len(files)}: {named}", n=str(len(files)))


def few_words(case: Case) -> Iterator[Finding]:
    """Too little to tell what is wanted, subject and text together; nothing new above a quote or a signature."""
    message = case.message
    if not message.full_text.strip() or message.unreadable:
        return
    said = (
        0
        if _only_introduces(message.text.strip(), message.full_text)
        else len(_WORD.findall(message.text[:_LOOKED_AT]))
    )
    titled = len(_WORD.findall(bare_subject(message.subject)))
    if not said or (said + titled < _FEW_WORDS and message.text.isascii()):
        yield hold("text.short", f"{said} words")


def _only_introduces(text: str, full_text: str) -> bool:
    """Whether all there is is the line above a quote ("On Monday, Ana wrote:")."""
    return text.endswith(":") and "\n" not in text and "\n>" in full_text


def foreign(case: Case) -> Iterator[Finding]:
    """A language that no template is written in."""
    text = case.message.text[: 4 * _LOOKED_AT]
    few = len(_WORD.findall(text[:_LOOKED_AT])) < 2 * _FEW_WORDS
    code = language(f"{bare_subject(case.message.subject)}\n{text}" if few else text)
    if code != "en":
        name = NAMES.get(code, "another language")
        yield hold("text.language", name, language=name)


def vendor_case(case: Case) -> Iterator[Finding]:
    """The verifier writes about a case that waits for us; a notice by machine is ignored for its marks."""
    if domain_matches(case.author_domain, case.known.vendor_domains):
        said = f"{case.message.subject[:LONGEST]}\n{case.message.text[:_LOOKED_AT]}"
        if _NEEDS.search(said) and _CASE.search(said):
            yield hold("cue.vendor-case", case.author_domain)
        else:
            yield hold("cue.vendor-mail", case.author_domain)


def signed_quote(case: Case) -> Iterator[Finding]:
    """A signing service tells that a quote is signed: somebody must book it."""
    subject = case.message.subject[:LONGEST]
    if _SIGNED.search(subject) and _QUOTE.search(f"{subject}\n{case.message.text[:_LOOKED_AT]}"):
        yield hold("cue.signed-quote", "subject")
