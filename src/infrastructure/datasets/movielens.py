"""MovieLens data sets: read through once to find every malformed row, then as often as they are wanted."""

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from math import isfinite
from typing import TypeVar

import numpy as np

from domain.events import RATING_MAX, RATING_MIN, Rating
from domain.items import Item
from domain.ports.datasets import DatasetCounts
from domain.ports.services import Progress
from domain.users import Demographics, User
from infrastructure.datasets.archive import Archive
from infrastructure.datasets.layouts import Layout, find_layout
from infrastructure.datasets.rows import BadRow, Problems, Table, numbered_lines, read_id, read_time, shown

T = TypeVar("T")

#: the scale, as its values are usually written
_SCALE = {
    text.encode(): value
    for value in (step / 2 for step in range(int(RATING_MIN * 2), int(RATING_MAX * 2) + 1))
    for text in {f"{value:g}", f"{value:.1f}"}
}

RatingRow = tuple[int, int, int, float, int]  # line, user, item, value, unix seconds


@dataclass(frozen=True)
class KnownIds:
    """Ids that ratings may refer to, by their usual spelling in the file."""

    users: Mapping[bytes, int]
    items: Mapping[bytes, int]


@dataclass(frozen=True)
class MovieLensReader:
    """Reads the files of one archive in one layout; whatever cannot be read goes to the `problems` at hand."""

    archive: Archive
    layout: Layout
    folder: str

    def items(self, problems: Problems) -> Iterator[tuple[int, Item]]:
        genres = self.layout.genre_names(self.archive, self.folder, problems)
        yield from self._unique(self.layout.items, lambda row: self.layout.read_item(row, genres), problems)

    def users(self, problems: Problems) -> Iterator[tuple[int, Demographics]]:
        yield from self._unique(self.layout.users, self.layout.read_user, problems)

    def ratings(self, known: KnownIds, problems: Problems) -> Iterator[RatingRow]:
        table = self.layout.ratings
        separator = table.separator.encode()
        users, items = known.users, known.items
        for number, line in numbered_lines(table, self.archive, self.folder + table.file, problems):
            fields = line.split(separator)
            # Nearly every row of a million passes here; the careful reading below is for the others.
            if len(fields) == 4:
                user, item, value = users.get(fields[0]), items.get(fields[1]), _SCALE.get(fields[2])
                time = fields[3]
                if user is not None and item is not None and value is not None and time.isdigit() and len(time) < 11:
                    yield number, user, item, value, int(time)
                    continue
            try:
                yield number, *_read_rating(fields, known)
            except BadRow as bad:
                problems.add(table.file, number, str(bad))

    def _unique(
        self, table: Table, read: Callable[[list[str]], tuple[int, T]], problems: Problems
    ) -> Iterator[tuple[int, T]]:
        lines: dict[int, int] = {}
        for number, row in table.rows(self.archive, self.folder + table.file, problems):
            try:
                id_, entry = read(row)
                if (first := lines.setdefault(id_, number)) != number:
                    raise BadRow(f"id {id_} stands in line {first} already")
            except BadRow as bad:
                problems.add(table.file, number, str(bad))
            else:
                yield id_, entry


@dataclass(frozen=True)
class MovieLensDataset:
    """A sound data set on disk. See `domain.ports.datasets.Dataset`."""

    name: str
    source: str
    fingerprint: str
    counts: DatasetCounts
    reader: MovieLensReader
    known: KnownIds

    def items(self) -> Iterator[Item]:
        for _, item in self._sound(self.reader.items):
            yield item

    def users(self, created_at: datetime) -> Iterator[User]:
        for user_id, who in self._sound(self.reader.users):
            yield User(
                username=f"{self.name}-{user_id}",
                created_at=created_at,
                id=user_id,
                age=who.age,
                gender=who.gender,
                occupation=who.occupation,
                zip_code=who.zip_code,
                origin=self.name,
            )

    def ratings(self, start: int = 0) -> Iterator[Rating]:
        rows = self._sound(lambda problems: self.reader.ratings(self.known, problems))
        for _, user_id, item_id, value, time in islice(rows, start, None):
            yield Rating(user_id, item_id, value, time)

    def _sound(self, read: Callable[[Problems], Iterator[T]]) -> Iterator[T]:
        """What `read` yields, stopping at the first problem: the files have changed since they were found sound."""
        problems = Problems()
        for entry in read(problems):
            problems.raise_if_any(self.name)
            yield entry
        problems.raise_if_any(self.name)


def read_movielens(archive: Archive, name: str, source: str, progress: Progress) -> MovieLensDataset:
    """The data set in the archive, once every row has been looked at. Raises `MalformedDataset`."""
    layout, folder = find_layout(archive)
    reader = MovieLensReader(archive, layout, folder)
    problems = Problems()
    items = {str(item_id).encode(): item_id for item_id, _ in reader.items(problems)}
    users = {str(user_id).encode(): user_id for user_id, _ in reader.users(problems)}
    known = KnownIds(users, items)
    rows = progress.track(reader.ratings(known, problems), f"Checking {name}")
    ratings = _count_unique(rows, layout.ratings.file, problems)
    counts = DatasetCounts(len(items), len(users), ratings)
    _require_rows(layout, counts, problems)
    problems.raise_if_any(name)
    fingerprint = archive.digest([folder + file for file in layout.files])
    return MovieLensDataset(name, source, fingerprint, counts, reader, known)


def _count_unique(rows: Iterator[RatingRow], file: str, problems: Problems) -> int:
    """Count the ratings and note every second one of the same user and item. 16 bytes a rating."""
    keys, lines = array("q"), array("q")
    for number, user_id, item_id, _, _ in rows:
        keys.append(user_id << 32 | item_id)
        lines.append(number)
    pairs, numbers = np.frombuffer(keys, dtype=np.int64), np.frombuffer(lines, dtype=np.int64)
    order = np.argsort(pairs, kind="stable")
    repeated = np.flatnonzero(pairs[order][1:] == pairs[order][:-1]) + 1
    for row in np.sort(order[repeated]):
        user_id, item_id = divmod(int(pairs[row]), 2**32)
        problems.add(file, int(numbers[row]), f"user {user_id} has rated item {item_id} in an earlier line")
    return len(keys)


def _require_rows(layout: Layout, counts: DatasetCounts, problems: Problems) -> None:
    for table, count in ((layout.items, counts.items), (layout.users, counts.users), (layout.ratings, counts.ratings)):
        if not count:
            problems.add(table.file, 0, "holds no row that can be read")


def _read_rating(fields: list[bytes], known: KnownIds) -> tuple[int, int, float, int]:
    if len(fields) != 4:
        raise BadRow(f"has {len(fields)} fields where 4 belong")
    user, item, value, time = (field.decode("latin-1") for field in fields)
    user_id, item_id = read_id(user, "user"), read_id(item, "item")
    if str(user_id).encode() not in known.users:
        raise BadRow(f"there is no user {user_id}")
    if str(item_id).encode() not in known.items:
        raise BadRow(f"there is no item {item_id}")
    return user_id, item_id, _read_value(value), read_time(time)


def _read_value(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise BadRow(f"rating {shown(text)} is not a number") from error
    if not isfinite(value) or not RATING_MIN <= value <= RATING_MAX or not (value * 2).is_integer():
        raise BadRow(f"rating {shown(text)} is not on the scale of {RATING_MIN} to {RATING_MAX:g} in half steps")
    return value
