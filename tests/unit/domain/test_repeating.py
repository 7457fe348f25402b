import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import repeating
from domain.catalogue import Catalogue
from domain.events import History
from domain.items import Item, ItemFilter, Kind
from domain.pipeline import Pipeline
from domain.recommendation import Context, UserState
from domain.repeating import DAY, POLICIES
from tests.fakes import ScoreGenerator, ScoreRanker

#: ids 1 to 6 are films, 11 to 16 tracks, 21 to 26 courses
FIRST = {Kind.MOVIE: 1, Kind.TRACK: 11, Kind.COURSE: 21}
CATALOGUE = Catalogue.of(
    [Item(kind, f"{kind} {i}", id=first + i, rating_count=100 - i) for kind, first in FIRST.items() for i in range(6)]
)
NOW = 1_000_000_000


def context_of(kind, history, as_of=NOW):
    """`history` holds ids, ratings, and how many seconds ago."""
    ids, ratings, ages = zip(*history, strict=True)
    state = UserState(1, History.of(ids, ratings, [NOW - int(age) for age in ages]))
    return Context.of(CATALOGUE, state, ItemFilter(kind=kind), 4.0, as_of)


def eligible(context):
    return CATALOGUE.ids[context.eligible].tolist()


def test_every_kind_has_a_policy():
    assert set(POLICIES) == set(Kind)
    assert [kind for kind in Kind if repeating.may_repeat(kind)] == [Kind.TRACK]
    assert repeating.may_repeat(None)


@given(ages=st.lists(st.floats(0, 1e10), min_size=1).map(sorted), kind=st.sampled_from(list(Kind)))
def test_what_was_liked_is_the_more_welcome_the_longer_ago_it_was_had_and_only_where_the_kind_repeats(ages, kind):
    kinds = np.full(len(ages), list(Kind).index(kind))
    liked = np.ones(len(ages), dtype=bool)
    welcome = repeating.welcome_again(kinds, np.array(ages), liked)
    assert (np.diff(welcome) >= 0).all() and (welcome >= 0).all() and (welcome <= 1).all()
    assert POLICIES[kind].repeats or not welcome.any()
    assert not repeating.welcome_again(kinds, np.array(ages), ~liked).any()


def test_a_track_is_half_as_welcome_after_a_day_and_not_at_all_this_moment():
    ages = np.array([0.0, DAY, 2 * DAY, -DAY])
    assert POLICIES[Kind.TRACK].welcome(ages) == pytest.approx([0.0, 0.5, 0.75, 0.0])


@pytest.mark.parametrize("kind", [Kind.MOVIE, Kind.COURSE])
def test_films_and_courses_never_come_back(kind):
    first = FIRST[kind]
    context = context_of(kind, [(first, 5.0, 1000 * DAY), (first + 1, 4.0, 5)])
    assert eligible(context) == [first + 2, first + 3, first + 4, first + 5]
    assert context.welcome is None


def test_liked_tracks_come_back_and_disliked_ones_do_not():
    context = context_of(Kind.TRACK, [(11, 5.0, 10 * DAY), (12, 1.0, 10 * DAY), (13, 5.0, 0)])
    assert eligible(context) == [11, 14, 15, 16]
    assert context.welcome[CATALOGUE.positions(np.array([11, 14]))] == pytest.approx([1 - 2**-10, 1.0])


def test_the_last_time_counts():
    often = context_of(Kind.TRACK, [(11, 5.0, 10 * DAY), (11, 5.0, DAY)])
    assert often.welcome[CATALOGUE.positions(np.array([11]))] == pytest.approx([0.5])


def test_of_all_kinds_at_once_each_keeps_its_own_policy():
    context = context_of(None, [(1, 5.0, 9 * DAY), (11, 5.0, 9 * DAY), (21, 5.0, 9 * DAY)])
    assert set(CATALOGUE.ids.tolist()) - set(eligible(context)) == {1, 21}


def test_where_nobody_says_when_nothing_comes_back():
    assert eligible(context_of(Kind.TRACK, [(11, 5.0, 99 * DAY)], as_of=None)) == [12, 13, 14, 15, 16]


def by_count(context):
    return context.catalogue.rating_counts.astype(float)


@pytest.mark.parametrize("history", [[(11, 5.0, DAY / 24)], [(11, 5.0, DAY / 24), (12, 5.0, DAY / 48)]])
def test_what_was_played_just_now_stands_below_all_that_is_new(history):
    filler = ScoreGenerator("filler", by_count)
    pipeline = Pipeline("test", (filler,), ScoreRanker("test", by_count), filler)
    ranking = pipeline(context_of(Kind.TRACK, history), 6)
    played = [item for item, _, _ in history]
    assert sorted(CATALOGUE.ids[ranking.positions].tolist()) == [11, 12, 13, 14, 15, 16]
    assert set(CATALOGUE.ids[ranking.positions[-len(played) :]].tolist()) == set(played)


class Silent:
    name = "silent"

    def __call__(self, context, limit):
        return ScoreGenerator("silent", by_count)(context, 0)


def test_a_filled_list_holds_it_back_too():
    pipeline = Pipeline("test", (Silent(),), ScoreRanker("test", by_count), ScoreGenerator("filler", by_count))
    context = context_of(Kind.TRACK, [(11, 5.0, DAY / 24)])
    assert CATALOGUE.ids[pipeline(context, 3).positions].tolist() == [12, 13, 14]
    assert CATALOGUE.ids[pipeline(context, 6).positions].tolist() == [12, 13, 14, 15, 16, 11]
    long_ago = context_of(Kind.TRACK, [(11, 5.0, 100 * DAY)])
    assert CATALOGUE.ids[pipeline(long_ago, 1).positions].tolist() == [11]
