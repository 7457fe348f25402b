"""Counting what lists have earned: once each, whatever happens in whatever order."""

from collections import defaultdict
from dataclasses import astuple
from datetime import timedelta
from operator import add
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event

from application.learning_online import UpdateBandit
from domain.bandit import Arm, context_of
from domain.engagements import REWARDS, Action, Engagement
from infrastructure.db import tables
from infrastructure.db.bandit import SqlBandit
from infrastructure.db.bulk import SqlBulkStore
from infrastructure.db.event_rows import insert_events
from infrastructure.db.leases import SqlLeases
from tests.fakes import FakeClock
from tests.integration.db.samples import NOW, at_once, count, person, shown, store

DAY = timedelta(days=1)


@pytest.fixture
def bandit(engine):
    return SqlBandit(engine)


@pytest.fixture
def ann(work):
    ann = person()
    store(work, users=[ann])
    return ann.id


@pytest.fixture
def show(engine, ann):
    """Store a list that was shown to Ann, or as told."""

    def show(**about):
        impression = shown(**({"user_id": ann, "applied_events": 7} | about))
        with engine.begin() as connection:
            insert_events(connection, [impression])
        return impression

    return show


def engage(engine, impression, *actions):
    events = [
        Engagement(
            id=str(uuid4()),
            impression_id=impression.id,
            item_id=impression.items[0].item_id,
            user_id=impression.user_id,
            action=Action(action),
            occurred_at=NOW,
            recorded_at=NOW,
            rank=1,
            shown_at=impression.shown_at,
            engine=impression.engine,
            model_version=impression.model_version,
        )
        for action in actions
    ]
    with engine.begin() as connection:
        insert_events(connection, events)


def settle(bandit, since=NOW - DAY):
    return bandit.count(bandit.uncounted(since), NOW)


def test_each_list_is_one_pull_with_the_greatest_reward_that_it_earned(engine, bandit, show):
    for actions in (
        (),
        ("view",),
        ("view", "click"),
        ("like", "click", "like"),
        ("enroll",),
        ("play_complete", "view"),
    ):
        engage(engine, show(), *actions)
    engage(engine, show(engine="ease", applied_events=150), "watch")
    assert settle(bandit) == 7
    rewards = (0.0, 0.1, 0.5, 0.8, 1.0, 1.0)
    arms = bandit.read()
    assert set(arms) == {("5-19", "ncf"), ("100+", "ease")}
    squares = sum(reward**2 for reward in rewards)
    assert astuple(arms["5-19", "ncf"]) == pytest.approx((6, sum(rewards), squares))
    assert arms["100+", "ease"] == Arm(1, 1.0, 1.0)


def test_what_was_counted_is_not_counted_again_and_what_comes_later_is_added(engine, bandit, show):
    first, second = show(), show()
    engage(engine, first, "view")
    ids = bandit.uncounted(NOW - DAY)
    assert set(ids) == {first.id, second.id}
    assert [bandit.count(ids, NOW) for _ in range(3)] == [2, 0, 0]
    assert bandit.uncounted(NOW - DAY) == []
    engage(engine, first, "enroll", "click")
    assert bandit.uncounted(NOW - DAY) == [first.id]
    assert settle(bandit) == 1
    assert astuple(bandit.read()["5-19", "ncf"]) == pytest.approx((2, 1.0, 1.0))


def test_only_lists_that_engines_compete_for_count(engine, bandit, show):
    nobody, elsewhere = show(user_id=None), show(surface="similar")
    tried = show(experiment_id=str(uuid4()), variant="b")
    old = show(shown_at=NOW - DAY - timedelta(seconds=1))
    counted = show(shown_at=NOW - DAY)
    for impression in (nobody, elsewhere, tried, old, counted):
        engage(engine, impression, "click", "view")
    assert bandit.engagements_since(NOW - DAY) == 2
    assert bandit.uncounted(NOW - DAY) == [counted.id]
    assert bandit.count([nobody.id, elsewhere.id, tried.id, counted.id], NOW) == 1
    assert bandit.read() == {("5-19", "ncf"): Arm(1, 0.5, 0.25)}


def test_two_updates_at_once_count_nothing_twice(engine, bandit, show):
    for number in range(60):
        engage(engine, show(engine=("ncf", "ease", "linear")[number % 3]), "click")
    update = UpdateBandit(bandit, FakeClock(NOW))
    reports = at_once(*[update] * 4)
    assert sum(report.lists for report in reports) == 60
    assert bandit.read() == {("5-19", name): Arm(20, 10.0, 5.0) for name in ("ncf", "ease", "linear")}


on_postgresql = pytest.mark.parametrize(
    "database_url", [pytest.param("emptied_postgres_url", marks=pytest.mark.postgres)], indirect=True
)


@on_postgresql
def test_a_list_that_is_being_erased_is_left_out_and_not_waited_for(engine, bandit, show):
    leaving, staying = show(), show()
    with engine.begin() as connection:
        connection.execute(delete(tables.impressions).where(tables.impressions.c.id == leaving.id))
        assert bandit.count([leaving.id, staying.id], NOW) == 1
    assert bandit.read() == {("5-19", "ncf"): Arm(1, 0.0, 0.0)}
    assert bandit.uncounted(NOW - DAY) == []


@on_postgresql
def test_engagements_are_logged_while_their_list_is_being_counted(engine, bandit, show):
    impression, during = show(), []

    def click(connection, cursor, statement, *rest):
        if statement.startswith("UPDATE impressions") and not during:
            during.append(statement)
            engage(engine, impression, "click")

    event.listen(engine, "before_cursor_execute", click)
    assert [settle(bandit), settle(bandit)] == [1, 1]
    assert len(during) == 1
    assert bandit.read() == {("5-19", "ncf"): Arm(1, 0.5, 0.25)}


def test_what_was_learnt_outlives_its_lists_and_goes_with_the_data_set(engine, bandit, show, work, ann):
    engage(engine, show(), "click")
    settle(bandit)
    with work() as open_work:
        open_work.users.erase(ann)
        open_work.commit()
    assert count(engine, tables.impressions) == 0
    assert SqlBandit(engine).read() == {("5-19", "ncf"): Arm(1, 0.5, 0.25)}
    SqlBulkStore(engine).reset()
    assert bandit.read() == {}


LISTS = 4
steps = st.one_of(
    st.tuples(st.just("show"), st.integers(0, LISTS - 1)),
    st.tuples(st.sampled_from(list(Action)), st.integers(0, LISTS - 1)),
    st.tuples(st.just("update"), st.just(0)),
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, max_size=16))
def test_any_order_of_lists_engagements_and_updates_ends_in_the_same_arms(engine, bandit, ann, told):
    with engine.begin() as connection:
        for table in (tables.engagements, tables.impressions, tables.bandit_arms):
            connection.execute(delete(table))
    lists, earned = {}, {}
    for what, which in told:
        if what == "show" and which not in lists:
            lists[which] = shown(ann, engine=("ncf", "ease")[which % 2], applied_events=which * 10)
            earned[which] = 0.0
            with engine.begin() as connection:
                insert_events(connection, [lists[which]])
        elif what == "update":
            settle(bandit)
        elif what in REWARDS and which in lists:
            engage(engine, lists[which], what, what)
            earned[which] = max(earned[which], REWARDS[what])
    settle(bandit)
    expected = defaultdict(Arm)
    for which, reward in earned.items():
        key = (context_of(lists[which].applied_events), lists[which].engine)
        expected[key] = add(expected[key], Arm.credit(reward))
    found = bandit.read()
    assert set(found) == set(expected)
    for key, arm in found.items():
        assert astuple(arm) == pytest.approx(astuple(expected[key]))


def test_a_turn_is_taken_by_one_and_given_up_when_its_time_has_come(engine):
    leases, later = SqlLeases(engine), NOW + timedelta(seconds=30)
    assert at_once(*[lambda: leases.claim("bandit", NOW, later)] * 4).count(True) == 1
    assert leases.claim("other", NOW, later)
    assert not leases.claim("bandit", later - timedelta(seconds=1), later + DAY)
    assert leases.claim("bandit", later, later + DAY)
