"""Serving a next-item model with NumPy alone: nothing here imports PyTorch."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain import explaining
from domain.catalogue import Catalogue
from domain.recommendation import Candidates, Context, Reason
from infrastructure.generators.signals import general_reason, liked_genres
from infrastructure.learning.features import Floats, Vocabulary
from infrastructure.learning.next_item import encoders, events
from infrastructure.learning.next_item.encoders import Encoder, Weights
from infrastructure.learning.shared_parts import by_position

#: the last liked events that an explanation tries to do without
EXPLAINED = 10


class NextItemRanker:
    """A generator and a ranker over one catalogue. Items that were not there in training count by their content."""

    def __init__(
        self,
        name: str,
        catalogue: Catalogue,
        vocabulary: Vocabulary,
        weights: Weights,
        encode: Encoder,
        history_length: int,
    ) -> None:
        self.name = name
        self._weights, self._encode, self._length = weights, encode, history_length
        content = events.item_content(catalogue, vocabulary) @ weights["content_weight"]
        self._items = by_position(catalogue, vocabulary, weights["embedding"]) + content  # [n, d]

    def scores(self, context: Context) -> NDArray[np.float64] | None:
        """[n] log-odds, but for a constant, of each item being next; None where there is no history to read."""
        if not len(context.positions):
            return None
        told = self._read(context, np.arange(len(context.positions))[None])
        return np.asarray((told @ self._items.T)[0], dtype=np.float64)

    def __call__(self, context: Context, limit: int) -> Candidates:
        scores = self.scores(context)
        if scores is None:
            return Candidates(np.empty(0, dtype=np.int64), np.empty(0))
        return Candidates.top(scores, context.eligible, limit)

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c] the scores of the positions [c]; zeros where there is no history to read."""
        scores = self.scores(context)
        return np.zeros(len(positions)) if scores is None else scores[positions]

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason | None]:
        """Exact leave-one-out over the last liked events: what a score is above that of the history without one.

        Both are taken against the mean of all items, as only differences between items mean anything.
        """
        taste = liked_genres(context)
        return [
            explaining.because_you_liked(context, row) or general_reason(context, position, taste)
            for row, position in zip(self._contributions(context, positions), positions.tolist(), strict=True)
        ]

    def _contributions(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what each event of the history adds to the scores of the positions; 0 for those not tried."""
        size = len(context.positions)
        added = np.zeros((len(positions), size))
        window = np.arange(max(0, size - self._length), size)
        left_out = window[context.ratings[window] >= context.liked_from][-EXPLAINED:]
        if size < 2 or not len(left_out):
            return added
        every = np.arange(size)
        without = np.stack([np.delete(every, event) for event in left_out])
        told = np.concatenate([self._read(context, every[None]), self._read(context, without)])  # [1 + v, d]
        logits = told @ (self._items[positions] - self._items.mean(axis=0)).T
        added[:, left_out] = (logits[0] - logits[1:]).T
        return added

    def _read(self, context: Context, chosen: NDArray[np.int64]) -> Floats:
        """[b, d] what the model says after the chosen events [b, T] of the history."""
        chosen = chosen[:, -self._length :]
        times = context.timestamps[chosen]
        x = self._items[context.positions[chosen]] * np.float32(math.sqrt(self._items.shape[1]))
        x += self._weights["rating"][events.rating_levels(context.ratings[chosen])]
        x += self._weights["gap"][events.gap_levels(times)]
        return encoders.norm(self._weights, "norm", self._encode(self._weights, x, times))
