"""Ports of measuring: what the log says of lists, places and actions, counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain.engagements import Action, FeedbackKind
from domain.measuring import ItemTally, Period, Tally


class By(StrEnum):
    """What lists are told apart by."""

    DAY = "day"
    ENGINE = "engine"
    MODEL_VERSION = "model_version"
    PLATFORM = "platform"
    SURFACE = "surface"


@dataclass(frozen=True)
class Which:
    """Lists of a period; of one engine and one platform alone, where these are given."""

    period: Period
    engine: str | None = None
    platform: str | None = None


@dataclass(frozen=True)
class UserTally:
    """What one user was shown and did, and at how many places they did anything but view each item."""

    tally: Tally
    items: Mapping[int, int]


@dataclass(frozen=True, eq=False)
class ChosenLists:
    """Lists whose engine was chosen by chance, as columns [n].

    `chances` are those of the engine that was chosen; `lengths` are the events of the user's history at the time, and
    `rewards` what the list has earned.
    """

    users: NDArray[np.int64]
    lengths: NDArray[np.int64]
    engines: NDArray[np.str_]
    chances: NDArray[np.float64]
    rewards: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.engines)


class RollUps(Protocol):
    def bring_up_to_date(self, now: datetime, period: Period | None = None) -> int:
        """Count the days of the period that are not counted yet, by default of all days, and those with late actions.

        Returns how many were counted. It may be repeated, interrupted, and run in several processes at once.
        """
        ...

    def start_over(self) -> None:
        """Forget what was counted: after lists of days gone by were added or removed."""
        ...


class Analytics(Protocol):
    def tallies(self, period: Period, *by: By) -> Mapping[tuple[date | str, ...], Tally]:
        """What was shown in the period and what came of it until now, by the values of `by` in their order.

        What has no model version or platform has an empty one.
        """
        ...

    def ranks(self, period: Period) -> Mapping[int, Tally]:
        """The same by the rank in the list."""
        ...

    def clicked_items(self, period: Period) -> Mapping[int, int]:
        """At how many places each item was clicked."""
        ...

    def items(self, period: Period, item_ids: Sequence[int]) -> Mapping[int, ItemTally]:
        """What became of these items; those that were not shown are left out."""
        ...

    def feedback(self, item_id: int, period: Period) -> Mapping[FeedbackKind, int]:
        """What was said of an item in the period."""
        ...

    def user(self, user_id: int) -> UserTally:
        """All that a user was shown and did. Nothing, for one who keeps no log."""
        ...

    def recent_users(self, limit: int) -> Sequence[int]:
        """Users who were shown the last lists, the latest first."""
        ...

    def lengths(self, which: Which) -> Mapping[int, int]:
        """How many lists there are of each length."""
        ...

    def hits(self, which: Which, k: int, window: timedelta, actions: Sequence[Action]) -> Mapping[tuple[int, int], int]:
        """How many lists had so many hits among so many places, which are the first k or fewer; without those of none.

        A hit is a place with which one of the actions was done, `window` after the list was shown at the latest.
        """
        ...

    def chosen_lists(self, period: Period) -> ChosenLists:
        """The recommendations of the period whose engine was chosen by chance, outside of experiments."""
        ...
