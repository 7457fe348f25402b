"""What lists are made up of: each measure by hand on small lists, and against its definition on random ones."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from domain import metrics

WAR, DRAMA, BOTH, NONE = [True, False], [False, True], [True, True], [False, False]
GENRES = np.array([WAR, DRAMA, BOTH, NONE])
ITEMS = 8
LISTS = arrays.arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.integers(-1, ITEMS - 1))
FEATURES = arrays.arrays(np.bool_, (ITEMS, 3))


def test_coverage_ignores_empty_places():
    assert metrics.coverage(np.array([[0, 1], [1, -1]]), 8) == 0.25


def test_novelty_is_the_mean_information_of_what_is_shown():
    popularity = np.array([0.5, 0.25, 0.25])
    assert metrics.novelty(np.array([[0, 1], [2, -1]]), popularity) == pytest.approx((1 + 2 + 2) / 3)
    assert metrics.novelty(np.array([[-1]]), popularity) == 0.0


def test_diversity_is_the_mean_distance_of_the_pairs():
    lists = np.array([[0, 1, 2], [0, 0, -1], [2, -1, -1], [-1, -1, -1]])
    # War and drama share nothing; each shares one genre of two with what is both.
    assert metrics.diversity(lists, GENRES) == pytest.approx([(1 + 0.5 + 0.5) / 3, 0, 0, 0])


@given(LISTS, FEATURES)
def test_diversity_follows_its_definition(lists, features):
    def distance(one, other):
        either = (features[one] | features[other]).sum()
        return 1 - ((features[one] & features[other]).sum() / either if either else 1.0)

    expected = []
    for row in lists:
        pairs = list(combinations(row[row >= 0], 2))
        expected.append(np.mean([distance(*pair) for pair in pairs]) if pairs else 0.0)
    assert metrics.diversity(lists, features) == pytest.approx(expected)


def test_average_popularity_is_the_mean_count_of_what_is_shown():
    counts = np.array([100, 10, 0])
    assert metrics.average_popularity(np.array([[0, 1], [2, -1], [-1, -1]]), counts).tolist() == [55.0, 0.0, 0.0]


@given(LISTS)
def test_a_list_of_more_popular_items_has_a_higher_average_popularity(lists):
    counts = np.arange(ITEMS)
    raised = np.where(lists >= 0, np.minimum(lists + 1, ITEMS - 1), -1)
    assert (metrics.average_popularity(raised, counts) >= metrics.average_popularity(lists, counts)).all()


def test_the_gini_index_tells_an_even_exposure_from_one_item_for_all():
    assert metrics.gini(np.array([[0, 1], [2, 3]]), 4) == 0.0
    assert metrics.gini(np.array([[0], [0]]), 4) == 0.75
    assert metrics.gini(np.array([[-1]]), 4) == 0.0


@given(LISTS)
def test_the_gini_index_is_half_the_relative_mean_difference(lists):
    shown = np.bincount(lists[lists >= 0], minlength=ITEMS)
    value = metrics.gini(lists, ITEMS)
    differences = np.abs(shown[:, None] - shown[None, :]).sum()
    assert value == pytest.approx(differences / (2 * ITEMS * shown.sum()) if shown.sum() else 0.0)
    assert 0 <= value < 1


def test_the_genres_of_an_item_share_it():
    assert metrics.genre_shares(GENRES).tolist() == [[1, 0], [0, 1], [0.5, 0.5], [0, 0]]


def test_a_list_in_the_proportions_of_the_history_is_calibrated():
    tastes, shares = np.array([[3.0, 1.0]]), metrics.genre_shares(GENRES)
    assert metrics.miscalibration(np.array([[0, 0, 0, 1]]), tastes, shares) == pytest.approx([0.0])
    one_sided = metrics.miscalibration(np.array([[0, 0, 0, 0]]), tastes, shares)
    # Of drama the list has what the smoothing lends it: a hundredth of a quarter.
    assert one_sided == pytest.approx([0.75 * np.log(0.75 / 0.9975) + 0.25 * np.log(100)])


def test_nothing_is_asked_of_the_list_for_a_user_of_unknown_taste():
    shares = metrics.genre_shares(GENRES)
    assert metrics.miscalibration(np.array([[0, 1]]), np.zeros((1, 2)), shares).tolist() == [0.0]


@given(LISTS, FEATURES, st.data())
def test_miscalibration_follows_its_definition(lists, features, data):
    shape = (len(lists), 3)
    tastes = data.draw(arrays.arrays(np.int64, shape, elements=st.integers(0, 9))).astype(np.float64)
    shares = metrics.genre_shares(features)
    values = metrics.miscalibration(lists, tastes, shares)
    for value, row, taste in zip(values, lists, tastes, strict=True):
        q = shares[row[row >= 0]].sum(axis=0)
        p, q = taste / (taste.sum() or 1.0), q / (q.sum() or 1.0)
        terms = [p[g] * np.log(p[g] / (0.99 * q[g] + 0.01 * p[g])) for g in range(3) if p[g] > 0]
        assert value == pytest.approx(sum(terms), abs=1e-9)
        assert 0 <= value <= np.log(100) + 1e-9
