"""Ports of the recommendation path: proposing, ranking, and finding the parts that do it."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from domain.recommendation import Candidates, Context, Reason

if TYPE_CHECKING:
    from domain.pipeline import Ranking


class CandidateGenerator(Protocol):
    """Proposes items for a user."""

    @property
    def name(self) -> str: ...

    def __call__(self, context: Context, limit: int) -> Candidates:
        """At most `limit` eligible candidates, best first. None is a good answer when it knows nothing."""
        ...


class Ranker(Protocol):
    """Gives all candidates of one request their scores in one batch."""

    @property
    def name(self) -> str: ...

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c] scores of the given positions [c]; higher is better."""
        ...

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason | None]:
        """For each of the given positions the signal that moved it most, or None where nothing did."""
        ...


@runtime_checkable
class PartedRanker(Ranker, Protocol):
    """A ranker whose scores are made up of named parts."""

    def parts(self, context: Context, positions: NDArray[np.int64]) -> Mapping[str, NDArray[np.float64]]:
        """[c] each part of the scores of the given positions [c] by name, before it is weighted."""
        ...

    def total(self, parts: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """[c] the scores that the parts make up."""
        ...


@runtime_checkable
class WeightedRanker(Ranker, Protocol):
    """A ranker that blends what others say under weights by name."""

    def weighted(self, weights: Mapping[str, float]) -> Ranker:
        """The same under other weights, which name all and add up to 1. This one stays as it is."""
        ...


@runtime_checkable
class AttributingRanker(Ranker, Protocol):
    """A ranker that can tell what each event of the history is to a score.

    `reads_anew` says that this takes it a whole reading of the history for each event.
    """

    reads_anew: bool

    def losses(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c, m] what the given positions [c] would lose, compared with others, without each event of the history."""
        ...


class RankingCache(Protocol):
    """Remembers what a pipeline chose. A ranking is a function of its key, so it is never out of date, only unused."""

    def find(self, key: Hashable) -> "Ranking | None": ...

    def keep(self, key: Hashable, ranking: "Ranking") -> None: ...


class SimilarItems(Protocol):
    """Proposes items that are like one item."""

    @property
    def name(self) -> str: ...

    def similar(self, position: int, eligible: NDArray[np.bool_], limit: int) -> Candidates:
        """At most `limit` eligible items other than the one at `position`, most similar first.

        `eligible` is [n]. None is a good answer for an item that nothing is known of.
        """
        ...


class ItemIndex(Protocol):
    """Nearest neighbours among item vectors."""

    def neighbours(self, vectors: NDArray[np.float32], limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """For each row of `vectors` [q, d], up to `limit` rows of the index by falling cosine similarity.

        Returns rows [q, limit], -1 where fewer were found, and similarities [q, limit].
        """
        ...
