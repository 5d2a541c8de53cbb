"""Bytes of an unknown kind to clean text. No label is believed blindly, none is refused; nothing here raises.

Only codecs of the list below are ever looked up: Python also knows codecs that are no charsets, some of them costly
(punycode, unicode_escape, zlib).
"""

import codecs
import re
import unicodedata
from functools import lru_cache
from typing import Final

_CODECS: Final = frozenset(
    "utf-8 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be utf-7 ascii iso8859-1 iso8859-2 iso8859-3 iso8859-4 "
    "iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-9 iso8859-10 iso8859-11 iso8859-13 iso8859-14 iso8859-15 "
    "iso8859-16 cp437 cp737 cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874 "
    "cp932 cp949 cp950 cp1125 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 euc_jp euc_jis_2004 "
    "euc_jisx0213 euc_kr johab gb18030 big5 big5hkscs hz iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_3 "
    "iso2022_jp_ext iso2022_jp_2004 iso2022_kr koi8-r koi8-u koi8-t mac-roman mac-cyrillic mac-greek mac-latin2 "
    "mac-turkish kz1048 ptcp154 tis-620 hp-roman8 shift_jis_2004".split()
)
# Labels as mail carries them -> the codec that reads them best (WHATWG Encoding, section 4.2, and names seen in mail).
_ALIASES: Final = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "gb_2312-80": "gb18030",
    "big5": "big5hkscs",
    "x-big5": "big5hkscs",
    "cn-big5": "big5hkscs",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ms_kanji": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "utf8mb4": "utf-8",
    "utf-8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "unicode": "utf-16",
    "windows-874": "cp874",
    "iso-8859-11": "cp874",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
}
_STATEFUL: Final = ("iso2022", "hz", "utf-7", "utf-16", "utf-32")
_SINGLE_BYTE: Final = ("iso8859", "cp125", "cp4", "cp7", "cp8", "koi8", "mac", "tis", "kz", "pt", "hp", "cp1125")
_NO_LABEL: Final = frozenset(
    ("", "unknown", "unknown-8bit", "x-unknown", "default", "default_charset", "none", "binary")
)
_DAMAGED: Final = 0.2

_CONTROL: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_SPACE: Final = re.compile("[\xa0\u2007\u202f]")
_BREAK: Final = re.compile("[\r\x0b\x0c\x85\u2028\u2029]")
_WORDS: Final = re.compile(r"\S{1,500}\s*|\s+")
_HIGH: Final = re.compile(r"[^\x00-\x7f]")
_COMMON_CJK: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3\u3000-\u303f\uff01-\uff5e]")
_CYRILLIC_LOWER: Final = re.compile("[\u0430-\u044f]")
_CYRILLIC_UPPER: Final = re.compile("[\u0410-\u042f]")


@lru_cache(maxsize=256)
def codec_of(label: str) -> str | None:
    """The Python codec for a charset label, or None where the label names no charset we know."""
    name = label.strip(" \t\"'<>=*;").lower().partition(";")[0]
    try:
        found = codecs.lookup(_ALIASES.get(name, name)).name
    except (LookupError, ValueError, UnicodeError):
        return None
    return _ALIASES.get(found, found) if found in _CODECS or found in _ALIASES else None


def decode(raw: bytes, label: str = "") -> tuple[str, str]:
    """Text and a defect ("" when none). A wrong label costs some characters at worst, never the text."""
    codec = codec_of(label[:80])
    if raw.isascii() and not (codec or "").startswith(_STATEFUL):
        return (_escaped_japanese(raw) if b"\x1b$" in raw else raw.decode("ascii")), ""
    if codec is None:
        named = label.strip().lower() in _NO_LABEL
        return _guessed(raw), "" if named else f"unknown charset {_printable(label)}"
    if codec.startswith(_SINGLE_BYTE) and (text := _strict(raw, "utf-8")) is not None:
        return text, ""
    if (text := _strict(raw, codec)) is not None:
        return text, ""
    return _mislabelled(raw, codec), f"bytes that are not {_printable(label)}"


def _mislabelled(raw: bytes, codec: str) -> str:
    """What the label says with the odd hole, unless the holes are many: then a guess."""
    text = raw.decode(codec, "replace")
    if text.count("\ufffd") * 20 <= len(_HIGH.findall(text)):
        return text
    return _guessed(raw)


def _guessed(raw: bytes) -> str:
    """UTF-8 where it fits (it rarely fits by chance), else the likeliest of the old charsets, else Windows Latin."""
    if (text := _strict(raw, "utf-8")) is not None:
        return text
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    sample = raw[:20_000]
    holes = sample.decode("utf-8", "replace")
    if holes.count("\ufffd") * 10 <= len(_HIGH.findall(holes)):
        return raw.decode("utf-8", "replace")
    return raw.decode(_old_charset(sample), "replace")


def _old_charset(sample: bytes) -> str:
    """Latin text has single high bytes between ASCII letters; Cyrillic and East Asian text has runs of them."""
    high = sum(byte > 0x7F for byte in sample)
    letters = high + sum(chr(byte).isalpha() for byte in sample if byte < 0x80)
    if high * 3 <= letters:
        return "cp1252"
    for codec in ("gb18030", "cp932", "cp949", "big5hkscs"):
        text = sample.decode(codec, "replace")
        if text.count("\ufffd") * 50 <= high and len(_COMMON_CJK.findall(text)) * 2.2 >= high:
            return codec
    return max(("cp1251", "koi8-r"), key=lambda codec: _cyrillic(sample.decode(codec, "replace")))


def _cyrillic(text: str) -> int:
    """Running Russian text is mostly lower case; the wrong one of the two charsets swaps the cases."""
    return len(_CYRILLIC_LOWER.findall(text)) - len(_CYRILLIC_UPPER.findall(text))


def _escaped_japanese(raw: bytes) -> str:
    return _strict(raw, "iso2022_jp_ext") or raw.decode("ascii")


def _strict(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except UnicodeError:
        return None


def _printable(label: str) -> str:
    return re.sub(r"[^\w.:-]", "?", label.strip(), flags=re.ASCII)[:40]


def is_damaged(text: str) -> bool:
    """Whether so many characters were lost that nothing sure can be said about the text."""
    return text.count("\ufffd") > max(3, _DAMAGED * len(text))


def clean(text: str) -> str:
    """Line feeds only, NFC, no controls, no invisible direction marks, no non-breaking and trailing spaces."""
    text = _CONTROL.sub("", _BREAK.sub("\n", text.replace("\r\n", "\n")))
    if not text.isascii():
        text = _composed(_SPACE.sub(" ", without_surrogates(text)))
    return "\n".join([line.rstrip(" \t") for line in text.split("\n")])


def clean_line(text: str) -> str:
    """As `clean`, on one line with single spaces: for subjects and names."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join(clean(text).split())


def without_surrogates(text: str) -> str:
    """UTF-7 can smuggle halves of surrogate pairs into text; no database or JSON reader takes them."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _composed(text: str) -> str:
    """NFC word by word: Python's normalisation is quadratic in the length of a run of combining marks."""
    if unicodedata.is_normalized("NFC", text):
        return text
    return "".join(unicodedata.normalize("NFC", word) for word in _WORDS.findall(text))
