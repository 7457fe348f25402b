"""Explaining by leaving out: what an event is to a recommendation shows once it is taken away."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain import explaining
from domain.recommendation import Context, Reason
from infrastructure.generators.signals import general_reason, liked_genres

#: the last liked events that an explanation tries to do without
TRIED = 20


def tried(context: Context, most: int = TRIED) -> NDArray[np.int64]:
    """[v] the last liked events, as indices into the history: no other is ever named as a reason."""
    return np.flatnonzero(context.ratings >= context.liked_from)[-most:]


def ages_without(size: int, events: NDArray[np.int64]) -> NDArray[np.int64]:
    """[1 + v, size] ages of a history's events, then without each of `events` [v] in turn, which has the age -1."""
    every = np.arange(size)
    ages = np.tile(every[::-1], (1 + len(events), 1))
    ages[1:] -= every < events[:, None]
    ages[np.arange(1, 1 + len(events)), events] = -1
    return ages


def losses(
    context: Context, events: NDArray[np.int64], own: NDArray[np.float64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """[c, m] what the standing of c items loses without each event of the history; 0 for those that were not tried.

    A standing is how many standard deviations an item's score is above the mean of the others, so that it means the
    same on every scale. `own` [1 + v, c] are the items' scores with the whole history, then without each of
    `events` [v]; `others` [1 + v, r] those of what they are compared with.
    """
    lost = np.zeros((own.shape[1], len(context.positions)))
    if not others.shape[1]:
        return lost
    spread = others.std(axis=1, keepdims=True)
    standing = (own - others.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    lost[:, events] = (standing[0] - standing[1:]).T
    return lost


def reasons(
    context: Context, positions: NDArray[np.int64], lost: NDArray[np.float64], most: int = explaining.NAMED
) -> Sequence[Reason | None]:
    """For each of the positions [c] the liked events, at most so many, without which it would lose most.

    By `lost` [c, m], which tells of one event at a time: where what two are together is something else, name one.
    Where it would lose nothing, the genres it shares with the user's taste, or its popularity.
    """
    taste = liked_genres(context)
    return [
        explaining.because_you_liked(context, row, most) or general_reason(context, position, taste)
        for row, position in zip(lost, positions.tolist(), strict=True)
    ]
