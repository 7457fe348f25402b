"""Looking at raw rows, for admins who debug."""

from dataclasses import dataclass

from domain.engagements import Engagement
from domain.events import Rating
from domain.impressions import Impression
from domain.paging import Page, PageRequest
from domain.ports.storage import UnitOfWorkFactory


@dataclass(frozen=True)
class ListAllRatings:
    """A page of everybody's ratings, or of one user's, newest first."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, page: PageRequest, user_id: int | None = None) -> Page[Rating]:
        with self.unit_of_work() as work:
            return work.ratings.list_page(page, user_id)


@dataclass(frozen=True)
class ListImpressions:
    """A page of the lists that were shown, or of those shown to one user, newest first."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, page: PageRequest, user_id: int | None = None) -> Page[Impression]:
        with self.unit_of_work() as work:
            return work.impressions.list_page(page, user_id)


@dataclass(frozen=True)
class ListEngagements:
    """A page of what was done with what was shown, or of what one user did, the latest first."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, page: PageRequest, user_id: int | None = None) -> Page[Engagement]:
        with self.unit_of_work() as work:
            return work.engagements.list_page(page, user_id)
