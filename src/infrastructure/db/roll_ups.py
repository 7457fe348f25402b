"""Roll-ups: what each day's lists and items came to, so that reports do not read every list again.

Of a day that is over, lists and actions are rolled up; of today, the lists up to a few minutes ago. What they do not
hold is counted from the raw rows when it is asked for. An action that is reported after its day was counted makes the
day's actions be counted again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, select

from domain.measuring import Period, midnight
from infrastructure.db import event_counts
from infrastructure.db.dialect import lift_time_limit, lock_name, upsert
from infrastructure.db.engine import transaction
from infrastructure.db.event_counts import LIST, SHOWN
from infrastructure.db.tables import (
    counters,
    daily_hits,
    daily_items,
    daily_lists,
    engagements,
    impressions,
    rolled_days,
)

DAY = timedelta(days=1)
#: after so long a row has been committed and every clock has passed its time
SETTLED = timedelta(minutes=2)
#: of today, fewer than these are left to be counted raw
TAIL = timedelta(minutes=10)
LOCK = "roll-ups"
#: up to when (unix seconds) it is known that no action was reported after its day was counted
CHECKED = "roll_ups_checked"

_days = rolled_days.c


@dataclass(frozen=True)
class RolledDay:
    """Lists shown on `day` before `until` are in the roll-ups, as they were at `read_at`."""

    day: date
    until: datetime
    read_at: datetime

    @property
    def over(self) -> bool:
        """Whether the whole day is in them, its actions too."""
        return self.until >= midnight(self.day) + DAY


def find_rolled(connection: Connection, days: Sequence[date]) -> dict[date, RolledDay]:
    """How far each day between the first and the last of these is rolled up; what is not at all is left out."""
    wanted = select(rolled_days).where(_days.day >= days[0], _days.day <= days[-1])
    return {row.day: RolledDay(*row) for row in connection.execute(wanted)}


class SqlRollUps:
    """Makes the roll-ups, in short transactions: counting holds nobody up."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def bring_up_to_date(self, now: datetime, period: Period | None = None) -> int:
        """Count what is missing of the period, by default of all days there are. Returns how many days were counted.

        It may run anywhere, any number of times, and several times at once.
        """
        days = self._days_to_count(now, period)
        late = self._days_with_late_actions(now)
        counted = [self._count_day(day, now) for day in days] + [self._replace_actions(day, now) for day in late]
        if all(counted):
            self._remember_checked(now)
        return sum(counted)

    def start_over(self) -> None:
        with transaction(self._engine) as connection:
            lock_name(connection, LOCK)
            for table in (rolled_days, daily_lists, daily_items, daily_hits):
                connection.execute(delete(table))

    def _days_to_count(self, now: datetime, period: Period | None) -> list[date]:
        """Days that were not counted to their end though they are over, and today if its tail has grown long."""
        with transaction(self._engine) as connection:
            first = connection.scalar(select(func.min(impressions.c.shown_at)))
            if first is None or first >= now:
                return []
            start, end = (first, now) if period is None else (max(first, period.start), min(now, period.end))
            if start >= end:
                return []
            days = Period(start, end).days
            rolled = find_rolled(connection, days)
        return [day for day in days if self._lags(rolled.get(day), day, now - SETTLED)]

    @staticmethod
    def _lags(rolled: RolledDay | None, day: date, settled: datetime) -> bool:
        until = min(settled, midnight(day) + DAY)
        since = rolled.until if rolled else midnight(day)
        return until > since and (until == midnight(day) + DAY or until - since >= TAIL)

    def _days_with_late_actions(self, now: datetime) -> list[date]:
        """Days that are over and counted, of whose lists actions were reported since."""
        with transaction(self._engine) as connection:
            lift_time_limit(connection)
            checked = connection.scalar(select(counters.c.value).where(counters.c.name == CHECKED))
            since = datetime.fromtimestamp(checked or 0, UTC)
            day = func.date(engagements.c.shown_at)
            latest = select(day, func.max(engagements.c.recorded_at)).where(engagements.c.recorded_at >= since)
            reported = {_as_day(row[0]): _as_time(row[1]) for row in connection.execute(latest.group_by(day))}
            if not reported:
                return []
            rolled = find_rolled(connection, sorted(reported))
        return [
            one.day for one in rolled.values() if one.over and reported.get(one.day, since) >= one.read_at - SETTLED
        ]

    def _count_day(self, day: date, now: datetime) -> bool:
        """Count the lists of a day up to a moment ago. Whether that went in: somebody else may have been faster."""
        with transaction(self._engine) as connection:
            lift_time_limit(connection)
            before = find_rolled(connection, [day]).get(day)
            until = min(now - SETTLED, midnight(day) + DAY)
            over = until == midnight(day) + DAY
            # A day that is over is counted anew from its beginning: so what came late into the lists is there too.
            since = before.until if before and not over else midnight(day)
            lists = list(event_counts.count_lists(connection, since, until))
            items = list(event_counts.count_shown_items(connection, since, until))
            if over:
                lists += event_counts.count_actions(connection, since, until)
                items += event_counts.count_item_actions(connection, since, until)
        with transaction(self._engine) as connection:
            lock_name(connection, LOCK)
            if find_rolled(connection, [day]).get(day) != before:
                return False
            if over:
                for table in (daily_lists, daily_items, daily_hits):
                    connection.execute(delete(table).where(table.c.day == day))
            _add(connection, daily_lists, _list_rows(day, lists))
            _add(connection, daily_items, _item_rows(day, items))
            _remember(connection, RolledDay(day, until, now))
        return True

    def _replace_actions(self, day: date, now: datetime) -> bool:
        """Count the actions of a day anew. Whether that went in."""
        start, end = midnight(day), midnight(day) + DAY
        with transaction(self._engine) as connection:
            lift_time_limit(connection)
            before = find_rolled(connection, [day]).get(day)
            lists = list(event_counts.count_actions(connection, start, end))
            items = list(event_counts.count_item_actions(connection, start, end))
        with transaction(self._engine) as connection:
            lock_name(connection, LOCK)
            if before is None or find_rolled(connection, [day]).get(day) != before:
                return False
            for table, kept in ((daily_lists, LIST), (daily_items, SHOWN)):
                connection.execute(delete(table).where(table.c.day == day, table.c.event != kept))
            connection.execute(delete(daily_hits).where(daily_hits.c.day == day))
            _add(connection, daily_lists, _list_rows(day, lists))
            _add(connection, daily_items, _item_rows(day, items))
            _remember(connection, RolledDay(day, before.until, now))
        return True

    def _remember_checked(self, now: datetime) -> None:
        checked = int((now - 2 * SETTLED).timestamp())
        with transaction(self._engine) as connection:
            known = connection.scalar(select(counters.c.value).where(counters.c.name == CHECKED))
            # Once in a tail is enough: looking twice at the same actions is cheap, a write each time is not.
            if known is None or checked - known >= TAIL.total_seconds():
                insert = upsert(counters, connection.dialect.name).values(name=CHECKED, value=checked)
                later = counters.c.value < insert.excluded.value
                connection.execute(
                    insert.on_conflict_do_update(
                        index_elements=[counters.c.name], set_={"value": insert.excluded.value}, where=later
                    )
                )


def _list_rows(day: date, counts: Iterable[tuple[event_counts.ListKey, str, int, int]]) -> list[dict[str, Any]]:
    return [
        {
            "day": day,
            "engine": engine,
            "model_version": model_version,
            "platform": platform,
            "surface": surface,
            "event": event,
            "rank": rank,
            "count": count,
        }
        for (engine, model_version, platform, surface), event, rank, count in counts
    ]


def _item_rows(day: date, counts: Iterable[tuple[int, str, str, int, int]]) -> list[dict[str, Any]]:
    return [
        {"day": day, "item_id": item_id, "event": event, "source": source, "count": count, "rank_sum": ranks}
        for item_id, event, source, count, ranks in counts
    ]


def _add(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the counts, or add them to those that are there."""
    if not rows:
        return
    insert = upsert(table, connection.dialect.name)
    sums = [name for name in ("count", "rank_sum") if name in table.c]
    added = {name: table.c[name] + insert.excluded[name] for name in sums}
    connection.execute(insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=added), rows)


def _remember(connection: Connection, rolled: RolledDay) -> None:
    insert = upsert(rolled_days, connection.dialect.name)
    new = {"until": insert.excluded.until, "read_at": insert.excluded.read_at}
    statement = insert.on_conflict_do_update(index_elements=[_days.day], set_=new)
    connection.execute(statement, {"day": rolled.day, "until": rolled.until, "read_at": rolled.read_at})


def _as_day(value: date | str) -> date:
    """SQLite has no type for days: it gives text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _as_time(value: datetime | str) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)
