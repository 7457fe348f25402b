"""Measures of ranked lists where a user may have several held-out items, each as relevant as the others.

`relevant` [u, d] is True where the item at that place is one of the user's targets; `wanted` [u] is how many targets
the user has, in the list or not. An item stands once in a list; a user without targets gets 0 everywhere. The
definitions are those of trec_eval: P, recall, map_cut and ndcg_cut.
"""

import numpy as np
from numpy.typing import NDArray

from domain.metrics.ranks import Ranks, Values

Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]


def matches(lists: NDArray[np.int64], targets: NDArray[np.int64]) -> Flags:
    """[u, d] True where an item of a user's list is among the same user's targets.

    `lists` [u, d] and `targets` [u, t] hold positions or ids, -1 for empty places.
    """
    span = int(max(lists.max(initial=-1), targets.max(initial=-1))) + 1
    # One number for each pair of user and item, so that all users are looked up at once.
    users = np.arange(len(lists))[:, None] * span
    return np.isin(users + lists, (users + targets)[targets >= 0]) & (lists >= 0)


def first_rank(relevant: Flags) -> Ranks:
    """[u] place of the best placed target, from 1; 0 where none is in the list. Feeds the measures of one target."""
    return np.where(relevant.any(axis=1), relevant.argmax(axis=1) + 1, 0)


def precision(relevant: Flags, k: int) -> Values:
    """[u] share of the first k places that hold a target; an empty place counts as a miss."""
    return np.asarray(relevant[:, :k].sum(axis=1) / k, dtype=np.float64)


def recall(relevant: Flags, wanted: Counts, k: int) -> Values:
    """[u] share of the targets that are among the first k."""
    return np.asarray(relevant[:, :k].sum(axis=1) / np.maximum(wanted, 1), dtype=np.float64)


def average_precision(relevant: Flags, wanted: Counts, k: int) -> Values:
    """[u] mean over all targets of the precision at each one's place, 0 for those below k.

    Its mean over users is MAP@k (Buckley & Voorhees, 2000). Some libraries divide by k where a user has more targets
    than that; trec_eval and we do not.
    """
    found = relevant[:, :k]
    precisions = found.cumsum(axis=1) / np.arange(1, found.shape[1] + 1)
    return np.asarray((precisions * found).sum(axis=1) / np.maximum(wanted, 1), dtype=np.float64)


def ndcg_of_list(relevant: Flags, wanted: Counts, k: int) -> Values:
    """[u] discounted cumulative gain at k over that of the best possible list (Järvelin & Kekäläinen, 2002)."""
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    gains = relevant[:, :k] @ discounts[: relevant.shape[1]]
    ideal = np.concatenate([[0.0], discounts.cumsum()])[np.minimum(wanted, k)]
    return np.asarray(np.where(wanted > 0, gains / np.where(wanted > 0, ideal, 1.0), 0.0), dtype=np.float64)
