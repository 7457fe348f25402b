"""Measures of what the lists are made up of, whatever was held out.

`lists` [u, k] hold positions in the catalogue of n items, -1 for empty places.
"""

import numpy as np
from numpy.typing import NDArray

from domain.metrics.ranks import Values
from domain.reranking import jaccard

Lists = NDArray[np.int64]


def coverage(lists: Lists, catalogue_size: int) -> float:
    """Share of the catalogue that appears in at least one list (Ge et al., 2010)."""
    shown = np.unique(lists)
    return float((shown >= 0).sum()) / catalogue_size if catalogue_size else 0.0


def novelty(lists: Lists, popularity: NDArray[np.float64]) -> float:
    """Mean self-information, in bits, of the shown items (Zhou et al., 2010).

    `popularity` [n] is each item's share of all interactions; an item without any counts as the least popular of the
    others.
    """
    shown = lists[lists >= 0]
    if not len(shown):
        return 0.0
    floor = popularity[popularity > 0].min() if (popularity > 0).any() else 1.0
    return float(-np.log2(np.maximum(popularity[shown], floor)).mean())


def diversity(lists: Lists, features: NDArray[np.bool_]) -> Values:
    """[u] intra-list diversity: mean distance of the pairs of a list (Smyth & McClave, 2001; Ziegler et al., 2005).

    The distance is one less the Jaccard index of the items' `features` [n, G], such as genres: 0 where all are of
    the same kind, 1 where no two have anything in common. A list of fewer than two items has diversity 0.
    """
    filled = lists >= 0
    pairs = filled[:, :, None] & filled[:, None, :] & ~np.eye(lists.shape[1], dtype=np.bool_)
    distances = np.where(pairs, 1.0 - jaccard(features[np.maximum(lists, 0)]), 0.0)
    return np.asarray(distances.sum(axis=(1, 2)) / np.maximum(pairs.sum(axis=(1, 2)), 1), dtype=np.float64)


def average_popularity(lists: Lists, counts: NDArray[np.int64]) -> Values:
    """[u] average recommendation popularity (ARP): mean `counts` [n] of interactions of the items of a list.

    The measure of popularity bias of Yin et al. (2012) and Abdollahpouri et al. (2019), who take its mean over users.
    An empty list has 0.
    """
    filled = lists >= 0
    shown = np.where(filled, counts[np.maximum(lists, 0)], 0)
    return np.asarray(shown.sum(axis=1) / np.maximum(filled.sum(axis=1), 1), dtype=np.float64)


def gini(lists: Lists, catalogue_size: int) -> float:
    """Gini index of how often each item of the catalogue is shown (Fleder & Hosanagar, 2009).

    0 where all are shown equally often, near 1 where one item takes every place. 0 where nothing is shown.
    """
    shown = np.sort(np.bincount(lists[lists >= 0], minlength=catalogue_size))
    places = np.arange(1, catalogue_size + 1)
    total = int(shown.sum())
    return float(((2 * places - catalogue_size - 1) * shown).sum() / (catalogue_size * total)) if total else 0.0


def genre_shares(genres: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[n, G] the share of each genre in each item: its `genres` [n, G] count equally, and sum to 1 if it has any."""
    return _distributions(genres.astype(np.float64))


def miscalibration(
    lists: Lists, tastes: NDArray[np.float64], shares: NDArray[np.float64], smoothing: float = 0.01
) -> Values:
    """[u] Kullback-Leibler divergence, in nats, of a list's genres from the user's (Steck, 2018); lower is better.

    `tastes` [u, G] is how much of each genre is in each user's history, on any scale; `shares` [n, G] are the
    `genre_shares` of the catalogue. The list's distribution takes `smoothing` of the user's own, so that a missing
    genre gives a large value and not an infinite one: log(1 / smoothing) is the most there is. A user of whom no
    genre is known has 0.
    """
    filled = (lists >= 0)[:, :, None]
    shown = _distributions(np.where(filled, shares[np.maximum(lists, 0)], 0.0).sum(axis=1))
    liked = _distributions(tastes)
    smoothed = (1.0 - smoothing) * shown + smoothing * liked
    ratio = np.where(liked > 0, liked, 1.0) / np.where(liked > 0, smoothed, 1.0)
    # The divergence is never negative; rounding is.
    return np.asarray(np.maximum((liked * np.log(ratio)).sum(axis=1), 0.0), dtype=np.float64)


def _distributions(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows that sum to 1; a row of zeros stays one."""
    totals = rows.sum(axis=1, keepdims=True)
    return np.asarray(rows / np.where(totals > 0, totals, 1.0), dtype=np.float64)
