"""Counting the raw rows of a span of time: what roll-ups are made of, and what is read where there is none yet."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Label,
    Subquery,
    Text,
    and_,
    cast,
    func,
    literal_column,
    select,
)

from infrastructure.db.tables import engagements, impressions

#: the events of counts that are no actions
LIST, SHOWN = "list", "shown"
#: by what lists are told apart: engine, model version, platform and surface, empty where there is none
ListKey = tuple[str, str, str, str]

_lists, _done = impressions.c, engagements.c
#: [places] in a list
length_of_list = func.json_array_length(_lists["items"], type_=Integer)
# Labels of their own: PostgreSQL takes a name to group by for a column where there is one of that name.
_KEY = (
    _lists.engine,
    func.coalesce(_lists.model_version, literal_column("''")).label("of_version"),
    func.coalesce(_lists.platform, literal_column("''")).label("of_platform"),
    _lists.surface,
)


def within(column: ColumnElement[datetime], start: datetime, end: datetime) -> ColumnElement[bool]:
    """From `start` up to, and without, `end`."""
    return and_(column >= start, column < end)


def count_lists(connection: Connection, start: datetime, end: datetime) -> Iterator[tuple[ListKey, str, int, int]]:
    """(key, `list`, length, how many lists) of what was shown in the span."""
    length = length_of_list.label("length")
    statement = select(*_KEY, length, func.count()).where(within(_lists.shown_at, start, end))
    for *key, places, count in connection.execute(statement.group_by(*_KEY, length)):
        yield (_key(key), LIST, places, count)


def count_actions(connection: Connection, start: datetime, end: datetime) -> Iterator[tuple[ListKey, str, int, int]]:
    """(key, action, rank, at how many places it was done) of what was shown in the span, whenever it was done."""
    done = places_acted_on(within(_done.shown_at, start, end))
    joined = done.join(impressions, _lists.id == done.c.impression_id)
    statement = select(*_KEY, done.c.action, done.c.rank, func.count()).select_from(joined)
    for *key, action, rank, count in connection.execute(statement.group_by(*_KEY, done.c.action, done.c.rank)):
        yield (_key(key), str(action), rank, count)


def count_shown_items(
    connection: Connection, start: datetime, end: datetime
) -> Iterator[tuple[int, str, str, int, int]]:
    """(item id, `shown`, source, how often, sum of ranks) of what was shown in the span."""
    places, item_id, rank, source = _places(connection.dialect.name)
    statement = select(item_id, source, func.count(), func.sum(rank.element)).select_from(impressions, places)
    counted = statement.where(within(_lists.shown_at, start, end)).group_by(item_id, source)
    for item, proposed_by, count, ranks in connection.execute(counted):
        yield (item, SHOWN, proposed_by, count, int(ranks))


def count_item_actions(
    connection: Connection, start: datetime, end: datetime
) -> Iterator[tuple[int, str, str, int, int]]:
    """(item id, action, no source, at how many places, sum of ranks) of what was shown in the span."""
    done = places_acted_on(within(_done.shown_at, start, end)).c
    statement = select(done.item_id, done.action, func.count(), func.sum(done.rank))
    for item, action, count, ranks in connection.execute(statement.group_by(done.item_id, done.action)):
        yield (item, str(action), "", count, int(ranks))


def places_acted_on(*which: ColumnElement[bool]) -> Subquery:
    """Each place and action once, however often it was told."""
    columns = (_done.impression_id, _done.item_id, _done.action, _done.rank)
    return select(*columns).where(*which).distinct().subquery("places")


def _key(columns: list[str]) -> ListKey:
    engine, model_version, platform, surface = columns
    return (engine, model_version, platform, surface)


def _places(dialect: str) -> tuple[FromClause, Label[int], Label[int], Label[str]]:
    """The places of lists as rows, and their item id, rank and source.

    In a list they stand as [item id, rank, score, source, probability].
    """
    parts: Sequence[ColumnElement[Any]]
    if dialect == "postgresql":
        places = (
            func.json_array_elements(_lists["items"])
            .table_valued("value", name="places", joins_implicitly=True)
            .render_derived()
        )
        parts = [places.c.value.op("->>")(literal_column(str(index))) for index in (0, 1, 3)]
    else:
        places = func.json_each(_lists["items"]).table_valued("value", name="places", joins_implicitly=True)
        parts = [func.json_extract(places.c.value, literal_column(f"'$[{index}]'")) for index in (0, 1, 3)]
    item_id, rank, source = parts
    return (
        places,
        cast(item_id, BigInteger).label("place_item"),
        cast(rank, BigInteger).label("place_rank"),
        cast(source, Text).label("place_source"),
    )
