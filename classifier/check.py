"""The corpus checker: `python -m classifier.check [--labels]` prints what the training texts are like.

Near-duplicates, the same words under two writers (a leak between folds), likely label errors, length, key words.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from classifier.dataset import CORPUS, CorpusError, Sample, load_corpus
from classifier.evaluate import Validation, cross_validate
from classifier.pipeline import INTENTS
from classifier.prediction import Intent
from classifier.text import normal

ALIKE = 0.75
"""Cosine of character 5-grams from which two texts count as one; independent texts of one intent stay below 0.5."""
KEY_WORDS = {
    Intent.NEW_APPLICATION: re.compile(r"\b(?:apply|applying|application|sign(?:ing)? up|join)", re.IGNORECASE),
    Intent.RENEWAL: re.compile(r"\b(?:renew|extend|prolong)", re.IGNORECASE),
    Intent.ADDON_REQUEST: re.compile(r"\b(?:add|seats?|more (?:users|licen[cs]es)|upgrade)\b", re.IGNORECASE),
    Intent.REJECTION_DISPUTE: re.compile(r"\b(?:reject|refus|declin|denied|denial)", re.IGNORECASE),
    Intent.SUPPORT: re.compile(r"\b(?:support|help|error|problem|not work|doesn't work)", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that are nearly one."""

    first: str
    second: str
    cosine: float
    leak: bool
    """They have different writers: one may be learned from while the other is asked."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A label that models which never saw the writer contradict."""

    id: str
    label: Intent
    said: Intent
    confidence: float


@dataclass(frozen=True, slots=True)
class Row:
    """What the texts of one intent are like."""

    intent: str
    texts: int
    writers: int
    personas: int
    seconds: int
    words: tuple[int, int, int]
    """Length in words: a tenth is shorter, the middle, a tenth is longer."""
    key_word: float | None
    """The share that says the intent's own word."""


def near_duplicates(samples: Sequence[Sample], alike: float = ALIKE) -> list[Pair]:
    """Pairs of texts at least that alike, most alike first."""
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(5, 5), preprocessor=normal, dtype=np.float32)
    matrix = vectors.fit_transform([sample.text for sample in samples])
    pairs = []
    for start in range(0, len(samples), 500):
        cosines = (matrix[start : start + 500] @ matrix.T).tocoo()
        for row, column, cosine in zip(cosines.row + start, cosines.col, cosines.data, strict=True):
            if row < column and cosine >= alike:
                one, other = samples[row], samples[column]
                pairs.append(Pair(one.id, other.id, float(cosine), one.writer != other.writer))
    return sorted(pairs, key=lambda pair: -pair.cosine)


def doubts(validation: Validation, least: float = 0.9) -> list[Doubt]:
    """Labels contradicted with at least this confidence, surest first."""
    probabilities = validation.calibration.probabilities(validation.scores)
    said, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    found = [
        Doubt(sample.id, sample.intent, INTENTS[said[row]], float(confidence[row]))
        for row, sample in enumerate(validation.samples)
        if INTENTS[said[row]] is not sample.intent and confidence[row] >= least
    ]
    return sorted(found, key=lambda doubt: -doubt.confidence)


def statistics(samples: Sequence[Sample]) -> list[Row]:
    """One row an intent, and one of all."""
    return [_row(str(intent), intent, [one for one in samples if one.intent is intent]) for intent in Intent] + [
        _row("all", None, samples)
    ]


def _row(name: str, intent: Intent | None, samples: Sequence[Sample]) -> Row:
    lengths = [len(sample.text.split()) for sample in samples] or [0]
    word = KEY_WORDS.get(intent) if intent else None
    return Row(
        name,
        len(samples),
        len({sample.writer for sample in samples}),
        len({sample.persona for sample in samples}),
        sum(sample.second is not None for sample in samples),
        tuple(int(np.quantile(lengths, share)) for share in (0.1, 0.5, 0.9)),  # type: ignore[arg-type]
        sum(bool(word.search(sample.text)) for sample in samples) / max(len(samples), 1) if word else None,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print everything; 1 where texts cannot be used or are near-duplicates across writers."""
    parser = argparse.ArgumentParser(prog="python -m classifier.check", description="Check the training texts.")
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="DIR")
    parser.add_argument("--labels", action="store_true", help="look for likely label errors too (half a minute)")
    args = parser.parse_args(argv)
    try:
        samples = load_corpus(args.corpus)
    except CorpusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    pairs = near_duplicates(samples)
    found = doubts(cross_validate(samples)) if args.labels else []
    sys.stdout.writelines(f"{line}\n" for line in _lines(statistics(samples), pairs, found))
    return 1 if any(pair.leak for pair in pairs) else 0


def _lines(rows: Sequence[Row], pairs: Sequence[Pair], found: Sequence[Doubt]) -> Iterator[str]:
    yield f"{'intent':18} texts writers personas seconds  words 10/50/90 %  own word"
    for row in rows:
        short, middle, long = row.words
        own = "" if row.key_word is None else f"{row.key_word:.0%}"
        yield (
            f"{row.intent:18} {row.texts:5} {row.writers:7} {row.personas:8} {row.seconds:7}"
            f"  {short:4} {middle:4} {long:4}  {own:>9}"
        )
    yield f"{len(pairs)} near-duplicates, {sum(pair.leak for pair in pairs)} between writers"
    for pair in pairs:
        yield f"  {pair.first} ~ {pair.second} {pair.cosine:.2f}{' LEAK' if pair.leak else ''}"
    for doubt in found:
        yield f"  {doubt.id}: labelled {doubt.label}, read as {doubt.said} ({doubt.confidence:.0%})"


if __name__ == "__main__":
    sys.exit(main())
