"""Which writers are left out together: the same folds for the heads and for the encoder."""

import hashlib
from collections.abc import Sequence

from classifier.dataset import Sample

FOLDS = 5
SEED = 1
"""Folds of like size on the writers there are."""


def writer_folds(samples: Sequence[Sample], count: int = FOLDS, seed: int = SEED) -> list[list[int]]:
    """Positions of the texts each fold leaves out. No writer is in two; a writer keeps the fold when others come."""
    placed: list[list[int]] = [[] for _ in range(count)]
    for row, sample in enumerate(samples):
        digest = hashlib.sha256(f"{seed} {sample.writer}".encode()).digest()
        placed[int.from_bytes(digest[:4], "big") % count].append(row)
    return placed
