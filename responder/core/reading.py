"""Many phrases over one text: a mail meets only the phrases that begin with one of its words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from responder.core.phrases import Phrase, Words, split_words

Likely = Mapping[str, Sequence[tuple[Phrase, Sequence[int]]]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text's words, and by the name of a group of phrases those that may hit, with the tokens they may begin at."""

    words: Words
    likely: Likely

    def spans(self, group: str) -> Iterator[tuple[int, int]]:
        """Where the group's phrases hit, as (first token, token after the last), in no order."""
        for phrase, places in self.likely.get(group, ()):
            for place in places:
                if (end := phrase.end(self.words, place)) is not None:
                    yield place, end

    def has(self, group: str) -> bool:
        """Whether any phrase of the group hits."""
        return any(True for _ in self.spans(group))

    def covered(self, group: str) -> set[int]:
        """Every token that a hit of the group takes in."""
        return {index for start, end in self.spans(group) for index in range(start, end)}


class PhraseBook:
    """Groups of phrases by name, found by their first words."""

    def __init__(self, groups: Mapping[str, Sequence[Phrase]]) -> None:
        """Index the phrases; a head ending in * stands for any ending, # for any number."""
        self._heads: dict[str, list[tuple[str, Phrase]]] = {}
        for name, phrases in groups.items():
            for phrase in phrases:
                for head in phrase.heads:
                    self._heads.setdefault(head, []).append((name, phrase))
        self._lengths = sorted({len(head) - 1 for head in self._heads if head.endswith("*")})

    def read(self, text: str) -> Reading:
        """The text with what may hit in it."""
        words = split_words(text)
        likely: dict[str, list[tuple[Phrase, Sequence[int]]]] = {}
        for word, places in words.places.items():
            for head in self._possible(word):
                for name, phrase in self._heads.get(head, ()):
                    likely.setdefault(name, []).append((phrase, places))
        return Reading(words, likely)

    def _possible(self, word: str) -> Iterator[str]:
        yield word
        if word[0].isdecimal():
            yield "#"
        for length in self._lengths:
            yield f"{word[:length]}*"
