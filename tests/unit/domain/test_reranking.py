import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from domain import reranking
from domain.blending import pool
from domain.recommendation import Candidates


def candidates(*positions):
    return Candidates(np.array(positions, dtype=np.int64), np.arange(len(positions), 0, -1.0))


def test_equal_scores_are_ordered_by_position():
    order = reranking.descending(np.array([0.5, 0.9, 0.5]), np.array([7, 3, 2]))
    assert order.tolist() == [1, 2, 0]


def test_no_diversity_keeps_the_order_of_scores():
    features = np.ones((5, 2), dtype=bool)
    assert reranking.diversify(np.array([5.0, 4, 3, 2, 1]), features, 3, 0.0).tolist() == [0, 1, 2]


def test_diversity_lets_another_genre_rise():
    features = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], dtype=bool)
    places = reranking.diversify(np.array([1.0, 0.99, 0.98, 0.5]), features, 2, 0.6)
    assert places.tolist() == [0, 3]


@given(
    scores=arrays(np.float64, st.integers(1, 40), elements=st.floats(-5, 5)),
    k=st.integers(1, 20),
    diversity=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_diverse_places_are_distinct_and_as_many_as_asked_for(scores, k, diversity, seed):
    features = np.random.default_rng(seed).random((len(scores), 4)) < 0.4
    places = reranking.diversify(np.sort(scores)[::-1], features, k, diversity)
    assert len(set(places.tolist())) == len(places) == min(k, len(scores))
    assert places[0] == 0


def test_a_boost_raises_only_what_is_boosted():
    scores = np.array([3.0, 2.0, 1.0])
    raised = reranking.boost(scores, np.array([False, False, True]))
    assert raised[:2].tolist() == [3.0, 2.0]
    assert raised[2] > 1.0
    assert reranking.boost(scores, np.zeros(3, dtype=bool)) is scores


def test_pooling_keeps_each_item_once_under_the_source_that_ranks_it_highest():
    pooled = pool({"popularity": candidates(1, 2, 3), "content": candidates(3, 9)})
    assert sorted(pooled.positions.tolist()) == [1, 2, 3, 9]
    sources = {int(p): pooled.source_of(i) for i, p in enumerate(pooled.positions)}
    assert sources == {1: "popularity", 2: "popularity", 3: "content", 9: "content"}


def test_pooling_nothing_gives_nothing():
    assert len(pool({})) == 0


@given(
    scores=arrays(np.float64, 30, elements=st.sampled_from([0.0, 1.0, 2.0, 3.0])),
    eligible=arrays(np.bool_, 30),
    limit=st.integers(1, 40),
)
def test_top_equals_a_full_stable_sort(scores, eligible, limit):
    expected = [p for p in np.argsort(-scores, kind="stable") if eligible[p]][:limit]
    assert Candidates.top(scores, eligible, limit).positions.tolist() == expected
