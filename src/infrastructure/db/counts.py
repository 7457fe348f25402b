"""Rating counts and sums of items, and the catalogue's revision.

Whoever changes ratings locks their items first, always in order of id: so two changes of one item follow each other,
and no two transactions wait for each other's items.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Connection, bindparam, func, select, update

from infrastructure.db.dialect import locked, upsert
from infrastructure.db.tables import counters, items, ratings

#: parameters that one statement takes at most, on both databases
CHUNK = 10_000

CATALOGUE = "catalogue"

catalogue_revision = func.coalesce(select(counters.c.value).where(counters.c.name == CATALOGUE).scalar_subquery(), 0)


Id = TypeVar("Id", int, str)


def chunks(ids: Collection[Id]) -> Iterator[Sequence[Id]]:
    """The ids in ascending order, in parts that fit into a statement."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


def raise_catalogue_revision(connection: Connection) -> None:
    """Say that the items change. It comes before the change, so that such transactions queue here and not later."""
    insert = upsert(counters, connection.dialect.name).values(name=CATALOGUE, value=1)
    connection.execute(
        insert.on_conflict_do_update(index_elements=[counters.c.name], set_={"value": counters.c.value + 1})
    )


def lock_items(connection: Connection, item_ids: Collection[int]) -> set[int]:
    """Lock the given items. Returns those that exist."""
    found: set[int] = set()
    for part in chunks(item_ids):
        found.update(connection.scalars(locked(select(items.c.id).where(items.c.id.in_(part)).order_by(items.c.id))))
    return found


def shift_counts(connection: Connection, changes: Mapping[int, tuple[int, float]]) -> None:
    """Add to the counts and sums of locked items: item id → (difference of count, difference of sum)."""
    if changes:
        connection.execute(
            update(items)
            .where(items.c.id == bindparam("item"))
            .values(
                rating_count=items.c.rating_count + bindparam("count"),
                rating_sum=items.c.rating_sum + bindparam("sum"),
            ),
            [
                {"item": item_id, "count": changes[item_id][0], "sum": changes[item_id][1]}
                for item_id in sorted(changes)
            ],
        )


def recount(connection: Connection) -> None:
    """Set the counts of all items, which have been locked, from the ratings themselves."""
    mine = ratings.c.item_id == items.c.id
    connection.execute(
        update(items).values(
            rating_count=select(func.count()).where(mine).scalar_subquery(),
            rating_sum=select(func.coalesce(func.sum(ratings.c.value), 0.0)).where(mine).scalar_subquery(),
        )
    )
