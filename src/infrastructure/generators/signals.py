"""What generators have in common: a score for every item, and the reasons that hold without a model."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain import explaining
from domain.ports.recommending import CandidateGenerator
from domain.recommendation import Candidates, Context, Reason

#: genres named in one reason at most
GENRES_NAMED = 2
#: how much of a liked event's weight is left after one more event; a taste of long ago still counts, but less
DECAY = 20.0


class Signal(CandidateGenerator, Protocol):
    """A generator that can score every item, so that signals can be blended."""

    def scores(self, context: Context) -> NDArray[np.float64] | None:
        """[n] on the signal's own scale, above 0 where it speaks for an item; None when it knows nothing."""
        ...


@dataclass(frozen=True)
class Capped:
    """A generator that proposes at most `most`: one voice among several need not fill the ranker's time."""

    generator: CandidateGenerator
    most: int

    @property
    def name(self) -> str:
        return self.generator.name

    def __call__(self, context: Context, limit: int) -> Candidates:
        return self.generator(context, min(limit, self.most))


def proposed(scores: NDArray[np.float64] | None, context: Context, limit: int) -> Candidates:
    """The `limit` best eligible items that the scores [n] speak for."""
    if scores is None:
        return Candidates.none()
    return Candidates.top(scores, context.eligible & (scores > 0), limit)


def recency_weights(context: Context) -> NDArray[np.float64]:
    """[m] exp(-age / DECAY) for the events of a history, the newest 1."""
    ages = np.arange(len(context.positions) - 1, -1, -1)
    return np.asarray(np.exp(-ages / DECAY), dtype=np.float64)


def liked_genres(context: Context) -> NDArray[np.float64]:
    """[G] how much each genre is to the user's liking: favourites count 1, events by recency for or against."""
    signs = np.where(context.ratings >= context.liked_from, 1.0, -1.0)
    weights = recency_weights(context) * signs
    taste: NDArray[np.float64] = weights @ context.catalogue.genres[context.positions]
    favourites = np.array(
        [genre in context.favourite_genres for genre in context.catalogue.genre_names], dtype=np.float64
    )
    return taste + favourites


def reason_by_genre(context: Context, position: int, taste: NDArray[np.float64]) -> Reason | None:
    """The item's genres that the `taste` [G] is most for, if any."""
    shared = np.where(context.catalogue.genres[position], taste, 0.0)
    best = [int(g) for g in np.argsort(-shared, kind="stable")[:GENRES_NAMED] if shared[g] > 0]
    return explaining.matches_genres([context.catalogue.genre_names[g] for g in best]) if best else None


def reason_by_popularity(context: Context, position: int) -> Reason:
    """What everybody thinks of the item."""
    catalogue = context.catalogue
    return explaining.popular(int(catalogue.rating_counts[position]), float(catalogue.rating_means[position]))


def general_reason(context: Context, position: int, taste: NDArray[np.float64]) -> Reason:
    """The user's own genres where the item has some, else its popularity."""
    return reason_by_genre(context, position, taste) or reason_by_popularity(context, position)
