"""Choosing among engines by what they reached on validation events."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from domain.model_versions import AutoChoice

#: least lengths of history of the groups of users that are told apart
LENGTHS = (0, 10, 30, 100, 300)
#: users that a group must have before its own mean counts as much as the mean over everybody
SHRINKAGE = 300.0


def best_by_length(lengths: NDArray[np.int64], values: Mapping[str, NDArray[np.float64]]) -> AutoChoice:
    """The engine with the highest mean value for users whose histories are about as long.

    `lengths` [u] and the `values` [u] by engine are of the same users. The mean of a group of users is drawn to the
    engine's mean over all, so that a few users cannot choose an engine that is worse for the many. Equal engines: the
    first named. Neighbouring groups with the same engine are one.
    """
    chosen: list[tuple[int, str]] = []
    if not values:
        return ()
    for low, high in zip(LENGTHS, (*LENGTHS[1:], np.inf), strict=True):
        group = (lengths >= low) & (lengths < high)
        means = {name: _drawn(value[group], value) for name, value in values.items()}
        best = max(means, key=means.__getitem__)
        if not chosen or chosen[-1][1] != best:
            chosen.append((low, best))
    return tuple(chosen)


def _drawn(group: NDArray[np.float64], everybody: NDArray[np.float64]) -> float:
    overall = float(everybody.mean()) if len(everybody) else 0.0
    return (float(group.sum()) + SHRINKAGE * overall) / (len(group) + SHRINKAGE)
