from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from domain.catalogue import Catalogue
from domain.errors import ArtifactDamaged, NothingToIndex
from domain.items import Item, Kind
from infrastructure.learning.indexer import CatalogueIndexer
from infrastructure.learning.lineup import build_lineup
from infrastructure.learning.manifest import MANIFEST, Manifest
from infrastructure.learning.recipes.trending import TrendingRecipe
from infrastructure.learning.registry import FileModelRegistry
from infrastructure.retrieval.choosing import IndexWish
from infrastructure.retrieval.kinds import ANNOY, EXACT
from tests.unit.learning import worlds

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEW = 5000
RECIPE = TrendingRecipe()


@pytest.fixture(scope="module")
def trained():
    return worlds.train(worlds.world(), RECIPE)


@pytest.fixture
def models(tmp_path, trained):
    models = FileModelRegistry(tmp_path)
    worlds.serve(models, models.publish(trained, worlds.config_of(RECIPE), "data-1", NOW).version)
    return models


def grown(*new):
    """The catalogue of the training with more items."""
    old = worlds.catalogue()
    items = [
        Item(Kind.MOVIE, title, id=int(i), genres=tuple(np.array(old.genre_names)[genres]))
        for i, title, genres in zip(old.ids, old.titles, old.genres, strict=True)
    ]
    return Catalogue.of([*items, *new], revision=1)


WESTERN = Item(Kind.MOVIE, "Western tale of late", id=NEW, genres=("Western",))


def similar_to(models, catalogue, item_id):
    """Ids of what is like an item by ratings alone, best first."""
    lineup = build_lineup(catalogue, models.load_champion())
    position = int(catalogue.positions(np.array([item_id]))[0])
    found = lineup.similar_by_ratings.similar(position, np.ones(len(catalogue), dtype=bool), 25)
    return catalogue.ids[found.positions]


def test_a_new_title_is_found_and_finds_once_the_index_has_been_rebuilt(models):
    catalogue = grown(WESTERN)
    assert len(similar_to(models, catalogue, NEW)) == 0
    index = CatalogueIndexer(models, IndexWish())(catalogue, NOW).index
    assert (index.generation, index.items, index.placed) == (2, 81, 1)
    near = similar_to(models, catalogue, NEW)
    westerns = catalogue.ids[catalogue.with_any_genre(frozenset({"Western"}))]
    assert np.isin(near[:10], westerns).all()
    assert NEW in similar_to(models, catalogue, near[0])


def test_what_the_ratings_said_stays_as_it_was(models):
    catalogue = grown()
    before = [similar_to(models, catalogue, item).tolist() for item in (10, 300, 800)]
    CatalogueIndexer(models, IndexWish())(catalogue, NOW)
    assert [similar_to(models, catalogue, item).tolist() for item in (10, 300, 800)] == before


def test_a_title_that_has_gone_is_in_the_index_no_more(models):
    catalogue = Catalogue.of([Item(Kind.MOVIE, f"Film {i}", id=i) for i in (10, 20, 30)], revision=1)
    assert CatalogueIndexer(models, IndexWish())(catalogue, NOW).index.items == 3
    assert set(similar_to(models, catalogue, 10)) <= {20, 30}


def test_the_present_settings_choose_the_kind(models):
    kinds = [
        CatalogueIndexer(models, wish)(grown(), NOW).index.kind
        for wish in (IndexWish(ANNOY), IndexWish(exact_up_to=80), IndexWish(exact_up_to=79, recall=0.5))
    ]
    assert kinds[:2] == [ANNOY, EXACT]
    assert kinds[2] != EXACT


def test_without_a_model_there_is_nothing_to_index(tmp_path):
    with pytest.raises(NothingToIndex):
        CatalogueIndexer(FileModelRegistry(tmp_path / "empty"), IndexWish())(grown(), NOW)


def test_a_damaged_index_is_mended_and_damaged_vectors_are_refused(models, tmp_path):
    folder = tmp_path / models.find_champion().version
    (folder / "index_1.safetensors").write_bytes(b"scratched")
    with pytest.raises(ArtifactDamaged):
        models.load_champion()
    CatalogueIndexer(models, IndexWish())(grown(), NOW)
    assert models.load_champion().version.index.generation == 2
    (folder / "vectors.safetensors").write_bytes(b"scratched")
    with pytest.raises(ArtifactDamaged):
        CatalogueIndexer(models, IndexWish())(grown(), NOW)


def test_a_manifest_without_vectors_is_refused(models, tmp_path):
    folder = tmp_path / models.find_champion().version
    manifest = Manifest.read(folder)
    (folder / MANIFEST).write_bytes(replace(manifest, files={}).encoded())
    with pytest.raises(ArtifactDamaged):
        CatalogueIndexer(models, IndexWish())(grown(), NOW)
