from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from application import loading
from application.loading import LoadDataset, LoadReport
from domain.errors import DatasetConflict, MalformedDataset
from domain.events import Rating
from domain.items import Item, Kind
from domain.ports.datasets import DatasetCounts
from domain.users import User
from tests.unit.datasets.samples import FakeProgress

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


class FakeClock:
    """Goes on by a second with every look at it."""

    def __init__(self) -> None:
        self.time = START - timedelta(seconds=1)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@dataclass
class FakeDataset:
    name: str = "tiny"
    fingerprint: str = "f1"
    source: str = "a test"
    rows: int = 50

    @property
    def counts(self) -> DatasetCounts:
        return DatasetCounts(items=self.rows, users=2, ratings=self.rows)

    def items(self):
        return (Item(Kind.MOVIE, f"Film {id_}", id=id_) for id_ in range(1, self.rows + 1))

    def users(self, created_at):
        return (User(f"tiny-{id_}", created_at, id=id_, origin="tiny") for id_ in (1, 2))

    def ratings(self, start=0):
        return (Rating(1 + row % 2, row + 1, 4.0, row) for row in range(start, self.rows))


@dataclass
class FakeSource:
    dataset: FakeDataset
    published: frozenset[str] = frozenset()
    fetched: list[str] = field(default_factory=list)

    def find_counts(self, name):
        return self.dataset.counts if name in self.published else None

    def fetch(self, name):
        self.fetched.append(name)
        return self.dataset


class BrokenSource:
    def find_counts(self, name):
        return None

    def fetch(self, name):
        raise MalformedDataset("row 7 is bad")


@dataclass
class FakeCursor:
    fingerprint: str
    ratings_done: int = 0
    finished: bool = False


class Killed(BaseException):
    """Stands for the death of the process."""


class FakeBulkStore:
    """Keeps rows and cursors in memory; dies before the given batch of ratings."""

    def __init__(self, dies_before_batch: int | None = None) -> None:
        self.items: dict[int, Item] = {}
        self.users: dict[int, User] = {}
        self.ratings: list[Rating] = []
        self.cursors: dict[str, FakeCursor] = {}
        self.batches: list[int] = []
        self.calls: list[str] = []
        self.dies_before_batch = dies_before_batch

    def open_load(self, dataset: str, fingerprint: str) -> FakeCursor:
        self.calls.append("open_load")
        cursor = self.cursors.setdefault(dataset, FakeCursor(fingerprint))
        if len(self.cursors) > 1 or cursor.fingerprint != fingerprint:
            raise DatasetConflict("another data set is loaded")
        return cursor

    def put_items(self, dataset: str, items: Sequence[Item]) -> None:
        self.calls.append("put_items")
        for item in items:
            self.items.setdefault(item.id, item)

    def put_users(self, dataset: str, users: Sequence[User]) -> None:
        self.calls.append("put_users")
        for user in users:
            self.users.setdefault(user.id, user)

    def put_ratings(self, dataset: str, ratings) -> None:
        if len(self.batches) == self.dies_before_batch:
            raise Killed
        batch = list(ratings)
        self.calls.append("put_ratings")
        self.batches.append(len(batch))
        self.ratings.extend(batch)
        self.cursors[dataset].ratings_done += len(batch)

    def finish_load(self, dataset: str) -> None:
        self.calls.append("finish_load")
        self.cursors[dataset].finished = True

    def loaded(self) -> Sequence[str]:
        return [name for name, cursor in self.cursors.items() if cursor.finished]

    def reset(self) -> None:
        self.calls.append("reset")
        for rows in (self.items, self.users, self.ratings, self.cursors):
            rows.clear()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(loading, "BATCH_SIZE", 20)


def loader(store, source=None, progress=None):
    return LoadDataset(source or FakeSource(FakeDataset()), store, FakeClock(), progress or FakeProgress())


def test_a_data_set_is_stored_in_batches_and_then_finished():
    store = FakeBulkStore()
    report = loader(store)("tiny")
    assert report == LoadReport("tiny", "a test", items=50, users=2, ratings=50, seconds=1.0)
    assert store.calls == ["open_load", *["put_items"] * 3, "put_users", *["put_ratings"] * 3, "finish_load"]
    assert store.batches == [20, 20, 10]
    assert [rating.item_id for rating in store.ratings] == list(range(1, 51))
    assert {user.created_at for user in store.users.values()} == {START}


def test_loading_twice_changes_nothing_and_says_so():
    store, progress = FakeBulkStore(), FakeProgress()
    loader(store)("/data/tiny.zip")
    calls = len(store.calls)
    report = loader(store, progress=progress)("/data/tiny.zip")
    assert report.skipped
    assert (report.items, report.users, report.ratings) == (50, 2, 50)
    assert store.calls[calls:] == ["open_load"]
    assert progress.lines == ["tiny is loaded already; nothing was changed"]


def test_a_published_data_set_that_is_loaded_is_not_even_fetched():
    store, source = FakeBulkStore(), FakeSource(FakeDataset(), frozenset({"tiny"}))
    loader(store, source)("tiny")
    report = loader(store, source)("tiny")
    assert report.skipped
    assert source.fetched == ["tiny"]


@pytest.mark.parametrize("batch", [0, 1, 2])
def test_a_killed_load_goes_on_where_it_stopped(batch):
    store = FakeBulkStore(dies_before_batch=batch)
    with pytest.raises(Killed):
        loader(store)("tiny")
    assert store.loaded() == []
    store.dies_before_batch = None
    report = loader(store)("tiny")
    assert report.resumed_after == 20 * batch
    assert not report.skipped
    assert [rating.item_id for rating in store.ratings] == list(range(1, 51))
    assert (len(store.items), len(store.users)) == (50, 2)
    assert store.loaded() == ["tiny"]


def test_a_load_that_was_killed_before_it_finished_is_finished():
    store = FakeBulkStore()
    store.cursors["tiny"] = FakeCursor("f1", ratings_done=50)
    assert loader(store)("tiny").resumed_after == 50
    assert store.batches == []
    assert store.loaded() == ["tiny"]


def test_progress_counts_what_is_left_to_store():
    progress = FakeProgress()
    store = FakeBulkStore()
    store.cursors["tiny"] = FakeCursor("f1", ratings_done=20)
    loader(store, progress=progress)("tiny")
    assert progress.tracked == [("Loading tiny", 30)]
    assert progress.lines == ["tiny: going on after 20 ratings that are stored already"]


def test_a_reset_empties_the_store_first_and_loads_again():
    store, source = FakeBulkStore(), FakeSource(FakeDataset(), frozenset({"tiny"}))
    loader(store, source)("tiny")
    source.dataset = FakeDataset(fingerprint="f2", rows=30)
    store.calls.clear()
    report = loader(store, source)("tiny", reset=True)
    assert store.calls[:2] == ["reset", "open_load"]
    assert (report.ratings, len(store.ratings), report.skipped) == (30, 30, False)


@pytest.mark.parametrize("reset", [False, True])
def test_a_malformed_data_set_touches_nothing(reset):
    store = FakeBulkStore()
    loader(store)("tiny")
    store.calls.clear()
    with pytest.raises(MalformedDataset):
        loader(store, BrokenSource())("bad.zip", reset=reset)
    assert store.calls == []
    assert len(store.ratings) == 50


def test_other_contents_of_the_same_name_are_refused():
    store = FakeBulkStore()
    loader(store)("tiny.zip")
    with pytest.raises(DatasetConflict):
        loader(store, FakeSource(FakeDataset(fingerprint="f2")))("tiny.zip")
    assert len(store.ratings) == 50


def test_fetching_alone_stores_nothing():
    store = FakeBulkStore()
    assert loader(store).fetch("tiny").name == "tiny"
    assert store.calls == []
