"""The phrase language of cues.toml, and mail text made ready for it.

A phrase is words in lower case; between two words stands a blank, a hyphen or a comma, never the end of a sentence.
    refund*            a word that begins so
    (put off|delay)    one of these
    quote | offer      one phrase or the other
    the?               may be missing (so may a group)
    ~4                 up to four words in between, none of them a negation
    #                  a number
    {licence}          one of the words or phrases of that list
Nothing else is possible, so that matching takes time linear in the text however hostile it or the phrase is.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

NEGATIONS = frozenset(
    """not no never without nor neither cannot cant dont doesnt didnt isnt wasnt arent werent wont hasnt havent hadnt
    can't don't doesn't didn't isn't wasn't aren't weren't won't hasn't haven't hadn't wouldn't shouldn't couldn't ain't
    nobody none nothing""".split()
)
MAX_GAP = 8
MAX_GAPS = 3
MAX_TOKEN = 60
"""Longer words are cut: no phrase has one."""
MAX_PLACES = 2_000
"""A word that stands more often is looked at no further; no person writes like that."""
_NOT_NEGATION = rf"(?!(?:{'|'.join(sorted(NEGATIONS))}) )"
_ELEMENT = re.compile(r"~\d+|\([^()]*\)\??|\{[^{}]*\}\??|\S+")
_BETWEEN = re.compile(r"\|(?![^()]*\))")
_SIMPLE = re.compile(r"(?:[^\W_]+(?:'[^\W_]+)*\*?|[#$€£%])")
_TOKEN = re.compile(
    r"""(?P<link>(?:https?://|www\.)[^\s<>"]++)
      | (?P<mail>[^\s<>"@,;:()\[\]]{1,64}+@[^\W_][^\s<>"@,;:()\[\]]*+)
      | (?P<word>[^\W_]++(?:'[^\W_]++)*+)
      | (?P<stop>[.!?…]++(?=\s|$|["')\]])|\n[^\S\n]*\n\s*+|\n\s*+(?=[-*•]\s|\d{1,2}[.)]\s))
      | (?P<pause>[,;:()]|\s[-–—]++\s|—)
      | (?P<sign>[$€£%])""",
    re.VERBOSE,
)
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"'})
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_QUOTED_LINE = re.compile(r"^>[^\n]*+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Words:
    """A text as its words: cleaned, in lower case, one blank before and after each; "." ends a sentence, "," pauses."""

    clean: str
    line: str
    tokens: tuple[str, ...]
    starts: tuple[int, ...]
    """Where each token begins in `line`."""
    spans: tuple[tuple[int, int], ...]
    """Where each token lies in `clean`."""
    places: Mapping[str, Sequence[int]]
    """The indices at which each distinct token stands, ascending."""

    def token_before(self, position: int) -> int:
        """The index of the first token at or after a position of `line`."""
        return bisect_left(self.starts, position)

    def excerpt(self, first: int, end: int, limit: int = 80) -> str:
        """The written words of tokens first..end-1, blanks joined, cut to `limit` characters."""
        written = " ".join(self.clean[self.spans[first][0] : self.spans[end - 1][1]].split())
        return written if len(written) <= limit else written[: limit - 1] + "…"


def split_words(text: str) -> Words:
    """Clean a text (NFKC, plain quotes, nothing invisible, no lines quoted with >) and cut it into words."""
    clean = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).translate(_QUOTES).replace("\r\n", "\n")
    clean = _QUOTED_LINE.sub("", clean)
    tokens, spans = [], []
    for match in _TOKEN.finditer(clean):
        tokens.append(_token(match))
        spans.append(match.span())
    starts, position = [], 1
    places: dict[str, list[int]] = {}
    for index, token in enumerate(tokens):
        starts.append(position)
        position += len(token) + 1
        if len(stands := places.setdefault(token, [])) < MAX_PLACES:
            stands.append(index)
    line = f" {' '.join(tokens)} "
    return Words(clean, line, tuple(tokens), tuple(starts), tuple(spans), places)


def _token(match: re.Match[str]) -> str:
    match match.lastgroup:
        case "link":
            return "<link>"
        case "mail":
            return "<mail>"
        case "stop":
            return "."
        case "pause":
            return ","
        case _:
            return match[0].lower()[:MAX_TOKEN]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One compiled phrase."""

    source: str
    heads: tuple[str, ...]
    """What its first word may be; a trailing * stands for any ending, # for any number."""
    pattern: str
    """A regular expression over `Words.line`, compiled at first use: most phrases of a file meet no mail in a day."""

    def end(self, words: Words, place: int) -> int | None:
        """The token after the last of a hit that begins at token `place`, whose word is one of the heads; or None."""
        match = _compiled(self.pattern).match(words.line, words.starts[place] - 1)
        return None if match is None else words.token_before(match.end())


@lru_cache(maxsize=16_384)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def compile_phrases(source: str, lists: Mapping[str, Sequence[str]]) -> tuple[Phrase, ...]:
    """Compile a phrase, or several with | between them. Raises ValueError in words fit for their author."""
    return tuple(_compile(part.strip(), lists) for part in _BETWEEN.split(source))


def _compile(source: str, lists: Mapping[str, Sequence[str]]) -> Phrase:
    elements = _ELEMENT.findall(source)
    if not elements:
        raise ValueError("a phrase is empty")
    gaps = [int(one[1:]) for one in elements if one.startswith("~")]
    if len(gaps) > MAX_GAPS or any(not 1 <= gap <= MAX_GAP for gap in gaps):
        raise ValueError(f"{source!r}: at most {MAX_GAPS} gaps, each of 1 to {MAX_GAP} words")
    if elements[0].startswith("~") or elements[0].endswith("?") or elements[-1].startswith("~"):
        raise ValueError(f"{source!r}: begin with words that must be there, end with words")
    if any(a.startswith("~") and b.startswith("~") for a, b in pairwise(elements)):
        raise ValueError(f"{source!r}: two gaps side by side")
    try:
        pattern = "".join(_element(one, lists) for one in elements)
        heads = tuple(dict.fromkeys(option[0] for option in _options(elements[0], lists)))
    except ValueError as error:
        raise ValueError(f"{source!r}: {error}") from None
    return Phrase(source, heads, rf"{pattern}(?= )")


def _element(element: str, lists: Mapping[str, Sequence[str]]) -> str:
    if element.startswith("~"):
        return rf"(?:(?! \. ) {_NOT_NEGATION}[^ ]++){{0,{element[1:]}}}?"
    options = [" (?:, )?".join(_word(word) for word in option) for option in _options(element, lists)]
    return rf"(?:(?: ,)? (?:{'|'.join(options)})(?= )){'?' if element.endswith('?') else ''}"


def _word(word: str) -> str:
    if word == "#":
        return r"\d[^ ]*+"
    return re.escape(word[:-1]) + "[^ ]*+" if word.endswith("*") else re.escape(word)


def _options(element: str, lists: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The alternatives an element stands for, each a list of words."""
    body = element.removesuffix("?")
    if body.startswith("("):
        return [words for part in body[1:-1].split("|") for words in _expand(part.strip(), lists)]
    if body.startswith("{"):
        return _expand(body, lists)
    return [_simple(body)]


def _expand(part: str, lists: Mapping[str, Sequence[str]]) -> list[list[str]]:
    if not part.startswith("{"):
        return [_simple(part)]
    name = part[1:-1]
    if name not in lists:
        raise ValueError(f"there is no list {{{name}}}")
    return [_simple(option) for option in lists[name]]


def _simple(part: str) -> list[str]:
    words = part.replace("-", " ").split()
    if not words:
        raise ValueError("an alternative is empty")
    for word in words:
        if word != word.lower() or _SIMPLE.fullmatch(word) is None:
            raise ValueError(f"{word!r} is no word of the phrase language")
    return words
