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
        self._names = tuple(rankers)
        self._rankers = list(rankers.values())
        self._weights = np.array([weights[ranker] for ranker in rankers])
        self._fusion = FUSIONS[fusion]

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        return self._fusion(self._scores(context, positions), self._weights)

    def parts(self, context: Context, positions: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
        """[c] what each ranker says, by name, on the common scale of the fusion."""
        return dict(zip(self._names, self._fusion.prepare(self._scores(context, positions)), strict=True))

    def total(self, parts: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """[c] the weighted parts, combined as the fusion does."""
        return self._fusion.combine(self._weights[:, None] * np.stack([parts[name] for name in self._names]))

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
