"""Ports of data sets: where rated catalogues come in, and where interactions go out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from domain.events import Interactions, Rating
from domain.items import Item
from domain.users import User


@dataclass(frozen=True)
class DatasetCounts:
    """How many rows a data set has of each sort."""

    items: int
    users: int
    ratings: int

    def __str__(self) -> str:
        return f"{self.items:,} items, {self.users:,} users and {self.ratings:,} ratings"


class Dataset(Protocol):
    """A data set that has been read through once and found sound. Every call of a method reads it anew."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the contents, in hexadecimal digits; the same for a zip and for the folder it was made from."""
        ...

    @property
    def source(self) -> str:
        """Where it came from, in words."""
        ...

    @property
    def counts(self) -> DatasetCounts: ...

    def items(self) -> Iterator[Item]:
        """Every item, with its id."""
        ...

    def users(self, created_at: datetime) -> Iterator[User]:
        """Every user as an account that cannot sign in, with its id."""
        ...

    def ratings(self, start: int = 0) -> Iterator[Rating]:
        """Ratings in the order of the source, the first `start` of them left out."""
        ...


class DatasetSource(Protocol):
    def fetch(self, name: str) -> Dataset:
        """The data set of a published name or a path. Raises `DatasetUnavailable`, `MalformedDataset`."""
        ...

    def find_counts(self, name: str) -> DatasetCounts | None:
        """How many rows the published data set of this name has, known without fetching it; None for a path."""
        ...


class InteractionWriter(Protocol):
    def write(self, interactions: Interactions, path: Path) -> None:
        """Write one row an interaction, the whole file or none of it. Raises `UnsupportedFormat`."""
        ...
