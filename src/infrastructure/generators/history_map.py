"""Engines that are one matrix: every event of a history adds its own row of scores."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.recommendation import Candidates, Context
from infrastructure.generators import leaving_out
from infrastructure.generators.additive import Additive
from infrastructure.learning.features import Vocabulary

Matrix = NDArray[np.float32] | sp.csr_array


class HistoryMap(Additive):
    """A generator and a ranker: score[i] = Σ over the last events m of exp(-age of m / `decay`) · matrix[m, i].

    The score is a sum over the history, so an explanation is exact: it is the summands. Items and events that the
    matrix [rows, rows] does not know add nothing.
    """

    def __init__(
        self,
        name: str,
        catalogue: Catalogue,
        vocabulary: Vocabulary,
        matrix: Matrix,
        decay: float,
        history_length: int,
    ) -> None:
        self.name = name
        self._matrix = matrix
        self._rows = vocabulary.rows(catalogue.ids)  # [n], -1 where the matrix does not know an item
        self._known = self._rows >= 0
        self._decay = decay
        self._length = history_length

    def scores(self, context: Context) -> NDArray[np.float64] | None:
        """[n] a score for every item; None before the matrix knows any event."""
        events, weights = self._speaking(context)
        if not len(events):
            return None
        return self._placed(weights.astype(np.float32) @ self._lines(context, events))

    def __call__(self, context: Context, limit: int) -> Candidates:
        scores = self.scores(context)
        if scores is None:
            return Candidates.none()
        return Candidates.top(scores, context.eligible & self._known, limit)

    def contributions(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what each event of the history adds to the scores of the positions [c]."""
        added = np.zeros((len(positions), len(context.positions)))
        events, weights = self._speaking(context)
        if len(events):
            lines = self._lines(context, events)[:, self._rows[positions]].astype(np.float64)
            added[:, events] = np.where(self._known[positions][:, None], lines.T * weights, 0.0)
        return added

    def losses(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what the standing of the positions [c] would lose without each of the last liked events.

        More than the event's own summand: without it, all that came before would be newer and count more.
        """
        events = leaving_out.tried(context)
        scores = self._scores_without(context, events)
        return leaving_out.losses(context, events, scores[:, positions], scores[:, context.eligible])

    def _scores_without(self, context: Context, events: NDArray[np.int64]) -> NDArray[np.float64]:
        """[1 + v, n] scores with the whole history, then without each of the events [v]."""
        size = len(context.positions)
        # One event more than the window: without a newer one, the event just outside of it comes in.
        recent = np.arange(max(0, size - self._length - 1), size)
        recent = recent[self._known[context.positions[recent]]]
        ages = leaving_out.ages_without(size, events)[:, recent]
        weights = np.where((ages >= 0) & (ages < self._length), np.exp(-ages / self._decay), 0.0)
        return self._placed(weights.astype(np.float32) @ self._lines(context, recent))

    def _placed(self, by_row: NDArray[np.float32]) -> NDArray[np.float64]:
        """[…, n] scores by position, of those by row […, rows] that the events add up to."""
        return np.where(self._known, by_row[..., self._rows], 0.0).astype(np.float64)

    def _speaking(self, context: Context) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The last events that the matrix knows, as indices into the history, and their weights."""
        size = len(context.positions)
        recent = np.arange(max(0, size - self._length), size)
        events = recent[self._known[context.positions[recent]]]
        return events, np.exp(-(size - 1 - events) / self._decay)

    def _lines(self, context: Context, events: NDArray[np.int64]) -> NDArray[np.float32]:
        """[e, rows] the matrix' rows of the events' items."""
        lines = self._matrix[self._rows[context.positions[events]]]
        return lines if isinstance(lines, np.ndarray) else np.asarray(lines.toarray(), dtype=np.float32)
