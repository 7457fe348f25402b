import numpy as np
import pytest
from hypothesis import given, settings
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


def genres_of(scores, seed):
    return np.random.default_rng(seed).random((len(scores), 4)) < 0.4


def likeness(a, b):
    either = (a | b).sum()
    return (a & b).sum() / either if either else 1.0


EIGHTHS = st.integers(-40, 40).map(lambda eighths: eighths / 8)


@given(
    scores=arrays(np.float64, st.integers(1, 60), elements=EIGHTHS),
    k=st.integers(1, 20),
    seed=st.integers(0, 99),
    shift=st.integers(-100, 100),
    scale=st.sampled_from([0.25, 0.5, 2.0, 64.0]),
)
def test_diversity_does_not_hang_on_the_scale_of_the_scores(scores, k, seed, shift, scale):
    ordered, genres = np.sort(scores)[::-1], genres_of(scores, seed)
    places = reranking.diversify(ordered, genres, k, 0.5)
    assert reranking.diversify(ordered * scale + shift, genres, k, 0.5).tolist() == places.tolist()


@given(
    scores=arrays(np.float64, st.integers(2, 25), elements=EIGHTHS),
    k=st.integers(2, 8),
    diversity=st.floats(0.01, 1),
    seed=st.integers(0, 99),
)
@settings(deadline=None)
def test_every_diverse_place_is_the_best_that_was_left(scores, k, diversity, seed):
    ordered, genres = np.sort(scores)[::-1], genres_of(scores, seed)
    pool = min(len(scores), k * reranking.DIVERSITY_POOL)
    relevance = ordered[:pool] - ordered[:pool].min()
    relevance = relevance / (relevance.max() or 1.0)
    alike = np.array([[likeness(a, b) for b in genres[:pool]] for a in genres[:pool]])
    places = reranking.diversify(ordered, genres, k, diversity).tolist()
    for place in range(1, len(places)):
        left = sorted(set(range(pool)) - set(places[:place]))
        worth = (1 - diversity) * relevance[left] - diversity * alike[left][:, places[:place]].max(axis=1)
        assert worth[left.index(places[place])] >= worth.max() - 1e-9


@given(
    scores=arrays(np.float64, st.integers(1, 40), elements=st.floats(-5, 5)),
    k=st.integers(1, 20),
    seed=st.integers(0, 99),
)
def test_more_diversity_never_makes_the_first_two_more_alike(scores, k, seed):
    ordered, genres = np.sort(scores)[::-1], genres_of(scores, seed)
    tops = [reranking.diversify(ordered, genres, max(k, 2), diversity)[:2] for diversity in (0.0, 0.3, 0.6, 1.0)]
    alike = [likeness(genres[top[0]], genres[top[-1]]) for top in tops]
    assert alike == sorted(alike, reverse=True)


@given(
    scores=arrays(np.float64, 20, elements=st.integers(-500, 500).map(lambda tenths: tenths / 10)),
    welcome=arrays(np.float64, 20, elements=st.sampled_from([0.0, 0.25, 0.5, 1.0])),
    shift=st.floats(-100, 100),
)
def test_holding_back_lowers_only_what_is_less_welcome_and_on_every_scale_alike(scores, welcome, shift):
    held = reranking.hold_back(scores, welcome)
    np.testing.assert_array_equal(held[welcome == 1], scores[welcome == 1])
    assert (held <= scores + 1e-9).all() and (held[welcome < 1] < scores[welcome < 1]).all()
    assert (held[welcome == 0] < scores.min()).all()
    np.testing.assert_allclose(reranking.hold_back(scores + shift, welcome), held + shift, atol=1e-9)


def test_there_is_nothing_to_hold_back_among_nothing():
    assert len(reranking.hold_back(np.empty(0), np.empty(0))) == 0


@given(
    scores=arrays(np.float64, st.integers(1, 40), elements=st.floats(-5, 5)),
    k=st.integers(1, 20),
    diversity=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_diverse_places_are_distinct_and_as_many_as_asked_for(scores, k, diversity, seed):
    places = reranking.diversify(np.sort(scores)[::-1], genres_of(scores, seed), k, diversity)
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


@given(
    places=st.integers(1, 30),
    pool=st.integers(0, 40),
    share=st.floats(0, 1),
    seed=st.integers(0, 999),
)
def test_exploration_keeps_the_order_of_what_was_ranked_and_draws_nobody_twice(places, pool, share, seed):
    explored = reranking.explore(places, pool, share, np.random.default_rng(seed))
    members = explored.members.tolist()
    ranked, drawn = [one for one in members if one < places], [one for one in members if one >= places]
    assert len(members) == len(set(members)) == places
    assert ranked == list(range(len(ranked)))
    assert all(one < places + pool for one in drawn)
    assert abs(len(drawn) - min(share * places, pool)) < 1
    assert ((explored.probabilities > 0) & (explored.probabilities <= 1 + 1e-12)).all()


@pytest.mark.parametrize(
    ("places", "pool", "share"), [(10, 100, 0.1), (10, 7, 0.25), (5, 20, 0.1), (10, 2, 0.5), (10, 3, 0.35), (1, 5, 0.3)]
)
def test_the_stated_probabilities_are_how_often_it_comes_to_that(places, pool, share):
    random = np.random.default_rng(5)
    draws = 4000
    seen, stated = np.zeros(places + pool), np.full(places + pool, np.nan)
    for _ in range(draws):
        explored = reranking.explore(places, pool, share, random)
        seen[explored.members] += 1
        before = stated[explored.members]
        assert (np.isnan(before) | (before == explored.probabilities)).all(), "a member's chance is the same every time"
        stated[explored.members] = explored.probabilities
    stated = np.nan_to_num(stated)  # what never came had no chance
    assert stated.sum() == pytest.approx(places), "a list has as many places as chances add up to"
    # Five standard errors of a frequency.
    np.testing.assert_array_less(np.abs(seen / draws - stated), 5 * np.sqrt(stated * (1 - stated) / draws) + 1e-9)


def test_what_is_drawn_stands_at_every_place_as_often():
    random = np.random.default_rng(6)
    where = np.zeros(5)
    for _ in range(4000):
        where += reranking.explore(5, 9, 0.2, random).members >= 5
    np.testing.assert_allclose(where / 4000, 0.2, atol=0.03)
