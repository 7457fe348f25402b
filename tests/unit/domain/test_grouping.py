import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from domain.grouping import STRATEGIES, average, fair, least_misery, satisfactions

scores = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=st.floats(-9, 9))


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
@given(scores=scores, k=st.integers(1, 15))
def test_every_strategy_gives_as_many_as_there_are_and_none_twice(strategy, scores, k):
    chosen = strategy(satisfactions(scores), k)
    assert len(chosen) == len(set(chosen.tolist())) == min(k, scores.shape[1])


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES)
def test_alone_everybody_gets_their_own_order(strategy):
    liked = satisfactions(np.array([[0.1, 0.9, -3.0, 0.5]]))
    assert strategy(liked, 4).tolist() == [1, 3, 0, 2]


def test_the_scale_of_a_members_scores_does_not_matter():
    one = np.array([0.2, 0.7, 0.1])
    np.testing.assert_array_equal(satisfactions(np.stack([one, 1000 * one - 5])), [[0.5, 1, 0]] * 2)


def test_what_somebody_likes_alike_satisfies_them_alike():
    np.testing.assert_allclose(satisfactions(np.array([[1.0, 2.0, 2.0, 3.0], [5.0, 5.0, 5.0, 5.0]])),
                               [[0, 0.5, 0.5, 1], [0.5] * 4])  # fmt: skip


def test_the_average_follows_the_many_and_least_misery_the_one():
    many, one = [1.0, 0.6, 0.0], [0.0, 0.6, 1.0]
    liked = np.array([many, many, one])
    assert average(liked, 1).tolist() == [0]
    assert least_misery(liked, 1).tolist() == [1]


def test_a_fair_list_has_something_for_whoever_is_outvoted():
    """Three like the even ones and one the odd ones: by average the one gets nothing."""
    random = np.random.default_rng(0)
    even = np.arange(20) % 2 == 0
    liked = np.stack([*(even + 0.1 * random.random(20) for _ in range(3)), ~even + 0.1 * random.random(20)]) / 1.1
    assert even[average(liked, 6)].all()
    assert 1 <= (~even[fair(liked, 6)]).sum() <= 3


def test_without_candidates_there_is_nothing_to_choose():
    for strategy in STRATEGIES.values():
        assert len(strategy(satisfactions(np.empty((2, 0))), 5)) == 0
