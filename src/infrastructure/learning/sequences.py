"""Training examples: what a user had done before, and what they did next."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.events import Interactions
from infrastructure.learning import features
from infrastructure.learning.features import Floats, Vocabulary

#: neighbouring examples of one user that are built together; they share their histories, which saves most of the work
STRETCH = 32
#: how strongly the popular negatives follow popularity (word2vec's exponent; Mikolov et al., NeurIPS 2013)
POPULARITY_EXPONENT = 0.75


@dataclass(frozen=True, eq=False)
class Sequences:
    """Events of many users, sorted by user, then time. N events, u users."""

    rows: NDArray[np.int64]  # [N]
    ratings: Floats  # [N]
    liked: NDArray[np.bool_]  # [N]
    users: NDArray[np.int64]  # [N], index into user_ids
    user_ids: NDArray[np.int64]  # [u], ascending
    starts: NDArray[np.int64]  # [u], first event of each user
    ends: NDArray[np.int64]  # [u], one past the last

    @classmethod
    def of(cls, vocabulary: Vocabulary, interactions: Interactions, liked_from: float) -> "Sequences":
        """From interactions sorted by user, then time, all of items that the vocabulary has."""
        user_ids, starts, users = np.unique(interactions.user_ids, return_index=True, return_inverse=True)
        return cls(
            rows=vocabulary.rows(interactions.item_ids),
            ratings=interactions.ratings,
            liked=interactions.ratings >= liked_from,
            users=users.astype(np.int64),
            user_ids=user_ids,
            starts=starts.astype(np.int64),
            ends=np.append(starts[1:], len(interactions)).astype(np.int64),
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """Stretches of T events of one user each, after the C events that each of them can see. b stretches."""

    users: NDArray[np.int64]  # [b]
    history: NDArray[np.int64]  # [b, C], events
    weights: Floats  # [b, T, C, P]
    sizes: NDArray[np.int64]  # [b, T], length of the history before each event
    targets: NDArray[np.int64]  # [b, T], events
    valid: NDArray[np.bool_]  # [b, T], False past the user's last event
    negatives: NDArray[np.int64]  # [b, K], rows of items
    unseen: NDArray[np.bool_]  # [b, K], False where the user did take up the item at some time


class Examples:
    """Draws batches of examples with their negatives. Every event of every user is a target once an epoch."""

    def __init__(self, sequences: Sequences, items: int, history_length: int, negatives: int, popular: float) -> None:
        self._sequences = sequences
        self._items = items
        self._length = history_length
        self._negatives = negatives
        self._popular = round(negatives * popular)
        stretches = -(-(sequences.ends - sequences.starts) // STRETCH)  # [u]
        self._owners = np.repeat(np.arange(len(stretches)), stretches)
        nth = np.arange(len(self._owners)) - np.repeat(np.cumsum(stretches) - stretches, stretches)
        self._begins = sequences.starts[self._owners] + nth * STRETCH
        self._taken = np.unique(sequences.users * items + sequences.rows)
        shares = np.bincount(sequences.rows, minlength=items) ** POPULARITY_EXPONENT
        self._shares = np.cumsum(shares / shares.sum())

    def batches(self, size: int, random: np.random.Generator) -> Iterator[Batch]:
        """One epoch of batches of about `size` examples, in random order.

        A batch of a single example is passed over: batch norm has no variance of one row.
        """
        order = random.permutation(len(self._begins))
        for place in range(0, len(order), stretches_per_batch(size)):
            batch = self._batch(order[place : place + stretches_per_batch(size)], random)
            if batch.valid.sum() > 1:
                yield batch

    def batch_count(self, size: int) -> int:
        return -(-len(self._begins) // stretches_per_batch(size))

    def _batch(self, chosen: NDArray[np.int64], random: np.random.Generator) -> Batch:
        sequences, length = self._sequences, self._length
        users, begins = self._owners[chosen], self._begins[chosen, None]
        starts, ends = sequences.starts[users, None], sequences.ends[users, None]
        history = begins + np.arange(-length, STRETCH - 1)
        known = (history >= starts) & (history < ends)
        history = np.clip(history, 0, len(sequences.rows) - 1)
        ages = np.arange(STRETCH)[:, None] + length - 1 - np.arange(length + STRETCH - 1)  # [T, C]
        targets = begins + np.arange(STRETCH)
        negatives = self._draw(len(chosen), random)
        return Batch(
            users=users,
            history=history,
            weights=features.pool_weights(
                np.where(known[:, None, :], ages, -1), sequences.liked[history][:, None, :], length
            ),
            sizes=targets - starts,
            targets=np.minimum(targets, len(sequences.rows) - 1),
            valid=targets < ends,
            negatives=negatives,
            unseen=~self._contains(users[:, None] * self._items + negatives),
        )

    def _draw(self, count: int, random: np.random.Generator) -> NDArray[np.int64]:
        """[count, K] rows; the first of each line by popularity, the others evenly."""
        negatives = random.integers(0, self._items, (count, self._negatives))
        popular = np.searchsorted(self._shares, random.random((count, self._popular)), side="right")
        negatives[:, : self._popular] = np.minimum(popular, self._items - 1)
        return negatives

    def _contains(self, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
        found = np.minimum(np.searchsorted(self._taken, pairs), len(self._taken) - 1)
        return np.asarray(self._taken[found] == pairs)


def stretches_per_batch(size: int) -> int:
    """How many stretches make a batch of about `size` examples."""
    return max(1, size // STRETCH)


def latest_histories(
    sequences: Sequences, users: NDArray[np.int64], length: int
) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """The last events [b, length] of the given users, their pool weights [b, length, P], and how many there are [b]."""
    sizes = sequences.ends[users] - sequences.starts[users]
    ages = np.arange(length - 1, -1, -1)
    history = sequences.ends[users, None] - 1 - ages
    known = ages < sizes[:, None]
    history = np.maximum(history, 0)
    weights = features.pool_weights(np.where(known, ages, -1), sequences.liked[history], length)
    return history, weights, sizes
