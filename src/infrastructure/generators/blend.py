"""Ranks by several rankers at once."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.blending import FUSIONS
from domain.ports.recommending import Ranker
from domain.recommendation import Context, Reason


class BlendRanker:
    """The fused score of rankers by name, each with its weight. There must be at least one."""

    def __init__(self, name: str, rankers: Mapping[str, Ranker], weights: Mapping[str, float], fusion: str) -> None:
        self.name = name
        self._rankers = list(rankers.values())
        self._weights = np.array([weights[ranker] for ranker in rankers])
        self._fusion = FUSIONS[fusion]

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        return self._fusion(self._scores(context, positions), self._weights)

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason | None]:
        """Each position in the words of the ranker with the largest part in its score, compared with the others."""
        if not len(positions):
            return []
        strongest = self._fusion.parts(self._scores(context, positions), self._weights).argmax(axis=0)
        reasons: list[Reason | None] = [None] * len(positions)
        for index in np.unique(strongest).tolist():
            places = np.flatnonzero(strongest == index)
            told = self._rankers[index].explain(context, positions[places])
            for place, reason in zip(places.tolist(), told, strict=True):
                reasons[place] = reason
        return reasons

    def _scores(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[e, c] what each ranker says."""
        return np.stack([ranker.score(context, positions) for ranker in self._rankers])
