"""Writing events: impressions, engagements, feedback and what they imply, each as one statement for a whole batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert, Table, or_, select
from sqlalchemy.sql.dml import ReturningInsert

from domain.engagements import Engagement, Feedback, Signal, signal_of
from domain.errors import ImpressionNotFound, UserNotFound
from domain.impressions import Impression
from domain.ports.storage import Event
from infrastructure.db.counts import chunks
from infrastructure.db.dialect import locked, upsert
from infrastructure.db.impressions import to_row
from infrastructure.db.tables import engagements, feedback, impressions, signals, users

T = TypeVar("T")
Told = Engagement | Feedback


def insert_events(connection: Connection, events: Sequence[Event]) -> frozenset[str]:
    """Store the events that are not there yet. Returns the ids of the engagements and the feedback among them.

    What users did who keep no log is stored as nobody's, and what they say is not. Raises `UserNotFound`,
    `ImpressionNotFound`.
    """
    _insert_impressions(connection, _of(Impression, events))
    done, said = _of(Engagement, events), _of(Feedback, events)
    if not done and not said:
        return frozenset()
    of_users: list[Told] = [*done, *said]
    willing = _hold_users(connection, {event.user_id for event in of_users if event.user_id is not None})
    done = [event if event.user_id in willing else replace(event, user_id=None) for event in done]
    said = [event for event in said if event.user_id in willing]
    _require_impressions(connection, {event.impression_id for event in done})
    stored = {
        *_insert_new(connection, engagements, done),
        *_insert_new(connection, feedback, said),
    }
    told: list[Told] = [*done, *said]
    fresh = [event for event in told if event.id in stored]
    _keep_signals(connection, [signal for event in fresh if (signal := signal_of(event))])
    return frozenset(stored)


def _of(kind: type[T], events: Iterable[Event]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


def _insert_impressions(connection: Connection, shown: Sequence[Impression]) -> None:
    if shown:
        # In order of user, as everybody who takes rows of several users does: so nobody waits in a circle.
        rows = [to_row(impression) for impression in sorted(shown, key=lambda impression: impression.user_id or 0)]
        connection.execute(_insertion(impressions, connection.dialect.name), rows)


def _hold_users(connection: Connection, user_ids: set[int]) -> set[int]:
    """Keep the users from being erased meanwhile, before rows that hang on them are touched.

    Returns those who consent to a log of their own. Raises `UserNotFound`.
    """
    consents: dict[int, bool] = {}
    for part in chunks(user_ids):
        statement = select(users.c.id, users.c.consent).where(users.c.id.in_(part)).order_by(users.c.id)
        consents.update((row.id, row.consent) for row in connection.execute(locked(statement, shared=True)))
    if missing := user_ids - consents.keys():
        raise UserNotFound(min(missing))
    return {user_id for user_id, consent in consents.items() if consent}


def _require_impressions(connection: Connection, ids: set[str]) -> None:
    found: set[str] = set()
    for part in chunks(ids):
        found.update(connection.scalars(select(impressions.c.id).where(impressions.c.id.in_(part))))
    if missing := ids - found:
        raise ImpressionNotFound(min(missing))


def _insert_new(connection: Connection, table: Table, events: Sequence[Told]) -> list[str]:
    """Insert what is not there. Returns the ids of what was inserted."""
    if not events:
        return []
    # Of equal events in one batch the first is stored. In order of id, so that nobody waits in a circle here either.
    first = {event.id: event for event in reversed(events)}
    rows = [_row(first[event_id]) for event_id in sorted(first)]
    return list(connection.scalars(_new_insertion(table, connection.dialect.name), rows))


def _row(event: Told) -> Mapping[str, Any]:
    return vars(event)


# Statements are made once: putting one together takes longer than running it on a few rows.


@cache
def _insertion(table: Table, dialect: str) -> Insert:
    return upsert(table, dialect).on_conflict_do_nothing()


@cache
def _new_insertion(table: Table, dialect: str) -> ReturningInsert[tuple[str]]:
    return _insertion(table, dialect).returning(table.c.id)


def _keep_signals(connection: Connection, found: Sequence[Signal]) -> None:
    """Keep of each user and item the latest signal, at the same moment the strongest."""
    if not found:
        return
    latest: dict[tuple[int, int], Signal] = {}
    for signal in sorted(found, key=lambda signal: (signal.timestamp, signal.value)):
        latest[signal.user_id, signal.item_id] = signal
    connection.execute(_signal_upsert(connection.dialect.name), [vars(latest[pair]) for pair in sorted(latest)])


@cache
def _signal_upsert(dialect: str) -> Insert:
    insert = upsert(signals, dialect)
    new = insert.excluded
    later = or_(
        new.timestamp > signals.c.timestamp,
        (new.timestamp == signals.c.timestamp) & (new.value > signals.c.value),
    )
    return insert.on_conflict_do_update(
        index_elements=[signals.c.user_id, signals.c.item_id],
        set_={"value": new.value, "timestamp": new.timestamp},
        where=later,
    )
