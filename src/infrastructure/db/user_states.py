"""The hot path: all that a list depends on, in one statement that comes back as one row."""

from typing import Any

from sqlalchemy import Engine, Select, bindparam, exists, literal, select, true, union_all

from domain.errors import UserNotFound
from domain.events import History
from domain.recommendation import UserState
from domain.taste import TasteSettings
from domain.users import Demographics
from infrastructure.db.counts import catalogue_revision
from infrastructure.db.dialect import as_array
from infrastructure.db.engine import connecting, reading
from infrastructure.db.keys import can_be_id
from infrastructure.db.tables import ratings, signals, taste_settings, users
from infrastructure.db.types import BigId


class SqlUserStates:
    """Reads users' states, each as of now: what any other process has committed is in it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = reading(engine)
        self._state = _state_statement(engine.dialect.name)
        self._revision = select(catalogue_revision)

    def read(self, user_id: int) -> UserState:
        if not can_be_id(user_id):
            raise UserNotFound(user_id)
        with connecting(self._engine.connect) as connection:
            row = connection.execute(self._state, {"user": user_id}).one_or_none()
        if row is None:
            raise UserNotFound(user_id)
        revision, age, gender, occupation, zip_code, consent, muted, boosted, item_ids, values, timestamps = row
        return UserState(
            user_id=user_id,
            history=History.of(item_ids or (), values or (), timestamps or ()),
            demographics=Demographics(age, gender, occupation, zip_code),
            taste=TasteSettings(frozenset(muted), frozenset(boosted)),
            catalogue_revision=revision,
            consent=consent,
        )

    def catalogue_revision(self) -> int:
        with connecting(self._engine.connect) as connection:
            return int(connection.scalars(self._revision).one())


def _state_statement(dialect: str) -> Select[Any]:
    """Of ratings, and of signals about other items. The history comes as three arrays: rows take twice as long."""
    user_id = bindparam("user", type_=BigId)
    rated = select(ratings.c.item_id, ratings.c.value, ratings.c.timestamp, ratings.c.id).where(
        ratings.c.user_id == user_id
    )
    of_the_same_item = ratings.alias("of_the_same_item").c
    implied = select(signals.c.item_id, signals.c.value, signals.c.timestamp, literal(0, BigId).label("id")).where(
        signals.c.user_id == user_id,
        ~exists().where(of_the_same_item.user_id == user_id, of_the_same_item.item_id == signals.c.item_id),
    )
    both = union_all(rated, implied).subquery("both").c
    oldest_first = (
        select(both.item_id, both.value, both.timestamp)
        .order_by(both.timestamp, both.id, both.item_id)
        .subquery("oldest_first")
    )
    columns = (oldest_first.c.item_id, oldest_first.c.value, oldest_first.c.timestamp)
    history = select(*(as_array(column, dialect).label(column.name) for column in columns)).subquery("history")
    return (
        select(
            catalogue_revision,
            users.c.age,
            users.c.gender,
            users.c.occupation,
            users.c.zip_code,
            users.c.consent,
            taste_settings.c.muted_genres,
            taste_settings.c.boosted_genres,
            history.c.item_id,
            history.c.value,
            history.c.timestamp,
        )
        .select_from(users.outerjoin(taste_settings).join(history, true()))
        .where(users.c.id == user_id)
    )
