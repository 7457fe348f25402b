"""Serving a next-item model with NumPy alone: nothing here imports PyTorch."""

import math
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.recommendation import Candidates, Context, Reason
from infrastructure.generators import leaving_out
from infrastructure.learning.features import Floats, Vocabulary
from infrastructure.learning.next_item import encoders, events
from infrastructure.learning.next_item.encoders import Encoder, Weights
from infrastructure.learning.shared_parts import by_position

#: the last liked events that an explanation tries to do without
EXPLAINED = 10


class NextItemRanker:
    """A generator and a ranker over one catalogue. Items that were not there in training count by their content."""

    reads_anew = True

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
        # Of one list generators, ranker and blend all ask for the same scores; they go with the context.
        self._remembered: WeakKeyDictionary[Context, NDArray[np.float64]] = WeakKeyDictionary()
        self._items = by_position(catalogue, vocabulary, weights["embedding"]) + content  # [n, d]

    def scores(self, context: Context) -> NDArray[np.float64] | None:
        """[n] log-odds, but for a constant, of each item being next; None where there is no history to read."""
        if not len(context.positions):
            return None
        scores = self._remembered.get(context)
        if scores is None:
            told = self._read(context, np.arange(len(context.positions))[None])
            scores = self._remembered[context] = np.asarray((told @ self._items.T)[0], dtype=np.float64)
        return scores

    def __call__(self, context: Context, limit: int) -> Candidates:
        scores = self.scores(context)
        if scores is None:
            return Candidates.none()
        return Candidates.top(scores, context.eligible, limit)

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c] the scores of the positions [c]; zeros where there is no history to read."""
        scores = self.scores(context)
        return np.zeros(len(positions)) if scores is None else scores[positions]

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason | None]:
        """Exact leave-one-out over the last liked events; of two together it tells little, so one is named."""
        return leaving_out.reasons(context, positions, self.losses(context, positions), most=1)

    def losses(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what the standing of the positions [c] would lose without each event; 0 for those not tried."""
        tried = leaving_out.tried(context, EXPLAINED)
        size = len(context.positions)
        tried = tried[tried >= size - self._length]
        if size < 2 or not len(tried):
            return np.zeros((len(positions), size))
        every = np.arange(size)
        without = np.stack([np.delete(every, event) for event in tried])
        told = np.concatenate([self._read(context, every[None]), self._read(context, without)])  # [1 + v, d]
        scores = (told @ self._items.T).astype(np.float64)
        return leaving_out.losses(context, tried, scores[:, positions], scores[:, context.eligible])

    def _read(self, context: Context, chosen: NDArray[np.int64]) -> Floats:
        """[b, d] what the model says after the chosen events [b, T] of the history."""
        chosen = chosen[:, -self._length :]
        times = context.timestamps[chosen]
        x = self._items[context.positions[chosen]] * np.float32(math.sqrt(self._items.shape[1]))
        x += self._weights["rating"][events.rating_levels(context.ratings[chosen])]
        x += self._weights["gap"][events.gap_levels(times)]
        if "wait" in self._weights:
            x += self._weights["wait"][events.wait_levels(times, context.as_of)]
        return encoders.norm(self._weights, "norm", self._encode(self._weights, x, times))
