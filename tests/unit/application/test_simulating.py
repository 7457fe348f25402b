from collections import Counter

import numpy as np
import pytest

from application.bulk_events import RecordEvents
from application.engaging import EventRules
from application.learning_online import UpdateBandit
from application.recommending import Recommend, ServingRules, ShowRanking
from application.simulating import ORIGIN, RemoveSimulation, Simulate, SimulatedClock, SimulationPlan
from domain.engagements import Action
from domain.errors import Invalid
from domain.items import Item, Kind
from infrastructure.observability.progress import SilentProgress
from tests.fakes import (
    FakeClock,
    FakeDatabase,
    FakeEventLog,
    FakeIds,
    FakeItemReader,
    FakeLineups,
    FakeRankings,
    FakeShownLists,
    FakeUserStates,
)

GENRES = ("Comedy", "Crime", "Drama", "Horror", "War", "Western")
PLAN = SimulationPlan(users=6, days=2, visits=2.0, seed=1, engine="popularity")


class CountedNothing:
    """A bandit's store that finds no lists, and remembers since when it was asked."""

    def __init__(self):
        self.asked = []

    def engagements_since(self, since):
        self.asked.append(since)
        return 0

    def uncounted(self, since):
        return []


def films(count=60):
    return [Item(Kind.MOVIE, f"Film {i}", id=i, genres=(GENRES[i % 6],), rating_count=i) for i in range(1, count + 1)]


def simulated(database, plan=PLAN):
    clock, bandit = SimulatedClock(FakeClock().now()), CountedNothing()
    log, states, lineups = FakeEventLog(database), FakeUserStates(database), FakeLineups(database)
    show = ShowRanking(FakeItemReader(database), log, clock, FakeIds())
    simulate = Simulate(
        database,
        states,
        lineups,
        Recommend(states, lineups, show, ServingRules(), FakeRankings(), np.random.default_rng(0)),
        RecordEvents(FakeShownLists(database), log, database, clock, EventRules()),
        UpdateBandit(bandit, clock),
        clock,
        SilentProgress(),
    )
    return simulate(plan), clock, bandit


def test_the_log_holds_what_the_report_says():
    database = FakeDatabase(*films())
    report, clock, bandit = simulated(database)
    rows = database.rows
    truth = report.engines["popularity"]
    assert truth.lists == len(rows.impressions) > 6
    clicks = Counter(event.action for event in rows.engagements.values())[Action.CLICK]
    assert truth.clicks == clicks > 0
    assert report.users == 6 and len(rows.ratings) >= 30
    assert truth.earned / truth.lists == pytest.approx(truth.worth / truth.lists, abs=0.25)
    assert len(bandit.asked) == 2
    assert clock.now() == FakeClock().now()


def test_it_is_a_matter_of_days_up_to_now_and_nobody_is_shown_what_they_had():
    database = FakeDatabase(*films())
    simulated(database)
    times = [shown.shown_at for shown in database.rows.impressions]
    now = FakeClock().now()
    assert times == sorted(times) and (now - times[0]).days == 1 and times[-1] <= now
    for event in database.rows.engagements.values():
        assert event.shown_at < event.occurred_at
    for shown in database.rows.impressions:
        assert len(shown.items) == 10 and shown.applied_events >= 5


def test_the_same_plan_gives_the_same_week():
    first, again, other = FakeDatabase(*films()), FakeDatabase(*films()), FakeDatabase(*films())
    simulated(first)
    simulated(again)
    simulated(other, SimulationPlan(users=6, days=2, visits=2.0, seed=2, engine="popularity"))
    assert first.rows.engagements == again.rows.engagements != other.rows.engagements


def test_everybody_who_was_made_up_can_be_removed(database, anna):
    for film in films():
        database.rows.items[film.id] = film
    simulated(database)
    assert {user.origin for user in database.rows.users.values()} == {None, ORIGIN}
    assert RemoveSimulation(database)() == 6
    assert list(database.rows.users) == [anna.user_id]
    assert not database.rows.impressions and not database.rows.engagements


def test_without_films_there_is_nothing_to_show():
    with pytest.raises(Invalid, match="Load a data set first"):
        simulated(FakeDatabase())
