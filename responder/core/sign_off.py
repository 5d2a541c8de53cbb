"""How a letter ends: a closing phrase, the writer's name, and the short lines below them."""

import re
from collections.abc import Sequence
from typing import Final

from responder.core import reply_words as words
from responder.core.message import Address

_MAX_LINE: Final = 400
_WINDOW: Final = 16
"""Filled lines at the end that are searched for a closing phrase or a name."""
_NAME_WINDOW: Final = 10
_MAX_CLOSING: Final = 90
_MAX_NAME: Final = 60
_MAX_COURTESY: Final = 8
_MAX_NAME_WORDS: Final = 4
_MAX_OFFICE_WORDS: Final = 5

_STOPS: Final = frozenset(".!\u3002\uff01")
_SENTENCE_END: Final = (".", "!", "?", "\u2026", ")", "\u3002", "\uff01", "\uff1f", '"', "\u201d", "\u00bb", "<3")
_AFTER_COURTESY: Final = re.compile(r"\s*(?:,\s*|[!.\u2013-]+\s)")
_ASIDE: Final = re.compile(r"\([^()]{0,40}\)")
_EDGES: Final = re.compile(r"\A[\W_]+|[\W_]+\Z")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019.-][^\W\d_]+)*\.?")
_ON_BEHALF: Final = re.compile(
    r"\s*(?:i\. ?[AV]\.|gez\.|p\. ?p\.|p\. ?o\.|sgd\.?|im auftrag|on behalf of|for and on behalf of)\s+(?=\w)",
    re.IGNORECASE,
)
_DASHED: Final = re.compile(r"\s{0,3}(?:[-\u2013\u2014~/]{1,3}|xx?)\s?(?=[^\W\d_])")
_ABBREVIATED: Final = re.compile(r"(?:\b[A-Z]|\b[A-Z][a-z]{1,3}|\.[A-Za-z])\.\Z")
_PHONE: Final = re.compile(r"(?<![\w.])(?:\+|\(|0|1-)?[\d][\d\s().\u2013/-]{6,22}\d(?!\w)")
_CONTACT: Final = re.compile(
    r"@|https?://|www\.|\b(?:tel|phone|mobile|mob|cell|fax|telefon|t\u00e9l|m\u00f3vil|ext|skype|linkedin|whatsapp)\b"
    r"|\b[tmfep]\s?[:.]\s?[+(\d]|\u7535\u8bdd|\u624b\u673a|\u96fb\u8a71|\u0442\u0435\u043b",
    re.IGNORECASE,
)
_POSTSCRIPT: Final = re.compile(r"\s*(?:p\.?\s?p?\.?\s?s\b|ps\s?[:.]|nb\s?:|edit\s?:)", re.IGNORECASE)
ASKING: Final = re.compile(
    r"\b(?:please|could you|can you|would you|do you|i'm|i am|i have|i need|we are|we have|we need|we would|i would"
    r"|let me|looking forward|how|what|when|why|bitte|k\u00f6nnen sie|pouvez|puede|podr\u00eda|gostaria|vorrei|kunt u"
    r"|prosz\u0119|\u043f\u043e\u0436\u0430\u043b\u0443\u0439\u0441\u0442\u0430)\b",
    re.IGNORECASE,
)
_TITLES: Final = frozenset(
    "dr prof professor phd ph.d msc m.sc bsc mba ing dipl mr mrs ms herr frau sir madam mx eng ir drs m.d md ba ma "
    "mag mgr inz hab rer nat dott dott.ssa univ priv doz jr sr ii iii cpa rev srta sra lic mtro avv".split()
)
_PARTICLES: Final = frozenset(
    "de del della di da das do dos du des la le el al bin ibn ben van von der den ter ten zu zum und and y e of the & "
    "for \u00f3 n\u00ed af av og och ja \u00e9s".split()
)
_SMALL_IN_NAMES: Final = _PARTICLES | _TITLES
_NO_NAMES: Final = frozenset(
    "yes no ok okay hello hi hey help urgent please thanks thank you done same subject re fwd test attached "
    "agreed sure great perfect sorry none nothing maybe approved see below above hola ja nein oui non si bonjour "
    "regards free trial ultimate premium saas renewal education opensource startups support license licence question "
    "waiting dear".split()
)
_ROLES: Final = frozenset(
    "info office admin mail contact support team school it ops hello webmaster postmaster noreply sales help license "
    "licence education opensource startups service secretary sekretariat the and university".split()
)


def names_of(author: Address | None) -> frozenset[str]:
    """The words by which an author may sign, folded: those of the display name and of the address."""
    if author is None:
        return frozenset()
    parts = (*_tokens(author.name), *re.split(r"[\W\d_]+", author.local))
    return frozenset(word for word in parts if len(word) > 1 and word not in _ROLES)


def filled(lines: Sequence[str]) -> list[int]:
    """Indices of the last lines that are not empty."""
    return [at for at in range(max(0, len(lines) - 4 * _WINDOW), len(lines)) if lines[at].strip()][-_WINDOW:]


def bare(text: str) -> str:
    """Without punctuation, emoji and spaces at both ends."""
    return _EDGES.sub("", text[:_MAX_LINE])


def _folded(text: str) -> str:
    return " ".join(bare(text).casefold().replace("\u2019", "'").split())


def _tokens(text: str) -> list[str]:
    return [word.strip(".").casefold() for word in _WORD.findall(text[:_MAX_LINE])]


# ------------------------------------------------------------------------------------------------------------- closing


def cut_closing(lines: list[str], names: frozenset[str]) -> list[str]:
    """From the first closing phrase of the last lines down, as far as it is a signature; a postscript stays."""
    for at in filled(lines):
        below = next((line for line in lines[at + 1 :] if line.strip()), "")
        strength = _closing(lines[at], names) or _closing_by_shape(lines, at, below)
        if not strength or (strength == "weak" and not _signs_off(lines, at, below, names)):
            continue
        rest = _below_signature(lines[at + 1 :])
        if rest is not None:
            return [*lines[:at], *rest]
    return lines


def _closing(line: str, names: frozenset[str]) -> str:
    """strong: a closing phrase; weak: one only if a name follows; "": none."""
    if len(line) > _MAX_CLOSING:
        return ""
    folded = _folded(line)
    if folded in words.CLOSINGS:
        return "strong"
    if folded in words.WEAK_CLOSINGS:
        return "weak"
    head, *tail = _AFTER_COURTESY.split(line, 1)
    if tail and tail[0].strip() and _is_courtesy(_folded(head)) and _is_sign_off(tail[0], names):
        return "strong"
    return _closing_of_words(folded, line, names)


def _closing_of_words(folded: str, line: str, names: frozenset[str]) -> str:
    """Two phrases together ("thanks and best regards"), or a phrase and the name without a comma."""
    for joint in (" and ", " & ", " / ", ". ", ", ", " und ", " et ", " y ", " e ", "! ", " - ", " i "):
        first, found, second = folded.partition(joint)
        if found and bare(second) in words.CLOSINGS and _is_courtesy(bare(first)):
            return "strong"
    tokens = folded.split()
    for size in range(1, _MAX_NAME_WORDS + 1):
        if bare(" ".join(tokens[:size])) in words.CLOSINGS and 0 < len(tokens) - size <= _MAX_NAME_WORDS:
            named = " ".join(line.split()[size:])
            return "strong" if names.intersection(_tokens(named)) else ""
    return ""


def _is_courtesy(folded: str) -> bool:
    return folded in words.CLOSINGS or folded in words.WEAK_CLOSINGS


def _closing_by_shape(lines: Sequence[str], at: int, below: str) -> str:
    """A few words and a comma between the text and a name: a closing phrase in whatever language."""
    line = lines[at].strip()
    if len(line) > _MAX_CLOSING:
        return ""
    tokens = _folded(line).split()
    if len(tokens) > _MAX_COURTESY or not line[0].isupper() or ASKING.search(line) or not _ends_text(lines, at):
        return ""
    known = any(" ".join(tokens[:size]) in words.CLOSINGS for size in range(1, 5))
    return "strong" if (known or line.endswith(",")) and is_signed_name(below) else ""


def _signs_off(lines: Sequence[str], at: int, below: str, names: frozenset[str]) -> bool:
    """Whether thanks are a closing phrase: a name follows, at once or behind a comma; "Thanks!" apart is text."""
    if not below:
        return False
    apart = not lines[at + 1].strip() and lines[at].rstrip()[-1:] in _STOPS
    return not apart and is_name_like(below) and not _closing(below, names)


def _is_sign_off(text: str, names: frozenset[str]) -> bool:
    tokens = _tokens(text)
    return 0 < len(tokens) <= 5 and (bool(names.intersection(tokens)) or is_name_like(text))


def _below_signature(lines: Sequence[str]) -> list[str] | None:
    """What is left below a signature that begins here: nothing, or a postscript. None: this is no signature."""
    for at, line in enumerate(lines):
        if _POSTSCRIPT.match(line):
            return list(lines[at:])
        if line.strip() and not is_signature_like(line):
            above = sum(bool(one.strip()) for one in lines[:at])
            gap = at > 0 and not lines[at - 1].strip()
            return list(lines[at:]) if gap and above <= 8 and len(" ".join(lines[at:]).split()) >= 3 else None
    return []


def is_signature_like(line: str) -> bool:
    """A line a signature may hold: short, no question, no request, no long sentence."""
    text = line.strip()
    if len(text) > 120:
        return False
    count = len(text.split())
    if is_contact(text):
        return count <= 16
    if text.endswith(("?", "\uff1f")) or (count >= 4 and ASKING.search(text)):
        return False
    return count <= 12 and not (count >= 7 and text[-1] in ".!:")


def is_contact(line: str) -> bool:
    """A line with a telephone number, an address or a link."""
    return len(line) <= _MAX_LINE and (_CONTACT.search(line) or _PHONE.search(line)) is not None


# ---------------------------------------------------------------------------------------------------------------- name


def is_name_like(line: str) -> bool:
    """A few capitalised words or a few characters of a script without capitals; no sentence, no digits."""
    text = bare(line)
    tokens = text.split()
    if not tokens or len(text) > _MAX_NAME or len(tokens) > 6 or line.rstrip()[-1:] in {"?", ":"}:
        return False
    if any(char.isdigit() for char in text):
        return False
    if _has_no_case(text):
        return len(text) <= 24
    plain = [bare(token) for token in tokens]
    capital = sum(token[:1].isupper() for token in plain)
    small = sum(token[:1].islower() and token.strip(".").casefold() not in _TITLES for token in plain)
    return (capital >= 1 and small <= 2) or (len(tokens) == 1 and text.isalpha())


def _has_no_case(text: str) -> bool:
    return not text[0].isascii() and text[0].lower() == text[0].upper()


def is_signed_name(line: str) -> bool:
    """Stricter: nothing but a name, perhaps with a title or an office behind a comma or a bar."""
    text = _ON_BEHALF.sub("", line[:_MAX_LINE]).strip()
    if not text or len(text) > _MAX_NAME or ":" in text or text[-1] in "?!":
        return False
    if text[-1] == "." and not _ABBREVIATED.search(text):
        return False
    dash = _DASHED.match(text)
    head, _, tail = _ASIDE.sub("", text[dash.end() if dash else 0 :]).replace("|", ",").partition(",")
    tokens = head.split()
    if not 1 <= len(tokens) <= _MAX_NAME_WORDS or len(tail.split()) > _MAX_OFFICE_WORDS:
        return False
    if any(char.isdigit() for char in head) or _NO_NAMES.intersection(bare(token).casefold() for token in tokens):
        return False
    return len(tokens) <= 2 if dash else _is_proper(tokens)


def _is_proper(tokens: Sequence[str]) -> bool:
    """Whether every word is capitalised as names are, particles and titles aside."""
    if not all(any(char.isalpha() for char in token) for token in tokens):
        return False
    small = [bare(token).casefold() for token in tokens if not token[0].isupper()]
    return tokens[-1][0].isupper() and _SMALL_IN_NAMES.issuperset(small)


def cut_name(lines: list[str], names: frozenset[str], *, below_quote: bool = False) -> list[str]:
    """A signature without a closing phrase: the writer's name below the text, with short lines under it or without.

    `below_quote`: other words of the person stand above, so that nothing may be left here.
    """
    last = filled(lines)[-_NAME_WINDOW:]
    for at in last:
        own = _is_own_name(lines[at], names)
        if not own and not (len(last) > 1 and _is_strangers_name(lines, at)):
            continue
        below = [line for line in lines[at + 1 :] if line.strip()]
        if (at > 0 or below_quote) and (len(below) <= 3 or own) and all(is_signature_like(line) for line in below):
            return lines[:at]
    return lines


def _is_strangers_name(lines: Sequence[str], at: int) -> bool:
    """A name nobody told us: alone below a sentence, behind a dash, or behind a few words and a comma."""
    line = lines[at]
    if len(line) > _MAX_CLOSING:
        return False
    dash = _DASHED.match(line)
    if dash and _line_above(lines, at).lstrip()[:1] == line.lstrip()[:1]:
        return False  # a list
    if dash and not dash[0].endswith(" ") and is_signed_name(line):
        return True
    if not (is_signed_name(line) or "," in line) or not _ends_text(lines, at):
        return False
    head, _, tail = line.partition(",")
    greeted = 0 < len(head.split()) <= 3 and ":" not in head and "," not in tail and not ASKING.search(head)
    return is_signed_name(line) or (greeted and line[0].isupper() and tail.strip() != "" and is_signed_name(tail))


def _ends_text(lines: Sequence[str], at: int) -> bool:
    """Whether the line above ends a sentence, and some words stand there."""
    above = _line_above(lines, at)
    return above.rstrip().endswith(_SENTENCE_END) and sum(len(line.split()) for line in lines[max(0, at - 9) : at]) >= 4


def _line_above(lines: Sequence[str], at: int) -> str:
    return next((lines[above] for above in range(at - 1, -1, -1) if lines[above].strip()), "")


def _is_own_name(line: str, names: frozenset[str]) -> bool:
    """The author's name as From or the address has it, whole or in part, with titles or a dash before it."""
    if len(line) > _MAX_NAME or not names or line.rstrip().endswith(("?", ":")):
        return False
    found = _WORD.findall(_ASIDE.sub("", line))
    tokens = [word.strip(".").casefold() for word in found]
    known = sum(token in names for token in tokens)
    strange = [
        word
        for word, token in zip(found, tokens, strict=True)
        if token not in names and token not in _TITLES and token not in _PARTICLES and len(token) > 1
    ]
    if any(word[0].islower() or word.casefold() in _NO_NAMES for word in strange):
        return False
    return known > 0 and len(strange) <= 1 and len(tokens) <= 6
