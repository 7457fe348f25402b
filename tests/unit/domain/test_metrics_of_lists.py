"""Lists with several targets, checked against trec_eval on random lists, and by what must hold of any."""

import numpy as np
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from domain import metrics

K = 10
ITEMS = 40
LISTS = np.array([[3, 1, 2, -1], [7, 8, 9, 1]])
TARGETS = np.array([[1, 2, 5], [9, -1, -1]])


@st.composite
def ranked(draw):
    """`relevant` [u, d] and `wanted` [u], as they come from any lists and targets."""
    users, depth = draw(st.integers(1, 6)), draw(st.integers(1, 15))
    flags = draw(st.lists(st.lists(st.booleans(), min_size=depth, max_size=depth), min_size=users, max_size=users))
    relevant = np.array(flags, dtype=np.bool_)
    unranked = np.array(draw(st.lists(st.integers(0, 12), min_size=users, max_size=users)), dtype=np.int64)
    return relevant, relevant.sum(axis=1) + unranked


def all_measures(relevant, wanted, k):
    return (
        metrics.precision(relevant, k),
        metrics.recall(relevant, wanted, k),
        metrics.average_precision(relevant, wanted, k),
        metrics.ndcg_of_list(relevant, wanted, k),
    )


def random_lists(seed, users=60, depth=25):
    """Lists of different items, some of them short, and one to twelve targets a user, some of them never listed."""
    random = np.random.default_rng(seed)
    lists = np.array([random.permutation(ITEMS)[:depth] for _ in range(users)])
    lists[np.arange(depth) >= random.integers(3, depth + 1, users)[:, None]] = -1
    targets = np.array([random.permutation(ITEMS + 5)[:12] for _ in range(users)])
    targets[np.arange(12) >= random.integers(1, 13, users)[:, None]] = -1
    return lists, targets


def judged_by_trec_eval(lists, targets, measures):
    wanted = {str(u): {str(item): 1 for item in row if item >= 0} for u, row in enumerate(targets)}
    run = {
        str(u): {str(item): float(len(row) - place) for place, item in enumerate(row) if item >= 0}
        for u, row in enumerate(lists)
    }
    judged = pytrec_eval.RelevanceEvaluator(wanted, measures).evaluate(run)
    return [judged[str(u)] for u in range(len(lists))]


@pytest.mark.parametrize("k", [1, 5, 10, 20])
@pytest.mark.parametrize("seed", range(3))
def test_every_measure_agrees_with_trec_eval(seed, k):
    lists, targets = random_lists(seed)
    relevant, wanted = metrics.matches(lists, targets), (targets >= 0).sum(axis=1)
    names = ("P", "recall", "map_cut", "ndcg_cut")
    judged = judged_by_trec_eval(lists, targets, {*(f"{name}.{k}" for name in (*names, "success")), "recip_rank"})
    for name, values in zip(names, all_measures(relevant, wanted, k), strict=True):
        assert values == pytest.approx([user[f"{name}_{k}"] for user in judged]), name
    ranks = metrics.first_rank(relevant)
    assert metrics.hit(ranks, k) == pytest.approx([user[f"success_{k}"] for user in judged])
    assert metrics.reciprocal_rank(ranks) == pytest.approx([user["recip_rank"] for user in judged])


def test_targets_are_found_at_their_places_in_the_list_of_their_own_user():
    relevant = metrics.matches(LISTS, TARGETS)
    assert relevant.tolist() == [[False, True, True, False], [False, False, True, False]]
    assert metrics.first_rank(relevant).tolist() == [2, 3]


def test_an_empty_place_is_no_target_and_an_empty_list_finds_nothing():
    relevant = metrics.matches(np.full((2, 3), -1), np.array([[-1, 0], [-1, -1]]))
    assert not relevant.any()
    assert metrics.first_rank(relevant).tolist() == [0, 0]
    assert metrics.matches(np.empty((0, 3), dtype=np.int64), np.empty((0, 0), dtype=np.int64)).shape == (0, 3)


def test_a_user_without_targets_has_nothing():
    assert [values.tolist() for values in all_measures(np.zeros((1, 4), dtype=np.bool_), np.array([0]), K)] == [
        [0.0]
    ] * 4


@given(ranked(), st.integers(1, 20))
def test_every_measure_lies_between_nothing_and_all(given_lists, k):
    for values in all_measures(*given_lists, k):
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()


@given(st.integers(1, 12), st.integers(1, 15))
def test_with_all_targets_on_top_recall_precision_and_ndcg_are_as_high_as_they_go(wanted, k):
    relevant = np.arange(20)[None, :] < wanted
    precision, recall, average, ndcg = (values[0] for values in all_measures(relevant, np.array([wanted]), k))
    assert ndcg == pytest.approx(1.0)
    assert precision == pytest.approx(min(wanted, k) / k)
    assert recall == average == pytest.approx(min(wanted, k) / wanted)


@given(ranked(), st.integers(1, 15), st.data())
def test_moving_a_target_up_never_lowers_a_measure(given_lists, k, data):
    relevant, wanted = given_lists
    place = data.draw(st.integers(0, relevant.shape[1] - 1))
    moved = relevant.copy()
    moved[:, [max(place - 1, 0), place]] = np.sort(moved[:, [max(place - 1, 0), place]], axis=1)[:, ::-1]
    for before, after in zip(all_measures(relevant, wanted, k), all_measures(moved, wanted, k), strict=True):
        assert (after >= before - 1e-12).all()


@given(st.lists(st.integers(0, 15), min_size=1, max_size=8).map(np.array), st.integers(1, 15))
def test_with_one_target_they_are_the_measures_of_its_place(ranks, k):
    relevant, wanted = np.arange(1, 16) == ranks[:, None], np.ones(len(ranks), dtype=np.int64)
    assert metrics.first_rank(relevant).tolist() == ranks.tolist()
    precision, recall, average, ndcg = all_measures(relevant, wanted, k)
    hit = metrics.hit(ranks, k)
    assert ndcg == pytest.approx(metrics.ndcg(ranks, k))
    assert recall == pytest.approx(hit)
    assert precision == pytest.approx(hit / k)
    assert average == pytest.approx(hit * metrics.reciprocal_rank(ranks))
