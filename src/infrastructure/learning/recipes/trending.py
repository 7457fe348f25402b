"""`trending`: what is taken up most of late."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from domain import explaining
from domain.events import Interactions
from domain.pipeline import Pipeline
from domain.recommendation import Candidates, Context, Reason
from infrastructure.learning.features import Floats, Vocabulary
from infrastructure.learning.material import Material
from infrastructure.learning.recipes.recipe import Arrays, OnEpoch, Recipe, ServingParts, Shapes, number, once
from infrastructure.learning.recipes.square_matrix import single_pipeline
from infrastructure.learning.shared_parts import by_position

HEAT = "heat"
DAY = 86_400.0


@dataclass(frozen=True)
class TrendingRecipe(Recipe):
    """Ratings counted with a weight that halves every `half_life_days`, back from the newest rating.

    As all weights fade at one pace, the order is the same as seen from any later moment.
    """

    name: ClassVar[str] = "trending"

    half_life_days: float = number(30.0, 0.01, 36_500.0)

    def train(self, material: Material, on_epoch: OnEpoch) -> Arrays:
        started = time.perf_counter()
        heat = heats(material.vocabulary, material.interactions, self.half_life_days)
        on_epoch(once(self.name, time.perf_counter() - started))
        return {HEAT: heat}

    def shapes(self, vocabulary: Vocabulary, arrays: Arrays) -> Shapes:
        return {HEAT: (len(vocabulary),)}

    def build(self, arrays: Arrays, parts: ServingParts) -> Pipeline:
        heat = by_position(parts.catalogue, parts.shared.vocabulary, arrays[HEAT])
        return single_pipeline(self.name, Trend(heat), parts)


class Trend:
    """Proposes and ranks by heat [n]."""

    name = "trending"

    def __init__(self, heat: Floats) -> None:
        self._heat = heat

    def __call__(self, context: Context, limit: int) -> Candidates:
        return Candidates.top(self._heat, context.eligible & (self._heat > 0), limit)

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        return self._heat[positions].astype(np.float64)

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason]:
        return [explaining.trending()] * len(positions)


def heats(vocabulary: Vocabulary, interactions: Interactions, half_life_days: float) -> Floats:
    """[rows] the decayed number of ratings of each item, as of the newest rating."""
    ages = (interactions.timestamps.max() - interactions.timestamps) / DAY
    rows = vocabulary.rows(interactions.item_ids)
    weights = np.exp2(-ages / half_life_days)
    return np.bincount(rows, weights=weights, minlength=len(vocabulary)).astype(np.float32)
