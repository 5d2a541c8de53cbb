"""What drove an intent: exact contributions, because the heads are linear in what they see.

The logit of an intent is a sum over TF-IDF columns and over the mean of token states, so it can be shared out among the
words of the text without a remainder but the intercept's. Contributions are compared with the mean intent's.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from classifier.pipeline import Floats
from classifier.prediction import Evidence
from classifier.text import decisive, normal

if TYPE_CHECKING:
    from classifier.predict import Predictor

STRONGEST, LONGEST = 5, 60
WORD = re.compile(r"[^\W_][\w']*")
Spoken = Mapping[int, float]
"""Contribution of each column that the text has."""


def evidence(predictor: "Predictor", text: str, intent: int) -> list[Evidence]:
    """The five words that spoke loudest, for or against, strongest first, spelt as in the text."""
    trust = predictor.calibration.intents
    weights: dict[str, float] = defaultdict(float)
    for word, weight in word_contributions(predictor, text, intent).items():
        weights[word] += trust.words * weight
    for word, weight in meaning_contributions(predictor, text, intent).items():
        weights[word] += trust.meaning * weight
    spelt: dict[str, str] = {}
    for match in WORD.finditer(decisive(text)):
        spelt.setdefault(match[0].lower(), match[0])
    strongest = sorted(weights, key=lambda word: (-abs(weights[word]), word))
    shown = [word for word in strongest if word in spelt and weights[word]][:STRONGEST]
    return [Evidence(spelt[word][:LONGEST], round(float(weights[word]), 4)) for word in shown]


def word_contributions(predictor: "Predictor", text: str, intent: int) -> dict[str, float]:
    """By the words' view. A pair of words counts half for each; a piece counts for the words it is cut from."""
    total: dict[str, float] = defaultdict(float)
    weights, offset = _weights(predictor.model.words.intents, intent), 0
    for name, part in predictor.model.features.transformer_list:
        row = part.transform([text])
        spoken = dict(zip(row.indices, row.data * weights[offset + row.indices], strict=True))
        offset += row.shape[1]
        spread = _spread_pieces if name == "pieces" else _spread_words
        for word, weight in spread(spoken, part, text).items():
            total[word] += weight
    return dict(total)


def meaning_contributions(predictor: "Predictor", text: str, intent: int) -> dict[str, float]:
    """By the sentence vector's view, which is the mean of what its tokens add; pieces of a word go to the word."""
    total: dict[str, float] = defaultdict(float)
    if predictor.encoder is None or predictor.model.meaning is None:
        return total
    read = decisive(text)
    spans, parts = predictor.encoder.token_parts(text)
    spoken = parts @ _weights(predictor.model.meaning.intents, intent)
    words = {place: match[0].lower() for match in WORD.finditer(read) for place in range(*match.span())}
    for (start, end), weight in zip(spans, spoken, strict=True):
        if start < end:
            total[words.get(start, "")] += float(weight)
    return total


def _weights(head: LogisticRegression, intent: int) -> Floats:
    coefficients = head.coef_
    return np.asarray(coefficients[intent] - coefficients.mean(axis=0))


def _spread_words(spoken: Spoken, part: TfidfVectorizer, text: str) -> dict[str, float]:
    shares: dict[str, float] = defaultdict(float)
    for term in set(part.build_analyzer()(text)):
        words = term.split()
        for word in words:
            shares[word] += spoken.get(part.vocabulary_.get(term, -1), 0.0) / len(words)
    return shares


def _spread_pieces(spoken: Spoken, part: TfidfVectorizer, text: str) -> dict[str, float]:
    analyse, columns = part.build_analyzer(), part.vocabulary_
    words = Counter(normal(text).split())
    cut = {word: Counter(columns.get(piece, -1) for piece in analyse(word)) for word in words}
    times: Counter[int] = Counter()
    for word, pieces in cut.items():
        times.update({column: count * words[word] for column, count in pieces.items()})
    shares: dict[str, float] = defaultdict(float)
    for word, pieces in cut.items():
        weight = sum(spoken.get(column, 0.0) * count / times[column] for column, count in pieces.items())
        match = WORD.search(word)
        shares[match[0] if match else word] += weight * words[word]
    return shares
