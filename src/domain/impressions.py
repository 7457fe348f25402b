"""Impressions: lists that were shown, as they were shown."""

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
    """A list that was shown. `surface` says where: which call made it; `id` is a UUID in text form."""

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
