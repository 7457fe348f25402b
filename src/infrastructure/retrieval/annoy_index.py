"""Approximate nearest neighbours with Annoy: a forest of random projection trees in one memory-mapped file."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import numpy as np
from annoy import AnnoyIndex as Forest
from numpy.typing import NDArray

#: more trees find more true neighbours and take more room; more inspected nodes find more and take more time
TREES, INSPECTED_PER_NEIGHBOUR = 30, 60


class AnnoyIndex:
    """Cosine similarity to the items of a forest. Rows are those of the vectors that it was built from."""

    def __init__(self, forest: Forest, size: int) -> None:
        self._forest = forest
        self._size = size

    def __len__(self) -> int:
        return self._size

    @classmethod
    def build(cls, vectors: NDArray[np.float32], seed: int) -> Self:
        """Build over `vectors` [n, d]; the same vectors and seed give the same forest."""
        forest = Forest(vectors.shape[1], "angular")
        forest.set_seed(seed)
        for row, vector in enumerate(vectors):
            forest.add_item(row, vector)
        forest.build(TREES, n_jobs=1)
        return cls(forest, len(vectors))

    @classmethod
    def open(cls, path: Path, size: int, width: int) -> Self:
        """Map a saved forest of `size` vectors of the given width into memory.

        Raises `OSError` where the file is missing or cut, `ValueError` where it holds another number of vectors.
        """
        forest = Forest(width, "angular")
        forest.load(str(path))
        if forest.get_n_items() != size:
            raise ValueError(f"{path.name} holds {forest.get_n_items()} vectors, not {size}")
        return cls(forest, size)

    def save(self, path: Path) -> None:
        """Write a copy: a forest goes on reading the file that it was saved to, and `path` belongs to somebody else."""
        with TemporaryDirectory(dir=path.parent, prefix=".forest-", ignore_cleanup_errors=True) as folder:
            own = Path(folder) / path.name
            self._forest.save(str(own))
            shutil.copyfile(own, path)

    def neighbours(self, vectors: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """As the port says. Annoy answers one query at a time, so this loops over the queries."""
        rows = np.full((len(vectors), limit), -1, dtype=np.int64)
        similarities = np.zeros((len(vectors), limit), dtype=np.float32)
        for query, vector in enumerate(vectors):
            found, distances = self._forest.get_nns_by_vector(
                vector, min(limit, self._size), search_k=INSPECTED_PER_NEIGHBOUR * limit, include_distances=True
            )
            rows[query, : len(found)] = found
            # Annoy's angular distance is the length of the chord between unit vectors.
            similarities[query, : len(found)] = 1.0 - np.square(distances, dtype=np.float32) / 2.0
        return rows, similarities
