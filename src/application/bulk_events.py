"""Many events at once, from a shop's back end or an import: each one is stored or refused by itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from application.engaging import (
    EventRules,
    NewEngagement,
    NewFeedback,
    checked,
    feedback_of,
    problems_of_feedback,
    problems_of_time,
)
from application.rating import NewRating, problems_with
from domain.engagements import Engagement, Feedback
from domain.errors import Detail, InvalidEvent, ItemNotFound, MarqueeError, UserNotFound
from domain.events import Rating
from domain.impressions import Impression
from domain.ports.services import Clock
from domain.ports.storage import EventLog, ShownLists, UnitOfWorkFactory

#: events that are handed to the log at a time
PART = 4_000


@dataclass(frozen=True)
class SentEvent:
    """One event of many. An engagement without a `user_id` is that of whoever was shown the list."""

    event: NewEngagement | NewFeedback | NewRating
    user_id: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one event: its id where it has one, and whether it is new; or why it was refused."""

    id: str | None = None
    new: bool = True
    error: MarqueeError | None = None


@dataclass(frozen=True)
class _Known:
    """What the events of one part refer to, read at once."""

    impressions: Mapping[str, Impression]
    consents: Mapping[int, bool]
    items: frozenset[int]
    now: datetime


Prepared = Engagement | Feedback | Rating | MarqueeError


@dataclass(frozen=True)
class RecordEvents:
    """Store what can be stored, in the order given, and say of each event what became of it.

    Raises `StorageUnavailable`; what was stored before it stays, and is found to be there when all is sent again.
    """

    shown: ShownLists
    log: EventLog
    unit_of_work: UnitOfWorkFactory
    clock: Clock
    rules: EventRules

    def __call__(self, sent: Sequence[SentEvent]) -> Iterator[Outcome]:
        for start in range(0, len(sent), PART):
            part = sent[start : start + PART]
            known = self._known(part)
            prepared = [self._prepare(one, known) for one in part]
            fresh = set(self._store(prepared))
            yield from (_outcome(one, fresh) for one in prepared)

    def _known(self, part: Sequence[SentEvent]) -> _Known:
        lists = [one.event.impression_id for one in part if isinstance(one.event, NewEngagement)]
        impressions = self.shown.find(list(dict.fromkeys(lists)))
        users = {one.user_id for one in part if one.user_id is not None}
        users |= {shown.user_id for shown in impressions.values() if shown.user_id is not None}
        with self.unit_of_work() as work:
            items = work.items.get_many(list({one.event.item_id for one in part}))
            consents = work.users.consents(sorted(users))
        return _Known(impressions, consents, frozenset(items), self.clock.now())

    def _prepare(self, one: SentEvent, known: _Known) -> Prepared:
        try:
            if isinstance(one.event, NewEngagement):
                return self._engagement(one.event, one.user_id, known)
            if one.user_id not in known.consents:
                raise UserNotFound(one.user_id or 0)
            if one.event.item_id not in known.items:
                raise ItemNotFound(one.event.item_id)
            if isinstance(one.event, NewFeedback):
                return self._feedback(one.event, one.user_id or 0, known)
            return self._rating(one.event, one.user_id or 0, known)
        except MarqueeError as refused:
            return refused

    def _engagement(self, sent: NewEngagement, user_id: int | None, known: _Known) -> Engagement:
        impression = known.impressions.get(sent.impression_id)
        owner = impression.user_id if impression else None
        for one in (user_id, owner):
            if one is not None and one not in known.consents:
                raise UserNotFound(one)
        return checked(sent, user_id or owner or 0, impression, known.now, self.rules)

    def _feedback(self, sent: NewFeedback, user_id: int, known: _Known) -> Feedback:
        problems = [*problems_of_feedback(sent), *problems_of_time(sent.timestamp, None, known.now, self.rules)]
        if problems:
            raise InvalidEvent("The feedback was not stored.", problems)
        return feedback_of(sent, user_id, known.now)

    def _rating(self, sent: NewRating, user_id: int, known: _Known) -> Rating:
        now = int(known.now.timestamp())
        latest = now + int(self.rules.skew.total_seconds())
        if problems := problems_with([sent], known.items, latest):
            plain = [replace(one, where=one.where.partition(".")[2]) for one in problems]
            raise InvalidEvent("The rating was not stored.", plain)
        return Rating(user_id, sent.item_id, sent.value, now if sent.timestamp is None else sent.timestamp)

    def _store(self, prepared: Sequence[Prepared]) -> frozenset[str]:
        """Ratings first, so that what is said of a title never hides how it was rated. Returns the new ids."""
        rating = [one for one in prepared if isinstance(one, Feedback) and one.value is not None]
        ratings = [one for one in prepared if isinstance(one, Rating)]
        if rating or ratings:
            with self.unit_of_work() as work:
                # What is sent again must not undo a rating given since.
                known = work.feedback.find([one.id for one in rating])
                ratings += [
                    Rating(one.user_id, one.item_id, one.value or 0.0, int(one.occurred_at.timestamp()))
                    for one in rating
                    if one.id not in known
                ]
                work.ratings.put(ratings)
                work.commit()
        events = [one for one in prepared if isinstance(one, Engagement | Feedback)]
        return self.log.append(*events) if events else frozenset()


def _outcome(one: Prepared, fresh: set[str]) -> Outcome:
    """Of equal events the first is new: its id is taken out of `fresh`."""
    if isinstance(one, MarqueeError):
        return Outcome(new=False, error=one)
    if isinstance(one, Rating):
        return Outcome()
    new = one.id in fresh
    fresh.discard(one.id)
    return Outcome(one.id, new)


def malformed(details: Sequence[Detail]) -> InvalidEvent:
    """Of a line that is no event."""
    return InvalidEvent("The line is not an event.", details)
