"""Which kind of index a set of item vectors gets: by their number, and by the recall that was measured on them."""

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.ports.recommending import ItemIndex
from infrastructure.retrieval.exact_index import ExactIndex, unit_length
from infrastructure.retrieval.kinds import APPROXIMATE, EXACT, build_index, is_installed

log = logging.getLogger(__name__)

AUTO = "auto"
#: recall is that of so many neighbours, for so many of the vectors
DEPTH, SAMPLE = 100, 200
#: two similarities that differ by less are a tie
TIE = 1e-5


@dataclass(frozen=True)
class IndexWish:
    """What is asked of an index: its kind, or for `auto` the least recall and the size up to which it is exact."""

    kind: str = AUTO
    recall: float = 0.95
    exact_up_to: int = 20_000


@dataclass(frozen=True, eq=False)
class ChosenIndex:
    """An index with its kind and the share of the true neighbours that it was measured to find."""

    kind: str
    recall: float
    index: ItemIndex


def choose_index(vectors: NDArray[np.float32], wish: IndexWish, seed: int) -> ChosenIndex:
    """An index over `vectors` [n, d].

    `auto` scans a small set exactly. Of a large one it takes the first of the approximate kinds, the fastest to answer
    first, that finds the wished share of the true neighbours, and scans exactly where none does. The order of the kinds
    is fixed and not timed, so that the same vectors and seed give the same index. Raises `LibraryMissing` for a kind
    that was asked for by name.
    """
    if wish.kind != AUTO:
        chosen = _measured(wish.kind, vectors, seed)
        if chosen.recall < wish.recall:
            log.warning("the %s index finds %.3f of the neighbours, not %.3f", wish.kind, chosen.recall, wish.recall)
        return chosen
    if len(vectors) > wish.exact_up_to:
        for kind in filter(is_installed, APPROXIMATE):
            chosen = _measured(kind, vectors, seed)
            if chosen.recall >= wish.recall:
                return chosen
    return _measured(EXACT, vectors, seed)


def _measured(kind: str, vectors: NDArray[np.float32], seed: int) -> ChosenIndex:
    index = build_index(kind, vectors, seed)
    recall = 1.0 if kind == EXACT else recall_of(index, vectors, seed)
    log.info("index of %d items: %s, recall@%d %.4f", len(vectors), kind, DEPTH, recall)
    return ChosenIndex(kind, recall, index)


def recall_of(index: ItemIndex, vectors: NDArray[np.float32], seed: int, depth: int = DEPTH) -> float:
    """The share of the `depth` true neighbours that the index finds, over a sample of its own `vectors` [n, d].

    Found counts whatever is as similar as the last of the true ones, for among equals no choice is better than another.
    1 where there is nothing to find.
    """
    known = np.flatnonzero(vectors.any(axis=1))
    if not len(known):
        return 1.0
    random = np.random.default_rng(seed)
    queries = vectors[random.choice(known, min(SAMPLE, len(known)), replace=False)]
    depth = min(depth, len(vectors))
    _, true = ExactIndex(vectors).neighbours(queries, depth)
    rows, _ = index.neighbours(queries, depth)
    similarities = np.einsum("qd,qkd->qk", unit_length(queries), unit_length(vectors[rows]))
    hits = (rows >= 0) & (similarities >= true[:, -1:] - TIE)
    return float(hits.mean())
