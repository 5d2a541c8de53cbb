"""What stands below a person's own words: closing phrase, name, contact lines, mobile footers, legal notices."""

import re
from collections.abc import Sequence
from typing import Final

from responder.core import reply_words as words
from responder.core.message import Address

_MAX_LINE: Final = 400
_WINDOW: Final = 16
"""Filled lines at the end that are searched for a closing phrase."""
_LONG: Final = 12
"""Words of a line that says something."""
_STOPS: Final = frozenset(".!\u3002\uff01")
_MAX_CONTACT_LINES: Final = 10
_MAX_DELIMITED: Final = 25
"""Filled lines below "-- " that may still be a signature."""

_DELIMITER: Final = re.compile(r"\s{0,3}(?:--|\u2014|\u2013|\u2013\u2013|-- ?-|\u2014\u2014)\s*\Z")
_RULE: Final = re.compile(r"\s*[-_=*~\u2014\u2013\u2500+.#]{2,}\s*\Z")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019.-][^\W\d_]+)*\.?")
_ASIDE: Final = re.compile(r"\([^()]{0,40}\)")
_EDGES: Final = re.compile(r"\A[\W_]+|[\W_]+\Z")
_PHONE: Final = re.compile(r"(?<![\w.])(?:\+|\(|0|1-)?[\d][\d\s().\u2013/-]{6,22}\d(?!\w)")
_CONTACT: Final = re.compile(
    r"@|https?://|www\.|\b(?:tel|phone|mobile|mob|cell|fax|telefon|t\u00e9l|m\u00f3vil|ext|skype|linkedin|whatsapp)\b"
    r"|\b[tmfep]\s?[:.]\s?[+(\d]|\u7535\u8bdd|\u624b\u673a|\u96fb\u8a71|\u0442\u0435\u043b",
    re.IGNORECASE,
)
_POSTSCRIPT: Final = re.compile(r"\s*(?:p\.?\s?p?\.?\s?s\b|ps\s?[:.]|nb\s?:|edit\s?:)", re.IGNORECASE)
_ASKING: Final = re.compile(
    r"\b(?:please|could you|can you|would you|do you|i'm|i am|i have|i need|we are|we have|we need|we would|i would"
    r"|let me|looking forward|how|what|when|why|bitte|k\u00f6nnen sie|pouvez|puede|podr\u00eda|gostaria|vorrei|kunt u"
    r"|prosz\u0119|\u043f\u043e\u0436\u0430\u043b\u0443\u0439\u0441\u0442\u0430)\b",
    re.IGNORECASE,
)
_TITLES: Final = frozenset(
    "dr prof professor phd ph.d msc m.sc bsc mba ing dipl mr mrs ms herr frau sir madam mx eng ir drs m.d md ba ma "
    "mag dott dott.ssa univ priv doz jr sr ii iii".split()
)
_NO_NAMES: Final = frozenset(
    "yes no ok okay hello hi hey help urgent please thanks thank you done same subject re fwd test attached agreed "
    "sure great perfect sorry none nothing maybe approved see below above hola ja nein oui non si bonjour regards free "
    "trial ultimate premium renewal education opensource startups support license licence question".split()
)


def strip(lines: Sequence[str], author: Address | None = None) -> list[str]:
    """The lines without what stands below the letter. May be empty; `author` helps to know a bare name."""
    kept = _without_edges(lines)
    names = _names_of(author)
    before = -1
    while kept and before != len(kept):
        before = len(kept)
        kept = _drop_footers(_cut_delimited(kept))
        kept = _drop_notices(kept)
    kept = _cut_closing(kept, names)
    kept = _cut_name(kept, names)
    return _without_edges(_drop_footers(kept))


def _names_of(author: Address | None) -> frozenset[str]:
    if author is None:
        return frozenset()
    words_of_address = re.split(r"[\W\d_]+", author.local)
    return frozenset(word for word in (*_tokens(author.name), *words_of_address) if len(word) > 1)


def _tokens(text: str) -> list[str]:
    return [word.strip(".").casefold() for word in _WORD.findall(text[:_MAX_LINE])]


def _bare(text: str) -> str:
    """Without punctuation, emoji and spaces at both ends."""
    return _EDGES.sub("", text)


def _without_edges(lines: Sequence[str]) -> list[str]:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return list(lines[start:end])


def _cut_delimited(lines: list[str]) -> list[str]:
    """RFC 3676 section 4.3: "-- " on a line of its own; or any rule, when contact lines alone stand below it."""
    cut = len(lines)
    below: list[str] = []
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at]
        if _DELIMITER.match(line):
            cut = at if not _is_request(below) else cut
        elif _RULE.match(line):
            cut = at if _is_contact_block(below) else cut
        elif line.strip():
            below.append(line)
            if len(below) > _MAX_DELIMITED:
                break
    return _without_edges(lines[:cut])


def _is_request(lines: Sequence[str]) -> bool:
    """Whether somebody asks for something in these lines, at length: then they are no signature."""
    return any(len(line.split()) >= _LONG and _ASKING.search(line) for line in lines if not _is_notice(line.casefold()))


def _is_contact_block(lines: Sequence[str]) -> bool:
    if not 0 < len(lines) <= _MAX_CONTACT_LINES or not all(_is_signature_like(line) for line in lines):
        return False
    return any(_CONTACT.search(line) or _PHONE.search(line) for line in lines)


def _drop_footers(lines: list[str]) -> list[str]:
    """Mobile footers and advertisements on the last lines, and rules above them."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or _RULE.match(lines[end - 1]) or is_footer(lines[end - 1])):
        end -= 1
    return lines[:end]


def is_footer(line: str) -> bool:
    """A line a mail program or a scanner put there."""
    if len(line) > _MAX_LINE:
        return False
    folded = line.strip(" \t*_[]()<>-\u2022\u25cf\u3000").casefold()
    if folded.startswith(words.MOBILE) or folded.endswith(("から送信", "から送信されました", "gesendet", "보냄")):
        return len(folded) < 140 and any(word in folded for word in words.MOBILE_WORDS)
    return len(folded) < 250 and any(part in folded for part in words.FOOTER_LINES)


def _drop_notices(lines: list[str]) -> list[str]:
    """Legal notices: whole paragraphs at the end that speak of mail, confidence, recipients and mistakes."""
    end = len(lines)
    while end:
        start = end
        while start and lines[start - 1].strip():
            start -= 1
        paragraph = " ".join(lines[start:end])[:6_000].casefold()
        if not _is_notice(paragraph):
            break
        end = start
        while end and (not lines[end - 1].strip() or _RULE.match(lines[end - 1])):
            end -= 1
    return lines[:end]


def _is_notice(paragraph: str) -> bool:
    if len(paragraph) < 25:
        return _bare(paragraph) in {"disclaimer", "confidentiality notice", "legal notice", "haftungsausschluss"}
    hits = sum(cue in paragraph for cue in words.DISCLAIMER)
    return hits >= (5 if _ASKING.search(paragraph) else 4) or (hits >= 3 and "disclaimer" in paragraph)


# ---------------------------------------------------------------------------------------------------- closing and name


def _filled(lines: list[str]) -> list[int]:
    return [at for at in range(max(0, len(lines) - 4 * _WINDOW), len(lines)) if lines[at].strip()][-_WINDOW:]


def _cut_closing(lines: list[str], names: frozenset[str]) -> list[str]:
    """From the first closing phrase of the last lines down, as far as it is a signature; a postscript stays."""
    for at in _filled(lines):
        strength = _closing(lines[at], names)
        if not strength:
            continue
        below = [line for line in lines[at + 1 :] if line.strip()]
        if strength == "weak" and not (below and _signs_off(lines, at, below[0], names)):
            continue
        rest = _below_signature(lines[at + 1 :])
        if rest is not None:
            return _without_edges([*lines[:at], *rest])
    return lines


def _signs_off(lines: list[str], at: int, below: str, names: frozenset[str]) -> bool:
    """Whether thanks are a closing phrase: a name follows, at once or behind a comma; "Thanks!" apart is text."""
    apart = not lines[at + 1].strip() and lines[at].rstrip()[-1:] in _STOPS
    return not apart and is_name_like(below) and not _closing(below, names)


def _closing(line: str, names: frozenset[str]) -> str:
    """strong: a closing phrase; weak: one only if a name follows; "": none."""
    if len(line) > 90:
        return ""
    folded = " ".join(_bare(line).casefold().replace("\u2019", "'").split())
    if folded in words.CLOSINGS:
        return "strong"
    if folded in words.WEAK_CLOSINGS:
        return "weak"
    head, comma, tail = line.partition(",")
    if comma and tail.strip():
        head = " ".join(_bare(head).casefold().split())
        if (head in words.CLOSINGS or head in words.WEAK_CLOSINGS) and _is_sign_off(tail, names):
            return "strong"
    return _closing_of_words(folded, line, names)


def _closing_of_words(folded: str, line: str, names: frozenset[str]) -> str:
    """Two phrases together ("thanks and best regards"), or a phrase and the name without a comma."""
    for joint in (" and ", " & ", " / ", ". ", ", ", " und ", " et ", " y ", " e ", "! ", " - ", " i "):
        first, found, second = folded.partition(joint)
        if found and _bare(second) in words.CLOSINGS and _is_courtesy(_bare(first)):
            return "strong"
    tokens = folded.split()
    for size in (1, 2, 3, 4):
        if _bare(" ".join(tokens[:size])) in words.CLOSINGS and 0 < len(tokens) - size <= 4:
            named = line.split()[size:]
            return "strong" if names.intersection(_tokens(" ".join(named))) else ""
    return ""


def _is_courtesy(text: str) -> bool:
    return (
        text in words.CLOSINGS or text in words.WEAK_CLOSINGS or text in {"thank you for your time", "with many thanks"}
    )


def _is_sign_off(text: str, names: frozenset[str]) -> bool:
    tokens = _tokens(text)
    return 0 < len(tokens) <= 5 and (bool(names.intersection(tokens)) or is_name_like(text))


def is_name_like(line: str) -> bool:
    """A few capitalised words or a few characters of a script without capitals; no sentence, no digits."""
    bare = _bare(line[:_MAX_LINE])
    tokens = bare.split()
    if (
        not tokens
        or len(bare) > 60
        or len(tokens) > 6
        or any(char.isdigit() for char in bare)
        or line.rstrip()[-1:] in {"?", ":"}
    ):
        return False
    if not bare[0].isascii() and bare[0].lower() == bare[0].upper():
        return len(bare) <= 24
    plain = [_bare(token) for token in tokens]
    capital = sum(token[:1].isupper() for token in plain)
    small = sum(token[:1].islower() and token.strip(".").casefold() not in _TITLES for token in plain)
    return (capital >= 1 and small <= 2) or (len(tokens) == 1 and bare.isalpha())


def _below_signature(lines: list[str]) -> list[str] | None:
    """What is left below a signature that begins here: nothing, or a postscript. None: this is no signature."""
    for at, line in enumerate(lines):
        if _POSTSCRIPT.match(line):
            return lines[at:]
        if line.strip() and not _is_signature_like(line):
            filled = sum(bool(above.strip()) for above in lines[:at])
            gap = at > 0 and not lines[at - 1].strip()
            return lines[at:] if gap and filled <= 8 and _is_prose(lines[at:]) else None
    return []


def _is_signature_like(line: str) -> bool:
    """A line a signature may hold: short, no question, no request, no long sentence."""
    bare = line.strip()
    if len(bare) > 120:
        return False
    if _CONTACT.search(bare) or _PHONE.search(bare):
        return len(bare.split()) <= 16
    count = len(bare.split())
    if bare.endswith(("?", "\uff1f")) or (count >= 4 and _ASKING.search(bare)):
        return False
    return count <= 12 and not (count >= 7 and bare[-1] in ".!:")


def _is_prose(lines: Sequence[str]) -> bool:
    return len(" ".join(lines).split()) >= 3


def _cut_name(lines: list[str], names: frozenset[str]) -> list[str]:
    """A signature without a closing phrase: the writer's name below the text, with contact lines or without."""
    filled = _filled(lines)
    for at in filled[-10:]:
        if at == 0 or not _is_own_name(lines[at], names):
            continue
        below = [line for line in lines[at + 1 :] if line.strip()]
        if all(_is_signature_like(line) for line in below):
            return _without_edges(lines[:at])
    return _cut_bare_name(lines, filled)


def _is_own_name(line: str, names: frozenset[str]) -> bool:
    """The author's name as From or the address has it, whole or in part, with titles or a dash before it."""
    if len(line) > 60 or not names or line.rstrip().endswith(("?", ":")):
        return False
    tokens = _tokens(_ASIDE.sub("", line))
    known = sum(token in names for token in tokens)
    others = sum(token not in names and token not in _TITLES and len(token) > 1 for token in tokens)
    return known > 0 and others <= (1 if known >= 1 and len(tokens) <= 3 else 0) and len(tokens) <= 6


def _cut_bare_name(lines: list[str], filled: list[int]) -> list[str]:
    """One to three capitalised words alone below a sentence."""
    if len(filled) < 2 or filled[-1] - filled[-2] < 2:
        return lines
    last = lines[filled[-1]].strip()
    tokens = _bare(last[:_MAX_LINE]).split()
    above = lines[filled[-2]].rstrip(" )\"'")
    if (
        not 1 <= len(tokens) <= 3
        or above[-1:] not in {".", "!", "?", "\u3002", "\uff01", "\uff1f"}
        or len(above.split()) < 4
    ):
        return lines
    is_name = all(token[:1].isupper() and token.strip(".-").isalpha() for token in tokens)
    if not is_name or any(token.casefold() in _NO_NAMES for token in tokens) or last.endswith(("?", "!", ":")):
        return lines
    return _without_edges(lines[: filled[-1]])
