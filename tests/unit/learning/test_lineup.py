from dataclasses import replace

import numpy as np
import pytest

from domain.events import History
from domain.items import ItemFilter
from domain.ports.recommending import Ranker
from infrastructure.learning.lineup import build_lineup
from tests.unit.learning import worlds
from tests.unit.learning.loaded import loaded
from tests.unit.learning.serving import context_of

WALK = History.of([10, 20, 30], [5, 5, 5])


@pytest.fixture(scope="module")
def lineup(world, trained):
    return build_lineup(world.training.catalogue, loaded(trained, worlds.config_of(worlds.QUICK)))


@pytest.fixture(scope="module")
def modelless(world):
    return build_lineup(world.training.catalogue, None)


def test_the_simple_engines_need_no_model(lineup, modelless):
    assert set(modelless.pipelines) == {"popularity", "baseline", "content", "cold_start"}
    assert set(lineup.pipelines) == {"popularity", "baseline", "content", "cold_start", "ncf"}
    assert modelless.model is None
    assert lineup.model.version == "v1"
    assert lineup.pipelines["ncf"].model_version == "v1"
    assert modelless.pipelines["cold_start"].model_version is None


@pytest.mark.parametrize("engine", ["popularity", "baseline", "content", "cold_start", "ncf"])
@pytest.mark.parametrize("history", [History.empty(), WALK], ids=["newcomer", "regular"])
def test_every_engine_fills_its_list_and_never_repeats_what_was_rated(lineup, engine, history):
    context = context_of(lineup.catalogue, history, wanted=ItemFilter(exclude=frozenset({40})))
    ranking = lineup.pipelines[engine](context, 20)
    ids = lineup.catalogue.ids[ranking.positions]
    assert len(set(ids.tolist())) == 20
    assert not np.isin(ids, [*history.item_ids.tolist(), 40]).any()
    assert len(ranking.reasons) == 20
    assert (np.diff(ranking.scores) <= 0).all()


@pytest.mark.parametrize("engine", ["baseline", "cold_start", "ncf"])
def test_a_new_rating_is_in_the_very_next_list(lineup, engine):
    before = lineup.pipelines[engine](context_of(lineup.catalogue, WALK), 10)
    more = History.of([10, 20, 30, 610, 620], [5, 5, 5, 5, 5])
    after = lineup.pipelines[engine](context_of(lineup.catalogue, more), 10)
    assert before.positions.tolist() != after.positions.tolist()


def test_the_neural_engine_hands_over_when_it_fails(lineup):
    class Broken(Ranker):
        name = "broken"

        def score(self, context, positions):
            raise RuntimeError("the weights are gone")

        def explain(self, context, positions):
            return []

    broken = replace(lineup.pipelines["ncf"], ranker=Broken())
    ranking = broken(context_of(lineup.catalogue, WALK), 10)
    assert ranking.engine == "baseline"
    assert ranking.fallback_used
    assert len(ranking.positions) == 10


def test_similar_items_come_by_ratings_by_content_or_by_both(lineup):
    everything = np.ones(len(lineup.catalogue), dtype=bool)
    both = lineup.similar(0, everything, 10)
    ratings = lineup.similar(0, everything, 10, use_cb=False)
    content = lineup.similar(0, everything, 10, use_cf=False)
    assert set(ratings.sources) == {"collaborative"}
    assert set(content.sources) == {"content"}
    assert set(both.sources) <= {"collaborative", "content"}
    for found in (both, ratings, content):
        assert 0 not in found.positions
        assert len(found) == len(set(found.positions.tolist())) == 10
        assert (np.diff(found.scores) <= 0).all()
        assert found.scores.max() <= 1
    assert len(lineup.similar(0, everything, 10, use_cf=False, use_cb=False)) == 0


def test_similar_items_keep_to_what_is_eligible(lineup):
    some = np.zeros(len(lineup.catalogue), dtype=bool)
    some[[0, 3, 5]] = True
    assert set(lineup.similar(0, some, 10).positions.tolist()) <= {3, 5}


def test_without_a_model_similarity_is_content_and_vectors_are_genres(modelless):
    everything = np.ones(len(modelless.catalogue), dtype=bool)
    assert len(modelless.similar(0, everything, 5, use_cb=False)) == 0
    assert set(modelless.similar(0, everything, 5).sources) == {"content"}
    assert modelless.vectors.shape == (len(modelless.catalogue), len(worlds.GENRES))


def test_vectors_stand_in_the_order_of_the_catalogue(lineup, trained):
    rows = trained.shared.vocabulary.rows(lineup.catalogue.ids)
    known = rows >= 0
    np.testing.assert_array_equal(lineup.vectors[known], trained.shared.item_vectors[rows[known]])
    assert not lineup.vectors[~known].any()
