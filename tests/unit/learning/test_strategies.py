"""The strategies that can be asked for by name, over one model."""

from dataclasses import replace

import numpy as np
import pytest

from domain.events import History
from domain.recommendation import UserState
from infrastructure.learning.lineup import build_lineup
from infrastructure.learning.recipes.hybrid import HybridRecipe
from infrastructure.learning.recipes.mf import MfRecipe
from infrastructure.learning.recipes.two_tower import TwoTowerRecipe
from tests.unit.learning import worlds
from tests.unit.learning.loaded import loaded
from tests.unit.learning.serving import context_of

RECIPES = (
    MfRecipe(embedding_size=8, epochs=2, learning_rate=5e-2, batch_size=256),
    TwoTowerRecipe(embedding_size=8, hidden_size=8, epochs=3, learning_rate=2e-2, batch_size=256, history_length=10),
    HybridRecipe(),
)
WALK = History.of([10, 20, 30], [5, 5, 5])


@pytest.fixture(scope="module")
def model(world):
    return worlds.train(world, *RECIPES)


@pytest.fixture(scope="module")
def lineup(world, model):
    return build_lineup(world.training.catalogue, loaded(model, worlds.config_of(*RECIPES)))


@pytest.mark.parametrize("strategy", ["two_tower", "popularity", "content", "hybrid"])
def test_a_strategy_is_the_engine_of_its_name(lineup, strategy):
    pipeline = lineup.choose(strategy, UserState(1, WALK), min_interactions=5)
    assert pipeline.name == strategy
    ranking = pipeline(context_of(lineup.catalogue, WALK), 10)
    assert ranking.engine == strategy and len(ranking.positions) == 10
    assert not np.isin(lineup.catalogue.ids[ranking.positions], WALK.item_ids).any()


def test_the_hybrid_blends_the_two_towers_and_the_factors(world, model):
    """Whatever weights were fitted: with both in the blend, its score is between theirs."""
    both = replace(model, arrays={**model.arrays, "hybrid": {name: np.array([0.5]) for name in ("mf", "two_tower")}})
    lineup = build_lineup(world.training.catalogue, loaded(both, worlds.config_of(*RECIPES)))
    hybrid = lineup.pipelines["hybrid"]
    assert hybrid.weights == {"mf": 0.5, "two_tower": 0.5}
    ranking = hybrid(context_of(lineup.catalogue, WALK), 10)
    assert set(ranking.generators) == {"mf", "two_tower"} and min(ranking.generators.values()) > 0
    assert all(reason is not None for reason in ranking.reasons)
