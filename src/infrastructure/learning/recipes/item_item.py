"""`item_item`: neighbours by shrunken cosine, weighed by how lately the user took them up."""

import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from domain.pipeline import Pipeline
from infrastructure.generators.history_map import HistoryMap
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.material import Material
from infrastructure.learning.recipes.ease import users_by_items
from infrastructure.learning.recipes.recipe import Arrays, OnEpoch, Recipe, ServingParts, Shapes, number, once
from infrastructure.learning.recipes.square_matrix import single_pipeline

NEAREST, SIMILARITIES = "nearest", "similarities"
#: items whose neighbours are looked for at once, which bounds the memory that it takes
AT_ONCE = 512


@dataclass(frozen=True)
class ItemItemRecipe(Recipe):
    """Item-based collaborative filtering (Sarwar et al., WWW 2001).

    Two items are as similar as the users they share over the geometric mean of all their users plus `shrinkage`, so
    that two rare items with one common user are not called alike. Each item keeps its `neighbours` nearest.
    """

    name: ClassVar[str] = "item_item"

    neighbours: int = number(200, 1, 10_000)
    shrinkage: float = number(20.0, 0.0, 1e6)
    decay: float = number(3.0, 0.1, 1000.0)
    history_length: int = number(100, 1, 1000)

    def train(self, material: Material, on_epoch: OnEpoch) -> Arrays:
        started = time.perf_counter()
        users = users_by_items(material.events, len(material.vocabulary))
        nearest, similarities = neighbourhoods(users, self.neighbours, self.shrinkage)
        on_epoch(once(self.name, time.perf_counter() - started))
        return {NEAREST: nearest, SIMILARITIES: similarities}

    def shapes(self, vocabulary: Vocabulary, arrays: Arrays) -> Shapes:
        nearest = arrays[NEAREST]
        if nearest.size and not 0 <= nearest.min() <= nearest.max() < len(vocabulary):
            raise ValueError("it names neighbours that do not exist")
        shape = (len(vocabulary), min(self.neighbours, len(vocabulary) - 1))
        return {NEAREST: shape, SIMILARITIES: shape}

    def build(self, arrays: Arrays, parts: ServingParts) -> Pipeline:
        nearest, similarities = arrays[NEAREST], arrays[SIMILARITIES]
        size, kept = nearest.shape
        starts = np.arange(0, size * kept + 1, kept)
        matrix = sp.csr_array((similarities.ravel(), nearest.ravel(), starts), shape=(size, size))
        vocabulary = parts.shared.vocabulary
        ranker = HistoryMap(self.name, parts.catalogue, vocabulary, matrix, self.decay, self.history_length)
        return single_pipeline(self.name, ranker, parts)


def neighbourhoods(users: sp.csr_array, count: int, shrinkage: float) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """[n, count] the nearest other items of each item by row, and their similarities, from users [u, n]."""
    size = users.shape[1]
    kept = min(count, size - 1)
    sizes = np.sqrt(np.asarray(users.sum(axis=0), dtype=np.float64))
    nearest = np.zeros((size, kept), dtype=np.int32)
    similarities = np.zeros((size, kept), dtype=np.float32)
    items = sp.csr_array(users.T)
    for start in range(0, size, AT_ONCE):
        block = np.arange(start, min(start + AT_ONCE, size))
        shared = (items[block] @ users).toarray()
        cosine = shared / np.maximum(sizes[block][:, None] * sizes + shrinkage, 1e-12)
        cosine[np.arange(len(block)), block] = -1.0
        best = np.argpartition(-cosine, kept - 1, axis=1)[:, :kept]
        order = np.sort(best, axis=1)
        nearest[block] = order
        similarities[block] = np.maximum(np.take_along_axis(cosine, order, 1), 0.0)
    return nearest, similarities
