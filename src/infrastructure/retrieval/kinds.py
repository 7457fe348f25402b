"""The kinds of item index, by name."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from domain.ports.recommending import ItemIndex
from infrastructure.retrieval.annoy_index import AnnoyIndex
from infrastructure.retrieval.exact_index import ExactIndex
from infrastructure.retrieval.faiss_index import FaissIndex

EXACT, ANNOY, FAISS = "exact", "annoy", "faiss"


class Approximate(ItemIndex, Protocol):
    """An index that takes long enough to build to be kept in a file."""

    @classmethod
    def build(cls, vectors: NDArray[np.float32], seed: int) -> Self: ...

    @classmethod
    def open(cls, path: Path, size: int, width: int) -> Self: ...

    def save(self, path: Path) -> None: ...


#: the fastest to answer first
APPROXIMATE: Mapping[str, type[Approximate]] = {FAISS: FaissIndex, ANNOY: AnnoyIndex}
#: every kind there is
KINDS = (EXACT, *APPROXIMATE)


def is_installed(kind: str) -> bool:
    """Whether the library of this kind is there."""
    return kind != FAISS or find_spec("faiss") is not None


def build_index(kind: str, vectors: NDArray[np.float32], seed: int) -> ItemIndex:
    """An index of this kind over `vectors` [n, d]. Raises `LibraryMissing`."""
    return ExactIndex(vectors) if kind == EXACT else APPROXIMATE[kind].build(vectors, seed)
