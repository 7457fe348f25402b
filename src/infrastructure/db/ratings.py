"""Ratings in SQL: Core statements over whole batches."""

from collections.abc import Collection, Mapping, Sequence
from itertools import islice

from sqlalchemy import Connection, delete, select, tuple_
from sqlalchemy.orm import Session

from domain.errors import ItemNotFound, RatingNotFound, UserNotFound
from domain.events import Rating
from domain.paging import Page, PageRequest
from infrastructure.db import tables
from infrastructure.db.counts import CHUNK, chunks, lock_items, shift_counts
from infrastructure.db.dialect import locked, upsert
from infrastructure.db.keys import can_be_id
from infrastructure.db.paging import count_of, window

#: user id and item id: a user has one rating of an item at most
Pair = tuple[int, int]

_rows = tables.ratings.c


class SqlRatings:
    """Ratings of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, ratings: Sequence[Rating]) -> Sequence[Rating]:
        connection = self._session.connection()
        # Of two ratings of one item in the same batch the later one counts.
        latest = {(rating.user_id, rating.item_id): rating for rating in ratings}
        _require_users(connection, {user_id for user_id, _ in latest})
        _require_items(connection, {item_id for _, item_id in latest})
        earlier = _find_values(connection, latest)
        stored = _store(connection, latest)
        changes: dict[int, tuple[int, float]] = {}
        for pair, rating in latest.items():
            count, total = changes.get(rating.item_id, (0, 0.0))
            changes[rating.item_id] = (count + (pair not in earlier), total + rating.value - earlier.get(pair, 0.0))
        shift_counts(connection, changes)
        return [stored[rating.user_id, rating.item_id] for rating in ratings]

    def remove(self, user_id: int, item_id: int) -> None:
        if not (can_be_id(user_id) and can_be_id(item_id)):
            raise RatingNotFound(item_id)
        connection = self._session.connection()
        lock_items(connection, [item_id])
        statement = delete(tables.ratings).where(_rows.user_id == user_id, _rows.item_id == item_id)
        value = connection.scalar(statement.returning(_rows.value))
        if value is None:
            raise RatingNotFound(item_id)
        shift_counts(connection, {item_id: (-1, -value)})

    def list_page(self, page: PageRequest, user_id: int | None = None) -> Page[Rating]:
        statement = select(_rows.user_id, _rows.item_id, _rows.value, _rows.timestamp, _rows.id)
        if user_id is not None:
            statement = statement.where(_rows.user_id == user_id)
        newest_first = statement.order_by(_rows.timestamp.desc(), _rows.id.desc())
        found = [Rating(*row) for row in self._session.execute(window(newest_first, page))]
        return Page(found, page.page, page.size, count_of(self._session, statement))


def _require_users(connection: Connection, user_ids: Collection[int]) -> None:
    """Keep the users from being erased meanwhile. Raises `UserNotFound`."""
    wanted = [user_id for user_id in user_ids if can_be_id(user_id)]
    found: set[int] = set()
    for part in chunks(wanted):
        statement = select(tables.users.c.id).where(tables.users.c.id.in_(part)).order_by(tables.users.c.id)
        found.update(connection.scalars(locked(statement, shared=True)))
    if missing := set(user_ids) - found:
        raise UserNotFound(min(missing))


def _require_items(connection: Connection, item_ids: Collection[int]) -> None:
    """Lock the items, whose counts are about to change. Raises `ItemNotFound`."""
    found = lock_items(connection, [item_id for item_id in item_ids if can_be_id(item_id)])
    if missing := set(item_ids) - found:
        raise ItemNotFound(min(missing))


def _find_values(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, float]:
    """The stored ratings of the given pairs."""
    found: dict[Pair, float] = {}
    remaining = iter(pairs)
    while part := list(islice(remaining, CHUNK)):
        statement = select(_rows.user_id, _rows.item_id, _rows.value).where(
            tuple_(_rows.user_id, _rows.item_id).in_(part)
        )
        found.update(((row.user_id, row.item_id), row.value) for row in connection.execute(statement))
    return found


def _store(connection: Connection, ratings: Mapping[Pair, Rating]) -> dict[Pair, Rating]:
    """Insert or replace, in one batch. Returns the stored ratings with their ids."""
    if not ratings:
        return {}
    insert = upsert(tables.ratings, connection.dialect.name)
    statement = insert.on_conflict_do_update(
        index_elements=[_rows.user_id, _rows.item_id],
        set_={"value": insert.excluded.value, "timestamp": insert.excluded.timestamp},
    ).returning(_rows.user_id, _rows.item_id, _rows.id)
    rows = [
        {"user_id": user_id, "item_id": item_id, "value": float(rating.value), "timestamp": rating.timestamp}
        for (user_id, item_id), rating in ratings.items()
    ]
    stored = {}
    for user_id, item_id, rating_id in connection.execute(statement, rows):
        given = ratings[user_id, item_id]
        stored[user_id, item_id] = Rating(user_id, item_id, float(given.value), given.timestamp, rating_id)
    return stored
