"""Offline quality measures on full rankings. Nothing is sampled; every function returns one value per user.

The single-target measures take `ranks` [u]: the place, from 1, at which each user's held-out item stood among all
items that the user had not had, or 0 where it was not ranked at all.
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
    """[u] one over the rank of the target, 0 where it was not ranked."""
    return np.where(ranks >= 1, 1.0 / np.maximum(ranks, 1), 0.0)


def coverage(lists: NDArray[np.int64], catalogue_size: int) -> float:
    """Share of the catalogue that appears in at least one list. `lists` [u, k] of item ids, -1 for empty places."""
    shown = np.unique(lists)
    return float((shown >= 0).sum()) / catalogue_size if catalogue_size else 0.0


def novelty(lists: NDArray[np.int64], popularity: NDArray[np.float64]) -> float:
    """Mean self-information, in bits, of the shown items (Zhou et al., 2010).

    `lists` [u, k] of positions, -1 for empty places; `popularity` [n] is each item's share of all interactions.
    """
    shown = lists[lists >= 0]
    if not len(shown):
        return 0.0
    floor = popularity[popularity > 0].min() if (popularity > 0).any() else 1.0
    return float(-np.log2(np.maximum(popularity[shown], floor)).mean())


def bootstrap_interval(
    values: Values, random: np.random.Generator, confidence: float = 0.95, draws: int = 1000
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of `values` [u] (Efron, 1979).

    Give the difference of two engines' values for the same users to get the paired interval.
    """
    if not len(values):
        return (0.0, 0.0)
    means = np.array([values[random.integers(0, len(values), len(values))].mean() for _ in range(draws)])
    tail = (1.0 - confidence) / 2.0
    return (float(np.quantile(means, tail)), float(np.quantile(means, 1.0 - tail)))
