"""The whole loop on a real database, driven by people whose tastes are known."""

import numpy as np
import pytest

from application.simulating import SimulationPlan
from tests.integration.made_up_people import ENGINES, simulated

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["thompson", "epsilon_greedy"])
def loop(request, tmp_path_factory):
    """A container whose engines have competed for ten days, and what the simulation says of it."""
    plan = SimulationPlan(users=60, days=10, visits=1.5, seed=6)
    container, report = simulated(tmp_path_factory.mktemp("loop"), plan, policy=request.param, epsilon=0.3)
    yield container, report
    container.shutdown_resources()


def logged(container):
    with container.engine().connect() as connection:
        return connection.exec_driver_sql("SELECT engine, engine_probability, credited FROM impressions").all()


def test_the_log_holds_every_list_and_each_has_earned_what_it_did(loop):
    container, report = loop
    rows = logged(container)
    assert len(rows) == sum(truth.lists for truth in report.engines.values()) > 700
    for engine, truth in report.engines.items():
        credited = [reward for name, _, reward in rows if name == engine]
        assert len(credited) == truth.lists
        assert sum(credited) == pytest.approx(truth.earned)


def test_what_lists_earned_is_what_they_were_worth(loop):
    _, report = loop
    lists = sum(truth.lists for truth in report.engines.values())
    earned, worth = (sum(getattr(truth, name) for truth in report.engines.values()) for name in ("earned", "worth"))
    # A reward lies between 0 and 1, so a mean of so many is off by .04 hardly ever.
    assert earned / lists == pytest.approx(worth / lists, abs=0.04)


def test_the_arms_are_what_the_log_says(loop):
    container, report = loop
    arms = container.show_bandit()().arms
    for engine, truth in report.engines.items():
        mine = [arm for arm in arms if arm.engine == engine]
        assert sum(arm.pulls for arm in mine) == truth.lists
        assert sum(arm.pulls * arm.mean for arm in mine) == pytest.approx(truth.earned)


def test_the_better_engines_win(loop):
    _, report = loop
    truths = sorted(report.engines.values(), key=lambda truth: truth.worth / truth.lists)
    everything = sum(truth.lists for truth in truths)
    by_lot = np.mean([truth.worth / truth.lists for truth in truths])
    assert sum(truth.worth for truth in truths) / everything > by_lot + 0.02
    assert truths[0].lists < 0.5 * truths[-1].lists


@pytest.mark.parametrize("loop", ["epsilon_greedy"], indirect=True)
def test_the_chances_in_the_log_are_those_with_which_engines_were_chosen(loop):
    """Each engine's lists, weighted by the inverse of their chance, are as many as all lists."""
    container, _ = loop
    rows = [(engine, chance) for engine, chance, _ in logged(container)]
    least = min(chance for _, chance in rows)
    assert 0.3 / 4 <= least < 0.5
    # No weight is above 1 / least, so their sum has no more than this for its standard deviation.
    spread = (len(rows) * (1 / least - 1)) ** 0.5
    for engine in ENGINES:
        weights = sum(1 / chance for name, chance in rows if name == engine)
        assert abs(weights - len(rows)) < 3.5 * spread
