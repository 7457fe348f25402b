"""The baseline: popularity, mean rating and matching genres, weighted by hand."""

import copy
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.blending import scaled
from domain.catalogue import Catalogue
from domain.recommendation import Context, Reason
from infrastructure.generators.signals import liked_genres, reason_by_genre, reason_by_popularity

#: ratings of average worth that every item is given before its mean is taken
DAMPING = 10.0
WEIGHTS: Mapping[str, float] = {"popularity": 0.55, "mean_rating": 0.25, "genre_match": 0.20}


class BaselineRanker:
    """0.55 · popularity + 0.25 · mean rating + 0.20 · genre match, each part from 0 to 1 over the catalogue."""

    name = "baseline"

    def __init__(self, catalogue: Catalogue) -> None:
        self._popularity = scaled(catalogue.rating_counts.astype(np.float64))
        self._mean_rating = scaled(damped_means(catalogue))
        self._genre_lengths = np.sqrt(np.maximum(catalogue.genres.sum(axis=1), 1))
        self._weights = WEIGHTS

    def weighted(self, weights: Mapping[str, float]) -> "BaselineRanker":
        """The same parts under other weights."""
        other = copy.copy(self)
        other._weights = weights
        return other

    def parts(self, context: Context, positions: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
        """The three parts [c] before weighting, by name."""
        return {
            "popularity": self._popularity[positions],
            "mean_rating": self._mean_rating[positions],
            "genre_match": self._genre_match(context, positions),
        }

    def score(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        return self.total(self.parts(context, positions))

    def total(self, parts: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """[c] the weighted sum of the parts."""
        return np.asarray(sum(self._weights[name] * part for name, part in parts.items()), dtype=np.float64)

    def explain(self, context: Context, positions: NDArray[np.int64]) -> Sequence[Reason]:
        """The matching genres where there are any, being the one part that is about this user; else popularity."""
        taste = liked_genres(context)
        matches = self._genre_match(context, positions)
        return [
            (reason_by_genre(context, int(position), taste) if match > 0 else None)
            or reason_by_popularity(context, int(position))
            for position, match in zip(positions, matches, strict=True)
        ]

    def _genre_match(self, context: Context, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """[c] cosine between the genres that the user leans to and the items'; 0 for an aversion or no taste at all."""
        taste = liked_genres(context)
        length = float(np.linalg.norm(taste)) or 1.0
        cosine = context.catalogue.genres[positions] @ taste / (self._genre_lengths[positions] * length)
        return np.asarray(np.clip(cosine, 0.0, 1.0), dtype=np.float64)


def damped_means(catalogue: Catalogue) -> NDArray[np.float64]:
    """[n] mean ratings drawn to the mean of all ratings while there are few (a Bayesian average)."""
    counts = catalogue.rating_counts.astype(np.float64)
    sums = counts * catalogue.rating_means
    overall = sums.sum() / max(counts.sum(), 1.0)
    return np.asarray((sums + DAMPING * overall) / (counts + DAMPING), dtype=np.float64)
