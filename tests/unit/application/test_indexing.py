from datetime import UTC, datetime

import pytest

from application.indexing import RebuildIndex
from domain.catalogue import Catalogue
from domain.errors import NothingToIndex
from domain.items import Item, Kind
from domain.model_versions import IndexReport, ModelVersion
from tests.fakes import FakeClock

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class ThreeFilms:
    def load(self):
        return Catalogue.of(Item(Kind.MOVIE, f"Film {i}", id=i) for i in range(1, 4))


class FakeIndexer:
    """Indexes for the version `v1`, or says that there is none."""

    def __init__(self, model=True):
        self.model = model

    def __call__(self, catalogue, at):
        if not self.model:
            raise NothingToIndex
        index = IndexReport(2, "exact", 1.0, items=len(catalogue), placed=0, built_at=at)
        return ModelVersion("v1", ("ncf",), at, {}, "fingerprint", index=index)


def test_the_catalogue_is_indexed_as_it_is_now():
    version = RebuildIndex(ThreeFilms(), FakeIndexer(), FakeClock(NOON))()
    assert version.index == IndexReport(2, "exact", 1.0, items=3, placed=0, built_at=NOON)


def test_without_a_model_there_is_nothing_to_index():
    with pytest.raises(NothingToIndex):
        RebuildIndex(ThreeFilms(), FakeIndexer(model=False), FakeClock())()
