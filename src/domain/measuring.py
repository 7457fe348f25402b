"""What was shown, and what it earned: precision of the lists, click-through rates, and counts by day.

A *place* is one item of one list. Whatever is done with a place counts once for each action, however often it is told.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from math import sqrt
from operator import add
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.engagements import Action
from domain.errors import Detail, Invalid

Key = TypeVar("Key")

#: of the standard normal distribution, for intervals of 95 %
NORMAL_QUANTILE = 1.959964
TAILS = (0.025, 0.975)
DRAWS = 1000
#: days of the reports that look back
DAYS = 30


@dataclass(frozen=True)
class Period:
    """From `start` up to, and without, `end`. Raises `Invalid` for one that ends before it has begun."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise Invalid("A period ends after it has begun.", [Detail("end", "must be later than start")])

    @classmethod
    def last_days(cls, now: datetime, days: int = DAYS) -> "Period":
        """Today, by UTC, and the days before it: `days` in all."""
        return cls(midnight(now.astimezone(UTC).date() - timedelta(days=days - 1)), now + timedelta(microseconds=1))

    @property
    def days(self) -> tuple[date, ...]:
        """Every day, by UTC, of which some part lies within."""
        first, last = self.start.astimezone(UTC).date(), (self.end - timedelta(microseconds=1)).astimezone(UTC).date()
        return tuple(first + timedelta(days=day) for day in range((last - first).days + 1))


def midnight(day: date) -> datetime:
    """When a day begins, in UTC."""
    return datetime.combine(day, time(), UTC)


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    total: int

    @property
    def value(self) -> float:
        """0 while there is nothing that could have counted."""
        return self.count / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the true share, as if each of them stood alone (Wilson, 1927); 0 to 1 without any."""
        if not self.total:
            return (0.0, 1.0)
        share, z2 = self.value, NORMAL_QUANTILE**2
        centre = share + z2 / (2 * self.total)
        reach = NORMAL_QUANTILE * sqrt(share * (1 - share) / self.total + z2 / (4 * self.total**2))
        scale = 1 + z2 / self.total
        return (max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale))


@dataclass(frozen=True)
class Tally:
    """Lists, the places in them, and the places with which each action was done."""

    lists: int = 0
    shown: int = 0
    actions: Mapping[Action, int] = field(default_factory=dict)

    def __add__(self, other: "Tally") -> "Tally":
        actions = Counter(self.actions)
        actions.update(other.actions)
        return Tally(self.lists + other.lists, self.shown + other.shown, dict(actions))

    def of(self, action: Action) -> int:
        return self.actions.get(action, 0)

    @property
    def clicks(self) -> int:
        return self.of(Action.CLICK)

    @property
    def enrolls(self) -> int:
        return self.of(Action.ENROLL)

    @property
    def ctr(self) -> Share:
        """Click-through rate: the share of the places that were clicked."""
        return Share(self.clicks, self.shown)


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    return reduce(add, tallies, Tally())


def every_day(tallies: Mapping[date, Tally], days: Iterable[date]) -> list[tuple[date, Tally]]:
    """One row a day, in order; also for days on which nothing was shown."""
    return [(day, tallies.get(day, Tally())) for day in days]


@dataclass(frozen=True, eq=False)
class HitCounts:
    """How many lists had so many hits among so many places: columns [m], one row for each pair that occurs."""

    hits: NDArray[np.int64]
    shown: NDArray[np.int64]
    lists: NDArray[np.int64]

    @classmethod
    def of(cls, with_hits: Mapping[tuple[int, int], int], lengths: Mapping[int, int]) -> "HitCounts":
        """`with_hits` counts the lists that had any, by (hits, places); `lengths` all lists, by places."""
        without = Counter(lengths)
        for (_, shown), lists in with_hits.items():
            without[shown] -= lists
        rows = [*((*pair, lists) for pair, lists in with_hits.items()), *((0, k, n) for k, n in without.items())]
        # Empty lists have no precision, and a list that came in between the two counts is left for the next time.
        kept = np.array([row for row in rows if row[1] > 0 and row[2] > 0], dtype=np.int64).reshape(-1, 3)
        return cls(*kept.T)


@dataclass(frozen=True)
class PrecisionAtK:
    """Share of the first k places of lists that earned an action in time.

    `mean` is over lists, `micro` over places; `interval` is that of the mean, None without lists.
    """

    mean: float
    micro: float
    lists: int
    hits: int
    shown: int
    interval: tuple[float, float] | None


def precision_at_k(counts: HitCounts, random: np.random.Generator, draws: int = DRAWS) -> PrecisionAtK:
    """Precision at k with a 95 % percentile bootstrap interval over lists (Efron, 1979).

    Drawing lists with replacement is drawing how many of each pair there are, from a multinomial distribution: the cost
    depends on the number of pairs, not of lists.
    """
    lists = int(counts.lists.sum())
    if not lists:
        return PrecisionAtK(0.0, 0.0, 0, 0, 0, None)
    precisions = counts.hits / counts.shown
    hits, shown = int(counts.lists @ counts.hits), int(counts.lists @ counts.shown)
    drawn = random.multinomial(lists, counts.lists / lists, size=draws) @ precisions / lists
    low, high = np.quantile(drawn, TAILS)
    mean = float(counts.lists @ precisions) / lists
    return PrecisionAtK(mean, hits / shown, lists, hits, shown, (float(low), float(high)))


@dataclass(frozen=True)
class ItemTally:
    """How often an item was shown, the sum of the ranks it had, and what was done with it there.

    `sources` count by what proposed it.
    """

    shown: int = 0
    rank_sum: int = 0
    sources: Mapping[str, int] = field(default_factory=dict)
    actions: Mapping[Action, int] = field(default_factory=dict)

    @property
    def mean_rank(self) -> float | None:
        return self.rank_sum / self.shown if self.shown else None

    @property
    def ctr(self) -> Share:
        return Share(self.actions.get(Action.CLICK, 0), self.shown)


def most(counts: Mapping[Key, int], limit: int) -> list[tuple[Key, int]]:
    """The keys with the highest counts; ties in order of the keys as text."""
    return sorted(counts.items(), key=lambda row: (-row[1], str(row[0])))[:limit]
