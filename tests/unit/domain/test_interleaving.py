from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from domain import interleaving
from domain.comparing import Contrast, Rate
from domain.interleaving import preference, sign_p_value, team_draft

RANKINGS = st.lists(st.integers(0, 14), unique=True, max_size=10).map(lambda items: np.array(items, dtype=np.int64))


def by_the_book(first, second, k, coins):
    """Members and teams of a draft with the given coins, as Chapelle et al. tell it."""
    rankings, taken, teams = (first.tolist(), second.tolist()), [], []
    size = min(k, len({*rankings[0], *rankings[1]}))
    for coin in coins:
        for team in (coin, 1 - coin):
            left = [item for item in rankings[team] if item not in taken]
            if left and len(taken) < size:
                taken.append(left[0])
                teams.append(team)
    return taken, teams


class Coins:
    """A generator whose coins are known beforehand."""

    def __init__(self, coins):
        self.coins = list(coins)

    def integers(self, sides):
        return self.coins.pop(0)


@given(first=RANKINGS, second=RANKINGS, k=st.integers(1, 9), seed=st.integers(0, 99))
def test_each_round_both_choose_the_best_that_is_left_to_them(first, second, k, seed):
    coins = np.random.default_rng(seed).integers(2, size=30).tolist()
    draft = team_draft(first, second, k, Coins(coins))
    members, teams = by_the_book(first, second, k, coins)
    assert draft.members.tolist() == members
    assert draft.teams.tolist() == teams
    chosen_from = [(first, second)[team].tolist() for team in teams]
    assert [ranking[rank] for ranking, rank in zip(chosen_from, draft.ranks, strict=True)] == members


@given(first=RANKINGS, second=RANKINGS, k=st.integers(1, 7), seed=st.integers(0, 99))
def test_the_logged_chance_of_an_item_is_its_share_of_all_drafts(first, second, k, seed):
    ways = [by_the_book(first, second, k, coins)[0] for coins in product((0, 1), repeat=10)]
    draft = team_draft(first, second, k, np.random.default_rng(seed))
    shares = [sum(member in way for way in ways) / len(ways) for member in draft.members]
    assert draft.probabilities.tolist() == pytest.approx(shares)


def test_two_like_rankings_make_the_same_list_and_share_it_evenly():
    ranking = np.arange(10)
    drafts = [team_draft(ranking, ranking, 10, np.random.default_rng(seed)) for seed in range(300)]
    assert all(draft.members.tolist() == ranking.tolist() for draft in drafts)
    assert all(draft.teams.sum() == 5 and (draft.probabilities == 1.0).all() for draft in drafts)
    on_top = sum(int(draft.teams[0]) for draft in drafts)
    assert stats.binomtest(on_top, 300).pvalue > 0.01


def test_a_ranking_that_has_nothing_left_leaves_the_rest_to_the_other():
    draft = team_draft(np.array([1]), np.array([2, 3, 4]), 9, np.random.default_rng(0))
    assert sorted(draft.members.tolist()) == [1, 2, 3, 4]
    assert draft.probabilities.tolist() == [1.0] * 4
    nothing = np.empty(0, dtype=np.int64)
    assert len(team_draft(nothing, nothing, 5, np.random.default_rng(0))) == 0


def test_a_long_list_with_too_many_ways_still_knows_chances(monkeypatch):
    monkeypatch.setattr(interleaving, "MOST_PATHS", 8)
    random = np.random.default_rng(3)
    first, second = random.permutation(150), random.permutation(150)
    draft = team_draft(first, second, 100, random)
    assert len(set(draft.members.tolist())) == 100
    assert ((draft.probabilities > 0) & (draft.probabilities <= 1 + 1e-12)).all()


@pytest.mark.parametrize(("wins", "losses"), [(0, 0), (1, 0), (8, 2), (30, 30), (700, 620), (2, 1500)])
def test_the_sign_test_is_exact(wins, losses):
    expected = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert sign_p_value(wins, losses) == pytest.approx(expected, rel=1e-9)


def test_a_preference_is_counted_by_user_and_its_interval_is_wilsons():
    told = preference(np.array([[0, 2], [1, 0], [3, 3], [0, 0], [0, 1], [1, 4]], dtype=float))
    assert (told.wins, told.losses, told.ties) == (3, 1, 2)
    assert told.share == 0.75
    wilson = stats.binomtest(3, 4).proportion_ci(method="wilson")
    assert (told.interval().low, told.interval().high) == pytest.approx((wilson.low, wilson.high))
    nobody = preference(np.zeros((3, 2)))
    assert (nobody.share, nobody.interval(), nobody.p_value, nobody.always_valid_p_value) == (None, None, 1.0, 1.0)


#: lists that everybody is shown
LISTS = 5


class World:
    """Users click what they like of what they see, some far more readily than others.

    The second engine finds more than the first of what each likes.
    """

    def __init__(self, seed, users, finds=(5, 7)):
        self.random = np.random.default_rng(seed)
        self.users, self.finds = users, finds

    def __iter__(self):
        """Of each user what they like, and what both engines rank."""
        for _ in range(self.users):
            shuffled = self.random.permutation(100)
            liked, others = shuffled[:20], shuffled[20:]
            yield liked, [self.random.permutation([*liked[:found], *others[: 15 - found]]) for found in self.finds]

    def clicks(self, shown, liked):
        """[LISTS, k] what somebody clicks of a list that they are shown so many times."""
        eager = self.random.beta(0.4, 1.6)
        return np.isin(shown, liked) & (self.random.random((LISTS, len(shown))) < eager)

    def interleaved(self):
        """What users prefer when each is shown one list of ten that both engines have drafted."""
        credits = np.zeros((self.users, 2))
        for user, (liked, (first, second)) in enumerate(self):
            draft = team_draft(first, second, 10, self.random)
            clicked = self.clicks(draft.members, liked).sum(axis=0)
            credits[user] = np.bincount(draft.teams, weights=clicked, minlength=2)
        return preference(credits)

    def apart(self):
        """The p-value where half of the users see the one engine's list of ten, and half the other's."""
        clicks = [[], []]
        for user, (liked, rankings) in enumerate(self):
            clicks[user % 2].append(float(self.clicks(rankings[user % 2][:10], liked).sum()))
        rates = [Rate.of(np.array(one), np.full(len(one), 10.0 * LISTS)) for one in clicks]
        return Contrast.between(*rates).p_value


def test_the_engine_that_finds_more_of_what_people_like_is_preferred_and_a_like_one_is_not():
    better, alike = World(5, 300, (5, 9)).interleaved(), World(6, 300, (5, 5)).interleaved()
    assert better.share > 0.6 and better.p_value < 0.01 and better.always_valid_p_value < 0.05
    assert alike.p_value > 0.01 and alike.always_valid_p_value > 0.05


def test_interleaving_finds_the_better_engine_among_users_too_few_to_be_compared_apart():
    interleaved = np.mean([World(seed, 120).interleaved().p_value < 0.05 for seed in range(25)])
    apart = np.mean([World(seed, 120).apart() < 0.05 for seed in range(25)])
    assert interleaved > 0.6 and interleaved > 1.4 * apart
