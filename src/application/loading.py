"""Loading a data set into the store, whole or not at all, and going on where a killed load stopped."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from domain.ports.datasets import Dataset, DatasetCounts, DatasetSource
from domain.ports.services import Clock, Progress
from domain.ports.storage import BulkStore

T = TypeVar("T")

#: rows that are stored in one transaction
BATCH_SIZE = 20_000


@dataclass(frozen=True)
class LoadReport:
    """What a load came to: the rows of the data set, and how many of them were stored before.

    `skipped` says that all of it was loaded already; `resumed_after` is the number of ratings that an interrupted load
    had stored.
    """

    dataset: str
    source: str
    items: int
    users: int
    ratings: int
    skipped: bool = False
    resumed_after: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class LoadDataset:
    """Load a data set, by name or path; `reset` empties the store first, once the new data set is known to be sound.

    Nothing is written before every row has been checked. Loading a data set twice changes nothing; a load that was
    killed is taken up where it stopped. Raises `DatasetUnavailable`, `MalformedDataset`, `DatasetConflict`.
    """

    source: DatasetSource
    store: BulkStore
    clock: Clock
    progress: Progress

    def __call__(self, name: str, reset: bool = False) -> LoadReport:
        published = self.source.find_counts(name)
        # A published name always means the same rows, so there is nothing to fetch and compare.
        if published is not None and not reset and name in self.store.loaded():
            return self._already_loaded(name, "the database", published)
        started = self.clock.now()
        dataset = self.fetch(name)
        if reset:
            self.store.reset()
        cursor = self.store.open_load(dataset.name, dataset.fingerprint)
        if cursor.finished:
            return self._already_loaded(dataset.name, dataset.source, dataset.counts)
        done, counts = cursor.ratings_done, dataset.counts
        self._store(dataset, started, done)
        return LoadReport(
            dataset=dataset.name,
            source=dataset.source,
            items=counts.items,
            users=counts.users,
            ratings=counts.ratings,
            resumed_after=done,
            seconds=(self.clock.now() - started).total_seconds(),
        )

    def fetch(self, name: str) -> Dataset:
        """Find the data set and check every row of it, and store nothing."""
        return self.source.fetch(name)

    def _store(self, dataset: Dataset, created_at: datetime, done: int) -> None:
        if done:
            self.progress.say(f"{dataset.name}: going on after {done:,} ratings that are stored already")
        for items in batches(dataset.items(), BATCH_SIZE):
            self.store.put_items(dataset.name, items)
        for users in batches(dataset.users(created_at), BATCH_SIZE):
            self.store.put_users(dataset.name, users)
        left = self.progress.track(dataset.ratings(done), f"Loading {dataset.name}", dataset.counts.ratings - done)
        for ratings in batches(left, BATCH_SIZE):
            self.store.put_ratings(dataset.name, ratings)
        self.store.finish_load(dataset.name)

    def _already_loaded(self, dataset: str, source: str, counts: DatasetCounts) -> LoadReport:
        self.progress.say(f"{dataset} is loaded already; nothing was changed")
        return LoadReport(dataset, source, counts.items, counts.users, counts.ratings, skipped=True)


def batches(entries: Iterable[T], size: int) -> Iterator[list[T]]:
    """The entries in lists of `size`, the last one shorter."""
    rest = iter(entries)
    while batch := list(islice(rest, size)):
        yield batch
