"""Fusing the scores of several rankers: what must hold for whatever they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from domain.blending import FUSIONS, RANK_CONSTANT, normalised, reciprocal_ranks, standardised

SCORES = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8),
    elements=st.integers(-50, 50).map(float),
)


def even(scores):
    return np.full(len(scores), 1.0 / len(scores))


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1e6), min_size=1).filter(lambda w: sum(w.values()) > 1e-3))
def test_normalised_weights_add_up_to_one_and_keep_their_proportions(weights):
    shares = normalised(weights)
    assert sum(shares.values()) == pytest.approx(1.0)
    for name, share in shares.items():
        assert share * sum(weights.values()) == pytest.approx(weights[name])


@pytest.mark.parametrize("weights", [{"a": 0.0}, {"a": -1.0, "b": 3.0}])
def test_weights_that_make_no_blend_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        normalised(weights)


@pytest.mark.parametrize("name", FUSIONS)
@given(scores=SCORES)
def test_a_scale_or_an_offset_of_one_ranker_changes_nothing(name, scores):
    fused = FUSIONS[name](scores, even(scores))
    moved = scores.copy()
    moved[0] = 8.0 * moved[0] + 3.0
    np.testing.assert_allclose(FUSIONS[name](moved, even(scores)), fused, atol=1e-9)


@pytest.mark.parametrize("name", FUSIONS)
@given(scores=SCORES)
def test_what_every_ranker_prefers_is_preferred(name, scores):
    fused = FUSIONS[name](scores, even(scores))
    for better in range(scores.shape[1]):
        for worse in range(scores.shape[1]):
            if (scores[:, better] >= scores[:, worse]).all():
                assert fused[better] >= fused[worse] - 1e-9


@pytest.mark.parametrize("name", FUSIONS)
@given(scores=SCORES)
def test_a_single_ranker_keeps_its_order(name, scores):
    line = scores[:1]
    fused = FUSIONS[name](line, np.ones(1))
    assert (np.argsort(-fused, kind="stable") == np.argsort(-line[0], kind="stable")).all()


@pytest.mark.parametrize("name", FUSIONS)
@given(scores=SCORES, seed=st.integers(0, 9))
def test_the_order_of_the_candidates_does_not_matter(name, scores, seed):
    order = np.random.default_rng(seed).permutation(scores.shape[1])
    fused = FUSIONS[name](scores, even(scores))
    np.testing.assert_allclose(FUSIONS[name](scores[:, order], even(scores)), fused[order], atol=1e-12)


@pytest.mark.parametrize("name", FUSIONS)
def test_no_candidates_are_no_trouble(name):
    assert FUSIONS[name](np.empty((2, 0)), np.array([0.5, 0.5])).shape == (0,)


def test_a_ranker_that_says_nothing_is_not_heard():
    scores = np.array([[0.1, 0.1, 0.1], [1.0, 3.0, 2.0]])
    assert standardised(scores)[0].tolist() == [0.0, 0.0, 0.0]
    assert np.argmax(FUSIONS["weighted_sum"](scores, np.array([0.9, 0.1]))) == 1


def test_reciprocal_ranks_are_those_of_the_paper_and_ties_share():
    first, second, third = (1.0 / (RANK_CONSTANT + rank) for rank in (1, 2, 3))
    np.testing.assert_allclose(reciprocal_ranks(np.array([[5.0, 9.0, 7.0]])), [[third, first, second]])
    np.testing.assert_allclose(reciprocal_ranks(np.array([[5.0, 9.0, 9.0]]))[0, 1:], (first + second) / 2)


def test_the_weighted_sum_is_that_of_z_scores_and_the_maximum_that_of_shares():
    scores = np.array([[0.0, 2.0], [30.0, 10.0]])
    weights = np.array([0.75, 0.25])
    np.testing.assert_allclose(FUSIONS["weighted_sum"](scores, weights), [-0.5, 0.5])
    np.testing.assert_allclose(FUSIONS["max"](scores, weights), [0.25, 0.75])
