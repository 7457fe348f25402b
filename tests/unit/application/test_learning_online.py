from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pytest

from application.learning_online import (
    PART,
    BanditRules,
    BanditSteering,
    ShowBandit,
    UpdateBandit,
    UpdateBanditInTurn,
)
from application.rating import NewRating, RateItems
from application.recommending import Recommend
from application.steering import Direction
from domain.bandit import CONTEXTS, Arm, Arms, Thompson
from domain.engagements import Action
from domain.events import History
from domain.recommendation import RecommendationRequest, UserState
from tests.fakes import NCF_1, FakeRankings, fake_pipeline, popularity_of

TRAINED = ("ncf", "ease")
THOMPSON = BanditRules("thompson")


@dataclass
class ShownList:
    """A list as the bandit sees it."""

    hours_ago: float
    engine: str
    length: int
    actions: list
    credited: float | None = None


class FakeBandit:
    """Keeps the promises of `BanditStore` over lists that a test makes up, named 0, 1, 2 …"""

    def __init__(self, clock, *shown):
        self.clock, self.shown, self.arms, self.parts = clock, list(shown), {}, []

    def read(self):
        return dict(self.arms)

    def _since(self, since):
        now = self.clock.now()
        ages = enumerate(self.shown)
        return {str(i): one for i, one in ages if now - timedelta(hours=one.hours_ago) >= since}

    def engagements_since(self, since):
        return sum(len(one.actions) for one in self._since(since).values())

    def uncounted(self, since):
        return [name for name, one in self._since(since).items() if one.credited != reward_of(one)]

    def count(self, ids, at):
        self.parts.append(len(ids))
        for one in [self.shown[int(name)] for name in ids]:
            key = (context_name(one.length), one.engine)
            self.arms[key] = self.arms.get(key, Arm()) + Arm.credit(reward_of(one), one.credited)
            one.credited = reward_of(one)
        return len(ids)


def reward_of(one):
    worth = {Action.ENROLL: 1.0, Action.CLICK: 0.5, Action.VIEW: 0.1}
    return max((worth[action] for action in one.actions), default=0.0)


def context_name(length):
    return "5-19" if length >= 5 else "1-4"


class FakeLeases:
    def __init__(self):
        self.taken = {}

    def claim(self, name, now, until):
        free = name not in self.taken or self.taken[name] <= now
        if free:
            self.taken[name] = until
        return free


class FakeArms(dict):
    def read(self):
        return self


@pytest.fixture
def trained(lineups):
    """Line-ups with two trained engines."""
    return TwoTrained(lineups)


class TwoTrained:
    def __init__(self, lineups):
        self.lineups = lineups

    def current(self, revision):
        lineup = self.lineups.current(revision)
        pipelines = {**lineup.pipelines, "ease": fake_pipeline("ease", popularity_of, "ncf-1")}
        return replace(lineup, pipelines=pipelines, model=replace(NCF_1, engines=(*TRAINED, "not_ready")))


@pytest.fixture
def lineup(trained):
    return trained.current(0)


def steering(rules, arms=(), seed=0):
    return BanditSteering(FakeArms(arms), rules, np.random.default_rng(seed))


def state(length):
    return UserState(user_id=1, history=History.of(list(range(1, length + 1)), [4.0] * length))


AUTO = Direction(RecommendationRequest())


# steering


def test_engines_compete_only_where_the_choice_is_open(lineup):
    steer = steering(THOMPSON)
    assert steer(state(7), AUTO, lineup).request.engine in TRAINED
    by_name = Direction(RecommendationRequest(engine="popularity"))
    assert steer(state(7), by_name, lineup) is by_name
    drafted = replace(AUTO, interleave=("ncf", "popularity"))
    assert steer(state(7), drafted, lineup) is drafted
    assert steer(state(0), AUTO, lineup) is AUTO
    assert steering(BanditRules())(state(7), AUTO, lineup) is AUTO


def test_trained_engines_compete_from_as_many_ratings_on_as_auto_uses_them(lineup, lineups):
    steer = steering(THOMPSON)
    assert steer(state(4), AUTO, lineup) is AUTO
    earlier = replace(AUTO, min_interactions=3)
    assert steer(state(4), earlier, lineup).request.engine in TRAINED
    assert steering(BanditRules("thompson", min_interactions=8))(state(7), AUTO, lineup) is AUTO
    lineups.with_model = False
    assert steer(state(7), AUTO, lineups.current(0)) is AUTO


def test_the_named_engines_compete_if_they_are_ready(lineup):
    rules = BanditRules("epsilon_greedy", epsilon=1.0, engines=("ease", "popularity", "cold_start", "hstu"))
    assert rules.competitors(lineup, 5) == ("ease", "popularity", "cold_start")
    assert rules.competitors(lineup, 4) == ("popularity", "cold_start")
    steer = steering(rules)
    chosen = {steer(state(2), AUTO, lineup).request.engine for _ in range(50)}
    assert chosen == {"popularity", "cold_start"}


def test_the_direction_says_with_which_chance_the_engine_was_chosen(lineup):
    earned = {
        ("5-19", "ncf"): Arm(30, 9.0, 8.0),
        ("5-19", "ease"): Arm(30, 6.0, 5.0),
        ("1-4", "ease"): Arm(9, 9.0, 9.0),
    }
    steer = steering(THOMPSON, earned)
    chances = dict(
        zip(TRAINED, Thompson().chances(Arms.of([earned["5-19", "ncf"], earned["5-19", "ease"]])), strict=True)
    )
    directions = [steer(state(7), AUTO, lineup) for _ in range(400)]
    counts = Counter(direction.request.engine for direction in directions)
    for engine, chance in chances.items():
        assert {one.engine_probability for one in directions if one.request.engine == engine} == {chance}
        assert counts[engine] / 400 == pytest.approx(chance, abs=0.1)
    halved = steer(state(7), replace(AUTO, engine_probability=0.5), lineup)
    assert halved.engine_probability == pytest.approx(0.5 * chances[halved.request.engine])


def test_a_list_is_made_by_the_chosen_engine_and_its_chance_is_logged(
    states, trained, show, rules, database, clock, anna
):
    earned = {("5-19", "ease"): Arm(50, 40.0, 38.0), ("5-19", "ncf"): Arm(50, 1.0, 0.5)}
    greedy = BanditRules("epsilon_greedy", epsilon=0.2)
    random = np.random.default_rng(0)
    recommend = Recommend(
        states, trained, show, rules, FakeRankings(), random, BanditSteering(FakeArms(earned), greedy, random)
    )
    RateItems(database, clock)(anna, [NewRating(i, 5.0) for i in (1, 3, 5, 7, 9)])
    lists = [recommend(anna, RecommendationRequest(k=3)) for _ in range(60)]
    assert {shown.engine for shown in lists} == set(TRAINED)
    assert {shown.metadata.requested_engine for shown in lists} == {"auto"}
    logged = {(shown.engine, round(shown.engine_probability, 9)) for shown in database.rows.impressions}
    assert logged == {("ease", 0.9), ("ncf", 0.1)}
    recommend(anna, RecommendationRequest(engine="ncf"))
    assert database.rows.impressions[-1].engine_probability == 1.0


# updating


def test_a_list_is_counted_once_and_what_it_earns_later_is_added(clock):
    store = FakeBandit(clock, ShownList(1, "ncf", 7, [Action.VIEW]), ShownList(1, "ease", 7, []))
    update = UpdateBandit(store, clock)
    first = update(min_interactions=1)
    assert (first.engagements, first.lists, first.enough) == (1, 2, True)
    assert update(min_interactions=1).lists == 0
    store.shown[0].actions += [Action.ENROLL, Action.CLICK]
    assert update(min_interactions=1).lists == 1
    assert store.read() == {("5-19", "ncf"): Arm(1, 1.0, 1.0), ("5-19", "ease"): Arm(1, 0.0, 0.0)}


def test_what_is_older_than_the_hours_is_left_alone(clock):
    store = FakeBandit(clock, ShownList(25, "ncf", 7, [Action.CLICK]), ShownList(23, "ease", 7, [Action.CLICK]))
    assert UpdateBandit(store, clock)(hours=24, min_interactions=1).lists == 1
    assert set(store.read()) == {("5-19", "ease")}
    assert UpdateBandit(store, clock)(hours=26, min_interactions=1).lists == 1


def test_too_few_engagements_count_nothing(clock):
    store = FakeBandit(clock, *(ShownList(1, "ncf", 7, [Action.CLICK]) for _ in range(9)))
    update = UpdateBandit(store, clock)
    assert update().enough is False and store.read() == {}
    store.shown[0].actions.append(Action.VIEW)
    assert update().lists == 9


def test_many_lists_are_counted_in_parts(clock):
    store = FakeBandit(clock, *(ShownList(1, "ncf", 7, [Action.CLICK]) for _ in range(PART + 1)))
    assert UpdateBandit(store, clock)().lists == PART + 1
    assert store.parts == [PART, 1]


def test_processes_take_turns_at_updating(clock):
    store, leases = FakeBandit(clock, ShownList(0, "ncf", 7, [Action.CLICK] * 10)), FakeLeases()
    one, other = (UpdateBanditInTurn(UpdateBandit(store, clock), leases, clock, 30.0) for _ in range(2))
    assert one().lists == 1
    assert other() is None
    clock.advance(seconds=30)
    assert other() is not None and one() is None


def test_what_the_better_engine_earns_wins_it_the_lists(clock, lineup):
    clicked = [ShownList(1, "ease", 7, [Action.CLICK]) for _ in range(40)]
    store = FakeBandit(clock, *clicked, *(ShownList(1, "ncf", 7, []) for _ in range(40)))
    UpdateBandit(store, clock)()
    steer = BanditSteering(store, THOMPSON, np.random.default_rng(0))
    chosen = Counter(steer(state(7), AUTO, lineup).request.engine for _ in range(100))
    assert chosen["ease"] > 95


# showing


def test_the_report_has_every_competitor_of_every_context_and_who_once_was_one(states, trained):
    earned = {
        ("5-19", "ncf"): Arm(30, 9.0, 8.0),
        ("5-19", "gone"): Arm(4, 1.0, 0.5),
        ("0", "popularity"): Arm(2, 0.0, 0.0),
    }
    report = ShowBandit(FakeArms(earned), states, trained, THOMPSON)()
    assert [(arm.context, arm.engine) for arm in report.arms] == [
        ("0", "popularity"),
        *((context, engine) for context in CONTEXTS[2:3] for engine in (*TRAINED, "gone")),
        *((context, engine) for context in CONTEXTS[3:] for engine in TRAINED),
    ]
    by_key = {(arm.context, arm.engine): arm for arm in report.arms}
    assert by_key["5-19", "gone"].chance is None and by_key["0", "popularity"].chance is None
    assert by_key["5-19", "ncf"].chance + by_key["5-19", "ease"].chance == pytest.approx(1.0)
    ncf = by_key["5-19", "ncf"]
    assert (ncf.pulls, ncf.mean, ncf.interval) == (30, 0.3, earned["5-19", "ncf"].interval)
    assert by_key["100+", "ease"].chance == pytest.approx(0.5)


def test_the_report_of_a_bandit_that_is_off_gives_nobody_a_chance(states, trained):
    report = ShowBandit(FakeArms({("5-19", "ncf"): Arm(3, 1.0, 1.0)}), states, trained, BanditRules())()
    assert [(arm.engine, arm.pulls, arm.chance) for arm in report.arms] == [("ncf", 3, None)]
