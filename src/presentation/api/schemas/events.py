"""Engagements and feedback."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError

from application.bulk_events import SentEvent, malformed
from application.engaging import NewEngagement, NewFeedback
from application.rating import NewRating
from domain.engagements import Action, FeedbackKind
from domain.errors import Detail, InvalidEvent
from presentation.api.schemas.common import Answer, Body, EventTime, Id, Name, Time, example
from presentation.api.schemas.ratings import RatingIn

IMPRESSION = "01950f3c-6c00-7a1b-9c2d-3e4f5a6b7c8d"
ENGAGED = {
    "id": "3c9e9c54-6f0c-5d0a-8f7e-2f1c5b7a9d10",
    "impression_id": IMPRESSION,
    "item_id": 50,
    "user_id": 944,
    "action": "click",
    "rank": 1,
    "platform": "web",
    "occurred_at": "2026-01-31T12:01:00Z",
}
SAID = {
    "id": "8a1de6a2-3a54-5f0e-9b0c-6f4d2b7e1c33",
    "user_id": 944,
    "item_id": 50,
    "feedback": "explicit_rating",
    "value": 4.5,
    "session_id": None,
    "occurred_at": "2026-01-31T12:01:00Z",
}
BULK_EXAMPLE = (
    f'{{"impression_id": "{IMPRESSION}", "item_id": 50, "action": "click"}}\n'
    '{"user_id": 944, "item_id": 50, "feedback": "like"}\n'
    '{"user_id": 944, "item_id": 50, "rating": 4.5}\n'
)
#: the header that makes a call safe to repeat
Key = Annotated[str, Field(min_length=1, max_length=200)]
Value = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class EngagementIn(Body):
    impression_id: UUID = Field(description="The list that it was shown on.")
    item_id: Id
    action: Action
    platform: Name | None = Field(None, description="Where; the list's own platform if left out.")
    timestamp: EventTime | None = Field(None, description="When; now if left out.")

    model_config = example({"impression_id": IMPRESSION, "item_id": 50, "action": "click", "platform": "web"})

    def as_new(self, key: str | None = None) -> NewEngagement:
        return NewEngagement(str(self.impression_id), self.item_id, self.action, self.platform, self.timestamp, key)


class FeedbackIn(Body):
    item_id: Id
    feedback: FeedbackKind
    value: Value | None = Field(None, description="The rating, of an `explicit_rating` alone.")
    session_id: Name | None = Field(None, description="A name of the caller's for what belongs together.")
    timestamp: EventTime | None = Field(None, description="When; now if left out.")

    model_config = example({"item_id": 50, "feedback": "explicit_rating", "value": 4.5})

    def as_new(self, key: str | None = None) -> NewFeedback:
        return NewFeedback(self.item_id, self.feedback, self.value, self.session_id, self.timestamp, key)


class EngagementOut(Answer):
    """What was done with one item of a list. Of a list that is nobody's it is nobody's either."""

    id: str
    impression_id: str
    item_id: int
    user_id: int | None
    action: Action
    rank: int = Field(description="Where the item stood.")
    platform: str | None
    occurred_at: Time

    model_config = example(ENGAGED)


class FeedbackOut(Answer):
    """What somebody said of an item."""

    id: str
    user_id: int
    item_id: int
    feedback: FeedbackKind
    value: float | None
    session_id: str | None
    occurred_at: Time

    model_config = example(SAID)


class BulkEngagementIn(EngagementIn):
    user_id: Id | None = None
    key: Key | None = None

    def sent(self) -> SentEvent:
        return SentEvent(self.as_new(self.key), self.user_id)


class BulkFeedbackIn(FeedbackIn):
    user_id: Id
    key: Key | None = None

    def sent(self) -> SentEvent:
        return SentEvent(self.as_new(self.key), self.user_id)


class BulkRatingIn(RatingIn):
    user_id: Id

    def sent(self) -> SentEvent:
        new: NewRating = self.as_new()
        return SentEvent(new, self.user_id)


#: a key that tells the kind of an event → how it is read
_KINDS: dict[str, TypeAdapter[Any]] = {
    '"impression_id"': TypeAdapter(BulkEngagementIn),
    '"feedback"': TypeAdapter(BulkFeedbackIn),
    '"rating"': TypeAdapter(BulkRatingIn),
}


def event_of(line: bytes) -> SentEvent | InvalidEvent:
    """One line of JSON as an event, or what is wrong with it."""
    kind = next((adapter for key, adapter in _KINDS.items() if key.encode() in line), None)
    if kind is None:
        return malformed([Detail("line", "must be a JSON object with an impression_id, a feedback or a rating")])
    try:
        sent: SentEvent = kind.validate_json(line).sent()
    except ValidationError as wrong:
        found = wrong.errors(include_url=False, include_input=False, include_context=False)
        return malformed([Detail(".".join(map(str, one["loc"])) or "line", one["msg"]) for one in found])
    return sent


class LineErrorOut(Answer):
    code: str
    message: str
    details: list[dict[str, str]]


class LineOut(Answer):
    line: int = Field(description="Counted from 1; blank lines count and are passed over.")
    status: int = Field(description="201 stored, 200 stored before, else as a call of its own would have answered.")
    id: str | None = None
    error: LineErrorOut | None = None


class BulkOut(Answer):
    stored: int
    repeated: int
    refused: int
    lines: list[LineOut]

    model_config = example(
        {
            "stored": 1,
            "repeated": 0,
            "refused": 1,
            "lines": [
                {"line": 1, "status": 201, "id": ENGAGED["id"]},
                {
                    "line": 2,
                    "status": 404,
                    "error": {
                        "code": "impression_not_found",
                        "message": f"There is no impression {IMPRESSION}.",
                        "details": [],
                    },
                },
            ],
        }
    )
