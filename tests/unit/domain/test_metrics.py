import numpy as np
import pytest

from domain import metrics

RANKS = np.array([1, 3, 10, 11, 0])


def test_hits_count_targets_among_the_first_k():
    assert metrics.hit(RANKS, 10).tolist() == [1, 1, 1, 0, 0]


def test_ndcg_discounts_by_the_logarithm_of_the_rank():
    assert metrics.ndcg(RANKS, 10) == pytest.approx([1.0, 0.5, 1 / np.log2(11), 0.0, 0.0])


def test_reciprocal_rank_is_zero_where_nothing_was_found():
    assert metrics.reciprocal_rank(RANKS) == pytest.approx([1.0, 1 / 3, 0.1, 1 / 11, 0.0])


def test_coverage_ignores_empty_places():
    assert metrics.coverage(np.array([[0, 1], [1, -1]]), 8) == 0.25


def test_novelty_is_the_mean_information_of_what_is_shown():
    popularity = np.array([0.5, 0.25, 0.25])
    assert metrics.novelty(np.array([[0, 1], [2, -1]]), popularity) == pytest.approx((1 + 2 + 2) / 3)
    assert metrics.novelty(np.array([[-1]]), popularity) == 0.0


def test_the_bootstrap_interval_covers_the_mean_at_about_its_rate():
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        low, high = metrics.bootstrap_interval(random.normal(1.0, 1.0, 80), random, draws=200)
        covered += low <= 1.0 <= high
    assert 175 <= covered <= 199
