"""Hits of lists: counted once for each question and day, and kept until something is reported of the day's lists."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, Engine, distinct, extract, func, insert, select

from domain.engagements import Action
from domain.measuring import midnight
from domain.ports.analytics import Which
from infrastructure.db.dialect import lift_time_limit, lock_name
from infrastructure.db.engine import transaction
from infrastructure.db.event_counts import length_of_list, within
from infrastructure.db.reach import Reach
from infrastructure.db.roll_ups import DAY, LOCK, RolledDay, find_rolled
from infrastructure.db.tables import daily_hits, engagements, impressions

#: lists by (hits, places)
Hits = Mapping[tuple[int, int], int]

_lists, _done = impressions.c, engagements.c


@dataclass(frozen=True)
class Question:
    """What counts as a hit, and in which lists."""

    which: Which
    k: int
    window: timedelta
    actions: Sequence[Action]

    @property
    def key(self) -> str:
        """The same for the same question of any period."""
        asked = (self.k, self.window.total_seconds(), sorted(self.actions), self.which.engine, self.which.platform)
        return sha256(repr(asked).encode()).hexdigest()


def count_hits(engine: Engine, question: Question) -> Hits:
    """Implements `domain.ports.analytics.Analytics.hits`."""
    found: Counter[tuple[int, int]] = Counter()
    fresh: dict[date, Hits] = {}
    with transaction(engine) as connection:
        lift_time_limit(connection)
        rolled = find_rolled(connection, question.which.period.days)
        reach = Reach.of(question.which.period, rolled)
        kept = _kept(connection, question, reach.over)
        for _, start, end in reach.action_spans:
            found.update(_counted(connection, question, start, end))
        for day in reach.over:
            if day not in kept:
                kept[day] = fresh[day] = _counted(connection, question, midnight(day), midnight(day) + DAY)
    for hits in kept.values():
        found.update(hits)
    if fresh:
        _keep(engine, question, fresh, rolled)
    return found


def of_which(which: Which) -> Iterable[ColumnElement[bool]]:
    """Conditions on impressions."""
    if which.engine is not None:
        yield _lists.engine == which.engine
    if which.platform is not None:
        yield _lists.platform == which.platform


def _counted(connection: Connection, question: Question, start: datetime, end: datetime) -> Hits:
    # To the second, on both databases.
    seconds = extract("epoch", _done.occurred_at) - extract("epoch", _done.shown_at)
    # Counted by list before the lists are looked up, which takes half as long as the other way round.
    of_list = (
        select(_done.impression_id, func.count(distinct(_done.item_id)).label("hits"))
        .where(
            within(_done.shown_at, start, end),
            _done.action.in_(question.actions),
            _done.rank.between(1, question.k),
            seconds <= int(question.window.total_seconds()),
        )
        .group_by(_done.impression_id)
        .subquery("of_list")
    )
    length = length_of_list.label("length")
    statement = (
        select(of_list.c.hits, length, func.count())
        .select_from(of_list.join(impressions, _lists.id == of_list.c.impression_id))
        .where(*of_which(question.which))
        .group_by(of_list.c.hits, length)
    )
    found: Counter[tuple[int, int]] = Counter()
    for hits, places, lists in connection.execute(statement):
        found[hits, min(places, question.k)] += lists
    return found


def _kept(connection: Connection, question: Question, days: Sequence[date]) -> dict[date, Hits]:
    """What is kept of these days. A day without hits has one row that counts nothing."""
    rows = daily_hits.c
    found: dict[date, dict[tuple[int, int], int]] = defaultdict(dict)
    statement = select(rows.day, rows.hits, rows.places, rows.lists).where(rows.question == question.key)
    if days:
        for day, hits, places, lists in connection.execute(statement.where(rows.day.between(days[0], days[-1]))):
            found[day][hits, places] = lists
    wanted = set(days)
    return {day: {pair: lists for pair, lists in hits.items() if lists} for day, hits in found.items() if day in wanted}


def _keep(engine: Engine, question: Question, fresh: Mapping[date, Hits], rolled: Mapping[date, RolledDay]) -> None:
    """Keep what was counted, unless something was reported of the day meanwhile or somebody has kept it before."""
    with transaction(engine) as connection:
        lock_name(connection, LOCK)
        now = find_rolled(connection, sorted(fresh))
        kept = _kept(connection, question, sorted(fresh))
        rows = [
            {"day": day, "question": question.key, "hits": pair[0], "places": pair[1], "lists": lists}
            for day, hits in fresh.items()
            if day not in kept and now.get(day) == rolled[day]
            for pair, lists in (hits or {(0, 0): 0}).items()
        ]
        if rows:
            connection.execute(insert(daily_hits), rows)
