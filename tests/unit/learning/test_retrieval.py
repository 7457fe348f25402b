"""Every kind of index behind one port, held against the exact one."""

import sys

import numpy as np
import pytest

from domain.errors import LibraryMissing
from infrastructure.learning.shared_parts import nearest_others
from infrastructure.retrieval import choosing
from infrastructure.retrieval.annoy_index import AnnoyIndex
from infrastructure.retrieval.choosing import IndexWish, choose_index, recall_of
from infrastructure.retrieval.exact_index import ExactIndex, unit_length
from infrastructure.retrieval.faiss_index import FaissIndex
from infrastructure.retrieval.kinds import ANNOY, EXACT, FAISS, KINDS, build_index, is_installed

needs_faiss = pytest.mark.skipif(not is_installed(FAISS), reason="the extra faiss is not installed")
EVERY_KIND = [pytest.param(kind, marks=needs_faiss if kind == FAISS else ()) for kind in KINDS]
APPROXIMATE_KINDS = EVERY_KIND[1:]


def clustered(count, width, clusters, seed):
    """Points around random centres, as items of a few tastes are."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((clusters, width))
    points = centres[random.integers(0, clusters, count)] + 0.5 * random.standard_normal((count, width))
    return points.astype(np.float32)


def scattered(count, width, seed):
    """Points in all directions: nothing is near to anything."""
    return np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)


def like_items(count, width, seed):
    """As collaborative vectors are: falling weights of the dimensions, and items that nobody took up, all zeros."""
    vectors = clustered(count, width, 30, seed) / np.sqrt(np.arange(1, width + 1, dtype=np.float32))
    vectors[::17] = 0.0
    return unit_length(vectors)


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
@pytest.mark.parametrize(
    ("vectors", "least"),
    [
        pytest.param(clustered(2000, 64, 30, 1), 0.97, id="clustered"),
        pytest.param(scattered(2000, 16, 2), 0.95, id="random"),
        pytest.param(like_items(2000, 64, 3), 0.97, id="like items"),
    ],
)
def test_all_kinds_agree_with_the_exact_one(kind, vectors, least):
    queries = vectors[vectors.any(axis=1)][::20]
    true, _ = ExactIndex(vectors).neighbours(queries, 50)
    found, _ = build_index(kind, vectors, 0).neighbours(queries, 50)
    recall = np.mean([len(np.intersect1d(a, b)) / 50 for a, b in zip(true, found, strict=True)])
    assert recall >= least


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_similarities_are_cosines_and_fall(kind):
    vectors = clustered(100, 8, 5, 3)
    rows, similarities = build_index(kind, vectors, 0).neighbours(3 * vectors[:10], 20)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = np.take_along_axis(unit[:10] @ unit.T, rows, axis=1)
    np.testing.assert_allclose(similarities, expected, atol=1e-4)
    assert (np.diff(similarities, axis=1) <= 1e-6).all()
    assert rows[:, 0].tolist() == list(range(10)), "nothing is nearer to an item than itself"
    assert (rows.dtype, similarities.dtype) == (np.int64, np.float32)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_where_fewer_are_found_the_rest_is_minus_one(kind):
    rows, similarities = build_index(kind, clustered(3, 8, 1, 0), 0).neighbours(clustered(2, 8, 1, 0), 5)
    assert rows.shape == similarities.shape == (2, 5)
    assert (rows[:, 3:] == -1).all()
    assert (similarities[:, 3:] == 0).all()
    assert (np.sort(rows[:, :3], axis=1) == [0, 1, 2]).all()


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_twins_are_all_found_and_none_twice(kind):
    vectors = np.repeat(clustered(20, 8, 20, 5), 10, axis=0)
    rows, similarities = build_index(kind, vectors, 0).neighbours(vectors[::10], 10)
    assert np.sort(rows, axis=1).tolist() == [list(range(10 * i, 10 * i + 10)) for i in range(20)]
    np.testing.assert_allclose(similarities, 1.0, atol=1e-4)


def test_the_exact_index_orders_equals_by_row_also_where_the_list_is_cut():
    vectors = np.ones((30, 4), dtype=np.float32)
    vectors[20] = [1, 0, 0, 0]
    rows, _ = ExactIndex(vectors).neighbours(np.ones((1, 4), dtype=np.float32), 25)
    assert rows[0].tolist() == [*range(20), *range(21, 26)]


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_vector_of_zeros_is_like_nothing(kind):
    vectors = clustered(60, 8, 5, 4)
    vectors[7] = 0.0
    index = build_index(kind, vectors, 0)
    _, similarities = index.neighbours(vectors[7:8], 5)
    np.testing.assert_allclose(similarities, 0.0, atol=1e-6)
    rows, similarities = index.neighbours(vectors[:1], 60)
    np.testing.assert_allclose(similarities[rows == 7], 0.0, atol=1e-6)
    assert rows[0, 0] == 0


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_no_queries_give_no_rows(kind):
    rows, similarities = build_index(kind, clustered(30, 8, 5, 4), 0).neighbours(np.empty((0, 8), np.float32), 5)
    assert rows.shape == similarities.shape == (0, 5)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_the_same_seed_builds_the_same_index(kind):
    vectors = clustered(1500, 16, 40, 0)
    first, again = (build_index(kind, vectors, 7).neighbours(vectors[:50], 10) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])


def test_nearest_others_leave_the_item_itself_and_opposites_out():
    vectors = np.array([[1, 0], [1, 0], [0.9, 0.1], [-1, 0], [0, 0]], dtype=np.float32)
    rows, similarities = nearest_others(ExactIndex(vectors), vectors)
    assert rows[0][rows[0] >= 0].tolist() == [1, 2]
    assert rows[1][rows[1] >= 0].tolist() == [0, 2], "a twin is a neighbour, the item itself is not"
    assert (rows[4] == -1).all(), "an item without a direction has no neighbours"
    assert (similarities[rows < 0] == 0).all()


# --------------------------------------------------------------------------------------------------- recall and choice


class FindsHalf:
    """Finds every second of the true neighbours."""

    def __init__(self, vectors, seed=0):
        self.exact = ExactIndex(vectors)

    build = classmethod(lambda cls, vectors, seed: cls(vectors))

    def neighbours(self, vectors, limit):
        rows, similarities = self.exact.neighbours(vectors, limit)
        rows[:, 1::2] = -1
        return rows, similarities


def test_recall_is_the_share_of_true_neighbours():
    vectors = clustered(300, 8, 10, 0)
    assert recall_of(ExactIndex(vectors), vectors, seed=0) == 1.0
    assert recall_of(FindsHalf(vectors), vectors, seed=0) == 0.5


def test_recall_does_not_blame_a_choice_among_equals():
    vectors = np.repeat(clustered(3, 8, 3, 0), 50, axis=0)
    other_way_round = ExactIndex(vectors[::-1])

    class LastFirst:
        def neighbours(self, queries, limit):
            rows, similarities = other_way_round.neighbours(queries, limit)
            return len(vectors) - 1 - rows, similarities

    assert recall_of(LastFirst(), vectors, seed=0, depth=20) == 1.0


def test_recall_of_nothing_is_whole():
    assert recall_of(ExactIndex(np.zeros((5, 4), np.float32)), np.zeros((5, 4), np.float32), seed=0) == 1.0


def test_a_small_catalogue_is_scanned():
    vectors = clustered(200, 8, 10, 0)
    chosen = choose_index(vectors, IndexWish(exact_up_to=200), seed=0)
    assert (chosen.kind, chosen.recall) == (EXACT, 1.0)
    assert choose_index(vectors, IndexWish(exact_up_to=199), seed=0).kind != EXACT


@needs_faiss
def test_of_the_kinds_that_find_enough_the_fastest_is_taken():
    chosen = choose_index(clustered(500, 16, 10, 0), IndexWish(exact_up_to=100), seed=0)
    assert isinstance(chosen.index, FaissIndex)
    assert chosen.kind == FAISS
    assert chosen.recall >= 0.95


def test_without_the_extra_annoy_stands_in(monkeypatch):
    monkeypatch.setattr(choosing, "is_installed", lambda kind: kind != FAISS)
    chosen = choose_index(clustered(500, 16, 10, 0), IndexWish(exact_up_to=100), seed=0)
    assert isinstance(chosen.index, AnnoyIndex)


def test_a_kind_that_finds_too_little_is_passed_over(monkeypatch):
    monkeypatch.setattr(choosing, "is_installed", lambda kind: True)
    monkeypatch.setitem(choosing.APPROXIMATE, FAISS, FindsHalf)
    vectors = clustered(500, 16, 10, 0)
    assert choose_index(vectors, IndexWish(exact_up_to=100), seed=0).kind == ANNOY
    monkeypatch.setitem(choosing.APPROXIMATE, ANNOY, FindsHalf)
    assert choose_index(vectors, IndexWish(exact_up_to=100), seed=0).kind == EXACT


def test_a_kind_asked_for_by_name_is_taken_and_told_off(monkeypatch, caplog):
    monkeypatch.setitem(choosing.APPROXIMATE, ANNOY, FindsHalf)
    chosen = choose_index(clustered(500, 16, 10, 0), IndexWish(ANNOY), seed=0)
    assert (chosen.kind, chosen.recall) == (ANNOY, 0.5)
    assert "finds 0.500 of the neighbours, not 0.950" in caplog.text


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(LibraryMissing, match=r"marquee\[faiss\]"):
        choose_index(clustered(50, 8, 3, 0), IndexWish(FAISS), seed=0)
