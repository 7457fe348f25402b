"""Cuts the users' sequences into windows and packs windows of like length into batches."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infrastructure.learning.sequences import Sequences

#: how far apart in length windows of one batch may be by chance, so that batches differ from epoch to epoch
SHUFFLED_WITHIN = 8


@dataclass(frozen=True, eq=False)
class WindowBatch:
    """b windows of at most T events; every event but a window's first was to be told from those before it."""

    events: NDArray[np.int64]  # [b, T], events that are read, the user's next event being the target of each
    valid: NDArray[np.bool_]  # [b, T], False past a window's end

    @property
    def targets(self) -> NDArray[np.int64]:
        """[v] the events to be told, of the valid places in order."""
        return self.events[self.valid] + 1


class Windows:
    """Every event of every user but the first is a target once an epoch, with up to `length` events before it.

    A sequence longer than a window is cut at other places in each epoch, so that no event always lacks its past.
    """

    def __init__(self, sequences: Sequences, length: int) -> None:
        self._starts, self._lasts = sequences.starts, sequences.ends - 1
        self._length = length
        self._total = len(sequences.rows)

    def batches(self, size: int, random: np.random.Generator) -> Iterator[WindowBatch]:
        """One epoch in random order, in batches of at most `size` places (or one window)."""
        begins, lengths = self._cut(random)
        groups = packed(lengths, np.argsort(lengths + random.random(len(lengths)) * SHUFFLED_WITHIN), size)
        for place in random.permutation(len(groups)):
            chosen = groups[place]
            steps = np.arange(lengths[chosen].max())
            yield WindowBatch(
                events=np.minimum(begins[chosen, None] + steps, self._total - 2),
                valid=steps < lengths[chosen, None],
            )

    def _cut(self, random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """[w] first events and lengths of the windows. From its end on a sequence is cut in full windows but one."""
        begins, lengths = [], []
        for start, last in zip(self._starts.tolist(), self._lasts.tolist(), strict=True):
            end, step = last, self._length
            if last - start > self._length:
                step = int(random.integers(self._length // 2, self._length + 1))
            while end > start:
                begin = max(start, end - step)
                begins.append(begin)
                lengths.append(end - begin)
                end, step = begin, self._length
        return np.array(begins, dtype=np.int64), np.array(lengths, dtype=np.int64)


def packed(lengths: NDArray[np.int64], order: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    """Windows in the given order, in groups that take at most `size` places when padded to their longest."""
    groups, begin, longest = [], 0, 0
    for place, window in enumerate(order.tolist()):
        longest = max(longest, int(lengths[window]))
        if place > begin and longest * (place - begin + 1) > size:
            groups.append(order[begin:place])
            begin, longest = place, int(lengths[window])
    return [*groups, order[begin:]] if len(order) else []
