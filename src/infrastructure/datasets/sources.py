"""Where data sets come from: a path, the cache, a folder of zips, the publisher, a package registry."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import DatasetUnavailable, MalformedDataset
from domain.ports.datasets import Dataset, DatasetCounts
from domain.ports.services import Progress
from infrastructure.datasets.archive import open_archive
from infrastructure.datasets.movielens import MovieLensDataset, read_movielens
from infrastructure.datasets.published import PUBLISHED, PassedOver, Place, Published

RETRY_AFTER = 60


@dataclass(frozen=True)
class DatasetCache:
    """The zips that were downloaded before, and whatever somebody has put beside them."""

    folder: Path
    label: str = "the cache"

    def find(self, wanted: Published) -> Path:
        return _first_existing(self.folder, (wanted.zip_name, wanted.name, *wanted.copies))


@dataclass(frozen=True)
class DatasetFolder:
    """A folder of zips or unpacked data sets that the settings name; None where they name none."""

    folder: Path | None
    label: str = "the folder of MARQUEE_DATASETS"

    def find(self, wanted: Published) -> Path:
        if self.folder is None:
            raise PassedOver("not set")
        return _first_existing(self.folder, (wanted.zip_name, wanted.name))


@dataclass(frozen=True)
class MovieLensSource:
    """Fetches MovieLens by name from the first of the places that has it whole, or from a path.

    A place's copy counts when it has exactly the rows that were published; whether it is the publisher's own zip is
    checked and said. Every place that is passed over is reported in one line with the reason.
    """

    places: Sequence[Place]
    progress: Progress
    published: Mapping[str, Published] = field(default_factory=lambda: PUBLISHED)

    def fetch(self, name: str) -> Dataset:
        """The data set of a published name or a path. Raises `DatasetUnavailable`, `MalformedDataset`."""
        wanted = self.published.get(name)
        return self._from_path(Path(name).expanduser()) if wanted is None else self._from_places(wanted)

    def find_counts(self, name: str) -> DatasetCounts | None:
        """How many rows the published data set of this name has; None for a path."""
        wanted = self.published.get(name)
        return wanted.counts if wanted is not None else None

    def _from_places(self, wanted: Published) -> Dataset:
        malformed: MalformedDataset | None = None
        for place in self.places:
            try:
                path = place.find(wanted)
                dataset = self._read(path, wanted.name, f"{place.label} ({path.name})", wanted)
            except (PassedOver, OSError) as reason:
                self.progress.say(f"{wanted.name}: {place.label}: {reason}")
            except MalformedDataset as error:
                self.progress.say(f"{wanted.name}: {place.label}: {error.message}")
                malformed = malformed or error
            else:
                return dataset
        raise malformed or _unavailable(wanted)

    def _from_path(self, path: Path) -> Dataset:
        if not path.exists():
            names = ", ".join(self.published)
            raise DatasetUnavailable(
                f"There is no data set {str(path)!r}: give {names}, or the path of a zip or folder laid out like them.",
                RETRY_AFTER,
            )
        name = _name_of(path)
        wanted = self.published.get(name)
        try:
            return self._read(path, name, str(path), wanted)
        except PassedOver as reason:
            raise MalformedDataset(f"{path}: {reason}; under another file name it can be loaded as it is.") from reason
        except OSError as error:
            raise DatasetUnavailable(f"{path} cannot be read: {error.strerror}.", RETRY_AFTER) from error

    def _read(self, path: Path, name: str, source: str, wanted: Published | None) -> MovieLensDataset:
        dataset = read_movielens(open_archive(path), name, source, self.progress)
        if wanted is None:
            self.progress.say(f"{name}: read from {source}: {dataset.counts}")
            return dataset
        if dataset.counts != wanted.counts:
            raise PassedOver(f"holds {dataset.counts}, where {wanted.title} has {wanted.counts}")
        what = "the publisher's own file" if wanted.is_own(path) else "not the publisher's own file, but complete"
        self.progress.say(f"{name}: read from {source}, {what}: {dataset.counts}")
        return dataset


def _first_existing(folder: Path, names: Sequence[str]) -> Path:
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise PassedOver(f"no {names[0]} in {folder}")


def _name_of(path: Path) -> str:
    """A data set's name from its path: lower case, with single hyphens for whatever may not stand in a user name."""
    stem = path.resolve().name
    stem = stem[: -len(path.suffix)] if path.is_file() and path.suffix else stem
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:40].strip("-") or "dataset"


def _unavailable(wanted: Published) -> DatasetUnavailable:
    return DatasetUnavailable(
        f"{wanted.title} could not be had from anywhere: download {wanted.zip_name} from "
        f"https://grouplens.org/datasets/movielens/ on a machine that can reach it, then give its path in place of the "
        f"name, or put it into a folder that MARQUEE_DATASETS names.",
        RETRY_AFTER,
    )
