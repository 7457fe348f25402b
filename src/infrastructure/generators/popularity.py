"""What is rated most often."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.events import RATING_MAX
from domain.recommendation import Candidates, Context, Reason
from infrastructure.generators.signals import reason_by_popularity


class PopularityGenerator:
    """By number of ratings; ties go to the better mean rating. Knows every item, so it can fill any list."""

    name = "popularity"

    def __init__(self, catalogue: Catalogue) -> None:
        # The mean is moved below 1, so that it can only decide between equal counts.
        self._order = catalogue.rating_counts + catalogue.rating_means.astype(np.float64) / (RATING_MAX + 1.0)

    def __call__(self, context: Context, limit: int) -> Candidates:
        return Candidates.top(self._order, context.eligible, limit)

    def scores(self, context: Context) -> NDArray[np.float64]:
        """[n] log of one more than the count: the tenth rating says more than the thousandth."""
        return np.log1p(self._order)


class PopularityRanker:
    """Orders as `PopularityGenerator` does."""

    name = "popularity"

    def __init__(self, catalogue: Catalogue) -> None:
        self._order = PopularityGenerator(catalogue)._order

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        return self._order[positions]

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason]:
        return [reason_by_popularity(context, int(position)) for position in positions]
