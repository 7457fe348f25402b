"""What the log says of an engine, beside what that engine earns when it serves everybody."""

import pytest

from application.simulating import SimulationPlan
from tests.integration.made_up_people import simulated

pytestmark = pytest.mark.slow


def three_days(home, engine):
    """80 made-up people, for whom every list that asks for `auto` is made by an engine drawn by lot."""
    plan = SimulationPlan(users=80, days=3, visits=2.5, seed=6, engine=engine)
    return simulated(home, plan, policy="epsilon_greedy", epsilon=1.0)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    container, _ = three_days(tmp_path_factory.mktemp("mixed"), "auto")
    yield container
    container.shutdown_resources()


@pytest.mark.parametrize("engine", ["content", "popularity"])
def test_the_log_of_several_engines_tells_what_one_of_them_is_worth(log, tmp_path, engine):
    alone, report = three_days(tmp_path, engine)
    alone.shutdown_resources()
    truth = report.engines[engine]
    worth = truth.worth / truth.lists
    told = log.what_if()(engine, hours=24 * 7)
    assert told.evaluation.choices > 400 and told.evaluation.matching < 0.4 * told.evaluation.choices
    for estimate in (told.evaluation.snips, told.evaluation.doubly_robust):
        # Under the engine alone people see other titles, and so a little else is left to show: hence 3 and not 2.
        assert abs(estimate.value - worth) < 3 * estimate.error
