"""Measuring: what was shown, to whom, by which engine, and what it earned."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

import numpy as np

from application.accounts import own_account, require_owner
from domain.engagements import Action, FeedbackKind
from domain.errors import Detail, Invalid
from domain.items import Item, Kind
from domain.measuring import (
    DAYS,
    HitCounts,
    ItemTally,
    Period,
    PrecisionAtK,
    Tally,
    every_day,
    midnight,
    most,
    precision_at_k,
    total,
)
from domain.ports.analytics import Analytics, By, RollUps, Which
from domain.ports.services import Clock
from domain.ports.storage import UnitOfWorkFactory
from domain.users import Principal

Name = TypeVar("Name")

#: the longest period that is measured at once
MOST_DAYS = 367
#: items and genres that a report names
NAMED = 10


@dataclass(frozen=True)
class Counts:
    """The counts of the log, brought up to date before they are read."""

    analytics: Analytics
    roll_ups: RollUps
    clock: Clock

    def of(self, period: Period) -> Analytics:
        """What reads the period, whose finished days have been rolled up."""
        self.roll_ups.bring_up_to_date(self.clock.now(), period)
        return self.analytics

    def last_days(self, days: int) -> Period:
        return Period.last_days(self.clock.now(), days)


@dataclass(frozen=True)
class RollUpDays:
    """Roll up every day of the log that is not rolled up yet, and those with late actions. Returns how many.

    `anew` counts all days again, as lists of days gone by may have been added or removed.
    """

    roll_ups: RollUps
    clock: Clock

    def __call__(self, anew: bool = False) -> int:
        if anew:
            self.roll_ups.start_over()
        return self.roll_ups.bring_up_to_date(self.clock.now())


@dataclass(frozen=True)
class PrecisionQuestion:
    """Which lists, how many places of each, and what counts as a hit until when.

    Without an `end` it is now, without a `start` as many days before it as reports look back.
    """

    start: datetime | None = None
    end: datetime | None = None
    k: int = 10
    window: timedelta = timedelta(hours=24)
    engine: str | None = None
    platform: str | None = None
    actions: tuple[Action, ...] = (Action.CLICK,)


@dataclass(frozen=True)
class MeasurePrecision:
    """Precision at k of the lists that were shown in a period. Raises `Invalid` for one that is none, or too long.

    The seed makes the same counts give the same interval.
    """

    counts: Counts
    seed: int = 0

    def __call__(self, question: PrecisionQuestion) -> PrecisionAtK:
        end = question.end or self.counts.clock.now() + timedelta(microseconds=1)
        period = Period(question.start or end - timedelta(days=DAYS), end)
        if len(period.days) > MOST_DAYS:
            raise Invalid("The period is too long.", [Detail("start", f"must lie at most {MOST_DAYS} days before end")])
        which = Which(period, question.engine, question.platform)
        analytics = self.counts.of(period)
        lengths: Counter[int] = Counter()
        for length, lists in analytics.lengths(which).items():
            lengths[min(length, question.k)] += lists
        hits = analytics.hits(which, question.k, question.window, question.actions)
        return precision_at_k(HitCounts.of(hits, lengths), np.random.default_rng(self.seed))


@dataclass(frozen=True)
class UserReport:
    """What a user was shown and did, and the genres of the items with which they did more than look at them."""

    user_id: int
    tally: Tally
    genres: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class ShowUserAnalytics:
    """All that the log says of one user, for themselves and for admins. Raises `UserNotFound`, `NotAllowed`."""

    unit_of_work: UnitOfWorkFactory
    analytics: Analytics

    def __call__(self, principal: Principal, user_id: int) -> UserReport:
        with self.unit_of_work() as work:
            require_owner(work, principal, user_id)
            work.users.get(user_id)
            told = self.analytics.user(user_id)
            items = work.items.get_many(list(told.items))
        genres: Counter[str] = Counter()
        for item_id, item in items.items():
            genres.update(dict.fromkeys(item.genres, told.items[item_id]))
        return UserReport(user_id, told.tally, most(genres, NAMED))


@dataclass(frozen=True)
class GlobalReport:
    """The last days together, by engine and one by one, with the items that were clicked most."""

    tally: Tally
    engines: Sequence[tuple[str, Tally]]
    popular: Sequence[tuple[Item, ItemTally]]
    days: Sequence[tuple[date, Tally]]


@dataclass(frozen=True)
class ShowGlobalAnalytics:
    """What was shown to everybody in the last days, and what came of it."""

    counts: Counts
    unit_of_work: UnitOfWorkFactory

    def __call__(self, days: int = DAYS) -> GlobalReport:
        period = self.counts.last_days(days)
        analytics = self.counts.of(period)
        by_day: dict[date, Tally] = {}
        by_engine: dict[str, Tally] = {}
        for (day, engine), tally in analytics.tallies(period, By.DAY, By.ENGINE).items():
            by_engine[str(engine)] = by_engine.get(str(engine), Tally()) + tally
            if isinstance(day, date):
                by_day[day] = by_day.get(day, Tally()) + tally
        return GlobalReport(
            tally=total(by_day.values()),
            engines=_most_shown(by_engine),
            popular=self._popular(analytics, period),
            days=every_day(by_day, period.days),
        )

    def _popular(self, analytics: Analytics, period: Period) -> Sequence[tuple[Item, ItemTally]]:
        clicked = [item_id for item_id, _ in most(analytics.clicked_items(period), NAMED)]
        if not clicked:
            return []
        tallies = analytics.items(period, clicked)
        with self.unit_of_work() as work:
            items = work.items.get_many(clicked)
        # What was removed from the catalogue meanwhile is left out.
        return [(items[item_id], tallies.get(item_id, ItemTally())) for item_id in clicked if item_id in items]


@dataclass(frozen=True)
class EngineReport:
    """The last days by engine and model version, by platform, by surface and by rank.

    Where a list has no model version or platform, its name is empty.
    """

    engines: Sequence[tuple[tuple[str, str], Tally]]
    platforms: Sequence[tuple[str, Tally]]
    surfaces: Sequence[tuple[str, Tally]]
    ranks: Sequence[tuple[int, Tally]]


@dataclass(frozen=True)
class ShowEngineAnalytics:
    """How the engines did in the last days, where, and at which rank of their lists."""

    counts: Counts

    def __call__(self, days: int = DAYS) -> EngineReport:
        period = self.counts.last_days(days)
        analytics = self.counts.of(period)
        engines: dict[tuple[str, str], Tally] = {}
        platforms: dict[str, Tally] = {}
        surfaces: dict[str, Tally] = {}
        by = (By.ENGINE, By.MODEL_VERSION, By.PLATFORM, By.SURFACE)
        for key, tally in analytics.tallies(period, *by).items():
            engine, version, platform, surface = map(str, key)
            engines[engine, version] = engines.get((engine, version), Tally()) + tally
            platforms[platform] = platforms.get(platform, Tally()) + tally
            surfaces[surface] = surfaces.get(surface, Tally()) + tally
        ranks = sorted(analytics.ranks(period).items())
        return EngineReport(_most_shown(engines), _most_shown(platforms), _most_shown(surfaces), ranks)


@dataclass(frozen=True)
class FeedbackReport:
    """What was done with an item where it was shown, and what was said of it, in the last days."""

    item: Item
    days: int
    tally: ItemTally
    feedback: Mapping[FeedbackKind, int]


@dataclass(frozen=True)
class ShowItemFeedback:
    """Counts by action of today and the days before it: `days` in all, by UTC; for whoever has an account.

    Raises `ItemNotFound`.
    """

    counts: Counts
    unit_of_work: UnitOfWorkFactory

    def __call__(self, principal: Principal, kind: Kind, item_id: int, days: int = 7) -> FeedbackReport:
        with self.unit_of_work() as work:
            own_account(work, principal)
            item = work.items.get(item_id, kind)
        period = self.counts.last_days(days)
        analytics = self.counts.of(period)
        tally = analytics.items(period, [item_id]).get(item_id, ItemTally())
        # Said just now, by a clock that is a little ahead, is said too.
        said = analytics.feedback(item_id, Period(period.start, midnight(period.days[-1]) + timedelta(days=2)))
        return FeedbackReport(item, days, tally, said)


def _most_shown(tallies: Mapping[Name, Tally]) -> list[tuple[Name, Tally]]:
    return sorted(tallies.items(), key=lambda row: (-row[1].lists, str(row[0])))
