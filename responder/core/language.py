"""The main language of a mail: by script, then by function words. No model, no third party; a mail costs a millisecond.

Function words ("the", "der", "nie") are few, frequent and hardly borrowed, so names, addresses, product words and
quoted error messages say nothing. Words are compared without diacritics, as many people type; the letters that only
some languages have speak beside them.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

from responder.core.words import LETTERS, WORDS

NAMES: Mapping[str, str] = {
    "am": "Amharic", "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian or Serbian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ka": "Georgian", "km": "Khmer", "ko": "Korean", "lt": "Lithuanian",
    "lv": "Latvian", "my": "Burmese", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "si": "Sinhala", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian",
    "sv": "Swedish", "ta": "Tamil", "te": "Telugu", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian",
    "und": "no language we know", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""English names of the ISO 639-1 codes that `language` gives; und (ISO 639-2) is a text in no language we know."""

_LOOKED_AT = 20_000
_NOISE = re.compile(
    r"(?m:^[ \t]*>.*$)"  # quoted mail
    r"|(?i:\b(?:https?|ftp)://\S+|\bwww\.\S+)"
    r"|[^\s@<>]{1,100}@[^\s@<>]{1,100}"
    r"|(?m:^(?:    |\t).*$)"  # indented: code, tables
)
_QUOTE = re.compile(r"[\"“„«]([^\"“”„«»\n]{10,300})[\"”“»]|`[^`\n]{1,300}`")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SCRIPTS: tuple[tuple[str, re.Pattern[str], int], ...] = tuple(
    (code, re.compile(f"[{letters}]"), weight)
    for code, letters, weight in (
        ("latin", "A-Za-zÀ-ɏḀ-ỿ", 1),
        ("ru", "Ѐ-ԯ", 1),
        ("el", "Ͱ-Ͽἀ-῿", 1),
        ("ar", "؀-ۿݐ-ݿﭐ-﷿ﹰ-﻿", 1),
        ("he", "֐-׿", 1),
        ("hi", "ऀ-ॿ", 1),
        ("bn", "ঀ-৿", 1),
        ("ta", "஀-௿", 1),
        ("te", "ఀ-౿", 1),
        ("si", "඀-෿", 1),
        ("th", "฀-๿", 1),
        ("my", "က-႟", 1),
        ("ka", "Ⴀ-ჿ", 1),
        ("am", "ሀ-፿", 2),
        ("hy", "԰-֏", 1),
        ("km", "ក-៿", 1),
        ("ja", "぀-ヿ", 3),
        ("ko", "가-힯ᄀ-ᇿ", 3),
        ("zh", "㐀-䶿一-鿿", 4),
    )
)
"""Script by letters; a sign that stands for a syllable or a word weighs as much as the letters it replaces."""
_FEWEST_WORDS = 3
_LIKELY_ENGLISH = 1.25
"""How much stronger than English another language must speak: the mailboxes are English, so are most doubtful mails."""
_LETTER_WEIGHT = 0.7
_UNKNOWN_FROM = 25
_UNKNOWN_SHARE = 0.04


def language(text: str) -> str:
    """The ISO 639-1 code of the main language; "en" also for texts that are too short to tell.

    "und" is a long text in Latin letters with hardly a word of any language known here.
    """
    prose = "\n".join(unicodedata.normalize("NFC", text[:_LOOKED_AT]).split("```")[::2])
    text = _NOISE.sub(" ", prose)
    weights = {code: weight * len(letters.findall(text)) for code, letters, weight in _SCRIPTS}
    if weights["ja"] and weights["ja"] * 10 >= weights["zh"]:
        weights["ja"] += weights.pop("zh")
    script = max(weights, key=lambda code: weights[code])
    if script == "latin" or not weights[script]:
        return _latin(text)
    return _within_script(script, text)


def _within_script(script: str, text: str) -> str:
    """Tell apart the languages that share a script by the letters only one of them has."""
    for code, letters in LETTERS.get(script, {}).items():
        if sum(text.count(letter) for letter in letters) * 200 >= len(text):
            return code
    return script


def _latin(text: str) -> str:
    words = _plain_words(text)
    if len(words) < _FEWEST_WORDS:
        return "en"
    scores = _scores(words)
    best = max(scores, key=lambda code: scores[code])
    if best != "en" and scores[best] >= _needed(len(words)) and scores[best] > _LIKELY_ENGLISH * scores["en"]:
        return best
    known = sum(scores.values())
    if len(words) >= _UNKNOWN_FROM and known < _UNKNOWN_SHARE * len(words):
        return "und"
    return "en"


def _needed(count: int) -> float:
    """How much evidence a text of so many words must give: a stray word or two is a name or a greeting."""
    return min(1.0 + count / 25, 4.0)


def _plain_words(text: str) -> list[str]:
    """Words that may be function words: in lower case, or at the start of a line or sentence. In capitals only: all."""
    bare = _QUOTE.sub(" ", text)
    found = list(_WORD.finditer(bare if len(_WORD.findall(bare)) >= _FEWEST_WORDS else text))
    source = found[0].string if found else ""
    plain = [match[0] for match in found if match[0][0].islower() or _starts(source, match.start())]
    if 2 * len(plain) < len(found) and sum(match[0].isupper() for match in found) * 2 > len(found):
        plain = [match[0] for match in found]
    return plain


def _starts(text: str, place: int) -> bool:
    before = text[max(0, place - 6) : place].rstrip(" \t¿¡-*•\"'(")
    return not before or before[-1] in ".!?\n:,;"


def fold(word: str) -> str:
    """Lower case, straight apostrophe, no diacritics; letters that do not decompose get their usual neighbour."""
    plain = word.lower().replace("’", "'").translate(_NEIGHBOURS)
    return "".join(char for char in unicodedata.normalize("NFD", plain) if not unicodedata.combining(char))


_NEIGHBOURS = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "đ": "d", "ı": "i", "ß": "ss", "œ": "oe"})


def _index() -> Mapping[str, tuple[tuple[str, float], ...]]:
    """Each folded word with its languages; a word of several languages counts a share for each."""
    languages: dict[str, list[str]] = {}
    for code, words in WORDS.items():
        for word in dict.fromkeys(fold(word) for word in words.split()):
            languages.setdefault(word, []).append(code)
    return {word: tuple((code, 1.0 / len(codes)) for code in codes) for word, codes in languages.items()}


_LANGUAGES_OF = _index()


def _scores(words: list[str]) -> dict[str, float]:
    """How strongly each language speaks: shares of function words, plus letters of its own (half as much at most)."""
    scores = dict.fromkeys(WORDS, 0.0)
    for word, count in Counter(map(fold, words)).items():
        for code, share in _LANGUAGES_OF.get(word, ()):
            scores[code] += share * count
    lowered = " ".join(words).lower()
    for code, letters in LETTERS["latin"].items():
        seen = _LETTER_WEIGHT * sum(lowered.count(letter) for letter in letters)
        scores[code] += min(seen, 0.5 + scores[code] / 2)
    return scores
