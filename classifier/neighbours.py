"""How near a text lies to the training texts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize


@dataclass
class Neighbours:
    """Unit vectors of the training texts."""

    vectors: csr_matrix

    @classmethod
    def fit(cls, matrix: csr_matrix) -> "Neighbours":
        """Keep the training rows."""
        return cls(csr_matrix(normalize(matrix), dtype=np.float32))

    @property
    def width(self) -> int:
        """Columns a row has."""
        return int(self.vectors.shape[1])

    def nearest(self, matrix: csr_matrix) -> NDArray[np.float32]:
        """Cosine of each row to its nearest training text, 0 for an empty row."""
        cosines = normalize(matrix) @ self.vectors.T
        return np.asarray(cosines.max(axis=1).todense(), dtype=np.float32).ravel()
