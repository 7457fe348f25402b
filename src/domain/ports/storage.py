"""Ports of storage. Every write happens inside a unit of work and counts once that has been committed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from domain.catalogue import Catalogue
from domain.engagements import Engagement, Feedback
from domain.events import Interactions, Rating
from domain.impressions import Impression
from domain.items import Item, ItemSearch, Kind
from domain.paging import Page, PageRequest
from domain.ports.experiments import Experiments
from domain.recommendation import UserState
from domain.taste import TasteSettings
from domain.users import Demographics, RefreshToken, User


class Users(Protocol):
    def get(self, user_id: int) -> User:
        """Raises `UserNotFound`."""
        ...

    def find_by_email(self, email: str) -> User | None:
        """By email address, in any case."""
        ...

    def add(self, user: User) -> User:
        """Store a new user and give it an id. Raises `EmailTaken`, `UsernameTaken`."""
        ...

    def save(self, user: User) -> None:
        """Store changes. Raises `EmailTaken`, `UsernameTaken`."""
        ...

    def erase(self, user_id: int) -> None:
        """Remove the user with ratings, events, tokens and taste. Raises `UserNotFound`, `LastAdmin`."""
        ...

    def consents(self, user_ids: Sequence[int]) -> Mapping[int, bool]:
        """Whether each of the users consents to be learned from; ids that do not exist are left out."""
        ...

    def forget_log(self, user_id: int) -> None:
        """Make the user's impressions and engagements nobody's, and remove their feedback and all that it implied."""
        ...

    def erase_all_of(self, origin: str) -> int:
        """Remove all accounts that came with this data set, as `erase` does. Returns their number."""
        ...

    def erase_all_but_admins(self) -> int:
        """The number of users removed."""
        ...

    def has_admin(self) -> bool: ...

    def list_page(self, page: PageRequest, text: str | None = None) -> Page[User]:
        """By id; `text` is sought in email addresses and user names."""
        ...

    def taste(self, user_id: int) -> TasteSettings: ...

    def set_taste(self, user_id: int, taste: TasteSettings) -> None: ...


class Items(Protocol):
    def get(self, item_id: int, kind: Kind | None = None) -> Item:
        """Raises `ItemNotFound`, also for an item of another kind than the one asked for."""
        ...

    def get_many(self, item_ids: Sequence[int]) -> dict[int, Item]:
        """By id, in one read; ids that do not exist are left out."""
        ...

    def add(self, item: Item) -> Item:
        """Store a new item; an id that it already has is kept.

        Raises `ItemIdTaken`, `TitleTaken`, `ExternalIdTaken`.
        """
        ...

    def save(self, item: Item) -> None:
        """Store changes. Raises `TitleTaken`, `ExternalIdTaken`."""
        ...

    def remove(self, item_id: int, kind: Kind) -> None:
        """Remove the item and its ratings. Raises `ItemNotFound`."""
        ...

    def list_page(self, search: ItemSearch, page: PageRequest) -> Page[Item]: ...


class Ratings(Protocol):
    def put(self, ratings: Sequence[Rating]) -> Sequence[Rating]:
        """Store each rating, replacing the user's earlier one of the same item, and keep the items' counts.

        Returns the stored ratings with their ids, in the order given. Raises `ItemNotFound`, `UserNotFound`.
        """
        ...

    def remove(self, user_id: int, item_id: int) -> None:
        """Raises `RatingNotFound`."""
        ...

    def list_page(self, page: PageRequest, user_id: int | None = None) -> Page[Rating]:
        """Newest first; of one user, or of all."""
        ...


class Impressions(Protocol):
    def find(self, ids: Sequence[str]) -> Mapping[str, Impression]:
        """By id, in one read; ids that do not exist are left out."""
        ...

    def list_page(self, page: PageRequest, user_id: int | None = None) -> Page[Impression]:
        """Newest first; of one user, or of all."""
        ...


class Engagements(Protocol):
    def find(self, ids: Sequence[str]) -> Mapping[str, Engagement]:
        """By id, in one read; ids that do not exist are left out."""
        ...

    def list_page(self, page: PageRequest, user_id: int | None = None) -> Page[Engagement]:
        """The latest first; of one user, or of all."""
        ...


class FeedbackGiven(Protocol):
    def find(self, ids: Sequence[str]) -> Mapping[str, Feedback]:
        """By id, in one read; ids that do not exist are left out."""
        ...

    def list_page(self, page: PageRequest, user_id: int | None = None) -> Page[Feedback]:
        """The latest first; of one user, or of all."""
        ...


class RefreshTokens(Protocol):
    def add(self, token: RefreshToken) -> None: ...

    def spend(self, digest: str, now: datetime) -> RefreshToken:
        """Mark a live token as used, in one compare-and-swap, and return it.

        Raises `InvalidToken` for an unknown, expired or used one; a used one revokes its whole family, and that
        revocation must be committed although the call fails.
        """
        ...

    def revoke_family_of(self, digest: str, user_id: int) -> None:
        """Revoke the family of the user's token; does nothing for a token that is not this user's."""
        ...

    def revoke_all_of(self, user_id: int) -> None:
        """Revoke every family of the user: a new password ends all sessions."""
        ...


class UnitOfWork(Protocol):
    """One transaction. Leaving the block without `commit` undoes everything in it."""

    @property
    def users(self) -> Users: ...
    @property
    def items(self) -> Items: ...
    @property
    def ratings(self) -> Ratings: ...
    @property
    def impressions(self) -> Impressions: ...
    @property
    def engagements(self) -> Engagements: ...
    @property
    def feedback(self) -> FeedbackGiven: ...
    @property
    def experiments(self) -> Experiments: ...
    @property
    def refresh_tokens(self) -> RefreshTokens: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def commit(self) -> None: ...


class UnitOfWorkFactory(Protocol):
    def __call__(self) -> UnitOfWork: ...


class UserStates(Protocol):
    def read(self, user_id: int) -> UserState:
        """All that a list for this user depends on, in one read. Raises `UserNotFound`."""
        ...

    def catalogue_revision(self) -> int:
        """A number that grows with every committed change to the items."""
        ...


class Catalogues(Protocol):
    def load(self) -> Catalogue:
        """All items as columns, with the revision they belong to."""
        ...


class ItemReader(Protocol):
    def read(self, item_ids: Sequence[int], revision: int) -> Mapping[int, Item]:
        """Items to show, by id, as of the given catalogue revision or a later one; ids that are gone are left out."""
        ...


#: what the event log takes
Event = Impression | Engagement | Feedback


class EventLog(Protocol):
    def append(self, *events: Event) -> frozenset[str]:
        """Store the events durably before returning, all or none; those that are there already stay as they are.

        What engagements and feedback imply is stored with them. Returns the ids of the engagements and the feedback
        that were not there before. Raises `StorageUnavailable`; `UserNotFound` and `ImpressionNotFound` for what
        has been erased.
        """
        ...


class ShownLists(Protocol):
    def find(self, ids: Sequence[str]) -> Mapping[str, Impression]:
        """Impressions by id, perhaps remembered: they never change but for whose they are. Unknown ids are left out."""
        ...


class InteractionStore(Protocol):
    """Many rows at once, as columns."""

    def read(self) -> Interactions:
        """All ratings of users who consent to be learned from, in the order in which they were stored.

        After them come the signals of items that their users have not rated.
        """
        ...

    def demographics(self) -> Mapping[int, Demographics]:
        """What is known of every user that has ratings, by user id."""
        ...


class LoadCursor(Protocol):
    """How far the load of one data set has come. Kept in the database, with the rows it speaks of."""

    @property
    def ratings_done(self) -> int: ...
    @property
    def finished(self) -> bool: ...


class BulkStore(Protocol):
    """Loads whole data sets. Each call is one transaction that moves the load's cursor with the rows."""

    def open_load(self, dataset: str, fingerprint: str) -> LoadCursor:
        """Begin a load, or find where an earlier one of the same content stopped.

        Raises `DatasetConflict` when another data set, or other content of the same name, is loaded.
        """
        ...

    def put_items(self, dataset: str, items: Sequence[Item]) -> None:
        """Insert items with their ids; those already there from this data set are left alone.

        A data set may hold a title and year twice under two ids (MovieLens 100K does so eighteen times); both are kept.
        Raises `DatasetConflict` for an id taken by another item.
        """
        ...

    def put_users(self, dataset: str, users: Sequence[User]) -> None:
        """Insert users with their ids; those already there from this data set are left alone.

        Raises `DatasetConflict` for an id taken by somebody's account.
        """
        ...

    def put_ratings(self, dataset: str, ratings: Iterable[Rating]) -> None:
        """Append ratings and move the cursor past them."""
        ...

    def finish_load(self, dataset: str) -> None:
        """Recount every item's ratings, raise the catalogue's revision and mark the load as complete."""
        ...

    def loaded(self) -> Sequence[str]:
        """Names of the data sets whose load is complete."""
        ...

    def reset(self) -> None:
        """Remove all items, data-set users, ratings, events, what was learnt from them online, and loads.

        In foreign-key order.
        """
        ...
