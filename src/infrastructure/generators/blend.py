"""Ranks by several rankers at once."""

import copy
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain import explaining
from domain.blending import FUSIONS
from domain.ports.recommending import AttributingRanker, Ranker
from domain.recommendation import Context, Reason


class BlendRanker:
    """The fused score of rankers by name, each with its weight. There must be at least one."""

    def __init__(self, name: str, rankers: Mapping[str, Ranker], weights: Mapping[str, float], fusion: str) -> None:
        self.name = name
        self._names = tuple(rankers)
        self._rankers = list(rankers.values())
        self._weights = np.array([weights[ranker] for ranker in rankers])
        self._fusion = FUSIONS[fusion]

    def weighted(self, weights: Mapping[str, float]) -> "BlendRanker":
        """The same rankers under other weights."""
        other = copy.copy(self)
        other._weights = np.array([weights[name] for name in self._names])
        return other

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        return self._fusion(self._scores(context, positions), self._weights)

    def parts(self, context: Context, positions: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
        """[c] what each ranker says, by name, on the common scale of the fusion."""
        return dict(zip(self._names, self._fusion.prepare(self._scores(context, positions)), strict=True))

    def total(self, parts: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """[c] the weighted parts, combined as the fusion does."""
        return self._fusion.combine(self._weights[:, None] * np.stack([parts[name] for name in self._names]))

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason | None]:
        """The liked events without which the blend would lose most; where there are none, in the words of one ranker.

        That is the one with the largest part in the score, compared with the others. What is lost is asked of those
        rankers that can tell without reading the history anew for each event, if there are any: their reasons hold up
        as well, and take a third of the time.
        """
        if not len(positions):
            return []
        strongest = self._fusion.parts(self._scores(context, positions), self._weights).argmax(axis=0)
        lost = self._losses(context, positions)
        reasons = [explaining.because_you_liked(context, row) for row in lost]
        for index in np.unique(strongest).tolist():
            places = [place for place in np.flatnonzero(strongest == index).tolist() if reasons[place] is None]
            told = self._rankers[index].explain(context, positions[places]) if places else ()
            for place, reason in zip(places, told, strict=True):
                reasons[place] = reason
        return reasons

    def _losses(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what the positions would lose without each event, by the rankers that are asked."""
        telling = [
            (weight, ranker)
            for weight, ranker in zip(self._weights.tolist(), self._rankers, strict=True)
            if isinstance(ranker, AttributingRanker)
        ]
        quick = [(weight, ranker) for weight, ranker in telling if not ranker.reads_anew]
        lost = np.zeros((len(positions), len(context.positions)))
        for weight, ranker in quick or telling:
            lost += weight * ranker.losses(context, positions)
        return lost

    def _scores(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[e, c] what each ranker says."""
        return np.stack([ranker.score(context, positions) for ranker in self._rankers])
