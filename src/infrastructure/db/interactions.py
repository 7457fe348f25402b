"""All ratings as columns, for training and evaluation."""

from collections.abc import Mapping

import numpy as np
from sqlalchemy import Engine, exists, select

from domain.events import Interactions
from domain.users import Demographics
from infrastructure.db.dialect import lift_time_limit
from infrastructure.db.engine import transaction
from infrastructure.db.tables import ratings, signals, users

#: rows that are turned into columns at a time
PART = 50_000

_ROW = np.dtype([("user_id", np.int64), ("item_id", np.int64), ("value", np.float32), ("timestamp", np.int64)])


class SqlInteractionStore:
    """Reads ratings straight into arrays, without an object for each. Who has not consented is left out."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self) -> Interactions:
        unwilling = select(users.c.id).where(~users.c.consent)
        names = _ROW.names or ()
        given = select(*(ratings.c[name] for name in names)).where(ratings.c.user_id.not_in(unwilling))
        rated = exists().where(ratings.c.user_id == signals.c.user_id, ratings.c.item_id == signals.c.item_id)
        implied = select(*(signals.c[name] for name in names)).where(signals.c.user_id.not_in(unwilling), ~rated)
        in_order = (
            given.order_by(ratings.c.id),
            implied.order_by(signals.c.timestamp, signals.c.user_id, signals.c.item_id),
        )
        parts = [np.empty(0, dtype=_ROW)]
        with transaction(self._engine) as connection:
            lift_time_limit(connection)
            for statement in in_order:
                rows = connection.execution_options(yield_per=PART).execute(statement)
                parts.extend(np.array([tuple(row) for row in part], dtype=_ROW) for part in rows.partitions())
        columns = np.concatenate(parts)
        return Interactions(
            user_ids=np.ascontiguousarray(columns["user_id"]),
            item_ids=np.ascontiguousarray(columns["item_id"]),
            ratings=np.ascontiguousarray(columns["value"]),
            timestamps=np.ascontiguousarray(columns["timestamp"]),
        )

    def demographics(self) -> Mapping[int, Demographics]:
        statement = select(users.c.id, users.c.age, users.c.gender, users.c.occupation, users.c.zip_code).where(
            exists().where(ratings.c.user_id == users.c.id)
        )
        with transaction(self._engine) as connection:
            lift_time_limit(connection)
            return {user_id: Demographics(*known) for user_id, *known in connection.execute(statement)}
