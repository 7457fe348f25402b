"""What came of what was shown: engagements with the items of a list, and feedback without a list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.events import RATING_MAX


class Action(StrEnum):
    """What somebody did with an item that was shown to them."""

    VIEW = "view"
    CLICK = "click"
    LIKE = "like"
    WATCH = "watch"
    ENROLL = "enroll"
    PLAY_COMPLETE = "play_complete"


class FeedbackKind(StrEnum):
    """What somebody says of an item, wherever they met it."""

    LIKE = "like"
    DISLIKE = "dislike"
    SKIP = "skip"
    PLAY_COMPLETE = "play_complete"
    EXPLICIT_RATING = "explicit_rating"


#: what an engagement is worth to whoever chose the list
REWARDS: Mapping[Action, float] = {
    Action.ENROLL: 1.0,
    Action.WATCH: 1.0,
    Action.PLAY_COMPLETE: 1.0,
    Action.LIKE: 0.8,
    Action.CLICK: 0.5,
    Action.VIEW: 0.1,
}

#: the rating that an action stands for in a history where the user has given none; looking is not liking
IMPLIED_RATINGS: Mapping[str, float] = {
    Action.LIKE: RATING_MAX,
    Action.WATCH: 4.0,
    Action.ENROLL: 4.0,
    Action.PLAY_COMPLETE: 4.0,
    FeedbackKind.DISLIKE: 1.0,
}


@dataclass(frozen=True)
class Engagement:
    """Something done with one item of an impression. `id` is a UUID in text form, the same for an equal event.

    `shown_at`, `engine`, `model_version` and `rank` are the impression's. One without a `user_id` is nobody's.
    """

    id: str
    impression_id: str
    item_id: int
    user_id: int | None
    action: Action
    occurred_at: datetime
    recorded_at: datetime
    rank: int
    shown_at: datetime
    engine: str
    model_version: str | None
    platform: str | None = None


@dataclass(frozen=True)
class Feedback:
    """Something said of an item. `value` is the rating of an explicit one; `id` as that of an engagement."""

    id: str
    user_id: int
    item_id: int
    feedback: FeedbackKind
    occurred_at: datetime
    recorded_at: datetime
    value: float | None = None
    session_id: str | None = None


@dataclass(frozen=True)
class Signal:
    """An implied rating: what a user's last telling action says of an item. `timestamp` in unix seconds.

    Of two signals of one user and item the later counts, at the same moment the stronger, so that the order in which
    they arrive changes nothing.
    """

    user_id: int
    item_id: int
    value: float
    timestamp: int


def signal_of(event: Engagement | Feedback) -> Signal | None:
    """What the event says of its user's taste, if it says anything and it is known whose it is.

    An explicit rating is stored as one, and implies nothing beside it.
    """
    action = event.action if isinstance(event, Engagement) else event.feedback
    value = IMPLIED_RATINGS.get(action)
    if value is None or event.user_id is None:
        return None
    return Signal(event.user_id, event.item_id, value, int(event.occurred_at.timestamp()))
