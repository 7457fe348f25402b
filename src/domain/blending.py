"""Bringing the proposals of several generators and the scores of several rankers together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.recommendation import Candidates

#: what keeps the first places of reciprocal ranks from drowning all others (Cormack, Clarke & Büttcher, SIGIR 2009)
RANK_CONSTANT = 60.0

Values = NDArray[np.float64]


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


@dataclass(frozen=True)
class Fusion:
    """One way to make one score of several: put each on a common scale, then combine them under weights.

    `prepare` takes scores [e, c] to parts [e, c], `combine` takes weighted parts [e, …] to […].
    """

    prepare: Callable[[Values], Values]
    combine: Callable[[Values], Values]

    def parts(self, scores: Values, weights: Values) -> Values:
        """[e, c] what each of the scores [e, c] gives to the whole, under weights [e]."""
        return weights[:, None] * self.prepare(scores)

    def __call__(self, scores: Values, weights: Values) -> Values:
        """[c] the fused score of scores [e, c] under weights [e]."""
        return self.combine(self.parts(scores, weights))


def normalised(weights: Mapping[str, float]) -> dict[str, float]:
    """The same weights, adding up to 1. Raises `ValueError` for a negative one, or when all are 0."""
    total = sum(weights.values())
    if total <= 0 or min(weights.values()) < 0:
        raise ValueError("weights must not be negative, nor all zero")
    return {name: weight / total for name, weight in weights.items()}


def standardised(scores: Values) -> Values:
    """[e, c] each row less its mean over its standard deviation; zeros where a row does not vary."""
    if not scores.shape[1]:
        return scores
    centred = scores - scores.mean(axis=1, keepdims=True)
    spread = scores.std(axis=1, keepdims=True)
    varies = spread > 1e-12 * np.abs(scores).max(axis=1, keepdims=True, initial=0.0)
    return np.where(varies, centred / np.where(varies, spread, 1.0), 0.0)


def all_scaled(scores: Values) -> Values:
    """[e, c] each row moved linearly onto 0 … 1."""
    return np.array([scaled(row) for row in scores]).reshape(scores.shape)


def reciprocal_ranks(scores: Values) -> Values:
    """[e, c] 1 / (60 + rank) by falling score within each row; equal scores share the mean of their ranks' values."""
    values = 1.0 / (RANK_CONSTANT + 1.0 + np.arange(scores.shape[1]))
    found = np.empty(scores.shape)
    for row, line in enumerate(scores):
        _, places, counts = np.unique(-line, return_inverse=True, return_counts=True)
        found[row] = (np.bincount(places, weights=values[np.argsort(np.argsort(-line))]) / counts)[places]
    return found


def _total(parts: Values) -> Values:
    return np.asarray(parts.sum(axis=0), dtype=np.float64)


def _greatest(parts: Values) -> Values:
    return np.asarray(parts.max(axis=0), dtype=np.float64)


WEIGHTED_SUM, MAX, RANK_FUSION = "weighted_sum", "max", "rank_fusion"
FUSIONS: Mapping[str, Fusion] = {
    WEIGHTED_SUM: Fusion(standardised, _total),
    MAX: Fusion(all_scaled, _greatest),
    RANK_FUSION: Fusion(reciprocal_ranks, _total),
}
