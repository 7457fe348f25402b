import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import metrics

RANKS = np.array([1, 3, 10, 11, 0])
PLACES = st.lists(st.integers(0, 30), min_size=1, max_size=20).map(np.array)


def test_hits_count_targets_among_the_first_k():
    assert metrics.hit(RANKS, 10).tolist() == [1, 1, 1, 0, 0]


def test_ndcg_discounts_by_the_logarithm_of_the_rank():
    assert metrics.ndcg(RANKS, 10) == pytest.approx([1.0, 0.5, 1 / np.log2(11), 0.0, 0.0])


def test_reciprocal_rank_is_zero_where_nothing_was_found():
    assert metrics.reciprocal_rank(RANKS) == pytest.approx([1.0, 1 / 3, 0.1, 1 / 11, 0.0])


def test_the_mean_rank_counts_what_was_not_ranked_as_the_next_place():
    assert metrics.mean_rank(RANKS, 100) == (1 + 3 + 10 + 11 + 101) / 5
    assert metrics.mean_rank(RANKS, 10) == (1 + 3 + 10 + 11 + 11) / 5
    assert metrics.mean_rank(np.empty(0, dtype=np.int64), 10) == 0.0


@given(PLACES, st.integers(1, 15))
def test_measures_of_one_target_stay_within_their_bounds(ranks, k):
    hit, ndcg, reciprocal = metrics.hit(ranks, k), metrics.ndcg(ranks, k), metrics.reciprocal_rank(ranks)
    assert ((ndcg >= 0) & (ndcg <= hit) & (hit <= 1)).all()
    assert ((reciprocal >= 0) & (reciprocal <= 1)).all()
    assert 1 <= metrics.mean_rank(ranks, 30) <= 31


@given(st.integers(2, 40), st.integers(1, 15))
def test_a_better_place_is_never_worth_less(rank, k):
    places = np.array([rank - 1, rank])
    for values in (metrics.hit(places, k), metrics.ndcg(places, k), metrics.reciprocal_rank(places)):
        assert values[0] >= values[1]
    assert metrics.mean_rank(places[:1], 20) <= metrics.mean_rank(places[1:], 20)


def test_the_place_among_candidates_counts_equal_scores_against_the_first():
    scores = np.array([[2.0, 1.0, 3.0, 2.0], [5.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    assert metrics.rank_of_first(scores).tolist() == [3, 1, 4]


def test_the_bootstrap_interval_covers_the_mean_at_about_its_rate():
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        low, high = metrics.bootstrap_interval(random.normal(1.0, 1.0, 80), random, draws=200)
        covered += low <= 1.0 <= high
    assert 175 <= covered <= 199
