"""Signals that are sums over the history: what each event adds is known, and so is what is lost without it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.recommendation import Context, Reason
from infrastructure.generators import leaving_out


class Additive(ABC):
    """Ranks by `scores` and explains by `losses`."""

    reads_anew = False

    @abstractmethod
    def scores(self, context: Context) -> NDArray[np.float64] | None:
        """[n] a score for every item; None when nothing is known of the user."""

    @abstractmethod
    def contributions(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what each event of the history adds to the scores of the positions [c]."""

    def losses(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what each event adds to the positions [c], in standard deviations of all scores."""
        scores = self.scores(context)
        spread = 0.0 if scores is None or not len(positions) else float(scores[context.eligible].std())
        return self.contributions(context, positions) / (spread or 1.0)

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c] the scores of the positions; zeros when nothing is known of the user."""
        scores = self.scores(context)
        return np.zeros(len(positions)) if scores is None else scores[positions]

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason | None]:
        """The events without which most would be lost; where nothing would, genre or popularity."""
        return leaving_out.reasons(context, positions, self.losses(context, positions))
