"""Bringing the proposals of several generators together."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.recommendation import Candidates


@dataclass(frozen=True, eq=False)
class Pool:
    """Distinct candidates with the generator that placed each of them highest."""

    positions: NDArray[np.int64]  # [c]
    sources: NDArray[np.int64]  # [c], index into source_names
    source_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.positions)

    def source_of(self, index: int) -> str:
        return self.source_names[int(self.sources[index])]


def pool(proposals: Mapping[str, Candidates]) -> Pool:
    """Union of the proposals, without repeats.

    Where two generators propose an item, the one that ranks it higher is its source; at equal rank, the first named.
    """
    names = tuple(proposals)
    if not names:
        return Pool(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), names)
    positions = np.concatenate([candidates.positions for candidates in proposals.values()])
    ranks = np.concatenate([np.arange(len(candidates)) for candidates in proposals.values()])
    sources = np.repeat(np.arange(len(names)), [len(candidates) for candidates in proposals.values()])
    order = np.lexsort((sources, ranks))
    _, first = np.unique(positions[order], return_index=True)
    chosen = order[np.sort(first)]
    return Pool(positions[chosen], sources[chosen], names)


def scaled(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """The values moved linearly onto 0 … 1; all zeros where they do not differ."""
    if not len(values):
        return values.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.zeros(len(values))
    return (values.astype(np.float64) - low) / (high - low)
