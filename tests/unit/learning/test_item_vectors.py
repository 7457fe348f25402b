import numpy as np
import scipy.sparse as sp

from infrastructure.learning.item_vectors import item_vectors, transitions, truncated_svd


def test_neighbours_in_time_count_and_other_users_do_not():
    counts = transitions(np.array([0, 1, 2]), np.array([7, 7, 8]), 4).toarray()
    assert counts[0, 1] == 1
    assert np.count_nonzero(counts) == 1


def test_what_follows_at_once_weighs_more_than_what_follows_later():
    counts = transitions(np.array([0, 1, 2]), np.array([7, 7, 7]), 3).toarray()
    assert counts[0, 1] > counts[0, 2] > 0


def test_the_svd_recovers_a_matrix_of_its_rank():
    random = np.random.default_rng(0)
    matrix = random.standard_normal((30, 4)) @ random.standard_normal((4, 25))
    left, values, right = truncated_svd(sp.csr_array(matrix), 4, seed=1)
    np.testing.assert_allclose(left * values @ right.T, matrix, atol=1e-9)


def test_items_taken_up_together_point_the_same_way():
    """Two groups of items, each taken up by users of its own."""
    random = np.random.default_rng(0)
    rows = np.concatenate([random.permutation(10) + 10 * (user % 2) for user in range(60)])
    vectors = item_vectors(rows, np.repeat(np.arange(60), 10), 21, width=4, seed=0)
    cosines = vectors @ vectors.T
    same = cosines[:10, :10].mean() + cosines[10:20, 10:20].mean()
    assert same / 2 > cosines[:10, 10:20].mean() + 0.5
    np.testing.assert_allclose(np.linalg.norm(vectors[:20], axis=1), 1.0, rtol=1e-5)
    assert not vectors[20].any(), "an item that nobody rated has no direction"


def test_the_same_seed_gives_the_same_vectors():
    rows, users = np.array([0, 1, 2, 3, 1, 0]), np.array([0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(item_vectors(rows, users, 4, 8, 5), item_vectors(rows, users, 4, 8, 5))
