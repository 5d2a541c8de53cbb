"""What fold encoders said of texts whose writers they never saw.

A fine-tuned encoder has seen the training texts, so its vectors cannot tell how good it is on new ones. Its makers
therefore trained one more encoder for every fold; what those said of the left-out texts travels with the encoder.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.dataset import Sample, key_of
from classifier.pipeline import INTENTS, Logits, Scores

WIDE = len(INTENTS)


@dataclass(frozen=True)
class Unseen:
    """Rows of honest logits and cosines by the SHA-256 of a text."""

    keys: tuple[str, ...]
    rows: NDArray[np.float32]
    """Columns: intents, wishes, programs, nearest."""

    @classmethod
    def of(cls, samples: Sequence[Sample], meaning: Logits, nearest: NDArray[np.float32]) -> "Unseen":
        """From out-of-fold rows of samples."""
        rows = np.concatenate([meaning.intents, meaning.wishes, meaning.programs, nearest[:, None]], axis=1)
        return cls(tuple(key_of(sample.text) for sample in samples), rows.astype(np.float32))

    @classmethod
    def read(cls, content: bytes) -> "Unseen":
        """From a file's bytes. Raises ValueError or KeyError where they are none."""
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return cls(tuple(stored["keys"].tolist()), stored["rows"].astype(np.float32))

    def write(self) -> bytes:
        """A file's bytes."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, keys=np.array(self.keys), rows=self.rows.astype(np.float16))
        return buffer.getvalue()

    def put_into(self, scores: Scores, samples: Sequence[Sample]) -> Scores:
        """The same scores, with the honest rows where a text is known."""
        if scores.meaning is None:
            return scores
        place = {key: row for row, key in enumerate(self.keys)}
        found = [(row, place[key]) for row, sample in enumerate(samples) if (key := key_of(sample.text)) in place]
        if not found:
            return scores
        into, source = (list(column) for column in zip(*found, strict=True))
        whole = np.concatenate(
            [scores.meaning.intents, scores.meaning.wishes, scores.meaning.programs, scores.nearest[:, None]], axis=1
        )
        whole[into] = self.rows[source]
        meaning = Logits(whole[:, :WIDE], whole[:, WIDE : 2 * WIDE], whole[:, 2 * WIDE : -1])
        return Scores(scores.words, meaning, whole[:, -1])
