"""What people do with what they are shown."""

from collections.abc import Iterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Request, Response

from application.bulk_events import Outcome, RecordEvents, SentEvent
from application.engaging import GiveFeedback, RecordEngagement
from domain.engagements import Engagement, Feedback
from domain.errors import (
    Detail,
    ImpressionNotFound,
    InvalidEvent,
    ItemNotFound,
    KeyReused,
    MarqueeError,
    NotAllowed,
)
from presentation.api.dependencies import Caller, admin, provided
from presentation.api.documenting import NOT_ADMIN, fails, named
from presentation.api.errors import status_of
from presentation.api.schemas.events import (
    BULK_EXAMPLE,
    IMPRESSION,
    BulkOut,
    EngagementIn,
    EngagementOut,
    FeedbackIn,
    FeedbackOut,
    Key,
    event_of,
)

router = APIRouter(prefix="/events", tags=["Events"], generate_unique_id_function=named)

BULK_PATH = "/events/bulk"
KeyHeader = Annotated[
    Key | None, Header(alias="Idempotency-Key", description="Of calls with the same key one alone is stored.")
]
NOT_SHOWN = InvalidEvent(
    "The engagement does not fit what was shown.", [Detail("item_id", "item 42 was not on this list")]
)
NOT_RATED = InvalidEvent("The feedback was not stored.", [Detail("value", "must lie between 0.5 and 5.0")])
NO_EVENT = InvalidEvent("There is no event.", [Detail("body", "must hold a line for each event")])
NOT_YOURS = NotAllowed("This list was shown to somebody else.")
SENT_BEFORE: dict[int | str, dict[str, Any]] = {200: {"description": "An equal event had been stored before."}}


@router.post(
    "/engagements",
    summary="Say what was done with a title on a list",
    status_code=201,
    response_model=EngagementOut,
    responses={**SENT_BEFORE, **fails(ImpressionNotFound(IMPRESSION), NOT_YOURS, NOT_SHOWN, KeyReused())},
)
def create_engagement(
    body: EngagementIn,
    caller: Caller,
    response: Response,
    record: Annotated[RecordEngagement, provided("record_engagement")],
    key: KeyHeader = None,
) -> Engagement:
    """Store an engagement with one title of a list that the caller was shown; it is on disk before the answer leaves.

    The next list follows a `like`, a `watch`, an `enroll` and a `play_complete`. An event that says the same as one
    before it, or has the same `Idempotency-Key`, is stored once and answered with 200.
    """
    event, new = record(caller, body.as_new(key))
    response.status_code = 201 if new else 200
    return event


@router.post(
    "/feedback",
    summary="Say something of a title",
    status_code=201,
    response_model=FeedbackOut,
    responses={**SENT_BEFORE, **fails(ItemNotFound(42), NOT_RATED, KeyReused())},
)
def create_feedback(
    body: FeedbackIn,
    caller: Caller,
    response: Response,
    give_feedback: Annotated[GiveFeedback, provided("give_feedback")],
    key: KeyHeader = None,
) -> Feedback:
    """Store what the caller says of a title, wherever they met it; an `explicit_rating` is a rating as well.

    The next list follows it, but for a `skip`, which says too little of a taste.
    """
    event, new = give_feedback(caller, body.as_new(key))
    response.status_code = 201 if new else 200
    return event


async def raw_body(request: Request) -> bytes:
    """The body as it was sent, whatever it says of its type."""
    return await request.body()


@router.post(
    "/bulk",
    summary="Send many events",
    dependencies=[Depends(admin)],
    response_model=BulkOut,
    responses=fails(NOT_ADMIN, NO_EVENT),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/x-ndjson": {"schema": {"type": "string", "examples": [BULK_EXAMPLE]}}},
        }
    },
)
def create_events(
    body: Annotated[bytes, Depends(raw_body)],
    record_events: Annotated[RecordEvents, provided("record_events")],
) -> Response:
    """Store engagements, feedback and ratings, one JSON object a line, each as the call of its kind would.

    Each names its `user_id`; an engagement may leave it out and is then that of whoever was shown the list. Good lines
    are kept whatever is wrong with others, and the answer says of each line what became of it.
    """
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if not lines:
        raise NO_EVENT
    read = [event_of(line) for _, line in lines]
    outcomes = record_events([one for one in read if isinstance(one, SentEvent)])
    told = [_told(number, one, outcomes) for (number, _), one in zip(lines, read, strict=True)]
    counts = {name: sum(1 for one in told if one["status"] == status) for name, status in _COUNTED.items()}
    answer = {**counts, "refused": len(told) - sum(counts.values()), "lines": told}
    return Response(orjson.dumps(answer), media_type="application/json")


_COUNTED = {"stored": 201, "repeated": 200}


def _told(number: int, one: SentEvent | InvalidEvent, outcomes: Iterator[Outcome]) -> dict[str, Any]:
    outcome = next(outcomes) if isinstance(one, SentEvent) else Outcome(error=one)
    if outcome.error is not None:
        return {"line": number, "status": int(status_of(outcome.error)), "error": _error(outcome.error)}
    told: dict[str, Any] = {"line": number, "status": 201 if outcome.new else 200}
    return told if outcome.id is None else {**told, "id": outcome.id}


def _error(error: MarqueeError) -> dict[str, Any]:
    details = [{"where": one.where, "problem": one.problem} for one in error.details]
    return {"code": error.code, "message": error.message, "details": details}
