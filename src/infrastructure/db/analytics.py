"""Analytics in SQL: roll-ups where they reach, and the raw rows for the rest."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Engine, distinct, func, select

from domain.engagements import Action, FeedbackKind
from domain.measuring import ItemTally, Period, Tally
from domain.ports.analytics import By, ChosenLists, UserTally, Which
from infrastructure.db import event_counts
from infrastructure.db.chosen_lists import read_chosen_lists
from infrastructure.db.counts import chunks
from infrastructure.db.dialect import lift_time_limit
from infrastructure.db.engine import transaction
from infrastructure.db.event_counts import LIST, SHOWN, length_of_list, places_acted_on, within
from infrastructure.db.hits import Question, count_hits, of_which
from infrastructure.db.keys import can_be_id
from infrastructure.db.reach import Reach
from infrastructure.db.roll_ups import find_rolled
from infrastructure.db.tables import daily_items, daily_lists, engagements, feedback, impressions

T = TypeVar("T")

#: lists that are looked through for users, for each one that is wanted
LISTS_PER_USER = 20
#: how often a report is read anew because a roll-up came in between
ATTEMPTS = 5

_lists, _done, _said = impressions.c, engagements.c, feedback.c


class SqlAnalytics:
    """Implements `domain.ports.analytics.Analytics`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def tallies(self, period: Period, *by: By) -> Mapping[tuple[date | str, ...], Tally]:
        counts = self._read(period, lambda connection, reach: list(_list_counts(connection, reach, by)))
        found: dict[tuple[date | str, ...], _Counting] = defaultdict(_Counting)
        for key, event, rank, count in counts:
            found[key].add(event, count, rank)
        return {key: counting.tally() for key, counting in found.items()}

    def ranks(self, period: Period) -> Mapping[int, Tally]:
        counts = self._read(period, lambda connection, reach: list(_list_counts(connection, reach, ())))
        lengths: Counter[int] = Counter()
        actions: dict[int, Counter[Action]] = defaultdict(Counter)
        for _, event, rank, count in counts:
            if event == LIST:
                lengths[rank] += count
            else:
                actions[rank][Action(event)] += count
        found, reaching = {}, 0
        for rank in range(max(lengths, default=0), 0, -1):
            reaching += lengths[rank]
            found[rank] = Tally(reaching, reaching, dict(actions[rank]))
        return dict(sorted(found.items()))

    def clicked_items(self, period: Period) -> Mapping[int, int]:
        counts = self._read(period, _clicks_of_items)
        return {item_id: count for item_id, count in counts.items() if count}

    def items(self, period: Period, item_ids: Sequence[int]) -> Mapping[int, ItemTally]:
        wanted = {item_id for item_id in item_ids if can_be_id(item_id)}
        counts = self._read(period, lambda connection, reach: list(_item_counts(connection, reach, wanted)))
        found: dict[int, _ItemCounting] = defaultdict(_ItemCounting)
        for item_id, event, source, count, ranks in counts:
            found[item_id].add(event, source, count, ranks)
        return {item_id: counting.tally() for item_id, counting in found.items()}

    def feedback(self, item_id: int, period: Period) -> Mapping[FeedbackKind, int]:
        if not can_be_id(item_id):
            return {}
        statement = select(_said.feedback, func.count()).where(
            _said.item_id == item_id, within(_said.occurred_at, period.start, period.end)
        )
        with self._connection() as connection:
            return {row[0]: row[1] for row in connection.execute(statement.group_by(_said.feedback))}

    def user(self, user_id: int) -> UserTally:
        mine = select(func.count(), func.coalesce(func.sum(length_of_list), 0)).where(_lists.user_id == user_id)
        places = places_acted_on(_done.user_id == user_id).c
        actions = select(places.action, func.count()).group_by(places.action)
        liked = select(places.item_id, func.count(distinct(places.impression_id))).where(places.action != Action.VIEW)
        with self._connection() as connection:
            lists, shown = connection.execute(mine).one()
            done = {row[0]: row[1] for row in connection.execute(actions)}
            items = {row[0]: row[1] for row in connection.execute(liked.group_by(places.item_id))}
        return UserTally(Tally(lists, int(shown), done), items)

    def recent_users(self, limit: int) -> Sequence[int]:
        latest = select(_lists.user_id).where(_lists.user_id.is_not(None)).order_by(_lists.shown_at.desc())
        with self._connection() as connection:
            found = connection.scalars(latest.limit(limit * LISTS_PER_USER)).all()
        return [user_id for user_id in dict.fromkeys(found) if user_id is not None][:limit]

    def lengths(self, which: Which) -> Mapping[int, int]:
        return self._read(which.period, lambda connection, reach: _lengths(connection, reach, which))

    def hits(self, which: Which, k: int, window: timedelta, actions: Sequence[Action]) -> Mapping[tuple[int, int], int]:
        return count_hits(self._engine, Question(which, k, window, actions))

    def chosen_lists(self, period: Period) -> ChosenLists:
        with self._connection() as connection:
            return read_chosen_lists(connection, period)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with transaction(self._engine) as connection:
            lift_time_limit(connection)
            yield connection

    def _read(self, period: Period, count: Callable[[Connection, Reach], T]) -> T:
        """Count by what is rolled up, and again where a roll-up came in between: the statements see different moments.

        Where they keep coming, the last reading stands.
        """
        with self._connection() as connection:
            known = find_rolled(connection, period.days)
            found = count(connection, Reach.of(period, known))
            for _ in range(ATTEMPTS):
                before, known = known, find_rolled(connection, period.days)
                if known == before:
                    break
                found = count(connection, Reach.of(period, known))
            return found


class _Counting:
    """A tally while it is being counted."""

    def __init__(self) -> None:
        self._lists = self._shown = 0
        self._actions: Counter[Action] = Counter()

    def add(self, event: str, count: int, rank: int) -> None:
        if event == LIST:
            self._lists += count
            self._shown += count * rank
        else:
            self._actions[Action(event)] += count

    def tally(self) -> Tally:
        return Tally(self._lists, self._shown, dict(self._actions))


class _ItemCounting:
    """An item's tally while it is being counted."""

    def __init__(self) -> None:
        self._ranks = 0
        self._sources: Counter[str] = Counter()
        self._actions: Counter[Action] = Counter()

    def add(self, event: str, source: str, count: int, ranks: int) -> None:
        if event == SHOWN:
            self._sources[source] += count
            self._ranks += ranks
        else:
            self._actions[Action(event)] += count

    def tally(self) -> ItemTally:
        return ItemTally(self._sources.total(), self._ranks, dict(self._sources), dict(self._actions))


def _list_counts(
    connection: Connection, reach: Reach, by: Sequence[By]
) -> Iterator[tuple[tuple[date | str, ...], str, int, int]]:
    """(values of `by`, event, rank or length, count), perhaps in several parts."""
    columns = [daily_lists.c[name] for name in by]
    shape = (daily_lists.c.event, daily_lists.c.rank)
    for days in _parts(reach.rolled):
        statement = select(*columns, *shape, func.sum(daily_lists.c["count"])).where(daily_lists.c.day.in_(days))
        for *key, event, rank, count in connection.execute(statement.group_by(*columns, *shape)):
            yield tuple(key), event, rank, int(count)
    for spans, counted in (
        (reach.list_spans, event_counts.count_lists),
        (reach.action_spans, event_counts.count_actions),
    ):
        for day, start, end in spans:
            for parts, event, rank, count in counted(connection, start, end):
                values = dict(zip((By.ENGINE, By.MODEL_VERSION, By.PLATFORM, By.SURFACE), parts, strict=True))
                yield tuple(day if name is By.DAY else values[name] for name in by), event, rank, count


def _clicks_of_items(connection: Connection, reach: Reach) -> Counter[int]:
    found: Counter[int] = Counter()
    for days in _parts(reach.rolled):
        statement = select(daily_items.c.item_id, func.sum(daily_items.c["count"])).where(
            daily_items.c.day.in_(days), daily_items.c.event == Action.CLICK
        )
        for item_id, count in connection.execute(statement.group_by(daily_items.c.item_id)):
            found[item_id] += int(count)
    for _, start, end in reach.action_spans:
        for item_id, event, _, count, _ in event_counts.count_item_actions(connection, start, end):
            found[item_id] += count if event == Action.CLICK else 0
    return found


def _item_counts(connection: Connection, reach: Reach, wanted: set[int]) -> Iterator[tuple[int, str, str, int, int]]:
    """(item id, event, source, count, sum of ranks), perhaps in several parts."""
    key = (daily_items.c.item_id, daily_items.c.event, daily_items.c.source)
    sums = (func.sum(daily_items.c["count"]), func.sum(daily_items.c.rank_sum))
    for days in _parts(reach.rolled):
        for item_ids in chunks(wanted):
            statement = select(*key, *sums).where(daily_items.c.item_id.in_(item_ids), daily_items.c.day.in_(days))
            for item_id, event, source, count, ranks in connection.execute(statement.group_by(*key)):
                yield item_id, event, source, int(count), int(ranks)
    for spans, counted in (
        (reach.list_spans, event_counts.count_shown_items),
        (reach.action_spans, event_counts.count_item_actions),
    ):
        for _, start, end in spans:
            yield from (row for row in counted(connection, start, end) if row[0] in wanted)


def _lengths(connection: Connection, reach: Reach, which: Which) -> Counter[int]:
    found: Counter[int] = Counter()
    given = {"engine": which.engine, "platform": which.platform}
    alike = [daily_lists.c[name] == value for name, value in given.items() if value is not None]
    for days in _parts(reach.rolled):
        statement = select(daily_lists.c.rank, func.sum(daily_lists.c["count"])).where(
            daily_lists.c.event == LIST, daily_lists.c.day.in_(days), *alike
        )
        for length, count in connection.execute(statement.group_by(daily_lists.c.rank)):
            found[length] += int(count)
    for _, start, end in reach.list_spans:
        length = length_of_list.label("length")
        raw = select(length, func.count()).where(within(_lists.shown_at, start, end), *of_which(which))
        for places, count in connection.execute(raw.group_by(length)):
            found[places] += count
    return found


def _parts(days: Sequence[date]) -> Iterator[Sequence[date]]:
    """The days, in parts that fit into a statement."""
    for start in range(0, len(days), 1000):
        yield days[start : start + 1000]
