"""Items with their vectors and the index over them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from infrastructure.retrieval.choosing import ChosenIndex, IndexWish, choose_index


@dataclass(frozen=True, eq=False)
class IndexedItems:
    """Row i of the index is the item `ids[i]`. `placed` of them lie where content, not ratings, puts them."""

    ids: NDArray[np.int64]  # [m], strictly ascending
    vectors: NDArray[np.float32]  # [m, d], unit length or zero
    chosen: ChosenIndex
    placed: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(
        cls, ids: NDArray[np.int64], vectors: NDArray[np.float32], wish: IndexWish, seed: int, placed: int = 0
    ) -> Self:
        """Index the vectors as wished. Raises `LibraryMissing`."""
        return cls(ids, vectors, choose_index(vectors, wish, seed), placed)

    def neighbours(self, vectors: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """As `domain.ports.recommending.ItemIndex` says."""
        return self.chosen.index.neighbours(vectors, limit)
