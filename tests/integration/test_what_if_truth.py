"""What the log says of an engine, beside what that engine earns when it serves everybody."""

import numpy as np
import pytest

from application.simulating import SimulationPlan
from infrastructure.observability.progress import SilentProgress
from main.container import build_container
from main.settings import BanditSettings, Settings
from tests.integration.test_closed_loop import ENGINES, films

pytestmark = pytest.mark.slow


def simulated(home, engine):
    """A container in which 80 made-up people were here for three days, and what their lists were worth, by engine."""
    bandit = BanditSettings(policy="epsilon_greedy", epsilon=1.0, engines=ENGINES)
    container = build_container(Settings(home=home, bandit=bandit, _env_file=None))
    container.progress.override(SilentProgress())
    container.random.override(np.random.default_rng(8))
    container.migrate()()
    with container.unit_of_work()() as work:
        for film in films():
            work.items.add(film)
        work.commit()
    report = container.simulate()(SimulationPlan(users=80, days=3, visits=2.5, seed=6, engine=engine))
    return container, report.engines


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    container, _ = simulated(tmp_path_factory.mktemp("mixed"), "auto")
    yield container
    container.shutdown_resources()


@pytest.mark.parametrize("engine", ["content", "popularity"])
def test_the_log_of_several_engines_tells_what_one_of_them_is_worth(log, tmp_path, engine):
    alone, engines = simulated(tmp_path, engine)
    alone.shutdown_resources()
    worth = engines[engine].worth / engines[engine].lists
    told = log.what_if()(engine, hours=24 * 7)
    assert told.evaluation.choices > 400 and told.evaluation.matching < 0.4 * told.evaluation.choices
    for estimate in (told.evaluation.snips, told.evaluation.doubly_robust):
        # Under the engine alone people see other titles, and so a little else is left to show: hence 3 and not 2.
        assert abs(estimate.value - worth) < 3 * estimate.error
