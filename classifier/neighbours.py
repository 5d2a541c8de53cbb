"""How near a text lies to the training texts."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, issparse
from sklearn.preprocessing import normalize

Rows: TypeAlias = Any
"""A csr_matrix, or an array of (rows, columns)."""


@dataclass
class Neighbours:
    """Unit vectors of the training texts; dense ones at half precision, which is enough for a cosine."""

    vectors: Rows

    @classmethod
    def fit(cls, matrix: Rows) -> "Neighbours":
        """Keep the training rows."""
        unit = normalize(matrix)
        return cls(csr_matrix(unit, dtype=np.float32) if issparse(unit) else unit.astype(np.float16))

    @property
    def width(self) -> int:
        """Columns a row has."""
        return int(self.vectors.shape[1])

    def nearest(self, matrix: Rows) -> NDArray[np.float32]:
        """Cosine of each row to its nearest training text, 0 for an empty row."""
        if issparse(self.vectors):
            found = (normalize(matrix) @ self.vectors.T).max(axis=1).todense()
        else:
            found = (normalize(matrix) @ self.vectors.astype(np.float32).T).max(axis=1)
        return np.asarray(found, dtype=np.float32).ravel()
