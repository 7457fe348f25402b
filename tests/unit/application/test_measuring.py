"""Reports of what was shown: what is asked of the counts, and made of them. Counting is the database's part."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from application.accounts import NewAccount
from application.measuring import (
    Counts,
    MeasurePrecision,
    PrecisionQuestion,
    RollUpDays,
    ShowEngineAnalytics,
    ShowGlobalAnalytics,
    ShowItemFeedback,
    ShowUserAnalytics,
)
from application.tracing import ShowItemAnalytics
from application.what_if import WhatIf
from domain.engagements import Action, FeedbackKind
from domain.errors import Invalid, InvalidToken, ItemNotFound, NoOverlap, NotAllowed, NothingRandomised, UserNotFound
from domain.events import Rating
from domain.items import Kind
from domain.measuring import ItemTally, Period, Tally
from domain.ports.analytics import By, ChosenLists, UserTally
from domain.taste import TasteSettings
from domain.users import Principal, Role
from tests.fakes import FakeClock

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY, YESTERDAY = date(2026, 11, 21), date(2026, 11, 20)
CLICKED = {Action.CLICK: 1}


class FakeAnalytics:
    """Answers from what a test sets, and remembers which periods were asked about."""

    def __init__(self):
        self.by = {}
        self.by_rank = {}
        self.clicked = {}
        self.tallied = {}
        self.said = {}
        self.users = {}
        self.recent = []
        self.list_lengths = {}
        self.list_hits = {}
        self.chosen = chosen([])
        self.periods = []

    def tallies(self, period, *by):
        self.periods.append(period)
        return self.by[by]

    def ranks(self, period):
        return self.by_rank

    def clicked_items(self, period):
        return self.clicked

    def items(self, period, item_ids):
        self.periods.append(period)
        return {item_id: tally for item_id, tally in self.tallied.items() if item_id in item_ids}

    def feedback(self, item_id, period):
        return self.said

    def user(self, user_id):
        return self.users.get(user_id, UserTally(Tally(), {}))

    def recent_users(self, limit):
        return self.recent[:limit]

    def lengths(self, which):
        self.periods.append(which.period)
        return self.list_lengths[which.engine, which.platform]

    def hits(self, which, k, window, actions):
        return self.list_hits[k, window, actions]

    def chosen_lists(self, period):
        self.periods.append(period)
        return self.chosen


class FakeRollUps:
    def __init__(self):
        self.asked = []
        self.started_over = 0

    def bring_up_to_date(self, now, period=None):
        self.asked.append((now, period))
        return 3

    def start_over(self):
        self.started_over += 1


def chosen(rows):
    users, lengths, engines, chances, rewards = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return ChosenLists(
        np.array(users, dtype=np.int64),
        np.array(lengths, dtype=np.int64),
        np.array(engines, dtype=np.str_),
        np.array(chances, dtype=float),
        np.array(rewards, dtype=float),
    )


@pytest.fixture
def analytics():
    return FakeAnalytics()


@pytest.fixture
def roll_ups():
    return FakeRollUps()


@pytest.fixture
def counts(analytics, roll_ups):
    return Counts(analytics, roll_ups, FakeClock(NOW))


@pytest.fixture
def member(sign_up):
    def join(name, role=Role.USER):
        user = sign_up(NewAccount(f"{name}@example.com", name, "long enough"), role=role)
        return Principal(user.id, user.role)

    return join


def test_precision_looks_back_thirty_days_and_takes_the_first_k_places(counts, analytics, roll_ups):
    analytics.list_lengths[None, None] = {10: 3, 4: 1, 0: 2}
    analytics.list_hits[5, timedelta(hours=24), (Action.CLICK,)] = {(1, 5): 2, (2, 4): 1}
    told = MeasurePrecision(counts)(PrecisionQuestion(k=5))
    assert (told.lists, told.hits, told.shown) == (4, 4, 19)
    assert told.mean == pytest.approx((0.2 + 0.2 + 0.5) / 4)
    assert told.micro == pytest.approx(4 / 19)
    (period,) = analytics.periods
    assert period.end - period.start == timedelta(days=30)
    assert period.end - NOW < timedelta(seconds=1)
    assert roll_ups.asked == [(NOW, period)]


def test_precision_passes_on_what_it_is_asked_about(counts, analytics):
    start = NOW - timedelta(days=2)
    analytics.list_lengths["ncf", "web"] = {2: 1}
    analytics.list_hits[10, timedelta(hours=3), (Action.LIKE, Action.WATCH)] = {(1, 2): 1}
    question = PrecisionQuestion(start, NOW, 10, timedelta(hours=3), "ncf", "web", (Action.LIKE, Action.WATCH))
    assert MeasurePrecision(counts)(question).mean == 0.5
    assert analytics.periods == [Period(start, NOW)]


@pytest.mark.parametrize("start", [NOW, NOW + timedelta(days=1), NOW - timedelta(days=400)])
def test_precision_refuses_a_period_that_is_none_or_too_long(counts, start):
    with pytest.raises(Invalid):
        MeasurePrecision(counts)(PrecisionQuestion(start, NOW))


def test_the_same_counts_have_the_same_interval(counts, analytics):
    analytics.list_lengths[None, None] = {10: 300}
    analytics.list_hits[10, timedelta(hours=24), (Action.CLICK,)] = {(1, 10): 40}
    measure = MeasurePrecision(counts)
    assert measure(PrecisionQuestion()).interval == measure(PrecisionQuestion()).interval


def test_a_user_sees_their_own_part_of_the_log(analytics, database, anna):
    analytics.users[anna.user_id] = UserTally(Tally(2, 20, {Action.CLICK: 3, Action.ENROLL: 1}), {1: 2, 2: 1, 999: 5})
    told = ShowUserAnalytics(database, analytics)(anna, anna.user_id)
    assert (told.tally.shown, told.tally.clicks, told.tally.enrolls, told.tally.ctr.value) == (20, 3, 1, 0.15)
    assert told.genres == [("War", 2), ("Drama", 1)]


def test_what_a_user_did_is_for_them_and_for_admins(analytics, database, anna, member):
    show = ShowUserAnalytics(database, analytics)
    other = member("other")
    with pytest.raises(NotAllowed):
        show(other, anna.user_id)
    with pytest.raises(InvalidToken):
        show(Principal(999, Role.USER), anna.user_id)
    admin = member("root", Role.ADMIN)
    assert show(admin, anna.user_id).tally == Tally()
    with pytest.raises(UserNotFound):
        show(admin, 999)


def test_the_whole_is_told_in_all_by_engine_and_day_by_day(counts, analytics, database):
    analytics.by[By.DAY, By.ENGINE] = {
        (YESTERDAY, "ncf"): Tally(3, 30, CLICKED),
        (TODAY, "ncf"): Tally(1, 10),
        (TODAY, "popularity"): Tally(2, 20, CLICKED),
    }
    analytics.clicked = {2: 4, 1: 9, 999: 20}
    analytics.tallied = {1: ItemTally(100, 300, {}, {Action.CLICK: 9}), 2: ItemTally(50, 60, {}, {Action.CLICK: 4})}
    told = ShowGlobalAnalytics(counts, database)()
    assert told.tally == Tally(6, 60, {Action.CLICK: 2})
    assert told.engines == [("ncf", Tally(4, 40, CLICKED)), ("popularity", Tally(2, 20, CLICKED))]
    assert len(told.days) == 30 and told.days[-1] == (TODAY, Tally(3, 30, CLICKED))
    assert told.days[-2][1].lists == 3 and told.days[0][1] == Tally()
    assert [(item.id, tally.ctr.value) for item, tally in told.popular] == [(1, 0.09), (2, 0.08)]


def test_a_log_without_clicks_has_nothing_popular(counts, analytics, database):
    analytics.by[By.DAY, By.ENGINE] = {}
    told = ShowGlobalAnalytics(counts, database)(7)
    assert (told.tally, told.popular, len(told.days)) == (Tally(), [], 7)


def test_engines_are_told_by_version_platform_surface_and_rank(counts, analytics):
    by = (By.ENGINE, By.MODEL_VERSION, By.PLATFORM, By.SURFACE)
    analytics.by[by] = {
        ("ncf", "v1", "web", "recommendations"): Tally(1, 10),
        ("ncf", "v2", "web", "recommendations"): Tally(2, 20, CLICKED),
        ("popularity", "", "", "similar"): Tally(4, 8),
    }
    analytics.by_rank = {2: Tally(3, 3), 1: Tally(7, 7, CLICKED)}
    told = ShowEngineAnalytics(counts)()
    assert [key for key, _ in told.engines] == [("popularity", ""), ("ncf", "v2"), ("ncf", "v1")]
    assert dict(told.platforms) == {"web": Tally(3, 30, CLICKED), "": Tally(4, 8)}
    assert dict(told.surfaces)["similar"] == Tally(4, 8)
    assert [rank for rank, _ in told.ranks] == [1, 2]


def test_the_feedback_of_an_item_is_for_whoever_has_an_account(counts, analytics, database, anna):
    analytics.tallied = {2: ItemTally(40, 90, {"content": 40}, {Action.CLICK: 4})}
    analytics.said = {FeedbackKind.LIKE: 3}
    show = ShowItemFeedback(counts, database)
    told = show(anna, Kind.MOVIE, 2)
    assert (told.days, told.tally.ctr.value, told.feedback) == (7, 0.1, {FeedbackKind.LIKE: 3})
    assert analytics.periods[0].days[0] == date(2026, 11, 15)
    with pytest.raises(ItemNotFound):
        show(anna, Kind.TRACK, 2)
    with pytest.raises(InvalidToken):
        show(Principal(999, Role.USER), Kind.MOVIE, 2)


def test_an_items_path_is_followed_for_those_who_were_here_last(
    counts, analytics, database, states, lineups, rules, anna, member
):
    seen, muting, gone = anna, member("muting"), 999
    database.rows.ratings[seen.user_id, 1] = Rating(seen.user_id, 1, 4.0, 1, 1)
    database.rows.taste[muting.user_id] = TasteSettings(muted_genres=frozenset({"War"}))
    fresh = member("fresh")
    analytics.recent = [seen.user_id, muting.user_id, fresh.user_id, gone]
    analytics.tallied = {1: ItemTally(5, 5, {"popularity": 5}, CLICKED)}
    show = ShowItemAnalytics(counts, database, states, lineups, rules)
    path = show(1).path
    assert (path.users, path.filtered, path.shown, path.retrieved) == (3, 2, 1, 1)
    assert path.sources == {"popularity": 1}
    assert show(1).tally.shown == 5
    little_known = show(20).path
    assert (little_known.filtered, little_known.ranked_out, little_known.shown) == (0, 2, 1)
    assert not database.rows.impressions
    with pytest.raises(ItemNotFound):
        show(999)


def test_rolling_up_counts_all_days_and_can_begin_anew(roll_ups):
    roll_up = RollUpDays(roll_ups, FakeClock(NOW))
    assert roll_up() == 3
    assert (roll_ups.asked, roll_ups.started_over) == ([(NOW, None)], 0)
    roll_up(anew=True)
    assert roll_ups.started_over == 1


def simulated(size=3000):
    """Two engines that chance chooses with 0.8 and 0.2; long histories alone have the second, which earns more."""
    random = np.random.default_rng(5)
    rows = []
    for _ in range(size):
        user = int(random.integers(200))
        length = 3 if user < 50 else 30
        second = length == 30 and random.random() < 0.2
        chance = (0.2 if second else 0.8) if length == 30 else 0.999
        reward = float(random.random() < (0.5 if second else 0.3))
        rows.append((user, length, "ncf" if second else "linear", chance, reward))
    return rows


def test_what_if_tells_what_an_engine_would_have_earned(analytics):
    analytics.chosen = chosen(simulated())
    told = WhatIf(analytics, FakeClock(NOW))("ncf", 48)
    for estimate in (told.evaluation.ips, told.evaluation.snips, told.evaluation.doubly_robust):
        assert estimate.interval[0] < 0.5 < estimate.interval[1]
        assert estimate.interval[0] > 0.35
    assert told.evaluation.logged.value == pytest.approx(0.34, abs=0.04)
    assert told.left_out == sum(row[1] == 3 for row in simulated())
    assert told.evaluation.mean_weight == pytest.approx(1.0, abs=0.15)
    assert analytics.periods[0].start == analytics.periods[0].end - timedelta(hours=48)


def test_what_if_clips_weights_where_it_is_told_to(analytics):
    analytics.chosen = chosen(simulated(400))
    assert WhatIf(analytics, FakeClock(NOW))("ncf", clip=1.0).evaluation.mean_weight < 0.5


def test_what_if_refuses_a_log_without_chance_and_an_engine_that_it_does_not_know(analytics):
    what_if = WhatIf(analytics, FakeClock(NOW))
    with pytest.raises(NothingRandomised):
        what_if("ncf")
    analytics.chosen = chosen(simulated(50))
    with pytest.raises(NoOverlap):
        what_if("content")
