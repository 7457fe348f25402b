"""Collaborative filtering between items: what people took up around what this user liked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.recommendation import Candidates, Context
from infrastructure.generators.signals import DECAY, proposed
from infrastructure.learning.shared_parts import SharedParts

#: the last events that speak; older ones weigh next to nothing
SPEAKING = 50
#: raised to this power, a near neighbour outweighs several far ones
SHARPNESS = 2.0


@dataclass(frozen=True)
class Voices:
    """Which events speak for their neighbours, and how loudly.

    `disliked` is what an event that was not liked counts beside one that was, `decay` the events after which a voice
    has fallen to 1/e. With `popularity` a score is multiplied by the log of the item's rating count.
    """

    disliked: float
    decay: float
    popularity: bool


#: what somebody will like: only what they liked speaks
TASTE = Voices(disliked=0.0, decay=DECAY, popularity=False)
#: what somebody will take up next, for a ranker to sort out: whatever they took up last speaks
NEXT = Voices(disliked=1.0, decay=8.0, popularity=True)


class CollaborativeGenerator:
    """Scores items by how near they are to the user's last ones, over neighbour lists made with the model."""

    name = "collaborative"

    def __init__(self, catalogue: Catalogue, shared: SharedParts, voices: Voices = TASTE) -> None:
        self._voices = voices
        self._worth = np.log1p(catalogue.rating_counts) if voices.popularity else np.ones(len(catalogue))
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
        self._size = len(catalogue)
        self._indexed = shared.indexed
        self._indexed_at = catalogue.positions(shared.indexed.ids)
        self._index_rows = np.full(len(catalogue), -1, dtype=np.int64)
        here = np.flatnonzero(self._indexed_at >= 0)
        self._index_rows[self._indexed_at[here]] = here

    def scores(self, context: Context) -> NDArray[np.float64] | None:
        """[n] sum over the last events of voice × similarity; None before any event has a voice."""
        events, voices = self._speaking(context)
        if not len(events):
            return None
        near = self._neighbours[context.positions[events]]
        weights = self._weights[context.positions[events]] * voices[:, None]
        n = self._size
        return np.asarray(
            np.bincount(near.ravel(), weights.ravel(), minlength=n + 1)[:n] * self._worth, dtype=np.float64
        )

    def _speaking(self, context: Context) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The last events of the history that have a voice, as indices, and their voices."""
        worth = np.where(context.ratings >= context.liked_from, 1.0, self._voices.disliked)
        events = np.flatnonzero(worth)[-SPEAKING:]
        ages = len(worth) - 1 - events
        return events, worth[events] * np.exp(-ages / self._voices.decay)

    def __call__(self, context: Context, limit: int) -> Candidates:
        return proposed(self.scores(context), context, limit)

    def contributions(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what each event of the history adds to the scores of the positions [c]."""
        events, voices = self._speaking(context)
        spoken = context.positions[events]
        named = self._neighbours[spoken][None] == positions[:, None, None]  # [c, events, neighbours]
        added = np.zeros((len(positions), len(context.positions)))
        added[:, events] = (named * self._weights[spoken]).sum(axis=2) * voices * self._worth[positions][:, None]
        return added

    def similar(self, position: int, eligible: NDArray[np.bool_], limit: int) -> Candidates:
        """Nearest items through the index; more are fetched than wanted, since some may not be eligible.

        Where too few of them are, every item is compared: an index is slow to name all that it holds.
        """
        row = self._index_rows[position]
        if row < 0 or not self._indexed.vectors[row].any():
            return Candidates.none()
        wanted = eligible.copy()
        wanted[position] = False
        reach = min(len(self._indexed), max(4 * limit, 200))
        found = self._near(row, wanted, reach)
        if len(found) < limit and reach < len(self._indexed):
            return self._compared(row, wanted, limit)
        return Candidates(found.positions[:limit], found.scores[:limit])

    def _near(self, row: np.int64, wanted: NDArray[np.bool_], reach: int) -> Candidates:
        rows, similarities = self._indexed.neighbours(self._indexed.vectors[row][None], reach)
        positions = np.where(rows[0] >= 0, self._indexed_at[rows[0]], -1)
        kept = (positions >= 0) & (similarities[0] > 0)
        kept[kept] = wanted[positions[kept]]
        return Candidates(positions[kept], similarities[0][kept].astype(np.float64))

    def _compared(self, row: np.int64, wanted: NDArray[np.bool_], limit: int) -> Candidates:
        here = self._indexed_at >= 0
        scores = np.zeros(self._size)
        scores[self._indexed_at[here]] = self._indexed.vectors[here] @ self._indexed.vectors[row]
        return Candidates.top(scores, wanted & (scores > 0), limit)
