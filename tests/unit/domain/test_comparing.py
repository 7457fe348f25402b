import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from domain.comparing import (
    LEAST_USERS,
    Contrast,
    Rate,
    chi_square_tail,
    holm,
    log_variance,
    sample_ratio_p_value,
)
from domain.sequential import always_valid_p_value, always_valid_sign_p_value, confidence_radius

ALPHA = 0.05


def clicks_and_lists(random, users, lift=1.0):
    """Lists and clicks of users who differ in how much they use the service and in how much they like."""
    lists = 1 + random.poisson(2.0, users)
    return random.binomial(lists, np.clip(random.beta(2.0, 8.0, users) * lift, 0, 1)).astype(float), lists.astype(float)


def rate(successes, chances=None):
    successes = np.array(successes, dtype=float)
    return Rate.of(successes, np.ones(len(successes)) if chances is None else np.array(chances, dtype=float))


def test_a_rate_is_the_ratio_of_two_sums_and_its_variance_is_that_of_users():
    random = np.random.default_rng(1)
    found = [Rate.of(*clicks_and_lists(random, 400)) for _ in range(400)]
    logs = np.array([one.log for one in found])
    assert np.mean([one.log_variance for one in found]) == pytest.approx(logs.var(ddof=1), rel=0.15)
    # Taking each list for a draw of its own would find less.
    alone = np.mean([(1 - one.value) / one.successes for one in found])
    assert alone < 0.9 * logs.var(ddof=1)


def test_where_every_user_has_one_chance_the_variance_is_that_of_a_share():
    one = rate([1.0] * 30 + [0.0] * 70)
    assert one.value == 0.3
    assert one.log_variance == pytest.approx(0.7 / (0.3 * 99))
    assert one.interval().low < 0.3 < one.interval().high


def test_the_same_intervals_and_p_values_come_of_any_unit_of_counting():
    random = np.random.default_rng(2)
    base, other = clicks_and_lists(random, 200), clicks_and_lists(random, 200, 1.2)
    once = Contrast.between(Rate.of(*base), Rate.of(*other))
    scaled = Contrast.between(Rate.of(base[0] * 3, base[1] * 7), Rate.of(other[0] * 3, other[1] * 7))
    assert scaled.p_value == pytest.approx(once.p_value)
    assert scaled.interval().low == pytest.approx(once.interval().low)


def test_the_lift_is_relative_and_an_interval_without_zero_is_a_small_p_value():
    random = np.random.default_rng(3)
    seen = set()
    for lift in (1.0, 1.1, 1.3):
        for _ in range(20):
            contrast = Contrast.between(
                Rate.of(*clicks_and_lists(random, 300)), Rate.of(*clicks_and_lists(random, 300, lift))
            )
            interval, steady = contrast.interval(), contrast.always_valid_interval()
            assert interval.low < contrast.lift < interval.high
            assert (not interval.low <= 0 <= interval.high) == (contrast.p_value < ALPHA)
            assert (not steady.low <= 0 <= steady.high) == (contrast.always_valid_p_value < ALPHA)
            assert steady.low < interval.low and interval.high < steady.high
            seen.add((contrast.p_value < ALPHA, contrast.always_valid_p_value < ALPHA))
    assert seen == {(True, True), (True, False), (False, False)}


def test_the_planned_p_value_agrees_with_scipy():
    random = np.random.default_rng(4)
    base, other = random.random(4000) < 0.30, random.random(4000) < 0.33
    ours = Contrast.between(rate(base), rate(other)).p_value
    assert ours == pytest.approx(stats.ttest_ind(base, other).pvalue, rel=0.05)


def test_of_too_little_nothing_is_said():
    nobody, one = Rate.of(np.empty(0), np.empty(0)), rate([1.0])
    assert (nobody.value, nobody.interval(), one.interval()) == (None, None, None)
    for base, other in ((nobody, nobody), (one, one), (nobody, rate([1.0, 0.0])), (rate([0.0] * 99), rate([0.0] * 99))):
        contrast = Contrast.between(base, other)
        assert (contrast.p_value, contrast.always_valid_p_value) == (1.0, 1.0)
        assert contrast.interval() is None and contrast.always_valid_interval() is None
    few = Contrast.between(rate([1.0, 0.0] * (LEAST_USERS // 2 - 1)), rate([1.0] * LEAST_USERS + [0.0]))
    assert few.p_value < 1e-4 and few.always_valid_p_value == 1.0


def test_that_all_were_alike_so_far_does_not_say_that_all_are():
    alike = Contrast.between(rate([1.0] * 200), rate([1.0] * 200))
    assert (alike.lift, alike.p_value, alike.always_valid_p_value) == (0.0, 1.0, 1.0)
    assert alike.variance == 2 / 200**2
    assert alike.above(-0.05) < 0.001
    assert Contrast.between(rate([1.0] * 50), rate([1.0] * 50)).above(-0.05) > 0.05


def test_a_variant_that_has_no_success_at_all_is_seen_to_be_broken():
    fine, broken = rate([1.0] * 60 + [0.0] * 240), rate([0.0] * 300)
    contrast = Contrast.between(fine, broken)
    assert contrast.lift == -1.0
    assert contrast.p_value < 0.01
    assert log_variance(300, 0, 300, 0, 0, 300) == 2.0
    assert Contrast.between(broken, fine).lift is None


def test_a_guard_rail_is_tested_on_one_side():
    base, worse = rate([1.0] * 5000 + [0.0] * 5000), rate([1.0] * 4000 + [0.0] * 6000)
    contrast = Contrast.between(base, worse)
    assert contrast.below(-0.1) < 0.01 and contrast.above(-0.1) == 1.0
    assert contrast.above(-0.3) < 0.01 and contrast.below(-0.3) == 1.0


class Peeking:
    """An experiment that is looked at after every batch of users: p-values of both kinds by look."""

    def __init__(self, seed, lift=1.0, looks=40, batch=60):
        random = np.random.default_rng(seed)
        arms = [clicks_and_lists(random, looks * batch, factor) for factor in (1.0, lift)]
        sums = [[np.cumsum(part)[batch - 1 :: batch] for part in (x, y, x * x, x * y, y * y)] for x, y in arms]
        self.planned, self.steady = [], []
        for look in range(looks):
            users = (look + 1) * batch
            rates = [
                Rate(users, part[0][look], part[1][look], log_variance(users, *(one[look] for one in part)))
                for part in sums
            ]
            contrast = Contrast.between(*rates)
            self.planned.append(contrast.p_value)
            self.steady.append(contrast.always_valid_p_value)


def test_who_looks_after_every_batch_is_misled_by_the_usual_p_value_and_not_by_the_always_valid_one():
    """A/A: no variant is better, and whoever stops at the first small p-value is wrong as often as they do."""
    runs = [Peeking(seed) for seed in range(300)]
    naive = np.mean([min(run.planned) < ALPHA for run in runs])
    honest = np.mean([min(run.steady) < ALPHA for run in runs])
    at_the_end = np.mean([run.planned[-1] < ALPHA for run in runs])
    assert naive > 0.15
    assert honest <= ALPHA
    assert stats.binomtest(int(at_the_end * 300), 300, ALPHA).pvalue > 0.01


def test_a_true_lift_is_found_and_most_often_before_the_end():
    runs = [Peeking(seed, lift=1.3) for seed in range(60)]
    assert np.mean([min(run.steady) < ALPHA for run in runs]) > 0.9
    first = [int(np.argmax(np.array(run.steady) < ALPHA)) for run in runs if min(run.steady) < ALPHA]
    assert np.median(first) < 30


def test_users_who_come_back_do_not_break_the_promise():
    """A/A with the same users at every look, who are shown one more list each time."""
    alarms = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        liking = random.beta(2.0, 8.0, (2, 300))
        clicks = (random.random((30, 2, 300)) < liking).cumsum(axis=0).astype(float)
        lowest = min(
            Contrast.between(*(Rate.of(seen, np.full(300, look + 1.0)) for seen in shown)).always_valid_p_value
            for look, shown in enumerate(clicks)
        )
        alarms += lowest < ALPHA
    assert alarms / 200 <= ALPHA


def test_even_odds_watched_after_each_win_and_loss_are_seldom_called_uneven():
    random = np.random.default_rng(6)
    wins = random.integers(0, 2, (400, 200)).cumsum(axis=1)
    played = np.arange(1, 201)
    alarms = [
        min(always_valid_sign_p_value(int(w), int(n - w)) for w, n in zip(row[::5], played[::5], strict=True)) < ALPHA
        for row in wins
    ]
    assert np.mean(alarms) <= ALPHA
    assert always_valid_sign_p_value(70, 30) < 0.01


@given(st.floats(1e-6, 1.0), st.floats(0.01, 0.5))
def test_the_edge_of_the_interval_is_where_the_p_value_is_alpha(variance, spread):
    radius = confidence_radius(variance, 1 - ALPHA, spread)
    assert always_valid_p_value(radius, variance, spread) == pytest.approx(ALPHA)


def test_holm_keeps_the_order_and_never_lowers_a_p_value():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize("degrees", range(1, 10))
@pytest.mark.parametrize("value", [0.0, 0.3, 2.0, 9.5, 60.0])
def test_the_tail_of_chi_square_agrees_with_scipy(value, degrees):
    assert chi_square_tail(value, degrees) == pytest.approx(stats.chi2.sf(value, degrees), rel=1e-9)


def test_users_parted_otherwise_than_told_are_noticed():
    assert sample_ratio_p_value([5000, 5300], [0.5, 0.5]) == pytest.approx(stats.chisquare([5000, 5300]).pvalue)
    assert sample_ratio_p_value([5000, 5300], [0.5, 0.5]) < 0.01
    assert sample_ratio_p_value([990, 2010], [0.1, 0.2]) > 0.5
    assert sample_ratio_p_value([0, 0], [0.5, 0.5]) == 1.0
    assert sample_ratio_p_value([17], [0.5]) == 1.0
    assert math.isclose(sample_ratio_p_value([10, 10, 10], [0.2, 0.2, 0.2]), 1.0)
