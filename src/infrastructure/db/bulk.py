"""Loading whole data sets."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.errors import DatasetConflict, EmailTaken, ExternalIdTaken, MalformedDataset, UsernameTaken
from domain.events import Rating
from domain.items import Item
from domain.users import User
from infrastructure.db import tables
from infrastructure.db.counts import CHUNK, chunks, raise_catalogue_revision, recount
from infrastructure.db.dialect import advance_ids, insert_plain, lift_time_limit, lock_all, lock_name
from infrastructure.db.engine import connecting, reading, transaction
from infrastructure.db.items import put_labels, stored_id
from infrastructure.db.keys import fold, title_key

_loads = tables.dataset_loads

#: fields that are columns of the same name
_ITEM_COLUMNS = (
    "id",
    "kind",
    "external_id",
    "title",
    "year",
    "genres",
    "tags",
    "creators",
    "description",
    "language",
    "poster_url",
    "rating_count",
    "rating_sum",
)
_USER_COLUMNS = (
    "id",
    "email",
    "username",
    "password_hash",
    "role",
    "age",
    "gender",
    "occupation",
    "zip_code",
    "consent",
    "created_at",
)
_RATING_COLUMNS = ("user_id", "item_id", "value", "timestamp")


@dataclass(frozen=True)
class StoredCursor:
    """How far a load has come."""

    ratings_done: int
    finished: bool


class SqlBulkStore:
    """Loads data sets batch by batch, through Core statements."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open_load(self, dataset: str, fingerprint: str) -> StoredCursor:
        with transaction(self._engine) as connection:
            lock_name(connection, _loads.name)
            found = connection.execute(select(_loads)).one_or_none()
            if found is None:
                row = {"dataset": dataset, "fingerprint": fingerprint, "ratings_done": 0, "finished": False}
                connection.execute(insert(_loads), row)
                return StoredCursor(0, finished=False)
        if found.dataset != dataset:
            raise DatasetConflict(f"The data set {found.dataset!r} is loaded. Reset it to load {dataset!r}.")
        if found.fingerprint != fingerprint:
            raise DatasetConflict(f"{dataset!r} is loaded with other content. Reset it to load this.")
        return StoredCursor(found.ratings_done, found.finished)

    def put_items(self, dataset: str, items: Sequence[Item]) -> None:
        with self._batch() as connection:
            raise_catalogue_revision(connection)
            origins = _origins(connection, tables.items, {stored_id(item) for item in items})
            for item_id, origin in origins.items():
                if origin != dataset:
                    raise _conflict(f"Item {item_id}", "does not come from this data set")
            fresh = [item for item in items if item.id not in origins]
            if fresh:
                try:
                    connection.execute(insert(tables.items), _item_rows(connection, dataset, fresh))
                except ExternalIdTaken as taken:
                    raise _conflict("An external id", "does not come from this data set") from taken
                put_labels(connection, fresh)
                advance_ids(connection, tables.items, max(stored_id(item) for item in fresh))

    def put_users(self, dataset: str, users: Sequence[User]) -> None:
        with self._batch() as connection:
            origins = _origins(connection, tables.users, {_user_id(user) for user in users})
            for user_id, origin in origins.items():
                if origin != dataset:
                    raise _conflict(f"The user id {user_id}", "belongs to an account that does not come from it")
            fresh = [user for user in users if user.id not in origins]
            if fresh:
                try:
                    connection.execute(insert(tables.users), [_user_row(dataset, user) for user in fresh])
                except (UsernameTaken, EmailTaken) as taken:
                    raise _conflict("A user name", "belongs to an account that does not come from it") from taken
                advance_ids(connection, tables.users, max(_user_id(user) for user in fresh))

    def put_ratings(self, dataset: str, ratings: Iterable[Rating]) -> None:
        rows = [(rating.user_id, rating.item_id, rating.value, rating.timestamp) for rating in ratings]
        with self._batch() as connection:
            self._move(connection, dataset, ratings_done=_loads.c.ratings_done + len(rows))
            try:
                insert_plain(connection, tables.ratings, _RATING_COLUMNS, rows)
            except IntegrityError as refused:
                raise MalformedDataset(
                    "The ratings name an item or a user that the data set does not have, or the same pair twice."
                ) from refused

    def finish_load(self, dataset: str) -> None:
        with self._batch() as connection:
            raise_catalogue_revision(connection)
            lock_all(connection, select(tables.items.c.id).order_by(tables.items.c.id))
            recount(connection)
            self._move(connection, dataset, finished=True)

    def loaded(self) -> Sequence[str]:
        with connecting(reading(self._engine).connect) as connection:
            return connection.scalars(select(_loads.c.dataset).where(_loads.c.finished)).all()

    def reset(self) -> None:
        with self._batch() as connection:
            raise_catalogue_revision(connection)
            for table in (
                tables.ratings,
                tables.signals,
                tables.feedback,
                tables.engagements,
                tables.impressions,
                tables.bandit_arms,
                tables.daily_lists,
                tables.daily_items,
                tables.daily_hits,
                tables.rolled_days,
                tables.item_labels,
                tables.items,
            ):
                connection.execute(delete(table))
            connection.execute(delete(tables.users).where(tables.users.c.origin.is_not(None)))
            connection.execute(delete(_loads))

    @staticmethod
    def _move(connection: Connection, dataset: str, **cursor: Any) -> None:
        moved = connection.execute(update(_loads).where(_loads.c.dataset == dataset).values(**cursor))
        if not moved.rowcount:
            raise DatasetConflict(f"No load of {dataset!r} is open: it was reset meanwhile.")

    @contextmanager
    def _batch(self) -> Iterator[Connection]:
        with transaction(self._engine) as connection:
            lift_time_limit(connection)
            yield connection


def _origins(connection: Connection, table: Table, ids: Collection[int]) -> dict[int, str | None]:
    """Which of the ids exist, and the data set that each came with."""
    found: dict[int, str | None] = {}
    for part in chunks(ids):
        rows = connection.execute(select(table.c.id, table.c.origin).where(table.c.id.in_(part)))
        found.update((row.id, row.origin) for row in rows)
    return found


def _conflict(what: str, why: str) -> DatasetConflict:
    return DatasetConflict(
        f"{what} of the data set is taken: what is stored under it {why}. Load the data set into an empty database, "
        "before anybody signs up or adds items, or delete what is in the way first."
    )


def _item_rows(connection: Connection, dataset: str, items: Sequence[Item]) -> list[dict[str, Any]]:
    keys = [title_key(item) for item in items]
    taken: set[str] = set()
    for start in range(0, len(keys), CHUNK):
        column = tables.items.c.title_key
        taken.update(connection.scalars(select(column).where(column.in_(keys[start : start + CHUNK]))))
    rows = []
    for item, key in zip(items, keys, strict=True):
        # Titles and years are unique among items that people add; a data set may hold true duplicates.
        own_key = f"{key}|{item.id}" if key in taken else key
        taken.add(key)
        row = {name: getattr(item, name) for name in _ITEM_COLUMNS}
        rows.append(row | {"title_folded": fold(item.title), "title_key": own_key, "origin": dataset})
    return rows


def _user_row(dataset: str, user: User) -> dict[str, Any]:
    row = {name: getattr(user, name) for name in _USER_COLUMNS}
    email_key = None if user.email is None else fold(user.email)
    return row | {"email_key": email_key, "username_key": fold(user.username), "origin": dataset}


def _user_id(user: User) -> int:
    if user.id is None:
        raise ValueError("a user of a data set brings its id")
    return user.id
