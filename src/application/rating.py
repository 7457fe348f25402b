"""Ratings: given, replaced, listed and taken back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite

from application.accounts import own_account
from domain.errors import Detail, InvalidRatings
from domain.events import RATING_MAX, RATING_MIN, Rating
from domain.paging import Page, PageRequest
from domain.ports.services import Clock
from domain.ports.storage import UnitOfWorkFactory
from domain.users import Principal

#: how far a client's clock may run ahead of ours
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class NewRating:
    """A rating as it was sent; without a `timestamp` (unix seconds) it counts as given now."""

    item_id: int
    value: float
    timestamp: int | None = None


@dataclass(frozen=True)
class RateItems:
    """Store a batch of the caller's ratings, all or none. A second rating of an item replaces the first.

    Raises `InvalidRatings`, which names every bad row.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, principal: Principal, ratings: Sequence[NewRating]) -> Sequence[Rating]:
        now = int(self.clock.now().timestamp())
        with self.unit_of_work() as work:
            own_account(work, principal)
            known = work.items.get_many([rating.item_id for rating in ratings]).keys()
            problems = problems_with(ratings, known, latest=now + int(CLOCK_SKEW.total_seconds()))
            if problems:
                raise InvalidRatings("No rating was stored: some rows are not valid.", problems)
            stored = work.ratings.put(
                [
                    Rating(
                        user_id=principal.user_id,
                        item_id=rating.item_id,
                        value=rating.value,
                        timestamp=now if rating.timestamp is None else rating.timestamp,
                    )
                    for rating in ratings
                ]
            )
            work.commit()
        return stored


@dataclass(frozen=True)
class RemoveRating:
    """Take back one of the caller's ratings. Raises `RatingNotFound`."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, principal: Principal, item_id: int) -> None:
        with self.unit_of_work() as work:
            own_account(work, principal)
            work.ratings.remove(principal.user_id, item_id)
            work.commit()


@dataclass(frozen=True)
class ListRatings:
    """A page of the caller's ratings, newest first."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, principal: Principal, page: PageRequest) -> Page[Rating]:
        with self.unit_of_work() as work:
            own_account(work, principal)
            return work.ratings.list_page(page, principal.user_id)


def problems_with(ratings: Sequence[NewRating], known: Collection[int], latest: int) -> list[Detail]:
    """What is wrong with a batch, row by row; rows count from 0 as they do in the request."""
    problems: list[Detail] = []
    first_row: dict[int, int] = {}
    for row, rating in enumerate(ratings):
        if not isfinite(rating.value) or not RATING_MIN <= rating.value <= RATING_MAX:
            problems.append(Detail(f"{row}.rating", f"must lie between {RATING_MIN} and {RATING_MAX}"))
        if rating.item_id not in known:
            problems.append(Detail(f"{row}.item_id", f"there is no item {rating.item_id}"))
        if rating.timestamp is not None and not 0 <= rating.timestamp <= latest:
            problems.append(Detail(f"{row}.timestamp", "must lie between 1970 and now"))
        if first_row.setdefault(rating.item_id, row) != row:
            problems.append(
                Detail(f"{row}.item_id", f"item {rating.item_id} stands in row {first_row[rating.item_id]} already")
            )
    return problems
