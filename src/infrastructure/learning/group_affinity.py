"""What groups of people like more than others do: shrunken log-lifts of items by demographic group."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

#: likes by a group that an item must be expected to have before half of the lift shown is believed
SHRINKAGE = 20.0


def group_affinity(
    groups: NDArray[np.float32], liked_rows: NDArray[np.int64], liked_users: NDArray[np.int64], size: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Log-lift of every item in every group [D, size], and each item's log share of all likes [size].

    `groups` [u, D] marks each user's groups, `liked_users` [n] index into it. A lift of 0.7 says that the group likes
    the item twice as often as everybody does; it is drawn to 0 by `SHRINKAGE` likes of average behaviour. With the
    shares it makes a naive Bayes estimate of what somebody of several groups would like.
    """
    likes = sp.coo_array((np.ones(len(liked_rows)), (liked_users, liked_rows)), shape=(len(groups), size)).tocsr()
    by_group = np.asarray(likes.T @ groups.astype(np.float64)).T  # [D, size]
    share = (np.bincount(liked_rows, minlength=size) + 1.0) / (len(liked_rows) + size)
    expected = by_group.sum(axis=1, keepdims=True) * share
    lift = np.log((by_group + SHRINKAGE) / (expected + SHRINKAGE))
    return lift.astype(np.float32), np.log(share).astype(np.float32)
