"""Exact nearest neighbours by one matrix product; below some twenty thousand items nothing is faster."""

import numpy as np
from numpy.typing import NDArray

#: queries answered at once, so that the matrix of similarities stays small
CHUNK = 256


class ExactIndex:
    """Cosine similarity to every item."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._vectors = unit_length(vectors)

    def __len__(self) -> int:
        return len(self._vectors)

    def neighbours(self, vectors: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """As the port says; equal similarities are ordered by row."""
        rows = np.full((len(vectors), limit), -1, dtype=np.int64)
        similarities = np.zeros((len(vectors), limit), dtype=np.float32)
        found = min(limit, len(self._vectors))
        for start in range(0, len(vectors), CHUNK):
            scores = unit_length(vectors[start : start + CHUNK]) @ self._vectors.T
            for query, row in enumerate(scores, start):
                best = highest(row, found)
                rows[query, :found], similarities[query, :found] = best, row[best]
        return rows, similarities


def highest(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """[count] indices of the highest scores [n], best first; equal ones by index. Sorts no more than it has to."""
    if count == 0:
        return np.empty(0, dtype=np.int64)
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    candidates = np.flatnonzero(scores >= least)
    return candidates[np.argsort(-scores[candidates], kind="stable")[:count]]


def unit_length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1; a row of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)
