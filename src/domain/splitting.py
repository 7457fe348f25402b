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


def by_global_time(interactions: Interactions, share: float = 0.9) -> Split:
    """One cut in time for all users: what came after it is for testing, and nothing later than it is learnt from.

    The cut is the `share` quantile of all times; events at the very moment of the cut are before it. What came before
    is cut in the same way for validation. A user may be in any of the parts without being in the others. (The global
    temporal split of Gusak et al., 2025. Leaving out each user's last event instead lets a model learn from events
    that are later than the ones that it is asked about.)
    """
    ordered = interactions.in_user_time_order()
    known = _up_to(ordered.timestamps, share)
    before = ordered.take(known)
    learnt = _up_to(before.timestamps, share)
    return Split(train=before.take(learnt), validation=before.take(~learnt), test=ordered.take(~known))


def in_random_parts(interactions: Interactions, random: np.random.Generator, held_out: float = 0.1) -> Split:
    """A share `held_out` of each user's events, drawn at random, is for testing, and as many are for validation.

    Shares are rounded down, to one event at least. A user with fewer than three is for training alone. Time plays no
    part, so a model may learn from what came after the test events: this is for comparison with figures published on
    it, not for telling how an engine would have served. (With a tenth, the protocol of RecBole's benchmark of general
    recommenders, Zhao et al., 2021.)
    """
    ordered = interactions.in_user_time_order()
    _, starts, sizes = np.unique(ordered.user_ids, return_index=True, return_counts=True)
    # Random order within each user: the user is the first key, a random number the second.
    shuffled = np.lexsort((random.random(len(ordered)), ordered.user_ids))
    place = np.empty(len(ordered), dtype=np.int64)
    place[shuffled] = np.arange(len(ordered)) - np.repeat(starts, sizes)
    held = np.where(sizes >= 3, np.maximum((sizes * held_out).astype(np.int64), 1), 0)
    test = place < np.repeat(held, sizes)
    validation = ~test & (place < np.repeat(2 * held, sizes))
    return Split(
        train=ordered.take(~(test | validation)),
        validation=ordered.take(validation),
        test=ordered.take(test),
    )


def sampled_candidates(
    targets: Interactions, known: Interactions, count: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """[u, count] item ids: each row one event's item of `targets`, followed by others that the user never had.

    The others are drawn evenly and without repetition from the items of both that the event's user has in neither.
    Figures on sampled candidates are far higher than on the full catalogue, and may order engines differently
    (Krichene & Rendle, 2020): they are for comparison with older figures alone. Raises `ValueError` where a user has
    had too much for so many candidates.
    """
    everything = targets.joined(known).in_user_time_order()
    items, columns = np.unique(everything.item_ids, return_inverse=True)
    starts = np.searchsorted(everything.user_ids, targets.user_ids, side="left")
    ends = np.searchsorted(everything.user_ids, targets.user_ids, side="right")
    rows = np.empty((len(targets), count), dtype=np.int64)
    rows[:, 0] = targets.item_ids
    for row, start, end in zip(rows, starts, ends, strict=True):
        unseen = np.ones(len(items), dtype=np.bool_)
        unseen[columns[start:end]] = False
        row[1:] = random.choice(items[unseen], count - 1, replace=False)
    return rows


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


def _up_to(timestamps: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    """[n] True up to the moment before which `share` of all n lie; what falls on that moment is included."""
    if not len(timestamps):
        return np.zeros(0, dtype=np.bool_)
    return timestamps <= np.quantile(timestamps, share)
