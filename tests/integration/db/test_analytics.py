"""What the log says, counted in SQL: whether or not days are rolled up, it is what a count by hand says."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import delete, func, select

from domain.engagements import REWARDS, Action, Engagement, Feedback, FeedbackKind
from domain.impressions import ShownItem
from domain.measuring import ItemTally, Period, Tally, midnight
from domain.ports.analytics import By, Which
from infrastructure.db import tables
from infrastructure.db.analytics import SqlAnalytics
from infrastructure.db.event_rows import insert_events
from infrastructure.db.roll_ups import SqlRollUps
from tests.integration.db.samples import NOW, at_once, count, person, shown, store

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ACTIONS = [*Action]
#: few, so that each comes up often
ITEMS = 12


@dataclass
class World:
    """Lists of five days and what was done with them, in the database and beside it."""

    engine: object
    analytics: SqlAnalytics
    roll_ups: SqlRollUps
    lists: list = field(default_factory=list)
    by_list: dict = field(default_factory=lambda: defaultdict(list))

    def add(self, *events):
        with self.engine.begin() as connection:
            insert_events(connection, events)
        for event in events:
            if isinstance(event, Engagement):
                self.by_list[event.impression_id].append(event)
            else:
                self.lists.append(event)

    def within(self, period):
        return [one for one in self.lists if period.start <= one.shown_at < period.end]

    def done_with(self, impression):
        return self.by_list.get(impression.id, ())

    def places(self, impression):
        """(item, action) of a list, each once."""
        return {(one.item_id, one.action) for one in self.done_with(impression)}


def a_list(random, user_ids, at):
    size = random.choice([0, 3, 5, 10])
    items = random.sample(range(1, ITEMS + 1), size)
    source = random.choice(["content", "popularity"])
    places = tuple(ShownItem(item, rank + 1, 1.0, source, 1.0) for rank, item in enumerate(items))
    impression = shown(
        random.choice([None, *user_ids]),
        at,
        id=str(UUID(int=random.getrandbits(128))),
        items=0,
        engine=random.choice(["ncf", "popularity"]),
        model_version=random.choice([None, "v1", "v2"]),
        platform=random.choice([None, "web", "tv"]),
        surface=random.choice(["recommendations", "similar"]),
        applied_events=random.randrange(40),
        engine_probability=random.choice([1.0, 0.25, 0.5]),
        experiment_id=random.choice([None, None, str(UUID(int=7))]),
    )
    return replace(impression, items=places)


def engagement(random, impression, at, recorded_at=None, **fields):
    place = random.choice(impression.items)
    return Engagement(
        **(
            {
                "id": str(UUID(int=random.getrandbits(128))),
                "impression_id": impression.id,
                "item_id": place.item_id,
                "user_id": impression.user_id,
                "action": random.choice(ACTIONS),
                "occurred_at": at,
                "recorded_at": recorded_at or at,
                "rank": place.rank,
                "shown_at": impression.shown_at,
                "engine": impression.engine,
                "model_version": impression.model_version,
            }
            | fields
        )
    )


@pytest.fixture
def world(engine, work):
    random = Random(4)
    people = [person(name, consent=True) for name in ("ann", "bob", "cid")]
    store(work, users=people)
    made = World(engine, SqlAnalytics(engine), SqlRollUps(engine))
    lists = [a_list(random, [one.id for one in people], NOW - random.random() * 5 * DAY) for _ in range(80)]
    done = []
    for one in lists:
        chances = range(random.randrange(4)) if one.items else ()
        times = [one.shown_at + random.random() * random.choice([HOUR, DAY]) for _ in chances]
        done += [engagement(random, one, at) for at in times if at < NOW]
    made.add(*lists, *done)
    return made


PERIODS = [
    Period(NOW - 4 * DAY, NOW),
    Period(NOW - 2.3 * DAY, NOW - 0.9 * DAY),
    Period.last_days(NOW, 4),
    Period(NOW - 9 * DAY, NOW + DAY),
    Period(midnight((NOW - 3 * DAY).date()), midnight((NOW - DAY).date())),
    Period(NOW - HOUR, NOW - HOUR / 2),
]


def tally(world, lists):
    actions = Counter(action for one in lists for _, action in world.places(one))
    return Tally(len(lists), sum(len(one.items) for one in lists), dict(actions))


def check(world, period):
    """Every count of the period, against a count by hand."""
    lists = world.within(period)
    by_engine = defaultdict(list)
    for one in lists:
        by_engine[one.engine, one.model_version or "", one.shown_at.date()].append(one)
    assert world.analytics.tallies(period, By.ENGINE, By.MODEL_VERSION, By.DAY) == {
        key: tally(world, found) for key, found in by_engine.items()
    }
    assert world.analytics.tallies(period).get((), Tally()) == tally(world, lists)
    platforms = {one.platform or "" for one in lists}
    assert world.analytics.tallies(period, By.PLATFORM) == {
        (name,): tally(world, [one for one in lists if (one.platform or "") == name]) for name in platforms
    }
    check_items(world, period, lists)
    for which in (Which(period), Which(period, "ncf"), Which(period, None, "tv")):
        check_hits(world, which, [one for one in lists if matches(one, which)])


def matches(one, which):
    return (which.engine in (None, one.engine)) and which.platform in (None, one.platform)


def check_items(world, period, lists):
    clicks = Counter(item for one in lists for item, action in world.places(one) if action is Action.CLICK)
    assert world.analytics.clicked_items(period) == clicks
    told = world.analytics.items(period, range(1, ITEMS + 1))
    for item in range(1, ITEMS + 1):
        places = [place for one in lists for place in one.items if place.item_id == item]
        actions = Counter(action for one in lists for acted_on, action in world.places(one) if acted_on == item)
        expected = ItemTally(
            len(places), sum(place.rank for place in places), Counter(place.source for place in places), actions
        )
        assert told.get(item, ItemTally()) == expected
    for rank, found in world.analytics.ranks(period).items():
        assert found.shown == sum(len(one.items) >= rank for one in lists)


def check_hits(world, which, lists):
    assert world.analytics.lengths(which) == Counter(len(one.items) for one in lists)
    wanted, window = [Action.CLICK, Action.LIKE], 6 * HOUR
    for k in (2, 10):
        expected = Counter()
        for one in lists:
            hits = {
                event.item_id
                for event in world.done_with(one)
                if event.rank <= k and event.action in wanted and event.occurred_at - one.shown_at <= window
            }
            if hits:
                expected[len(hits), min(k, len(one.items))] += 1
        assert world.analytics.hits(which, k, window, wanted) == expected


def test_counts_from_raw_rows_are_right(world):
    for period in PERIODS:
        check(world, period)


def test_counts_from_roll_ups_are_the_same(world):
    assert world.roll_ups.bring_up_to_date(NOW) == 6
    for period in PERIODS:
        check(world, period)


def test_reports_read_the_roll_ups(world):
    world.roll_ups.bring_up_to_date(NOW)
    with world.engine.begin() as connection:
        connection.execute(tables.daily_lists.update().values(count=tables.daily_lists.c["count"] + 1))
    assert world.analytics.tallies(PERIODS[3])[()].lists > len(world.lists)


def test_rolling_up_again_changes_nothing(world):
    world.roll_ups.bring_up_to_date(NOW)
    before = rows(world.engine)
    assert world.roll_ups.bring_up_to_date(NOW) == 0
    assert rows(world.engine) == before


def rows(engine):
    with engine.connect() as connection:
        return [
            sorted(map(tuple, connection.execute(select(table)))) for table in (tables.daily_lists, tables.daily_items)
        ]


def test_rolling_up_in_steps_comes_to_the_same_as_at_once(world):
    for hours in range(120, -1, -19):
        world.roll_ups.bring_up_to_date(NOW - hours * HOUR)
        assert world.analytics.tallies(PERIODS[3])[()] == tally(world, world.lists)
    world.roll_ups.bring_up_to_date(NOW)
    in_steps = rows(world.engine)
    with world.engine.begin() as connection:
        for table in (tables.daily_lists, tables.daily_items, tables.daily_hits, tables.rolled_days):
            connection.execute(delete(table))
    world.roll_ups.bring_up_to_date(NOW)
    assert rows(world.engine) == in_steps


def test_hits_are_counted_once_for_each_question(world):
    world.roll_ups.bring_up_to_date(NOW)
    asked = (Which(PERIODS[3]), 10, 6 * HOUR, [Action.CLICK, Action.LIKE])
    before = world.analytics.hits(*asked)
    assert at_once(*[lambda: SqlAnalytics(world.engine).hits(*asked)] * 3) == [before] * 3
    with world.engine.begin() as connection:
        connection.execute(tables.daily_hits.update().values(lists=tables.daily_hits.c.lists + 1))
    assert sum(world.analytics.hits(*asked).values()) > sum(before.values())
    for other in ((Which(PERIODS[3], "ncf"), *asked[1:]), (asked[0], 2, *asked[2:]), (*asked[:3], [Action.CLICK])):
        assert sum(world.analytics.hits(*other).values()) <= sum(before.values())
    world.roll_ups.start_over()
    assert world.analytics.hits(*asked) == before


def test_a_late_action_makes_its_day_be_counted_again(world):
    world.roll_ups.bring_up_to_date(NOW)
    check(world, PERIODS[3])
    random = Random(1)
    shown_before = [one for one in world.lists if one.items and one.shown_at < NOW - 2 * DAY]
    late = NOW + 3 * HOUR
    world.add(*(engagement(random, one, late, late) for one in shown_before[:5]))
    days = {one.shown_at.date() for one in shown_before[:5]}
    assert world.roll_ups.bring_up_to_date(late + HOUR) >= len(days)
    check(world, PERIODS[3])
    assert world.roll_ups.bring_up_to_date(late + 2 * HOUR) <= 1


def test_what_came_after_the_last_roll_up_counts_at_once(world):
    world.roll_ups.bring_up_to_date(NOW)
    random = Random(2)
    impression = replace(a_list(random, [], NOW), items=(ShownItem(3, 1, 1.0, "content", 1.0),))
    world.add(impression, engagement(random, impression, NOW, action=Action.CLICK))
    check(world, PERIODS[3])


def test_several_processes_that_roll_up_at_once_count_nothing_twice(world):
    at_once(*[lambda: SqlRollUps(world.engine).bring_up_to_date(NOW)] * 4)
    world.roll_ups.bring_up_to_date(NOW)
    check(world, PERIODS[3])


def test_only_the_days_of_a_period_are_rolled_up_for_it(world):
    assert world.roll_ups.bring_up_to_date(NOW, Period(NOW - DAY, NOW)) == 2
    assert count(world.engine, tables.rolled_days) == 2
    check(world, PERIODS[3])


def test_an_empty_log_has_nothing_to_roll_up(engine):
    assert SqlRollUps(engine).bring_up_to_date(NOW) == 0
    analytics = SqlAnalytics(engine)
    assert analytics.tallies(PERIODS[0]) == {}
    assert analytics.ranks(PERIODS[0]) == {}
    assert analytics.lengths(Which(PERIODS[0])) == {}
    assert len(analytics.chosen_lists(PERIODS[0])) == 0


def test_a_user_has_what_they_were_shown_and_did(world):
    mine = [one for one in world.lists if one.user_id == 1]
    told = world.analytics.user(1)
    assert told.tally == tally(world, mine)
    liked = Counter(
        item for one in mine for item in {item for item, action in world.places(one) if action is not Action.VIEW}
    )
    assert told.items == liked
    assert world.analytics.user(99).tally == Tally()


def test_the_latest_users_come_first(world):
    latest = [one.user_id for one in sorted(world.lists, key=lambda one: one.shown_at, reverse=True) if one.user_id]
    assert world.analytics.recent_users(2) == list(dict.fromkeys(latest))[:2]


def test_feedback_is_counted_by_kind_within_its_period(world):
    told = [
        Feedback(str(UUID(int=i)), 1 + i % 2, 5 + i // 6, kind, NOW - hours * HOUR, NOW)
        for i, (kind, hours) in enumerate(
            [
                (FeedbackKind.LIKE, 1),
                (FeedbackKind.LIKE, 2),
                (FeedbackKind.SKIP, 3),
                (FeedbackKind.DISLIKE, 200),
                (FeedbackKind.LIKE, 0.5),
                (FeedbackKind.SKIP, 4),
                (FeedbackKind.LIKE, 1),
            ]
        )
    ]
    with world.engine.begin() as connection:
        insert_events(connection, told)
    assert world.analytics.feedback(5, Period(NOW - DAY, NOW)) == {FeedbackKind.LIKE: 3, FeedbackKind.SKIP: 2}
    assert world.analytics.feedback(10**30, Period(NOW - DAY, NOW)) == {}


def test_lists_chosen_by_chance_come_with_what_they_earned(world):
    told = world.analytics.chosen_lists(PERIODS[0])
    chosen = [
        one
        for one in sorted(world.within(PERIODS[0]), key=lambda one: one.id)
        if one.engine_probability < 1 and one.surface == "recommendations" and one.user_id and not one.experiment_id
    ]
    assert len(told) == len(chosen) > 3
    assert told.users.tolist() == [one.user_id for one in chosen]
    assert told.lengths.tolist() == [one.applied_events for one in chosen]
    assert told.engines.tolist() == [one.engine for one in chosen]
    assert told.chances.tolist() == [one.engine_probability for one in chosen]
    earned = [max((REWARDS[action] for _, action in world.places(one)), default=0.0) for one in chosen]
    assert told.rewards.tolist() == earned
    assert np.any(told.rewards > 0)


def test_erasing_a_user_leaves_counts_and_no_trace_of_whose_they_were(world, work):
    world.roll_ups.bring_up_to_date(NOW)
    before = world.analytics.tallies(PERIODS[4])
    with work() as open_work:
        open_work.users.erase(1)
        open_work.commit()
    assert world.analytics.tallies(PERIODS[4]) == before
    assert world.analytics.user(1).tally == Tally()
    with world.engine.connect() as connection:
        assert not connection.scalar(select(func.count()).where(tables.impressions.c.user_id == 1))
