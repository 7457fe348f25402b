"""Measures of one held-out item, by its place.

They take `ranks` [u]: the place, from 1, at which each user's held-out item stood among all items that the user had
not had, or 0 where it was not ranked at all.
"""

import numpy as np
from numpy.typing import NDArray

Ranks = NDArray[np.int64]
Values = NDArray[np.float64]


def hit(ranks: Ranks, k: int) -> Values:
    """[u] 1 where the target is among the first k. With one target this is recall@k as well."""
    return ((ranks >= 1) & (ranks <= k)).astype(np.float64)


def ndcg(ranks: Ranks, k: int) -> Values:
    """[u] normalised discounted cumulative gain at k with one relevant item (Järvelin & Kekäläinen, 2002)."""
    return np.where(hit(ranks, k) > 0, 1.0 / np.log2(np.maximum(ranks, 1) + 1.0), 0.0)


def reciprocal_rank(ranks: Ranks) -> Values:
    """[u] one over the rank of the target, 0 where it was not ranked (Voorhees, 1999)."""
    return np.where(ranks >= 1, 1.0 / np.maximum(ranks, 1), 0.0)


def mean_rank(ranks: Ranks, depth: int) -> float:
    """Mean place of the target, from 1; lower is better.

    A target below `depth` or not ranked counts as the place after it, so the mean of a shallow ranking is a lower
    bound. 0 where nobody was asked about.
    """
    if not len(ranks):
        return 0.0
    return float(np.where((ranks >= 1) & (ranks <= depth), ranks, depth + 1).mean())


def rank_of_first(scores: NDArray[np.floating]) -> Ranks:
    """[u] place, from 1, of the first candidate among all c, by their scores [u, c].

    An equal score counts against it: a model that tells nothing apart must not look like one that knows.
    """
    return np.asarray(1 + (scores[:, 1:] >= scores[:, :1]).sum(axis=1), dtype=np.int64)
