"""What people do with what was shown to them, and what they say of it: checked, stored once, durable."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from uuid import UUID, uuid5

from application.accounts import own_account
from application.rating import CLOCK_SKEW, NewRating, RateItems
from domain.engagements import Action, Engagement, Feedback, FeedbackKind
from domain.errors import (
    Detail,
    ImpressionNotFound,
    InvalidEvent,
    InvalidToken,
    ItemNotFound,
    KeyReused,
    MarqueeError,
    NotAllowed,
    UserNotFound,
)
from domain.events import RATING_MAX, RATING_MIN
from domain.impressions import Impression
from domain.ports.services import Clock
from domain.ports.storage import EventLog, ShownLists, UnitOfWorkFactory
from domain.users import Principal

#: the name space of ids that are made from what an event says
EVENT_IDS = UUID("5d1f2f6e-3a35-4f0c-9b1e-6a5d2c8e7f41")


@dataclass(frozen=True)
class NewEngagement:
    """An engagement as it was sent; without a time (unix seconds) it happened now, without a key its content is one."""

    impression_id: str
    item_id: int
    action: Action
    platform: str | None = None
    timestamp: int | None = None
    key: str | None = None

    def event_id(self, user_id: int) -> str:
        """The same for an equal event. A key counts for its caller alone."""
        if self.key is not None:
            return str(uuid5(EVENT_IDS, f"key {user_id} {self.key}"))
        said = (self.impression_id, self.item_id, self.action, "" if self.timestamp is None else self.timestamp)
        return str(uuid5(EVENT_IDS, " ".join(map(str, said))))


@dataclass(frozen=True)
class NewFeedback:
    """Feedback as it was sent; `value` belongs to an explicit rating, and to nothing else."""

    item_id: int
    feedback: FeedbackKind
    value: float | None = None
    session_id: str | None = None
    timestamp: int | None = None
    key: str | None = None

    def event_id(self, user_id: int, now: int) -> str:
        """The same for an equal event. Without a time it is one event a second at most."""
        if self.key is not None:
            return str(uuid5(EVENT_IDS, f"key {user_id} {self.key}"))
        at = now if self.timestamp is None else self.timestamp
        said = (user_id, self.item_id, self.feedback, self.value, self.session_id, at)
        return str(uuid5(EVENT_IDS, " ".join(map(str, said))))


@dataclass(frozen=True)
class EventRules:
    """How long after a list was shown something done with it still counts, and how far clocks may differ."""

    window: timedelta = timedelta(days=30)
    skew: timedelta = CLOCK_SKEW


@dataclass(frozen=True)
class RecordEngagement:
    """Store what the caller did with an item of a list that was shown to them.

    Returns the stored event and whether it is new: an equal one is stored once. A list that is nobody's, because
    nobody had signed in or somebody keeps no log, takes engagements from whoever knows its id, and they are nobody's.

    Raises `ImpressionNotFound`, `NotAllowed` for somebody else's, `InvalidEvent` for an item that was not shown,
    another platform and a time that cannot be, `KeyReused`, `InvalidToken`.
    """

    shown: ShownLists
    log: EventLog
    unit_of_work: UnitOfWorkFactory
    clock: Clock
    rules: EventRules

    def __call__(self, principal: Principal, sent: NewEngagement) -> tuple[Engagement, bool]:
        impression = self.shown.find([sent.impression_id]).get(sent.impression_id)
        try:
            event = checked(sent, principal.user_id, impression, self.clock.now(), self.rules)
        except MarqueeError:
            # Asked only now, for a good event finds out by being stored.
            with self.unit_of_work() as work:
                own_account(work, principal)
            raise
        try:
            fresh = event.id in self.log.append(event)
        except UserNotFound as gone:
            raise InvalidToken("The account of this token no longer exists.") from gone
        return (event, True) if fresh else (self._stored(event), False)

    def _stored(self, event: Engagement) -> Engagement:
        with self.unit_of_work() as work:
            stored = work.engagements.find([event.id]).get(event.id, event)
        if (stored.impression_id, stored.item_id, stored.action) != (event.impression_id, event.item_id, event.action):
            raise KeyReused
        return stored


@dataclass(frozen=True)
class GiveFeedback:
    """Store what the caller says of an item. An explicit rating is a rating as well, as of its time.

    Returns the stored feedback and whether it is new. Who keeps no log has their explicit ratings stored alone. Raises
    `ItemNotFound`, `InvalidEvent`, `KeyReused`, `InvalidToken`.
    """

    unit_of_work: UnitOfWorkFactory
    rate_items: RateItems
    log: EventLog
    clock: Clock
    rules: EventRules

    def __call__(self, principal: Principal, sent: NewFeedback) -> tuple[Feedback, bool]:
        now = self.clock.now()
        problems = list(problems_of_feedback(sent)) + list(problems_of_time(sent.timestamp, None, now, self.rules))
        if problems:
            raise InvalidEvent("The feedback was not stored.", problems)
        with self.unit_of_work() as work:
            keeps_log = own_account(work, principal).consent
            if sent.item_id not in work.items.get_many([sent.item_id]):
                raise ItemNotFound(sent.item_id)
        event = feedback_of(sent, principal.user_id, now)
        if (known := self._find(event)) is not None:
            # Before the rating: what is sent again must not undo a rating given since.
            return known, False
        if event.value is not None:
            at = int(event.occurred_at.timestamp())
            self.rate_items(principal, [NewRating(event.item_id, event.value, at)])
        if not keeps_log:
            return event, True
        fresh = event.id in self.log.append(event)
        return (event, True) if fresh else (self._find(event) or event, False)

    def _find(self, event: Feedback) -> Feedback | None:
        with self.unit_of_work() as work:
            stored = work.feedback.find([event.id]).get(event.id)
        if stored and (stored.item_id, stored.feedback, stored.value) != (event.item_id, event.feedback, event.value):
            raise KeyReused
        return stored


def checked(
    sent: NewEngagement, user_id: int, impression: Impression | None, now: datetime, rules: EventRules
) -> Engagement:
    """The engagement to store. Raises `ImpressionNotFound`, `NotAllowed`, `InvalidEvent`."""
    if impression is None:
        raise ImpressionNotFound(sent.impression_id)
    if impression.user_id not in (None, user_id):
        raise NotAllowed("This list was shown to somebody else.")
    place = impression.place_of(sent.item_id)
    problems = list(problems_of_time(sent.timestamp, impression.shown_at, now, rules))
    if place is None:
        problems.append(Detail("item_id", f"item {sent.item_id} was not on this list"))
    if sent.platform is not None and impression.platform is not None and sent.platform != impression.platform:
        problems.append(Detail("platform", f"the list was shown on {impression.platform}"))
    if problems or place is None:
        raise InvalidEvent("The engagement does not fit what was shown.", problems)
    return Engagement(
        id=sent.event_id(user_id),
        impression_id=impression.id,
        item_id=sent.item_id,
        user_id=impression.user_id,
        action=sent.action,
        occurred_at=now if sent.timestamp is None else datetime.fromtimestamp(sent.timestamp, UTC),
        recorded_at=now,
        rank=place.rank,
        shown_at=impression.shown_at,
        engine=impression.engine,
        model_version=impression.model_version,
        platform=sent.platform or impression.platform,
    )


def feedback_of(sent: NewFeedback, user_id: int, now: datetime) -> Feedback:
    """The feedback to store."""
    return Feedback(
        id=sent.event_id(user_id, int(now.timestamp())),
        user_id=user_id,
        item_id=sent.item_id,
        feedback=sent.feedback,
        occurred_at=now if sent.timestamp is None else datetime.fromtimestamp(sent.timestamp, UTC),
        recorded_at=now,
        value=sent.value,
        session_id=sent.session_id,
    )


def problems_of_time(
    timestamp: int | None, shown_at: datetime | None, now: datetime, rules: EventRules
) -> Iterable[Detail]:
    """What is wrong with the time of an event; one without a list may be as old as anything."""
    earliest = 0.0 if shown_at is None else (shown_at - rules.skew).timestamp()
    latest = (now + rules.skew).timestamp()
    at = now.timestamp() if timestamp is None else timestamp
    if not earliest <= at <= latest:
        yield Detail("timestamp", f"must lie between {'1970' if shown_at is None else 'being shown'} and now")
    elif shown_at is not None and at > (shown_at + rules.window).timestamp():
        yield Detail("timestamp", f"must lie within {rules.window.days} days of being shown")


def problems_of_feedback(sent: NewFeedback) -> Iterable[Detail]:
    """What is wrong with the value."""
    rates = sent.feedback is FeedbackKind.EXPLICIT_RATING
    if rates and (sent.value is None or not isfinite(sent.value) or not RATING_MIN <= sent.value <= RATING_MAX):
        yield Detail("value", f"must lie between {RATING_MIN} and {RATING_MAX}")
    if not rates and sent.value is not None:
        yield Detail("value", "belongs to an explicit_rating alone")
