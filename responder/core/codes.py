"""Coupon codes and other secrets people paste into a mail: where they stand, and the text without them."""

import re
from collections.abc import Iterator

HIDDEN = "[code hidden]"
_TOKEN = re.compile(
    r"(?<![^\s:;,()\[\]<>\"'“”‘’«»*`=])[A-Za-z0-9]++(?:[-_][A-Za-z0-9]++)*+(?![^\s:;,.!?()\[\]<>\"'“”‘’«»*`])"
)
_COUPON_WORD = re.compile(
    r"\b(?:coupons?|vouchers?|promo(?:tion(?:al)?)?|redemption|activation|codes?)\b", re.IGNORECASE
)
_OTHER_CODE = re.compile(
    r"\b(?:error|status|exit|http|source|postal|post|zip|area|country|course|dress|qr|tax|vat|swift|iban|order)[ -]?$",
    re.IGNORECASE,
)
_KNOWN = re.compile(r"(?:A-S\d+|CVE-[\d-]+|ISO-?\d+|RFC-?\d+|S-\d+|COVID-?\d+|SHA-?\d+|UTF-?\d+|MD5)", re.IGNORECASE)
"""Subscription and order numbers, standards: asked for or harmless."""
_NUMBERED = re.compile(r"[A-Z]{1,6}[-_]?\d+")
"""A course, ticket, invoice or VAT number: letters, then figures."""
_DATE = re.compile(r"\d{1,4}-\d{1,2}-\d{1,4}|\d{6,8}|(?:19|20)\d\d-(?:19|20)?\d\d")
_REACH = 60
_MIN_LOOSE, _MIN_NEAR, _MIN_SECRET, _MAX_CODE = 10, 6, 24, 60


def find_codes(text: str) -> Iterator[tuple[int, int]]:
    """Where tokens stand that look like coupon codes: by shape alone, or by shape after a word like coupon."""
    words = [
        match.span() for match in _COUPON_WORD.finditer(text) if not _OTHER_CODE.search(text, *_just_before(match))
    ]
    latest = -1
    position = 0
    for match in _TOKEN.finditer(text):
        while position < len(words) and words[position][1] <= match.start():
            latest = words[position][1]
            position += 1
        near = 0 <= match.start() - latest <= _REACH and latest >= 0
        if _is_code(match[0], near=near):
            yield match.span()


def mask(text: str) -> str:
    """The text with everything hidden that looks like a code, key or token; for logs, drafts and display."""
    pieces, end = [], 0
    spans = {*find_codes(text), *(match.span() for match in _TOKEN.finditer(text) if _is_secret(match[0]))}
    for start, stop in sorted(spans):
        pieces += [text[end:start], HIDDEN]
        end = stop
    return "".join((*pieces, text[end:]))


def _just_before(match: re.Match[str]) -> tuple[int, int]:
    return max(0, match.start() - 12), match.start()


def _is_code(token: str, *, near: bool) -> bool:
    if token.isalpha() or token.islower():  # words: nearly every token
        return False
    plain = token.replace("-", "").replace("_", "")
    if len(plain) > _MAX_CODE or _KNOWN.fullmatch(token) or _DATE.fullmatch(token):
        return False
    figures = sum(char.isdigit() for char in plain)
    if near:
        mixed = 0 < figures < len(plain) and not plain.islower()
        return len(plain) >= _MIN_NEAR and (
            mixed or (plain.isupper() and "-" in token) or figures == len(plain) > _MIN_NEAR
        )
    upper = plain == plain.upper() and 1 < figures < len(plain)
    return upper and len(plain) >= _MIN_LOOSE and _NUMBERED.fullmatch(token) is None and not _is_dated(token)


def _is_dated(token: str) -> bool:
    """Words and years joined by hyphens, as in a document's name."""
    return all(part.isalpha() or part.isdigit() for part in re.split("[-_]", token))


def _is_secret(token: str) -> bool:
    """A key or access token: long, of letters of both cases and figures."""
    return len(token) >= _MIN_SECRET and any(c.isdigit() for c in token) and token != token.lower() != token.upper()
