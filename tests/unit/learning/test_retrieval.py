"""Both indexes behind one port."""

import numpy as np
import pytest

from infrastructure.learning.shared_parts import nearest_others
from infrastructure.retrieval.annoy_index import AnnoyIndex
from infrastructure.retrieval.exact_index import ExactIndex


def clustered(count, width, clusters, seed):
    """Points around random centres, as items of a few tastes are."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((clusters, width))
    points = centres[random.integers(0, clusters, count)] + 0.5 * random.standard_normal((count, width))
    return points.astype(np.float32)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_annoy_finds_nearly_all_true_neighbours(seed):
    vectors = clustered(2000, 64, 30, seed)
    queries = vectors[::20]
    true, _ = ExactIndex(vectors).neighbours(queries, 50)
    found, _ = AnnoyIndex.build(vectors, seed).neighbours(queries, 50)
    recall = np.mean([len(np.intersect1d(a, b)) / 50 for a, b in zip(true, found, strict=True)])
    assert recall >= 0.95


@pytest.mark.parametrize("build", [ExactIndex, lambda vectors: AnnoyIndex.build(vectors, 0)])
def test_similarities_are_cosines_and_fall(build):
    vectors = clustered(100, 8, 5, 3)
    rows, similarities = build(vectors).neighbours(vectors[:10], 20)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = np.take_along_axis(unit[:10] @ unit.T, rows, axis=1)
    np.testing.assert_allclose(similarities, expected, atol=1e-4)
    assert (np.diff(similarities, axis=1) <= 1e-6).all()
    assert rows[:, 0].tolist() == list(range(10)), "nothing is nearer to an item than itself"


@pytest.mark.parametrize("build", [ExactIndex, lambda vectors: AnnoyIndex.build(vectors, 0)])
def test_where_fewer_are_found_the_rest_is_minus_one(build):
    rows, similarities = build(clustered(3, 8, 1, 0)).neighbours(clustered(2, 8, 1, 0), 5)
    assert rows.shape == similarities.shape == (2, 5)
    assert (rows[:, 3:] == -1).all()
    assert (np.sort(rows[:, :3], axis=1) == [0, 1, 2]).all()


def test_the_same_seed_builds_the_same_forest():
    vectors = clustered(3000, 16, 40, 0)
    first, again = (AnnoyIndex.build(vectors, 7).neighbours(vectors[:50], 10) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])


def test_nearest_others_leave_the_item_itself_and_opposites_out():
    vectors = np.array([[1, 0], [1, 0], [0.9, 0.1], [-1, 0], [0, 0]], dtype=np.float32)
    rows, similarities = nearest_others(ExactIndex(vectors), vectors)
    assert rows[0][rows[0] >= 0].tolist() == [1, 2]
    assert rows[1][rows[1] >= 0].tolist() == [0, 2], "a twin is a neighbour, the item itself is not"
    assert (rows[4] == -1).all(), "an item without a direction has no neighbours"
    assert (similarities[rows < 0] == 0).all()
