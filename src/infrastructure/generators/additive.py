"""Signals that are sums over the history: what each event adds is known, so an explanation is exact."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain import explaining
from domain.recommendation import Context, Reason
from infrastructure.generators.signals import general_reason, liked_genres


class Additive(ABC):
    """Ranks by `scores` and explains by `contributions`."""

    @abstractmethod
    def scores(self, context: Context) -> NDArray[np.float64] | None:
        """[n] a score for every item; None when nothing is known of the user."""

    @abstractmethod
    def contributions(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what each event of the history adds to the scores of the positions [c]."""

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c] the scores of the positions; zeros when nothing is known of the user."""
        scores = self.scores(context)
        return np.zeros(len(positions)) if scores is None else scores[positions]

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason | None]:
        """The events that added most; where none added anything, genre or popularity."""
        taste = liked_genres(context)
        return [
            explaining.because_you_liked(context, row) or general_reason(context, position, taste)
            for row, position in zip(self.contributions(context, positions), positions.tolist(), strict=True)
        ]
