"""By which name to greet, if any: only where display name and address speak of the same person."""

import re
import unicodedata
from typing import Final

from responder.core.message import Address

_NAME_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NOT_A_TO_Z: Final = re.compile(r"[^a-z]+")
_UMLAUT_E: Final = re.compile(r"(?<=[aou])e")
_LETTERS: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
_LONGEST: Final = 25
_TITLES: Final = frozenset(
    """mr mrs ms miss mx dr prof professor doc docent ing dipl-ing dipl phd dphil ph md ma ba mba msc bsc mag jr sr ii
    iii herr frau mme mlle sra srta dott dottssa doktor sir rev fr eng engr esq he him she her they""".split()
)
"""Also degrees and pronouns: all that people write around a name."""
_NOT_NAMES: Final = frozenset(
    """the a an team teams office department dept division unit support dev devs service services info admin
    administration administrator it ict helpdesk desk contact hello user guest owner webmaster postmaster root
    noreply no reply mail mailer email newsletter notification notifications alert alerts system systems
    school university universität universidad universidade université università uniwersytet college faculty
    faculdade facultad fakultät faculté institute institut instituto academy library biblioteca bibliothek
    bibliothèque lab laboratory labs library group gruppe grupo project projects projekt foundation fundación
    association asociación society community council committee center centre zentrum centro company inc ltd llc
    gmbh ag sa bv oy ab plc corp corporation co purchasing procurement billing accounts accounting finance sales
    marketing hr legal security press media events secretary secretariat secretaria secretaría secrétariat
    sekretariat reitoria rectorado rectorat decanato dekanat dean registrar direction direktion student students
    alumni staff studio software solutions technologies technology tech open source education startup startups
    program programs programme physics chemistry computer science engineering research and und et of at for from via
    by on behalf""".split()
)
_FAMILY_FIRST: Final = frozenset(
    """wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he lin luo gao zheng liang xie tang kim lee
    park choi jung jeong kang cho yoon jang lim han shin seo kwon nguyen nguyễn tran trần le lê pham phạm hoang hoàng
    phan vu vũ dang đặng bui bùi do đỗ ho hồ ngo ngô duong dương""".split()
)
"""Where the family name often stands first: which one the given name is, is not plain."""
_PARTICLES: Final = frozenset("de da do dos das di del della van von der den ten ter la le bin ibn al el".split())


def first_name(author: Address | None) -> str:
    """The given name for a greeting, or "" where it is not plainly one.

    Plain means: two to four words of letters, no role, company or place among them, and the address agrees: its local
    part holds the given or the family name, its domain neither (Acme Widgets <acme@acme.example> is nobody).
    """
    if author is None or "@" in author.name or len(author.name) > 100 or len(author.addr) > 320:
        return ""
    words = _words(author.name)
    if not 2 <= len(words) <= 4 or not all(_NAME_WORD.fullmatch(word.rstrip(".")) for word in words):
        return ""
    if any(word.rstrip(".").lower() in _NOT_NAMES for word in words) or not _agrees(author, words):
        return ""
    return _given(words)


def _words(name: str) -> list[str]:
    """The words of a name, the given one first, without titles: "Costa, Dr. Ana (she/her)" is Ana Costa."""
    name = name.strip().strip("\"'‘’“”").strip()
    if name.endswith((")", "]")):
        name = re.split(r"[(\[]", name, maxsplit=1)[0]
    parts = [_untitled(part) for part in name.split(",")]
    parts = [part for part in parts if part]
    match parts:
        case [words]:
            return words
        case [family, given] if len(family) + len(given) <= 3:
            return [*given, *family]
        case _:
            return []


def _untitled(part: str) -> list[str]:
    pieces = [piece for word in part.split() if not _is_title(word) for piece in word.replace(".", ". ").split()]
    return [piece for piece in pieces if not _is_title(piece)]


def _is_title(word: str) -> bool:
    """Also what is nothing but dots."""
    return word.replace(".", "").lower() in _TITLES or not word.strip(".")


def _given(words: list[str]) -> str:
    """The first word as one writes a name; "" where it is an initial, likely a family name, or oddly cased."""
    first = words[0]
    if "".join(words).islower() or "".join(words).isupper():
        first = first.title()
    plain = first[0].isupper() and not first.isupper() and first.lower() not in _PARTICLES | _FAMILY_FIRST
    return first if plain and 2 <= len(first) <= _LONGEST else ""


def _agrees(author: Address, words: list[str]) -> bool:
    folded = [word for word in map(_folded, words) if word]
    if len(folded) < 2:
        return False
    pieces = {_folded(piece) for piece in re.split(r"[.-]", author.domain)}
    if pieces & {*folded, "".join(folded)} - {""}:
        return False
    given, family = folded[0], folded[-1]
    local = [_folded(piece) for piece in re.split(r"[^\w]|[\d_]", author.local)]
    told = {given, *(word for word in folded[1:] if len(word) > 2)}
    joined = {given + family, given[0] + family, family + given[0], given + family[0], family + given}
    return bool(told & set(local)) or "".join(local) in joined


def _folded(word: str) -> str:
    """Letters a to z alone, so that Jürgen, jurgen and juergen are one; "" for other scripts."""
    bare = unicodedata.normalize("NFKD", word.lower().translate(_LETTERS))
    bare = "".join(char for char in bare if not unicodedata.combining(char) and char not in "'’-")
    return "" if _NOT_A_TO_Z.search(bare) else _UMLAUT_E.sub("", bare)
