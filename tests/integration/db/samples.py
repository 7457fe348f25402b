"""Rows to store, and ways to look at what is stored."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import uuid4

from sqlalchemy import func, select

from domain.events import Rating
from domain.impressions import Impression, ShownItem
from domain.items import Item, Kind
from domain.users import Role, User
from infrastructure.db import tables

NOW = datetime(2026, 11, 21, 12, 30, 15, 123456, tzinfo=UTC)


def person(name="ann", **fields):
    return User(username=name, created_at=NOW, **({"email": f"{name}@example.org", "password_hash": "hash"} | fields))


def admin(name):
    return person(name, role=Role.ADMIN)


def film(title="Heat", year=1995, **fields):
    return Item(Kind.MOVIE, title, year=year, **fields)


def shown(user_id=None, shown_at=NOW, items=3, **fields):
    places = tuple(ShownItem(item_id, item_id, 1.0 / item_id, "popularity", 0.5) for item_id in range(1, items + 1))
    return Impression(
        **(
            {
                "id": str(uuid4()),
                "user_id": user_id,
                "surface": "recommendations",
                "engine": "ncf",
                "model_version": "20261121-1",
                "shown_at": shown_at,
                "items": places,
                "k": 10,
                "fallback_used": True,
                "applied_events": 7,
                "platform": "web",
            }
            | fields
        )
    )


def store(work, *, users=(), items=(), ratings=()):
    """Store and commit; users and items get their ids."""
    with work() as open_work:
        for user in users:
            open_work.users.add(user)
        for item in items:
            open_work.items.add(item)
        open_work.ratings.put([Rating(*rating) for rating in ratings])
        open_work.commit()


def count(engine, table):
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def counts(engine):
    """Item id → (count, sum) as kept with the items."""
    with engine.connect() as connection:
        rows = connection.execute(select(tables.items.c.id, tables.items.c.rating_count, tables.items.c.rating_sum))
        return {item_id: (count, round(total, 6)) for item_id, count, total in rows}


def recounted(engine):
    """Item id → (count, sum) as the ratings themselves say."""
    ratings = tables.ratings.c
    with engine.connect() as connection:
        rows = connection.execute(
            select(tables.items.c.id, func.count(ratings.id), func.coalesce(func.sum(ratings.value), 0.0))
            .outerjoin_from(tables.items, tables.ratings)
            .group_by(tables.items.c.id)
        )
        return {item_id: (count, round(total, 6)) for item_id, count, total in rows}


def at_once(*calls):
    """Call all at the same moment, each in a thread. Returns results and raised errors in the order given."""
    barrier = Barrier(len(calls))

    def run(call):
        barrier.wait(timeout=20)
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
