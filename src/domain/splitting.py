"""Ways to part interactions into what is learnt from and what is held out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.events import Interactions


@dataclass(frozen=True, eq=False)
class Split:
    """Interactions in three parts, each sorted by user, then time."""

    train: Interactions
    validation: Interactions
    test: Interactions


def leave_last_out(interactions: Interactions) -> Split:
    """Each user's last event is for testing, the one before for validation, the rest for training.

    Ties in time keep the order in which they were stored. A user with fewer than three events is for training alone,
    as nothing could be learnt about them otherwise. (The protocol of Kang & McAuley, 2018.)
    """
    ordered = interactions.in_user_time_order()
    _, starts, sizes = np.unique(ordered.user_ids, return_index=True, return_counts=True)
    # How many events of the same user come after each event, and how many there are in all.
    after = np.repeat(starts + sizes, sizes) - np.arange(len(ordered)) - 1
    enough = np.repeat(sizes >= 3, sizes)
    test, validation = enough & (after == 0), enough & (after == 1)
    return Split(
        train=ordered.take(~(test | validation)),
        validation=ordered.take(validation),
        test=ordered.take(test),
    )


def k_core(interactions: Interactions, users: int = 5, items: int = 5) -> Interactions:
    """What is left when no user has fewer than `users` and no item fewer than `items` events, in the same order.

    Leaving out an item may bring a user below the threshold and the other way round, so it is repeated until
    nothing changes.
    """
    left = interactions
    while True:
        frequent = _occurrences(left.user_ids) >= users
        frequent &= _occurrences(left.item_ids) >= items
        if frequent.all():
            return left
        left = left.take(frequent)


def _occurrences(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """[n] how often each entry's id occurs among all n."""
    _, inverse, counts = np.unique(ids, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse], dtype=np.int64)
