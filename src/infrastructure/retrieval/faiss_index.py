"""Approximate nearest neighbours with FAISS: a navigable graph in layers (HNSW; Malkov & Yashunin, TPAMI 2020).

FAISS is an extra, `marquee[faiss]`, and is imported where it is needed.
"""

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from domain.errors import LibraryMissing
from infrastructure.retrieval.exact_index import unit_length

#: links of a node, and nodes inspected for a new one: more make a better graph that takes more room and time to build
LINKS, INSPECTED_BUILDING = 32, 100
#: nodes inspected for a query, at least, and for each neighbour that is asked for
INSPECTED, INSPECTED_PER_NEIGHBOUR = 128, 2


class FaissIndex:
    """Cosine similarity to the items of a graph. Rows are those of the vectors that it was built from."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def __len__(self) -> int:
        return int(self._graph.ntotal)

    @classmethod
    def build(cls, vectors: NDArray[np.float32], seed: int) -> Self:
        """Build over `vectors` [n, d]; the same vectors and seed give the same graph. Raises `LibraryMissing`."""
        faiss = library()
        graph = faiss.IndexHNSWFlat(vectors.shape[1], LINKS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = INSPECTED_BUILDING
        graph.hnsw.rng = faiss.RandomGenerator(seed)
        graph.add(unit_length(vectors))
        return cls(graph)

    @classmethod
    def open(cls, path: Path, size: int, width: int) -> Self:
        """Read a saved graph of `size` vectors of the given width.

        Raises `LibraryMissing`, `OSError` where the file is missing, and `ValueError` where it holds something else.
        """
        faiss = library()
        content = np.frombuffer(path.read_bytes(), dtype=np.uint8)
        try:
            graph = faiss.deserialize_index(content)
        except (RuntimeError, MemoryError) as problem:
            raise ValueError(f"{path.name} holds no index") from problem
        if not isinstance(graph, faiss.IndexHNSWFlat) or graph.metric_type != faiss.METRIC_INNER_PRODUCT:
            raise ValueError(f"{path.name} holds another kind of index")
        if (graph.ntotal, graph.d) != (size, width):
            raise ValueError(f"{path.name} holds {graph.ntotal} vectors, not {size}, or not of {width} numbers")
        return cls(graph)

    def save(self, path: Path) -> None:
        path.write_bytes(library().serialize_index(self._graph).tobytes())

    def neighbours(self, vectors: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """As the port says."""
        faiss = library()
        inspected = max(INSPECTED, INSPECTED_PER_NEIGHBOUR * limit)
        parameters = faiss.SearchParametersHNSW(efSearch=inspected)
        similarities, rows = self._graph.search(unit_length(vectors), limit, params=parameters)
        return rows, np.where(rows >= 0, similarities, np.float32(0.0))


def library() -> Any:
    """FAISS, on one thread: a query is too small to share out, and a graph must not depend on who came first.

    Raises `LibraryMissing`.
    """
    try:
        import faiss
    except ImportError as problem:
        raise LibraryMissing("The index kind faiss", "faiss") from problem
    faiss.omp_set_num_threads(1)
    return faiss
