"""What continues sessions, on a planted pattern."""

import numpy as np
import pytest

from domain.blending import FUSIONS
from domain.errors import EngineUnavailable
from domain.events import History
from domain.items import ItemFilter
from infrastructure.generators.session_mean import SessionMean
from infrastructure.learning.lineup import build_lineup
from infrastructure.learning.recipes.gru import GruRecipe
from infrastructure.learning.recipes.linear import LinearRecipe
from infrastructure.learning.recipes.lstm import LstmRecipe
from infrastructure.learning.recipes.sequence import SequenceRecipe
from infrastructure.learning.recipes.trending import TrendingRecipe
from tests.unit.learning import worlds
from tests.unit.learning.loaded import loaded
from tests.unit.learning.serving import context_of

WALK = History.of([10, 20, 30], [5, 5, 5])


def lineup_with(world, *recipes):
    model = worlds.train(world, *recipes)
    return build_lineup(world.training.catalogue, loaded(model, worlds.config_of(*recipes)))


@pytest.fixture(scope="module")
def lineup(world):
    return lineup_with(world, LinearRecipe())


@pytest.fixture(scope="module")
def mean(world):
    return SessionMean(world.training.catalogue, worlds.material(world).shared)


@pytest.mark.parametrize("encoder", ["mean", "linear"])
@pytest.mark.parametrize("fusion", FUSIONS)
def test_a_session_is_led_on_along_its_walk(lineup, encoder, fusion):
    pipeline = lineup.session(encoder, fusion)
    ranking = pipeline(context_of(lineup.catalogue, WALK), 5)
    assert np.isin(ranking.positions, np.arange(3, 20)).all()
    assert not ranking.fallback_used
    assert sum(pipeline.weights.values()) == pytest.approx(1.0)
    assert pipeline.model_version == "v1"


def test_a_filter_restricts_before_the_cap(lineup):
    western = context_of(lineup.catalogue, WALK, wanted=ItemFilter(genres=frozenset({"Western"})))
    for encoder in ("mean", "linear"):
        positions = lineup.session(encoder, "weighted_sum")(western, 20).positions
        assert sorted(positions.tolist()) == list(range(60, 80))


def test_the_order_of_a_session_matters(mean, world):
    catalogue = world.training.catalogue
    there = mean.scores(context_of(catalogue, History.of([10, 610], [5, 5])))
    back = mean.scores(context_of(catalogue, History.of([610, 10], [5, 5])))
    assert there[61] > back[61] and there[1] < back[1]


def test_what_each_item_adds_makes_up_the_score_of_the_mean(mean, world):
    context = context_of(world.training.catalogue, History.of([10, 250, 20, 10], [5] * 4))
    positions = np.arange(0, 80, 9)
    added = mean.contributions(context, positions)
    np.testing.assert_allclose(added.sum(axis=1), mean.score(context, positions), atol=1e-9)
    assert np.abs(mean.scores(context)).max() <= 1.0 + 1e-6


def test_nothing_known_is_no_trouble(mean, world):
    nobody = context_of(world.training.catalogue, History.empty())
    assert mean.scores(nobody) is None
    assert len(mean(nobody, 5)) == 0
    assert not mean.score(nobody, np.arange(3)).any()


def test_the_encoders_are_those_that_were_trained(world, lineup):
    assert lineup.session_encoders == ("linear", "mean")
    assert lineup.session(None, "max").name == "session-linear"
    neural = [recipe(embedding_size=8, epochs=1) for recipe in (SequenceRecipe, GruRecipe, LstmRecipe)]
    every = lineup_with(world, *neural)
    assert every.session_encoders == ("transformer", "mean", "gru", "lstm")
    walk = context_of(world.training.catalogue, History.of([10, 20, 30], [5] * 3))
    for encoder in every.session_encoders:
        assert len(every.session(encoder, "weighted_sum")(walk, 5).positions) == 5
    without = lineup_with(world, TrendingRecipe())
    assert without.session_encoders == ("mean",)
    assert without.session(None, "max").name == "session-mean"
    for encoder in ("linear", "gru", "lstm", "transformer"):
        with pytest.raises(EngineUnavailable, match="mean"):
            without.session(encoder, "max")
