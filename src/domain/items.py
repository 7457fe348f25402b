"""Items: what is recommended. A film, a track or a course."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    MOVIE = "movie"
    TRACK = "track"
    COURSE = "course"


@dataclass(eq=False)
class Item:
    """One title of the catalogue. `rating_count` and `rating_sum` are kept by the storage of ratings."""

    kind: Kind
    title: str
    id: int | None = None
    external_id: str | None = None
    year: int | None = None
    genres: Sequence[str] = ()
    tags: Sequence[str] = ()
    creators: Sequence[str] = ()
    description: str | None = None
    language: str | None = None
    poster_url: str | None = None
    rating_count: int = field(default=0)
    rating_sum: float = field(default=0.0)

    @property
    def rating_mean(self) -> float | None:
        return self.rating_sum / self.rating_count if self.rating_count else None


class ItemSort(StrEnum):
    """Orders of a catalogue page; `-` puts the largest first. Ties go by id."""

    ID = "id"
    TITLE = "title"
    YEAR = "year"
    YEAR_DESCENDING = "-year"
    RATING_COUNT_DESCENDING = "-rating_count"
    RATING_MEAN_DESCENDING = "-rating_mean"


@dataclass(frozen=True)
class ItemSearch:
    """What a catalogue page is restricted to. Every given field must match; `text` is sought in the title."""

    kind: Kind | None = None
    text: str | None = None
    genre: str | None = None
    tag: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    sort: ItemSort = ItemSort.ID


@dataclass(frozen=True)
class ItemFilter:
    """What a recommendation list is restricted to. Any of the genres and any of the tags will do."""

    kind: Kind | None = Kind.MOVIE
    genres: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    year_from: int | None = None
    exclude: frozenset[int] = frozenset()
