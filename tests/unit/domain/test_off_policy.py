import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Invalid, NoOverlap
from domain.off_policy import (
    Choices,
    Resamples,
    effective_size,
    evaluate,
    importance_weights,
    modelled_rewards,
)

#: chance of a reward by context and action, and the chances of actions by which the log was made and is asked about
WORTH = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.4], [0.3, 0.3, 0.7]])
LOGGING = np.array([[0.5, 0.3, 0.2], [0.3, 0.4, 0.3], [0.25, 0.5, 0.25]])
TARGET = np.array([[0.2, 0.6, 0.2], [0.7, 0.1, 0.2], [0.1, 0.2, 0.7]])
TRUTH = float((TARGET * WORTH).sum(axis=1).mean())
LOGGED = float((LOGGING * WORTH).sum(axis=1).mean())


def log_of(size, random, per_cluster=1):
    """Choices by LOGGING, and what TARGET would have chosen there; a cluster shares one context and one taste."""
    clusters = np.arange(size) // per_cluster
    contexts = random.integers(0, 3, clusters[-1] + 1)[clusters]
    actions = (random.random((size, 1)) > LOGGING[contexts].cumsum(axis=1)).sum(axis=1).clip(0, 2)
    taste = random.normal(0, 0.3, clusters[-1] + 1)[clusters] if per_cluster > 1 else 0.0
    rewards = (random.random(size) < WORTH[contexts, actions]) + taste
    return Choices(contexts, actions, LOGGING[contexts, actions], rewards, clusters), TARGET[contexts]


def simulate(runs, size, per_cluster=1):
    random = np.random.default_rng(7)
    for _ in range(runs):
        choices, target = log_of(size, random, per_cluster)
        yield evaluate(choices, target, random, draws=200)


@pytest.fixture(scope="module")
def simulations():
    return list(simulate(400, 500))


def columns(simulations, estimator):
    estimates = [getattr(run, estimator) for run in simulations]
    return (
        np.array([estimate.value for estimate in estimates]),
        np.array([estimate.interval for estimate in estimates]),
        np.array([estimate.bootstrap for estimate in estimates]),
    )


def within_noise(covered, runs=400):
    """Four standard deviations of how many intervals of 95 % cover."""
    return abs(int(covered) - 0.95 * runs) <= 4 * np.sqrt(runs * 0.95 * 0.05)


@pytest.mark.parametrize("estimator", ["ips", "snips", "doubly_robust"])
def test_estimates_are_right_on_average_and_their_intervals_cover_the_truth(simulations, estimator):
    values, normal, bootstrap = columns(simulations, estimator)
    assert abs(values.mean() - TRUTH) < 4 * values.std() / np.sqrt(len(values))
    assert abs(values.mean() - LOGGED) > 0.05
    for intervals in (normal, bootstrap):
        assert within_noise(((intervals[:, 0] <= TRUTH) & (intervals[:, 1] >= TRUTH)).sum())


def test_normalising_and_modelling_lower_the_variance(simulations):
    ips, snips, robust = (columns(simulations, name)[0].var() for name in ("ips", "snips", "doubly_robust"))
    assert snips < 0.9 * ips
    assert robust < 0.9 * ips


def test_what_was_earned_in_fact_is_told_beside(simulations):
    assert np.mean([run.logged.value for run in simulations]) == pytest.approx(LOGGED, abs=0.005)


def test_intervals_hold_where_the_rows_of_one_user_depend_on_each_other():
    runs = list(simulate(200, 600, per_cluster=20))
    values, normal, _ = columns(runs, "snips")
    assert within_noise(((normal[:, 0] <= TRUTH) & (normal[:, 1] >= TRUTH)).sum(), 200)
    told, true = np.mean([run.snips.error for run in runs]), values.std()
    assert told == pytest.approx(true, rel=0.2)


def test_a_policy_like_the_logging_one_earns_what_was_earned():
    random = np.random.default_rng(0)
    choices, _ = log_of(300, random)
    told = evaluate(choices, LOGGING[choices.contexts], random)
    assert told.ips.value == pytest.approx(choices.rewards.mean())
    assert told.snips.value == pytest.approx(choices.rewards.mean())
    assert (told.effective_size, told.mean_weight) == (pytest.approx(300), pytest.approx(1))


def test_doubly_robust_needs_either_the_chances_or_the_model_to_be_right():
    random = np.random.default_rng(3)
    choices, target = log_of(40_000, random)
    wrong_model = np.full((40_000, 3), 5.0)
    wrong_chances = Choices(choices.contexts, choices.actions, np.full(40_000, 0.9), choices.rewards)
    right_model = WORTH[choices.contexts]
    assert evaluate(choices, target, random, model=wrong_model).doubly_robust.value == pytest.approx(TRUTH, abs=0.12)
    robust = evaluate(wrong_chances, target, random, model=right_model)
    assert robust.doubly_robust.value == pytest.approx(TRUTH, abs=0.01)
    assert abs(robust.ips.value - TRUTH) > 0.1


def test_a_row_has_no_part_in_its_own_model():
    contexts, actions = np.zeros(10, dtype=np.int64), np.zeros(10, dtype=np.int64)
    rewards = np.zeros(10)
    rewards[0] = 1.0
    model = modelled_rewards(Choices(contexts, actions, np.ones(10), rewards), 2)
    assert model.shape == (10, 2)
    assert model[0, 0] == model[5, 0] == 0.0
    assert (model[[1, 2, 3, 4], 0] == pytest.approx(1 / 8)) and model[1, 1] == pytest.approx(1 / 8)


def test_clipping_bounds_the_weights():
    choices = Choices(np.zeros(2, dtype=np.int64), np.array([0, 1]), np.array([0.01, 0.5]), np.array([1.0, 0.0]))
    target = np.array([0.5, 0.5])
    assert importance_weights(choices, target).tolist() == [50.0, 1.0]
    assert importance_weights(choices, target, clip=5.0).tolist() == [5.0, 1.0]
    assert evaluate(choices, target, np.random.default_rng(0), clip=5.0).ips.value == 2.5


def test_weights_without_overlap_are_refused():
    choices = Choices(np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64), np.full(3, 0.5), np.ones(3))
    with pytest.raises(NoOverlap):
        evaluate(choices, np.array([0.0, 1.0]), np.random.default_rng(0))


@pytest.mark.parametrize("chance, reward", [(0.0, 1.0), (1.5, 1.0), (-0.1, 1.0), (float("nan"), 1.0), (0.5, np.inf)])
def test_a_log_that_cannot_be_is_refused(chance, reward):
    one = np.zeros(1, dtype=np.int64)
    with pytest.raises(Invalid):
        Choices(one, one, np.array([chance]), np.array([reward]))


def test_a_long_log_has_the_intervals_of_a_short_way_to_count():
    random = np.random.default_rng(1)
    values = random.exponential(1.0, 50_000)
    told = Resamples.of(np.arange(50_000), random).ratio(values, np.ones(50_000))
    assert told.error == pytest.approx(values.std(ddof=1) / np.sqrt(50_000))
    assert told.bootstrap == pytest.approx(told.interval, abs=0.2 * told.error)


def test_one_cluster_alone_tells_no_error():
    told = Resamples.of(np.zeros(4, dtype=np.int64), np.random.default_rng(0)).ratio(np.arange(4.0), np.ones(4))
    assert (told.value, told.error) == (1.5, np.inf)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=30))
def test_the_effective_size_lies_between_one_and_all_rows(weights):
    size = effective_size(np.array(weights))
    assert 1 - 1e-9 <= size <= len(weights) + 1e-9
