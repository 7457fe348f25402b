"""Engines whose blend's weights can be changed for one list, without touching anybody else's."""

import numpy as np
import pytest

from domain.blending import WEIGHTED_SUM
from domain.catalogue import Catalogue
from domain.events import History
from domain.interleaving import INTERLEAVED, interleaved
from domain.items import Item, ItemFilter, Kind
from domain.pipeline import Pipeline
from domain.recommendation import Context, UserState
from infrastructure.generators.baseline import WEIGHTS, BaselineRanker
from infrastructure.generators.blend import BlendRanker
from infrastructure.generators.popularity import PopularityGenerator
from tests.fakes import ScoreGenerator, ScoreRanker, fake_pipeline, popularity_of


def rising(context):
    return np.arange(len(context.catalogue), dtype=float)


def falling(context):
    return -rising(context)


@pytest.fixture(scope="module")
def catalogue():
    films = [Item(Kind.MOVIE, f"Film {i}", id=i, rating_count=50 - i, rating_sum=2.0 * i) for i in range(1, 21)]
    return Catalogue.of(films, 0)


@pytest.fixture
def context(catalogue):
    return Context.of(catalogue, UserState(1, History.empty()), ItemFilter(), 4.0)


@pytest.fixture
def blend():
    rankers = {"up": ScoreRanker("up", rising), "down": ScoreRanker("down", falling)}
    weights = {"up": 0.8, "down": 0.2}
    generator = ScoreGenerator("all", popularity_of)
    return Pipeline(
        "blend", (generator,), BlendRanker("blend", rankers, weights, WEIGHTED_SUM), generator, weights=weights
    )


def first(ranking):
    return int(ranking.positions[0])


def test_other_weights_make_another_list_and_leave_the_engine_as_it_was(blend, context):
    turned = blend.weighted({"down": 7.2})
    assert (first(blend(context, 3)), first(turned(context, 3))) == (19, 0)
    assert turned(context, 3).weights == pytest.approx({"up": 0.1, "down": 0.9})
    assert blend(context, 3).weights == {"up": 0.8, "down": 0.2}
    assert first(blend(context, 3)) == 19


def test_weights_that_say_nothing_change_nothing(blend):
    assert blend.weighted({}) is blend
    assert blend.weighted({"sideways": 3.0}) is blend
    assert blend.weighted({"up": 0.0, "down": 0.0}) is blend
    alone = fake_pipeline("popularity", popularity_of)
    assert alone.weighted({"popularity": 2.0}) is alone
    assert (blend.changeable_weights, alone.changeable_weights) == ({"up", "down"}, frozenset())


def test_the_baseline_blends_under_other_weights_too(catalogue, context):
    popularity = PopularityGenerator(catalogue)
    baseline = Pipeline("baseline", (popularity,), BaselineRanker(catalogue), popularity, weights=dict(WEIGHTS))
    by_rating = baseline.weighted({"popularity": 0.0, "mean_rating": 1.0, "genre_match": 0.0})
    assert (first(baseline(context, 3)), first(by_rating(context, 3))) == (0, 19)


def test_the_places_of_an_interleaved_list_name_their_team_and_keep_what_it_said(context):
    up, down = fake_pipeline("up", rising, "v1")(context, 6), fake_pipeline("down", falling)(context, 6)
    both = interleaved(("up", "down"), (up, down), 6, np.random.default_rng(0))
    assert (both.engine, both.model_version, len(both.positions)) == (INTERLEAVED, "v1", 6)
    assert both.generators == {"up:popularity": 20, "down:popularity": 20}
    for position, score, source in zip(both.positions.tolist(), both.scores.tolist(), both.sources, strict=True):
        team = source.removesuffix(":popularity")
        assert (position > 9) == (team == "up")
        assert score == (position if team == "up" else -position)
    assert both.probabilities.tolist() == [1.0] * 6
