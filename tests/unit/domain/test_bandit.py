from dataclasses import astuple
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.bandit import CONTEXTS, LENGTHS, Arm, Arms, EpsilonGreedy, Thompson, chances_of_best, context_of

REWARDS = np.array([0.0, 0.1, 0.5, 0.8, 1.0])
rewards = st.sampled_from(REWARDS.tolist())


def arms(*pairs):
    """Arms from pairs of pulls and sum of rewards."""
    return Arms.of([Arm(pulls, reward_sum) for pulls, reward_sum in pairs])


def test_the_contexts_are_named_after_the_lengths_that_they_hold():
    assert [context_of(length) for length in LENGTHS] == list(CONTEXTS)
    for name, (least, next_least) in zip(CONTEXTS[1:], pairwise(LENGTHS[1:]), strict=False):
        assert name == f"{least}-{next_least - 1}"
        assert context_of(next_least - 1) == name
    assert context_of(0) == "0" and context_of(10_000) == "100+"


# one arm


@settings(max_examples=50)
@given(st.lists(rewards), st.integers(0, 99))
def test_an_arm_is_the_same_in_whatever_order_and_parts_its_rewards_came(earned, seed):
    shuffled = np.random.default_rng(seed).permutation(earned).tolist()
    half = len(earned) // 2
    parts = [reduce(add, map(Arm.credit, part), Arm()) for part in (shuffled[:half], shuffled[half:])]
    squares = sum(reward**2 for reward in earned)
    assert astuple(parts[0] + parts[1]) == pytest.approx((len(earned), sum(earned), squares))


@settings(max_examples=50)
@given(st.lists(rewards, min_size=1))
def test_however_often_a_list_is_credited_it_is_one_pull_with_its_last_reward(seen):
    credits = [Arm.credit(now, before) for before, now in zip([None, *seen], seen, strict=False)]
    assert astuple(reduce(add, credits)) == pytest.approx((1, seen[-1], seen[-1] ** 2))


def test_the_interval_holds_the_true_mean_as_often_as_it_says():
    random = np.random.default_rng(0)
    chances = [0.85, 0.1, 0.03, 0.01, 0.01]
    true_mean = float(REWARDS @ chances)
    for pulls in (5, 50, 500):
        drawn = random.choice(REWARDS, (400, pulls), p=chances)
        bounds = [Arm(pulls, float(row.sum()), float((row**2).sum())).interval for row in drawn]
        assert np.mean([low <= true_mean <= high for low, high in bounds]) > 0.92
    assert Arm().mean == 0.0
    low, high = Arm().interval
    assert low < 0.05 and high > 0.95


# chances


@pytest.mark.parametrize(
    ("successes", "failures"),
    [(1.0, 1.0), (1.1, 1.0), (3.3, 7.7), (1.0, 1e3), (1e3, 1.5), (1e5, 9e5), (1.0, 1e6)],
)
@pytest.mark.parametrize("others", [1, 2, 5])
def test_the_chance_to_beat_uniform_arms_is_the_moment_that_it_must_be(successes, failures, others):
    # P(X is above each of m uniform draws) = E[X^m], and for a Beta distribution that is a product.
    exact = np.prod([(successes + i) / (successes + failures + i) for i in range(others)])
    chances = chances_of_best(np.array([successes, *[1.0] * others]), np.array([failures, *[1.0] * others]))
    assert chances[0] == pytest.approx(exact, abs=1e-6)
    assert chances.sum() == pytest.approx(1.0)
    assert chances[1:] == pytest.approx(np.full(others, (1 - exact) / others), abs=1e-6)


POLICIES = [EpsilonGreedy(0.2), Thompson()]


@pytest.mark.parametrize("policy", POLICIES, ids=["epsilon-greedy", "thompson"])
@pytest.mark.parametrize(
    "state",
    [
        arms((0, 0), (0, 0), (0, 0)),
        arms((40, 8.3), (25, 7.1), (0, 0)),
        arms((400, 83.5), (250, 51.0), (300, 60.0), (5, 0.1)),
        arms((9, 4), (9, 4), (9, 2)),
    ],
    ids=["nothing known", "one arm untried", "much known", "two alike"],
)
def test_what_is_logged_as_the_chance_is_how_often_an_arm_is_chosen(policy, state):
    draws = 40_000
    many = Arms(*(np.tile(column, (draws, 1)) for column in (state.pulls, state.reward_sums)))
    chosen = policy.choose(many, np.random.default_rng(1))
    shares = np.bincount(chosen, minlength=len(state.pulls)) / draws
    chances = policy.chances(state)
    assert chances.sum() == pytest.approx(1.0)
    assert np.abs(shares - chances).max() < 4 * 0.5 / np.sqrt(draws)


@pytest.mark.parametrize("policy", POLICIES, ids=["epsilon-greedy", "thompson"])
def test_a_choice_is_one_index_and_the_same_generator_gives_the_same_one(policy):
    state = arms((40, 8.3), (25, 7.1), (0, 0))
    first, again = (policy.choose(state, np.random.default_rng(3)) for _ in range(2))
    assert first.shape == () and first == again


def test_an_untried_arm_is_given_its_start():
    tried = (500, 60.0)
    assert EpsilonGreedy(0.1).chances(arms(tried, (0, 0))) == pytest.approx([0.05, 0.95])
    assert Thompson().chances(arms(tried, (0, 0)))[1] > 0.8


def test_what_is_well_known_to_be_best_is_nearly_always_chosen():
    known = arms((100_000, 20_000.0), (100_000, 15_000.0))
    assert EpsilonGreedy(0.1).chances(known) == pytest.approx([0.95, 0.05])
    assert Thompson().chances(known) == pytest.approx([1.0, 0.0], abs=1e-9)
    assert EpsilonGreedy(0.0).chances(arms((10, 5.0), (10, 5.0), (10, 1.0))) == pytest.approx([0.5, 0.5, 0.0])


def test_sums_that_rounding_has_moved_out_of_their_bounds_do_no_harm():
    chances = Thompson().chances(arms((3, 3.0000000000000004), (3, -1e-17)))
    assert 0.97 < chances[0] <= 1.0


# regret

STEPS, SEEDS, EPSILON = 5_000, 20, 0.1
#: how often an engine's list earns each of the rewards
WORLD = np.array(
    [
        [0.82, 0.08, 0.06, 0.02, 0.02],
        [0.70, 0.10, 0.10, 0.05, 0.05],
        [0.60, 0.12, 0.13, 0.07, 0.08],
        [0.40, 0.10, 0.20, 0.10, 0.20],
    ]
)
GAPS = (WORLD @ REWARDS).max() - WORLD @ REWARDS


def regret(policy):
    """[SEEDS] what was missed in all steps by not showing the best engine each time."""
    random = np.random.default_rng(7)
    state = Arms(np.zeros((SEEDS, len(WORLD))), np.zeros((SEEDS, len(WORLD))))
    missed, seeds, until = np.zeros(SEEDS), np.arange(SEEDS), WORLD.cumsum(axis=1)
    for _ in range(STEPS):
        chosen = policy.choose(state, random)
        earned = REWARDS[(random.random((SEEDS, 1)) > until[chosen]).sum(axis=1)]
        state.pulls[seeds, chosen] += 1
        state.reward_sums[seeds, chosen] += earned
        missed += GAPS[chosen]
    return missed


def test_both_policies_miss_far_less_than_chance_and_thompson_less_than_greed_must():
    by_chance = STEPS * GAPS.mean()
    greedy, thompson = regret(EpsilonGreedy(EPSILON)).mean(), regret(Thompson()).mean()
    # In the long run greed goes on to miss a share of epsilon of what chance misses, and Thompson's losses dry up.
    assert thompson < EPSILON * by_chance < by_chance
    assert thompson < greedy < 0.2 * by_chance
