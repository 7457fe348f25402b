from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from application import loading
from application.loading import LoadDataset
from domain.errors import DatasetConflict, MalformedDataset
from infrastructure.datasets.sources import MovieLensSource
from infrastructure.db.bulk import SqlBulkStore
from infrastructure.db.engine import make_engine
from infrastructure.db.tables import metadata
from tests.integration.datasets.samples import tiny, write_zip
from tests.unit.datasets.samples import FakeProgress


class FakeClock:
    def now(self):
        return datetime(2026, 1, 31, 12, tzinfo=UTC)


class Killed(BaseException):
    """Stands for the death of the process."""


class DyingProgress(FakeProgress):
    """Lets a few rows of the load through, and dies."""

    def track(self, entries, label, total=None):
        for passed, entry in enumerate(super().track(entries, label, total)):
            if label.startswith("Loading") and passed == 3:
                raise Killed
            yield entry


@pytest.fixture
def engine(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'test.db'}")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def load(engine, monkeypatch):
    monkeypatch.setattr(loading, "BATCH_SIZE", 2)

    def load(path, progress=None, **options):
        progress = progress or FakeProgress()
        return LoadDataset(MovieLensSource([], progress), SqlBulkStore(engine), FakeClock(), progress)(
            str(path), **options
        )

    return load


@pytest.fixture
def stored(engine):
    def stored():
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT user_id, item_id, value, timestamp FROM ratings ORDER BY id"))
            counts = connection.execute(text("SELECT id, rating_count FROM items ORDER BY id"))
            return [tuple(row) for row in rows], [tuple(row) for row in counts]

    return stored


WHOLE = (
    [(1, 318, 5.0, 978300760), (1, 29, 3.0, 978302109), (5, 1, 4.0, 978300760), (5, 318, 2.0, 978300761)],
    [(1, 1), (29, 1), (318, 2)],
)


def test_a_data_set_is_stored_whole_and_once(load, stored, tmp_path):
    path = write_zip(tmp_path / "films.zip")
    assert not load(path).skipped
    assert stored() == WHOLE
    assert load(path).skipped
    assert stored() == WHOLE


def test_a_killed_load_goes_on_where_it_stopped(load, stored, tmp_path):
    path = write_zip(tmp_path / "films.zip")
    with pytest.raises(Killed):
        load(path, DyingProgress())
    assert len(stored()[0]) == 2
    assert load(path).resumed_after == 2
    assert stored() == WHOLE


def test_a_malformed_data_set_leaves_the_one_that_is_there(load, stored, tmp_path):
    load(write_zip(tmp_path / "films.zip"))
    bad = write_zip(tmp_path / "bad.zip", tiny() | {"ml-1m/ratings.dat": b"1::318::6::978300760\n"})
    for reset in (False, True):
        with pytest.raises(MalformedDataset):
            load(bad, reset=reset)
    assert stored() == WHOLE


def test_another_data_set_needs_a_reset(load, stored, tmp_path):
    load(write_zip(tmp_path / "films.zip"))
    other = write_zip(tmp_path / "other.zip", tiny() | {"ml-1m/ratings.dat": b"5::29::1::7\n"})
    with pytest.raises(DatasetConflict):
        load(other)
    assert stored() == WHOLE
    load(other, reset=True)
    assert stored() == ([(5, 29, 1.0, 7)], [(1, 0), (29, 1), (318, 0)])


def test_titles_that_a_data_set_holds_twice_are_kept(load, stored, tmp_path):
    twice = tiny() | {"ml-1m/movies.dat": tiny()["ml-1m/movies.dat"] + b"400::Toy Story (1995)::Comedy\n"}
    load(write_zip(tmp_path / "films.zip", twice))
    assert [item_id for item_id, _ in stored()[1]] == [1, 29, 318, 400]
