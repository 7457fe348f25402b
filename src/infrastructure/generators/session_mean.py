"""A session as the mean of its items' vectors, the newest counting most."""

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.recommendation import Candidates, Context
from infrastructure.generators.additive import Additive
from infrastructure.learning.shared_parts import SharedParts, by_position

#: events after which a weight has fallen to 1/e
DECAY = 3.0


class SessionMean(Additive):
    """Scores items by the cosine of their vectors with the recency-weighted mean of the session's."""

    name = "mean"

    def __init__(self, catalogue: Catalogue, shared: SharedParts) -> None:
        self._vectors = by_position(catalogue, shared.vocabulary, shared.item_vectors).astype(np.float64)
        self._known = self._vectors.any(axis=1)

    def scores(self, context: Context) -> NDArray[np.float64] | None:
        mean = self._weights(context) @ self._vectors[context.positions]
        length = float(np.linalg.norm(mean))
        return np.asarray(self._vectors @ (mean / length)) if length > 0 else None

    def __call__(self, context: Context, limit: int) -> Candidates:
        scores = self.scores(context)
        if scores is None:
            return Candidates.none()
        return Candidates.top(scores, context.eligible & self._known, limit)

    def contributions(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        weights, session = self._weights(context), self._vectors[context.positions]
        length = float(np.linalg.norm(weights @ session)) or 1.0
        return np.asarray(self._vectors[positions] @ session.T * weights / length, dtype=np.float64)

    @staticmethod
    def _weights(context: Context) -> NDArray[np.float64]:
        """[m] exp(-age / DECAY), the newest 1."""
        return np.exp(-np.arange(len(context.positions) - 1, -1, -1) / DECAY)
