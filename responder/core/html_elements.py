"""What an HTML element of a mail is: hidden, quoted, a signature, a border; and HTML that is too deep to keep."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

VOID: Final = frozenset("area base br col embed hr img input link meta param source track wbr o:p".split())
MAX_ATTRIBUTES: Final = 4_000

_ATTRIBUTE: Final = re.compile(r"([\w:-]+)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))")
_HIDDEN_STYLE: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?:px|pt|em|%)?\s*(?:;|\Z|!)"
)
_INDENTED: Final = re.compile(r"border\s*:\s*(?:none|0)")
_TELLING: Final = re.compile(r"class|id|none|name|type|size\s*:\s*0|border-top", re.IGNORECASE)
"""No attribute text without one of these can matter."""
_RULE_ABOVE: Final = re.compile(r"border-top\s*:\s*solid\s+#?[0-9a-z]+\s+1(?:\.0)?pt|border:none;\s*border-top:solid")

_DROPPED: Final = frozenset("script style head title template noscript svg math object iframe select textarea".split())
_NO_MARKS: Final[dict[str, str]] = {}
_TIGHT: Final = frozenset(("msonormal", "msoplaintext", "p1", "p2", "p3"))
_MARKS: Final = ("class", "id", "style", "type", "name", "hidden", "data-smartmail", "aria-hidden")

_QUOTE_CLASSES: Final = frozenset(
    ("yahoo_quoted", "gmail_attr", "moz-cite-prefix", "zmail_extra", "ms-outlook-mobile-reference-message", "iloopup")
)
_QUOTE_IDS: Final = frozenset(("olk_src_body_section", "replysplit", "oriMsgHtmlSeperator".lower()))
_SIGNATURE_WORDS: Final = (
    "gmail_signature", "moz-signature", "protonmail_signature_block", "applemailsignature", "signature_block",
    "ms-outlook-mobile-signature", "ymail_android_signature", "ymail_signature", "bloop_sign", "zm_sign",
)  # fmt: skip
_SIGNATURE_IDS: Final = frozenset(("signature", "_rc_sig", "mail_signature", "ms-outlook-mobile-signature"))
_FORMATTING: Final = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_UNCLOSED: Final = frozenset("p li td tr th dt dd option o:p".split()) | VOID
"""Elements whose end tag may be missing."""
_TAG_NAME: Final = re.compile(r"<(/?)([a-zA-Z][\w:-]{0,20})")
_HARMLESS_TAGS: Final = 1_500
_MAX_DEPTH: Final = 1_000
_MAX_NODES: Final = 300_000


def attributes_of(text: str) -> Iterator[tuple[str, str]]:
    """Names, in lower case, and values of a tag's attributes; those without a value are left out."""
    for name, double, single, bare in _ATTRIBUTE.findall(text[:MAX_ATTRIBUTES]):
        yield name.lower(), double or single or bare


def _marks(text: str) -> dict[str, str]:
    """The few attributes that tell what an element is, in lower case; prefixes that Outlook adds are taken off."""
    found = {name: value.lower() for name, value in attributes_of(text) if name in _MARKS}
    if "hidden" in text.split():
        found["hidden"] = ""
    for name in ("class", "id"):
        if name in found:
            found[name] = found[name].removeprefix("x_").replace(" x_", " ")
    return found


@lru_cache(maxsize=1_000)
def effect(name: str, attributes: str) -> str:
    """drop, quote, signature, history, tight (a paragraph without space around it), or nothing.

    Remembered, since one mail repeats its few attribute texts on hundreds of elements.
    """
    marks = _marks(attributes) if attributes and _TELLING.search(attributes) else _NO_MARKS
    style = marks.get("style", "")
    if name in _DROPPED or "hidden" in marks or (style and _HIDDEN_STYLE.search(style)):
        return "drop"
    if name == "blockquote":
        return "" if _is_own_indent(style, marks) else "quote"
    if not marks:
        return ""
    return _effect_of_names(name, set(marks.get("class", "").split()), marks)


def _is_own_indent(style: str, marks: dict[str, str]) -> bool:
    """The indent button of web mail makes a blockquote too, without a border."""
    cited = "cite" in marks.get("type", "") or "quote" in marks.get("class", "") or "border-left" in style
    return not cited and _INDENTED.search(style) is not None


def _effect_of_names(name: str, classes: set[str], marks: dict[str, str]) -> str:
    ident = marks.get("id", "")
    if classes & _QUOTE_CLASSES or ident in _QUOTE_IDS or marks.get("name") == "quote":
        return "quote"
    if ident == "divrplyfwdmsg" or (name == "div" and _RULE_ABOVE.search(marks.get("style", ""))):
        return "history"
    if ident in _SIGNATURE_IDS or marks.get("data-smartmail") == "gmail_signature":
        return "signature"
    if any(word in ident or word in marks.get("class", "") for word in _SIGNATURE_WORDS):
        return "signature"
    return "tight" if name == "p" and classes & _TIGHT else ""


def is_explosive(html: str) -> bool:
    """Whether a parser that builds the HTML 5 tree would need far more memory or time than the text is long.

    Formatting elements are opened anew in every later block (HTML 5, "reconstruct the active formatting elements"), so
    a thousand of them and a thousand blocks make a million nodes; and very deep trees are slow to close.
    """
    if html.count("<") < _HARMLESS_TAGS:
        return False
    depth = formatting = nodes = 0
    for found in _TAG_NAME.finditer(html):
        name = found[2].lower()
        step = -1 if found[1] else 1
        if name in _FORMATTING:
            formatting = max(0, formatting + step)
        elif name in _UNCLOSED:
            nodes += formatting
        else:
            depth = max(0, depth + step)
            nodes += formatting
        if depth > _MAX_DEPTH or nodes > _MAX_NODES:
            return True
    return formatting > _MAX_DEPTH
