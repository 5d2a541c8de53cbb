"""How a mail's subject and new text become the one text the model reads, the same in training and serving."""

import re
import unicodedata

HEAD_WORDS, TAIL_WORDS = 300, 60
HEAD_CHARS, TAIL_CHARS = 6_000, 1_200
"""What is looked at before words are counted: a megabyte costs no more than a page."""

_PLACEHOLDERS = (
    (re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE), " zurl "),
    (re.compile(r"\b[\w.+-]{1,64}@[\w.-]{1,255}"), " zmail "),
    (re.compile(r"\b(?=[a-z-]{0,40}\d)(?=[\d-]{0,40}[a-z])[a-z0-9]{2,20}(?:-[a-z0-9]{2,20}){2,6}\b"), " zcode "),
    (re.compile(r"\b(?=[a-z]{0,20}\d)(?=\d{0,20}[a-z])[a-z0-9]{8,40}\b"), " zcode "),
    (re.compile(r"\d+"), "0"),
)


def compose_text(subject: str, text: str) -> str:
    """Subject, a blank line, the text; either may be empty."""
    return f"{subject.strip()}\n\n{text.strip()}".strip()


def decisive(text: str) -> str:
    """The parts of a long mail that carry the wish: the first 300 words and the last 60. Short mail stays as it is."""
    if len(text) > HEAD_CHARS + TAIL_CHARS:
        text = f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"
    text = unicodedata.normalize("NFC", text.replace("\0", " "))
    starts = [match.start() for match in re.finditer(r"\S+", text)]
    if len(starts) <= HEAD_WORDS + TAIL_WORDS:
        return text
    return f"{text[: starts[HEAD_WORDS]]}\n{text[starts[-TAIL_WORDS] :]}"


def normal(text: str) -> str:
    """Decisive parts in lower case; addresses, links, codes and numbers become placeholders."""
    folded = unicodedata.normalize("NFKC", decisive(text)).lower().replace("’", "'")
    for pattern, placeholder in _PLACEHOLDERS:
        folded = pattern.sub(placeholder, folded)
    return folded
