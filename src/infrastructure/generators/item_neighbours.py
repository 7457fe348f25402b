"""Collaborative filtering between items: what people took up around what this user liked."""

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.recommendation import Candidates, Context
from infrastructure.generators.signals import proposed, recency_weights
from infrastructure.learning.shared_parts import SharedParts

#: the last liked events that speak; older ones weigh next to nothing
SPEAKING = 50
#: raised to this power, a near neighbour outweighs several far ones
SHARPNESS = 2.0


class CollaborativeGenerator:
    """Scores items by how near they are to the user's liked ones, over neighbour lists made with the shared."""

    name = "collaborative"

    def __init__(self, catalogue: Catalogue, shared: SharedParts) -> None:
        rows = shared.vocabulary.rows(catalogue.ids)
        to_position = catalogue.positions(shared.vocabulary.item_ids)
        # Position n, one past the end, stands for `no neighbour`; its score is thrown away.
        found = np.where(shared.neighbours >= 0, to_position[shared.neighbours], -1)
        found = np.where(found >= 0, found, len(catalogue))
        size = found.shape[1]
        self._neighbours = np.full((len(catalogue), size), len(catalogue), dtype=np.int64)
        self._weights = np.zeros((len(catalogue), size))
        known = rows >= 0
        self._neighbours[known] = found[rows[known]]
        self._weights[known] = np.maximum(shared.similarities[rows[known]], 0.0) ** SHARPNESS
        self._vectors = shared.item_vectors
        self._index = shared.index
        self._rows = rows
        self._to_position = to_position

    def scores(self, context: Context) -> NDArray[np.float64] | None:
        """[n] sum over the liked events of weight by recency × similarity; None before anything is liked."""
        liked = context.ratings >= context.liked_from
        positions = context.positions[liked][-SPEAKING:]
        if not len(positions):
            return None
        weights = self._weights[positions] * recency_weights(context)[liked][-SPEAKING:, None]
        n = len(self._rows)
        near = self._neighbours[positions].ravel()
        return np.asarray(np.bincount(near, weights=weights.ravel(), minlength=n + 1)[:n], dtype=np.float64)

    def __call__(self, context: Context, limit: int) -> Candidates:
        return proposed(self.scores(context), context, limit)

    def contributions(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what each event of the history adds to the scores of the positions [c]."""
        liked = np.flatnonzero(context.ratings >= context.liked_from)[-SPEAKING:]
        spoken = context.positions[liked]
        named = self._neighbours[spoken][None] == positions[:, None, None]  # [c, liked, neighbours]
        added = np.zeros((len(positions), len(context.positions)))
        added[:, liked] = (named * self._weights[spoken]).sum(axis=2) * recency_weights(context)[liked]
        return added

    def similar(self, position: int, eligible: NDArray[np.bool_], limit: int) -> Candidates:
        """Nearest items through the index; more are fetched than wanted, since some may not be eligible."""
        row = self._rows[position]
        if row < 0 or not self._vectors[row].any():
            return Candidates(np.empty(0, dtype=np.int64), np.empty(0))
        wanted = eligible.copy()
        wanted[position] = False
        reach = min(len(self._vectors), max(4 * limit, 200))
        found = self._near(row, wanted, reach)
        if len(found) < limit and reach < len(self._vectors):
            found = self._near(row, wanted, len(self._vectors))
        return Candidates(found.positions[:limit], found.scores[:limit])

    def _near(self, row: np.int64, wanted: NDArray[np.bool_], reach: int) -> Candidates:
        rows, similarities = self._index.neighbours(self._vectors[row][None], reach)
        positions = np.where(rows[0] >= 0, self._to_position[rows[0]], -1)
        kept = (positions >= 0) & (similarities[0] > 0)
        kept[kept] = wanted[positions[kept]]
        return Candidates(positions[kept], similarities[0][kept].astype(np.float64))
