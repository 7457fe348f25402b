"""The catalogue as columns: what generators and rankers index by position instead of by id."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from domain.events import Interactions
from domain.items import Item, ItemFilter, Kind

KINDS = tuple(Kind)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All items at one revision, as columns of length n in ascending order of id.

    A *position* is an index into these columns. Positions are valid for this revision alone; ids are for ever.
    """

    revision: int
    ids: NDArray[np.int64]  # [n], strictly ascending
    kinds: NDArray[np.uint8]  # [n], index into KINDS
    years: NDArray[np.int16]  # [n], 0 where unknown
    titles: tuple[str, ...]
    texts: tuple[str, ...]  # description and creators, for content features
    genre_names: tuple[str, ...]  # [G], sorted
    genres: NDArray[np.bool_]  # [n, G]
    tagged: dict[str, NDArray[np.int64]]  # casefolded tag -> ascending positions
    rating_counts: NDArray[np.int64]  # [n]
    rating_means: NDArray[np.float32]  # [n], 0 where there is no rating

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, items: Iterable[Item], revision: int = 0) -> "Catalogue":
        """Build the columns from stored items (each has an id)."""
        rows = sorted(items, key=_id_of)
        genre_names = tuple(sorted({genre for item in rows for genre in item.genres}))
        column = {genre: g for g, genre in enumerate(genre_names)}
        genres = np.zeros((len(rows), len(genre_names)), dtype=np.bool_)
        tagged: dict[str, list[int]] = {}
        for position, item in enumerate(rows):
            genres[position, [column[genre] for genre in item.genres]] = True
            for tag in {tag.casefold() for tag in item.tags}:
                tagged.setdefault(tag, []).append(position)
        return cls(
            revision=revision,
            ids=np.array([item.id for item in rows], dtype=np.int64),
            kinds=np.array([KINDS.index(item.kind) for item in rows], dtype=np.uint8),
            years=np.array([item.year or 0 for item in rows], dtype=np.int16),
            titles=tuple(item.title for item in rows),
            texts=tuple(" ".join([item.description or "", *item.creators]).strip() for item in rows),
            genre_names=genre_names,
            genres=genres,
            tagged={tag: np.array(positions, dtype=np.int64) for tag, positions in tagged.items()},
            rating_counts=np.array([item.rating_count for item in rows], dtype=np.int64),
            rating_means=np.array([item.rating_mean or 0.0 for item in rows], dtype=np.float32),
        )

    def counting(self, interactions: Interactions) -> "Catalogue":
        """The same items with rating counts and means of the given interactions alone.

        Evaluation needs it: stored counts include the events that are held out.
        """
        positions = self.positions(interactions.item_ids)
        known = positions >= 0
        counts = np.bincount(positions[known], minlength=len(self.ids)).astype(np.int64)
        sums = np.bincount(positions[known], weights=interactions.ratings[known], minlength=len(self.ids))
        means = (sums / np.maximum(counts, 1)).astype(np.float32)
        return replace(self, rating_counts=counts, rating_means=means)

    def positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of the given ids, -1 where the catalogue does not have one. Same shape as `ids`."""
        if not len(self.ids):
            return np.full(len(ids), -1, dtype=np.int64)
        found = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[found] == ids, found, -1).astype(np.int64)

    def known_positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of those of the given ids that the catalogue has, in the order given."""
        positions = self.positions(ids)
        return positions[positions >= 0]

    def matching(self, wanted: ItemFilter) -> NDArray[np.bool_]:
        """[n] True where an item passes the filter."""
        mask = np.ones(len(self.ids), dtype=np.bool_)
        if wanted.kind is not None:
            mask &= self.kinds == KINDS.index(wanted.kind)
        if wanted.genres:
            mask &= self.with_any_genre(self.spelt_as_here(wanted.genres))
        if wanted.tags:
            mask &= self._tagged_with_any(wanted.tags)
        if wanted.year_from is not None:
            mask &= self.years >= wanted.year_from
        if wanted.exclude:
            mask[self.known_positions(np.array(sorted(wanted.exclude), dtype=np.int64))] = False
        return mask

    def spelt_as_here(self, genres: frozenset[str]) -> frozenset[str]:
        """Those of the genres that some item has, in the catalogue's spelling; case does not matter."""
        wanted = {genre.casefold() for genre in genres}
        return frozenset(genre for genre in self.genre_names if genre.casefold() in wanted)

    def with_any_genre(self, genres: frozenset[str]) -> NDArray[np.bool_]:
        """[n] True where an item has one of the genres."""
        if not genres:
            return np.zeros(len(self.ids), dtype=np.bool_)
        columns = [g for g, genre in enumerate(self.genre_names) if genre in genres]
        return np.asarray(self.genres[:, columns].any(axis=1), dtype=np.bool_)

    def _tagged_with_any(self, tags: frozenset[str]) -> NDArray[np.bool_]:
        mask = np.zeros(len(self.ids), dtype=np.bool_)
        for tag in tags:
            mask[self.tagged.get(tag.casefold(), np.empty(0, dtype=np.int64))] = True
        return mask


def _id_of(item: Item) -> int:
    if item.id is None:
        raise ValueError("an item without an id cannot stand in the catalogue")
    return item.id
