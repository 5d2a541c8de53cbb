"""What drove an intent: exact contributions, because the heads are linear in what they see."""

import re
from collections import Counter, defaultdict

from sklearn.feature_extraction.text import TfidfVectorizer

from classifier.pipeline import Model
from classifier.prediction import Evidence
from classifier.text import normal

STRONGEST = 5
Spoken = dict[int, float]
"""Contribution of each column that the text has."""

WORD = re.compile(r"[^\W_][\w']*")


def word_contributions(model: Model, text: str, intent: int) -> dict[str, float]:
    """How much each word of the normalised text adds to the intent's logit, compared with the mean intent's.

    A pair of words counts half for each; a piece counts for the word it is cut from.
    """
    total: dict[str, float] = defaultdict(float)
    coefficients = model.intents.coef_
    weights = coefficients[intent] - coefficients.mean(axis=0)
    offset = 0
    for name, part in model.features.transformer_list:
        row = part.transform([text])
        spoken = dict(zip(row.indices, row.data * weights[offset + row.indices], strict=True))
        offset += row.shape[1]
        spread = _spread_pieces if name == "pieces" else _spread_words
        for word, weight in spread(spoken, part, text).items():
            total[word] += weight
    return dict(total)


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
        shares[_bare(word)] += weight * words[word]
    return shares


def _bare(word: str) -> str:
    match = WORD.search(word)
    return match[0] if match else word


def evidence(model: Model, text: str, intent: int) -> list[Evidence]:
    """The five words that spoke loudest, for or against, strongest first, spelt as in the text."""
    spelt: dict[str, str] = {}
    for match in WORD.finditer(text[:8_000]):
        spelt.setdefault(match[0].lower(), match[0])
    weights = word_contributions(model, text, intent)
    strongest = sorted(weights, key=lambda word: (-abs(weights[word]), word))[:STRONGEST]
    return [Evidence(spelt.get(word, word), round(float(weights[word]), 4)) for word in strongest if weights[word]]
