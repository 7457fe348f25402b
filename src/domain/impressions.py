"""Impressions: lists that were shown, as they were shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.recommendation import Recommendation


@dataclass(frozen=True)
class ShownItem:
    """One place of a shown list. `probability` is the chance with which the item was chosen for it."""

    item_id: int
    rank: int
    score: float
    source: str
    probability: float

    @classmethod
    def of(cls, recommendation: Recommendation) -> "ShownItem":
        return cls(
            recommendation.item_id,
            recommendation.rank,
            recommendation.score,
            recommendation.source,
            recommendation.probability,
        )


@dataclass(frozen=True)
class Impression:
    """A list that was shown. `surface` says where: which call made it; `id` is a UUID in text form.

    `user_id` is None where nobody had signed in, or where somebody has not consented to a log of their own.
    `engine_probability` is the chance with which this engine was chosen for this list, `generators` how many candidates
    each gave; `experiment_id` and `variant` name the experiment that the list was part of.
    """

    id: str
    user_id: int | None
    surface: str
    engine: str
    model_version: str | None
    shown_at: datetime
    items: tuple[ShownItem, ...]
    k: int
    fallback_used: bool
    applied_events: int
    platform: str | None = None
    experiment_id: str | None = None
    variant: str | None = None
    engine_probability: float = 1.0
    generators: Mapping[str, int] | None = None

    def place_of(self, item_id: int) -> ShownItem | None:
        """Where the item stood, if it was shown."""
        return next((place for place in self.items if place.item_id == item_id), None)
