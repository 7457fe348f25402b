"""Turns taken among processes, in SQL."""

from datetime import datetime

from sqlalchemy import Engine

from infrastructure.db.dialect import upsert
from infrastructure.db.engine import transaction
from infrastructure.db.tables import leases


class SqlLeases:
    """Implements `domain.ports.bandit.Leases`: one row a name, taken in one compare-and-swap."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, name: str, now: datetime, until: datetime) -> bool:
        insert = upsert(leases, self._engine.dialect.name).values(name=name, until=until)
        statement = insert.on_conflict_do_update(
            index_elements=[leases.c.name], set_={"until": insert.excluded.until}, where=leases.c.until <= now
        ).returning(leases.c.name)
        with transaction(self._engine) as connection:
            return connection.scalar(statement) is not None
