"""The catalogue in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from domain.errors import ItemNotFound
from domain.items import Item, ItemSearch, ItemSort, Kind
from domain.paging import Page, PageRequest
from infrastructure.db.counts import chunks, raise_catalogue_revision
from infrastructure.db.dialect import advance_ids
from infrastructure.db.keys import can_be_id, fold
from infrastructure.db.paging import count_of, window
from infrastructure.db.tables import item_labels, items, signals

_MEAN = items.c.rating_sum / func.nullif(items.c.rating_count, 0)

ORDERS: Mapping[ItemSort, ColumnElement[Any]] = {
    ItemSort.ID: items.c.id,
    ItemSort.TITLE: items.c.title_folded,
    ItemSort.YEAR: items.c.year.asc().nulls_last(),
    ItemSort.YEAR_DESCENDING: items.c.year.desc().nulls_last(),
    ItemSort.RATING_COUNT_DESCENDING: items.c.rating_count.desc(),
    ItemSort.RATING_MEAN_DESCENDING: _MEAN.desc().nulls_last(),
}


class SqlItems:
    """Items of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, item_id: int, kind: Kind | None = None) -> Item:
        item = self.get_many([item_id]).get(item_id)
        if item is None or kind not in {None, item.kind}:
            raise ItemNotFound(item_id, kind or "item")
        return item

    def get_many(self, item_ids: Sequence[int]) -> dict[int, Item]:
        found: dict[int, Item] = {}
        for part in chunks({item_id for item_id in item_ids if can_be_id(item_id)}):
            # Counts change behind the session's back, so what it has loaded before is read again.
            statement = select(Item).where(items.c.id.in_(part)).execution_options(populate_existing=True)
            found.update((stored_id(item), item) for item in self._session.scalars(statement))
        return found

    def add(self, item: Item) -> Item:
        connection = self._session.connection()
        raise_catalogue_revision(connection)
        explicit = item.id
        self._session.add(item)
        self._session.flush()
        if explicit is not None:
            advance_ids(connection, items, explicit)
        put_labels(connection, [item])
        return item

    def save(self, item: Item) -> None:
        connection = self._session.connection()
        item_id, kind = stored_id(item), item.kind
        with self._session.no_autoflush:
            raise_catalogue_revision(connection)
            if item not in self._session:
                # Changed outside this session: what it holds is laid over the stored row.
                self.get(item_id)
                self._session.merge(item)
        try:
            self._session.flush()
        except StaleDataError as gone:
            raise ItemNotFound(item_id, kind) from gone
        connection.execute(delete(item_labels).where(item_labels.c.item_id == item_id))
        put_labels(connection, [item])

    def remove(self, item_id: int, kind: Kind) -> None:
        raise_catalogue_revision(self._session.connection())
        statement = delete(Item).where(items.c.id == item_id, items.c.kind == kind).returning(items.c.id)
        if not can_be_id(item_id) or self._session.scalar(statement) is None:
            raise ItemNotFound(item_id, kind)
        # The log of what was shown keeps the id; what is known of people's taste does not.
        self._session.execute(delete(signals).where(signals.c.item_id == item_id))

    def list_page(self, search: ItemSearch, page: PageRequest) -> Page[Item]:
        statement = _matching(search)
        ordered = statement.order_by(ORDERS[search.sort], items.c.id)
        found = self._session.scalars(window(ordered, page)).all()
        return Page(found, page.page, page.size, count_of(self._session, statement))


def stored_id(item: Item) -> int:
    """The id of an item that has been stored."""
    if item.id is None:
        raise ValueError("an item that was never stored has no id")
    return item.id


def put_labels(connection: Connection, stored: Sequence[Item]) -> None:
    """Index the genres and tags of items that have no labels yet."""
    labels = {
        (field, fold(label), stored_id(item))
        for item in stored
        for field, names in (("genre", item.genres), ("tag", item.tags))
        for label in names
    }
    if labels:
        rows = [{"field": field, "label": label, "item_id": item_id} for field, label, item_id in sorted(labels)]
        connection.execute(insert(item_labels), rows)


def _matching(search: ItemSearch) -> Select[Item]:
    statement = select(Item)
    if search.kind is not None:
        statement = statement.where(items.c.kind == search.kind)
    if search.text:
        statement = statement.where(items.c.title_folded.contains(fold(search.text), autoescape=True))
    for field, label in (("genre", search.genre), ("tag", search.tag)):
        if label is not None:
            labelled = select(item_labels.c.item_id).where(
                item_labels.c.field == field, item_labels.c.label == fold(label)
            )
            statement = statement.where(items.c.id.in_(labelled))
    if search.year_from is not None:
        statement = statement.where(items.c.year >= search.year_from)
    if search.year_to is not None:
        statement = statement.where(items.c.year <= search.year_to)
    return statement
