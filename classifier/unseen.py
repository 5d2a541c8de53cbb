"""What fold encoders said of texts whose writers they never saw.

A fine-tuned encoder has seen the training texts, so its vectors cannot tell how good it is on new ones. Its makers
therefore trained one more encoder for every fold; what those said of the left-out texts travels with the encoder.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.dataset import Sample, key_of
from classifier.pipeline import INTENTS, Logits, Scores

WIDE = len(INTENTS)


@dataclass(frozen=True)
class Unseen:
    """Which texts an encoder was trained on, and honest logits and cosines of some of them."""

    learned: frozenset[str]
    """Keys (`key_of`) of what the encoder has seen."""
    keys: tuple[str, ...]
    """Keys of the rows."""
    table: NDArray[np.float32]
    """Columns: intents, wishes, programs, nearest."""

    @classmethod
    def of(cls, learned: Iterable[str], samples: Sequence[Sample], scores: Scores) -> "Unseen":
        """From the scores of samples by encoders that never saw their writers."""
        return cls(frozenset(learned), tuple(key_of(sample.text) for sample in samples), _table(scores))

    @classmethod
    def read(cls, content: bytes) -> "Unseen":
        """From a file's bytes. Raises ValueError or KeyError where they are none."""
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return cls(
                frozenset(stored["learned"].tolist()),
                tuple(stored["keys"].tolist()),
                stored["table"].astype(np.float32),
            )

    def write(self) -> bytes:
        """A file's bytes."""
        buffer = io.BytesIO()
        keys, learned = np.array(self.keys), np.array(sorted(self.learned))
        np.savez_compressed(buffer, learned=learned, keys=keys, table=self.table.astype(np.float16))
        return buffer.getvalue()

    def honest(self, scores: Scores, samples: Sequence[Sample]) -> tuple[Scores, list[int]]:
        """The scores with the honest rows put in, and the positions of the samples whose scores are honest now.

        A text the encoder has not seen is honest as it is; one it has seen needs a row.
        """
        if scores.meaning is None:
            return scores, list(range(len(samples)))
        place = {key: row for row, key in enumerate(self.keys)}
        keys = [key_of(sample.text) for sample in samples]
        table = _table(scores)
        for position, key in enumerate(keys):
            if key in place:
                table[position] = self.table[place[key]]
        kept = [position for position, key in enumerate(keys) if key in place or key not in self.learned]
        meaning = Logits(table[:, :WIDE], table[:, WIDE : 2 * WIDE], table[:, 2 * WIDE : -1])
        return Scores(scores.words, meaning, table[:, -1]), kept


def _table(scores: Scores) -> NDArray[np.float32]:
    said = scores.meaning
    if said is None:
        raise ValueError("these scores have no meaning view")
    return np.concatenate([said.intents, said.wishes, said.programs, scores.nearest[:, None]], axis=1)
