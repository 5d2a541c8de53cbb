"""Subjects as programs write them (C2.17). A person can write them too: one more sign must speak before mail is parked.

The phrases are those of osTicket and FreeScout; what follows a phrase decides: "Out of office: back on Monday" is a
program's, "Out of office hours support" a person's.
"""

import re
import unicodedata
from collections.abc import Iterator

from responder.core.screen.case import Case, hold
from responder.core.verdict import Finding

_PREFIX = re.compile(
    r"\[[^\[\]]{1,40}\]\s{0,5}"  # [EXTERNAL], [teachers]
    r"|(?:re|fwd?|fw|aw|wg|sv|vs|vb|tr|rv|rif|i|enc|res|ref|antw|doorst|odp|pd|ynt|ilt|atb|pv"
    r"|továbbítás|回复|答复|转发|返信|転送)"
    r"\s{0,3}(?:\[\d{1,3}\])?\s{0,3}[:：]\s{0,5}",
    re.IGNORECASE,
)
_PHRASES = (
    "automatic reply|automatic response|automated reply|automated response|auto[- ]?reply|auto[- ]?response"
    "|autoreply|autoresponder|vacation(?: reply| message)?|on vacation"
    "|out of (?:the )?office(?: auto[- ]?reply| reply| message)?|ooo|oof"
    "|away from (?:my|the) (?:mail|desk|office)|abwesenheitsnotiz|abwesenheit|abwesend|automatische antwort"
    "|automatische abwesenheitsnotiz|réponse automatique|absence du bureau|absent du bureau|message d'absence"
    "|respuesta automática|fuera de (?:la )?oficina|ausente|risposta automatica|fuori sede|assente"
    "|resposta automática|fora do escritório|ausência temporária|automatisch antwoord|automatisch bericht|afwezig"
    "|afwezigheidsbericht|autosvar|automatiskt svar|automatisk svar|frånvaro|fravær|automaattinen vastaus|poissa"
    "|autoodpowiedź|automatyczna odpowiedź|nieobecność|automatická odpověď|automatická odpoveď|automatikus válasz"
    "|räspuns automat|răspuns automat|otomatik yanıt|автоответ|автоматический ответ|автоматична відповідь"
    "|αυτόματη απάντηση|undeliverable(?: mail| message)?|non-?deliverable mail|nondeliverable mail"
    "|message undeliverable|undelivered mail returned to sender|undelivered mail|delivery status notification"
    "|delivery failure|delivery has failed|failure notice|mail delivery failed|mail delivery failure"
    "|mail delivery system|mail system error|returned mail|message delivery failure|delivery notification"
    "|delivery report|non-?delivery (?:report|notification)|delivery delayed|mail error"
    "|warning: could not send message|warning: message|mail could not be delivered|ndn|unzustellbar"
    "|unzustellbare nachricht|échec de remise|non remis|mensaje no entregado|no se puede entregar"
    "|niet te bezorgen"
)
_AFTERWARDS = (
    r"(?=\s*(?:$|[:：\-–—()\[\]|!.,…/*])"
    r"|\s+(?:re|from|for|until|till|to|notification|notice|message|mail|reply|returning|returned|bis|du|de|del)\b)"
)
_AUTOMATIC = re.compile(rf"({_PHRASES}){_AFTERWARDS}", re.IGNORECASE)
_AT_ONCE = re.compile(
    r"(自動返信|自動応答|自动回复|自動回覆|자동 ?회신|자동 ?응답|不在通知)"
    r"|((?:auto|read|accepted|declined|tentative|not read|gelesen|zugesagt|abgelehnt|lu|leído)\s{0,3}[:：])",
    re.IGNORECASE,
)
LONGEST = 400


def _forms(subject: str) -> Iterator[str]:
    """The subject, then what remains as one mark in front after the other is taken off."""
    rest = unicodedata.normalize("NFC", subject[:LONGEST]).strip()
    yield rest
    while match := _PREFIX.match(rest):
        rest = rest[match.end() :]
        yield rest


def bare_subject(subject: str) -> str:
    """The subject without Re:, Fwd: and their like in other languages, and without the tags of lists and gateways."""
    return list(_forms(subject))[-1]


def automatic(case: Case) -> Iterator[Finding]:
    """A subject that a program would write."""
    for form in _forms(case.message.subject):
        bare = form.lstrip("[(*# ")
        match = _AUTOMATIC.match(bare) or _AT_ONCE.match(bare)
        if match:
            words = match[0].strip(" :：")
            yield hold("subject.automatic", words, words=words)
            return
