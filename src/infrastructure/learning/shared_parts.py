"""What all engines of a model version share: which items it knows, where they lie, and who likes what."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.ports.recommending import ItemIndex
from infrastructure.learning.features import Floats, Vocabulary
from infrastructure.retrieval.indexed_items import IndexedItems

#: neighbours kept for every item
NEIGHBOURS = 100


@dataclass(frozen=True, eq=False)
class SharedParts:
    """Everything by item has one row for each id of the vocabulary; the index has rows of its own."""

    vocabulary: Vocabulary
    item_vectors: Floats  # [n, d], unit length or zero
    popularity: Floats  # [n, 3]
    group_lifts: Floats  # [D, n]
    item_shares: Floats  # [n], log
    neighbours: NDArray[np.int32]  # [n, NEIGHBOURS] rows, -1 where there are fewer
    similarities: Floats  # [n, NEIGHBOURS]
    indexed: IndexedItems


def nearest_others(index: ItemIndex, vectors: Floats) -> tuple[NDArray[np.int32], Floats]:
    """[n, NEIGHBOURS] nearest other items of every item with their similarities, -1 and 0 where there are fewer."""
    rows, similarities = index.neighbours(vectors, NEIGHBOURS + 1)
    itself = rows == np.arange(len(vectors))[:, None]
    order = np.argsort(itself, axis=1, kind="stable")[:, :NEIGHBOURS]  # moves the item itself past the end
    rows, similarities = np.take_along_axis(rows, order, 1), np.take_along_axis(similarities, order, 1)
    gone = (rows < 0) | (similarities <= 0) | (rows == np.arange(len(vectors))[:, None])
    return np.where(gone, -1, rows).astype(np.int32), np.where(gone, 0.0, similarities).astype(np.float32)


def by_position(catalogue: Catalogue, vocabulary: Vocabulary, rows_of: Floats) -> Floats:
    """[n, …] a model's rows in the order of the catalogue; zeros for items that the model does not know."""
    rows = vocabulary.rows(catalogue.ids)
    found = np.zeros((len(catalogue), *rows_of.shape[1:]), dtype=np.float32)
    found[rows >= 0] = rows_of[rows[rows >= 0]]
    return found
