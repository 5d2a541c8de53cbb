"""The main language of a mail: by script, then by function words. No model, no third party; a mail costs a millisecond.

Function words ("the", "der", "nie") are few, frequent and hardly borrowed, so names, addresses, product words and
quoted error messages say nothing. Words are compared without diacritics, as many people type; the letters that only
some languages have speak beside them.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

from responder.core.words import LETTERS, SCRIPT_WORDS, WORDS

NAMES: Mapping[str, str] = {
    "am": "Amharic", "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
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
    r"|(?i:\bopen[ -]source\b)"  # every language says it in English
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
"""How much stronger than English the others must speak: the mailboxes are English, so are most doubtful mails."""
_STRAY = 1.5
"""As much as a stray word or name may say in a text that has English words, too."""
_UNKNOWN_WORD = 0.6
"""What a word with a letter that English lacks says, though no list knows it."""
_LETTER_WEIGHT = 0.7
_WITHIN_NAMES = 2
_SURELY_ENGLISH = 2.0
_UNKNOWN_FROM = 20
_UNKNOWN_SHARE = 0.12
"""Less than this share of known words: no language we know."""


def language(text: str) -> str:
    """The ISO 639-1 code of the main language; "en" also for texts that are too short to tell.

    "und" is a long text in Latin letters with hardly a word of any language known here.
    """
    prose = "\n".join(unicodedata.normalize("NFC", text[:_LOOKED_AT]).split("```")[::2])
    text = _NOISE.sub(" ", prose)
    if text.isascii():
        return _latin(text)
    weights = {code: weight * len(letters.findall(text)) for code, letters, weight in _SCRIPTS}
    if weights["ja"] and weights["ja"] * 10 >= weights["zh"]:
        weights["ja"] += weights.pop("zh")
    script = max(weights, key=lambda code: weights[code])
    if script == "latin" or not weights[script]:
        return _latin(text)
    return _within_script(script, text)


def _within_script(script: str, text: str) -> str:
    """Tell apart the languages that share a script, by letters and words that their neighbours lack."""
    scores = {code: sum(map(text.count, letters)) for code, letters in LETTERS.get(script, {}).items()}
    counts = Counter(_WORD.findall(text.lower()))
    for code, words in SCRIPT_WORDS.get(script, {}).items():
        scores[code] += sum(2 * counts[word] for word in words.split())
    return max(scores, key=lambda code: scores[code], default=script)


def _latin(text: str) -> str:
    """First whether it is English at all, then which of the others: neighbours share most of their words."""
    words, within_names = _plain_words(text)
    english = sum(_ENGLISH.get(fold(word), 0.0) for word in words)
    if english < _SURELY_ENGLISH:
        words += within_names
    if len(words) < _FEWEST_WORDS:
        return "en"
    foreign = sum(_foreign(word) for word in words)
    if len(words) >= _UNKNOWN_FROM and english + foreign < _UNKNOWN_SHARE * len(words):
        return "und"
    if foreign > _LIKELY_ENGLISH * english and foreign >= (_STRAY if english else 1.0):
        scores = _scores(words)
        return max(scores, key=lambda code: scores[code])
    return "en"


def _foreign(word: str) -> float:
    """How surely a word is of another language than English."""
    folded = fold(word)
    if folded in _LANGUAGES_OF:
        return 0.0 if folded in _ENGLISH else 1.0
    return 0.0 if word.isascii() or folded in _LOANS else _UNKNOWN_WORD


def _plain_words(text: str) -> tuple[list[str], list[str]]:
    """Words that may be function words: in lower case, or starting a line or sentence; in a text all in capitals, all.

    Apart from them those between two capitalised words: "für" in Hochschule für Technik.
    """
    bare = _QUOTE.sub(" ", text)
    source = bare if len(_WORD.findall(bare)) >= _FEWEST_WORDS else text
    found = list(_WORD.finditer(source))
    capitals = sum(match[0].isupper() for match in found)
    if 2 * capitals > len(found):
        return [match[0] for match in found], []
    plain: list[str] = []
    names: list[str] = []
    within: list[str] | None = None  # lower-case words since a capitalised one
    for match in found:
        word = match[0]
        if _starts(source, match.start()):
            plain += within or []
            within = None
            plain.append(word)
        elif not word[0].islower():
            names += within or []
            within = []
        elif within is None:
            plain.append(word)
        else:
            within.append(word)
            if len(within) > _WITHIN_NAMES:
                plain += within
                within = None
    return plain + (within or []), names


def _starts(text: str, place: int) -> bool:
    before = text[max(0, place - 6) : place].rstrip(" \t¿¡-*•\"'(")
    return not before or before[-1] in ".!?\n:,;"


def fold(word: str) -> str:
    """Lower case, straight apostrophe, no diacritics; letters that do not decompose get their usual neighbour."""
    if word.isascii():
        return word.lower()
    plain = word.lower().replace("’", "'").translate(_NEIGHBOURS)
    return "".join(char for char in unicodedata.normalize("NFD", plain) if not unicodedata.combining(char))


_NEIGHBOURS = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "đ": "d", "ı": "i", "ß": "ss", "œ": "oe"})


def _index() -> Mapping[str, frozenset[str]]:
    """The languages of each word, as it is written properly and folded."""
    languages: dict[str, set[str]] = {}
    for code, words in WORDS.items():
        for word in words.split():
            languages.setdefault(word, set()).add(code)
            languages.setdefault(fold(word), set()).add(code)
    return {word: frozenset(codes) for word, codes in languages.items()}


_LANGUAGES_OF = _index()
_ENGLISH = {word: 1.0 if codes == {"en"} else 0.5 for word, codes in _LANGUAGES_OF.items() if "en" in codes}
_LOANS = frozenset("cafe resume naive facade cliche expose protege fiance vis deja a".split())


def _scores(words: list[str]) -> dict[str, float]:
    """How strongly each language but English speaks: its words, the rarer among languages the better, and letters."""
    scores = {code: 0.0 for code in WORDS if code != "en"}
    for word, count in Counter(words).items():
        lowered = word.lower().replace("’", "'")
        for code in _LANGUAGES_OF.get(lowered, frozenset()) - {"en"}:
            scores[code] += count / len(_LANGUAGES_OF[lowered])
        folded = fold(word)
        for code in _LANGUAGES_OF.get(folded, frozenset()) - {"en"}:
            scores[code] += 0.5 * count / len(_LANGUAGES_OF[folded])
    lowered = " ".join(words).lower()
    for code, letters in LETTERS["latin"].items():
        seen = _LETTER_WEIGHT * sum(lowered.count(letter) for letter in letters)
        scores[code] += min(seen, 0.5 + scores[code] / 2)
    return scores
