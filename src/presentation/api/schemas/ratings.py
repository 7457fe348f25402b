"""Ratings."""

from typing import Annotated

from pydantic import AliasChoices, Field

from application.rating import NewRating
from domain.events import RATING_MAX, RATING_MIN
from presentation.api.schemas.common import Answer, Body, EventTime, Id, Time, example

#: rows of one call
MOST_RATINGS = 1000

RATING = {"id": 100_001, "user_id": 944, "item_id": 50, "rating": 4.5, "timestamp": "2026-01-31T12:00:00Z"}

Stars = Annotated[float, Field(strict=True, ge=RATING_MIN, le=RATING_MAX, allow_inf_nan=False)]
#: the same without the check of the scale: the use case names every row off the scale together with whatever else is
#: wrong with the batch
UncheckedStars = Annotated[
    float,
    Field(strict=True, allow_inf_nan=False, json_schema_extra={"minimum": RATING_MIN, "maximum": RATING_MAX}),
]


class RatingIn(Body):
    item_id: Id
    rating: UncheckedStars
    timestamp: EventTime | None = Field(None, description="When it was given; without it, now.")

    model_config = example({"item_id": 50, "rating": 4.5, "timestamp": "2026-01-31T12:00:00Z"})

    def as_new(self) -> NewRating:
        return NewRating(self.item_id, self.rating, self.timestamp)


class RatingOut(Answer):
    id: int
    user_id: int
    item_id: int
    rating: float = Field(validation_alias=AliasChoices("value", "rating"))
    timestamp: Time

    model_config = example(RATING)
