"""Similar items with every kind of index: whatever the filter leaves, the nearest of it come back."""

from dataclasses import replace

import numpy as np
import pytest

from domain.catalogue import Catalogue
from domain.items import Item, Kind
from infrastructure.generators.item_neighbours import CollaborativeGenerator
from infrastructure.retrieval.choosing import IndexWish
from infrastructure.retrieval.exact_index import unit_length
from infrastructure.retrieval.indexed_items import IndexedItems
from infrastructure.retrieval.kinds import FAISS, KINDS, is_installed
from tests.unit.generators.models import model_of

SIZE = 1500
VECTORS = unit_length(np.random.default_rng(0).standard_normal((SIZE, 16)).astype(np.float32))
needs_faiss = pytest.mark.skipif(not is_installed(FAISS), reason="the extra faiss is not installed")


@pytest.fixture(scope="module")
def catalogue():
    return Catalogue.of(Item(Kind.MOVIE, f"Film {i}", id=i + 1) for i in range(SIZE))


@pytest.fixture(scope="module")
def model():
    return model_of({i + 1: tuple(vector) for i, vector in enumerate(VECTORS)}, {1: 2}, {2: 2})


@pytest.fixture(scope="module", params=[pytest.param(k, marks=needs_faiss if k == FAISS else ()) for k in KINDS])
def voice(request, catalogue, model):
    indexed = IndexedItems.of(catalogue.ids, VECTORS, IndexWish(request.param), seed=0)
    return CollaborativeGenerator(catalogue, replace(model, indexed=indexed))


def nearest(position, eligible, limit):
    """Positions by a plain sort, most similar first; only what is similar at all."""
    similarities = np.where(eligible, VECTORS @ VECTORS[position], -1.0)
    similarities[position] = -1.0
    order = np.argsort(-similarities)[:limit]
    return order[similarities[order] > 0]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05])
def test_a_narrow_filter_costs_no_neighbour(voice, share):
    eligible = np.random.default_rng(1).random(SIZE) < share
    for position in (0, 700, 1499):
        found = voice.similar(position, eligible, 100)
        assert found.positions.tolist() == nearest(position, eligible, 100).tolist()
        np.testing.assert_allclose(found.scores, (VECTORS @ VECTORS[position])[found.positions], atol=1e-4)


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_wide_filter_leaves_nearly_all_neighbours(voice, share):
    eligible = np.random.default_rng(1).random(SIZE) < share
    shares = [
        np.isin(voice.similar(position, eligible, 20).positions, nearest(position, eligible, 20)).mean()
        for position in range(0, 500, 10)
    ]
    assert np.mean(shares) >= 0.95
