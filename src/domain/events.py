"""Events: what users did. One by one as entities, many at once as columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATING_MIN, RATING_MAX = 0.5, 5.0
#: ratings from here on count as liked, unless the settings say otherwise
LIKED_FROM = 4.0


@dataclass(eq=False)
class Rating:
    """One user's present opinion of one item; a second rating replaces the first. `timestamp` in unix seconds."""

    user_id: int
    item_id: int
    value: float
    timestamp: int
    id: int | None = None


@dataclass(frozen=True, eq=False)
class Interactions:
    """Many users' ratings as columns of one length n, in the order in which they were stored."""

    user_ids: NDArray[np.int64]  # [n]
    item_ids: NDArray[np.int64]  # [n]
    ratings: NDArray[np.float32]  # [n]
    timestamps: NDArray[np.int64]  # [n], unix seconds

    def __len__(self) -> int:
        return len(self.user_ids)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "Interactions":
        """The given rows (indices or a mask), in that order."""
        return Interactions(self.user_ids[rows], self.item_ids[rows], self.ratings[rows], self.timestamps[rows])

    def joined(self, other: "Interactions") -> "Interactions":
        """These rows followed by the other's."""
        return Interactions(
            np.concatenate([self.user_ids, other.user_ids]),
            np.concatenate([self.item_ids, other.item_ids]),
            np.concatenate([self.ratings, other.ratings]),
            np.concatenate([self.timestamps, other.timestamps]),
        )

    def in_user_time_order(self) -> "Interactions":
        """Sorted by user, then time; ties in time keep the order in which they were stored."""
        return self.take(np.lexsort((np.arange(len(self)), self.timestamps, self.user_ids)))


@dataclass(frozen=True, eq=False)
class History:
    """One user's ratings as columns of length m, oldest first."""

    item_ids: NDArray[np.int64]  # [m]
    ratings: NDArray[np.float32]  # [m]
    timestamps: NDArray[np.int64]  # [m], unix seconds

    def __len__(self) -> int:
        return len(self.item_ids)

    @classmethod
    def empty(cls) -> "History":
        return cls.of([], [])

    @classmethod
    def of(
        cls, item_ids: Sequence[int], ratings: Sequence[float], timestamps: Sequence[int] | None = None
    ) -> "History":
        """Build from plain sequences, oldest first; without times the order alone counts."""
        times = range(len(item_ids)) if timestamps is None else timestamps
        return cls(
            np.array(item_ids, dtype=np.int64),
            np.array(ratings, dtype=np.float32),
            np.array(times, dtype=np.int64),
        )

    @property
    def last_time(self) -> int:
        """When the last event was, in unix seconds. There must be one."""
        return int(self.timestamps[-1])

    def without(self, index: int) -> "History":
        """The same history without its event at `index`."""
        keep = np.arange(len(self)) != index
        return History(self.item_ids[keep], self.ratings[keep], self.timestamps[keep])
