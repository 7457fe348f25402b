"""Engines with a vector for every event and one for every item: a user is folded in as the sum of what they did."""

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.recommendation import Context
from infrastructure.generators.history_map import HistoryMap
from infrastructure.learning.features import Floats, Vocabulary


class FactorMap(HistoryMap):
    """score[i] = bias[i] + (Σ over the last events m of worth · exp(-age of m / `decay`) · events[m]) · items[i].

    The worth of a liked event is 1, that of another `disliked`. So the matrix of a `HistoryMap` is a product that is
    never multiplied out, and what each event adds is as exact.
    """

    def __init__(
        self,
        name: str,
        catalogue: Catalogue,
        vocabulary: Vocabulary,
        events: Floats,
        items: Floats,
        bias: Floats,
        disliked: float,
        decay: float,
        history_length: int,
    ) -> None:
        """`events` and `items` are [rows, d], `bias` [rows]."""
        super().__init__(name, catalogue, vocabulary, events, decay, history_length)
        self._items, self._bias = items, bias
        self._disliked = disliked

    def scores(self, context: Context) -> NDArray[np.float64] | None:
        """[n] a score for every item, the lowest of all where there are no factors; None before any event has some."""
        events, weights = self._speaking(context)
        if not len(events):
            return None
        user = weights.astype(np.float32) @ self._said(context, events)
        return self._placed(self._items @ user)

    def _placed(self, by_row: Floats) -> NDArray[np.float64]:
        by_row = by_row + self._bias
        lowest = by_row.min(axis=-1, keepdims=True)
        return np.where(self._known, by_row[..., self._rows], lowest).astype(np.float64)

    def _said(self, context: Context, events: NDArray[np.int64]) -> Floats:
        """[e, d] the factors of the events, each times its worth."""
        worth = np.where(context.ratings[events] >= context.liked_from, 1.0, self._disliked)
        said = super()._lines(context, events) * worth[:, None]
        return said.astype(np.float32)

    def _lines(self, context: Context, events: NDArray[np.int64]) -> Floats:
        lines: Floats = self._said(context, events) @ self._items.T
        return lines
