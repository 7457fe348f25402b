"""A small catalogue, and made-up people who live with it for some days."""

import numpy as np

from application.simulating import SimulationPlan, SimulationReport
from domain.items import Item, Kind
from infrastructure.observability.progress import SilentProgress
from main.container import Container, build_container
from main.settings import BanditSettings, Settings

GENRES = ("Comedy", "Crime", "Drama", "Horror", "Musical", "Romance", "War", "Western")
ENGINES = ("popularity", "baseline", "content", "cold_start")


def films(count=400):
    """Many ratings do not make a film good here, so that what is popular is worth little to anybody in particular."""
    random = np.random.default_rng(2)
    counts, means = random.integers(1, 500, count), random.uniform(2.0, 4.5, count)
    return [
        Item(
            Kind.MOVIE,
            f"Film {i}",
            year=1950 + i % 70,
            genres=(GENRES[i % 8],),
            rating_count=int(counts[i]),
            rating_sum=float(counts[i] * means[i]),
        )
        for i in range(count)
    ]


def stocked(home, seed: int, **bandit) -> Container:
    """A data folder with the catalogue alone, whose engines compete where a policy says so."""
    container = build_container(Settings(home=home, bandit=BanditSettings(engines=ENGINES, **bandit), _env_file=None))
    container.progress.override(SilentProgress())
    container.random.override(np.random.default_rng(seed))
    container.migrate()()
    with container.unit_of_work()() as work:
        for film in films():
            work.items.add(film)
        work.commit()
    return container


def simulated(home, plan: SimulationPlan, **bandit) -> tuple[Container, SimulationReport]:
    """The same after the days of the plan, and what is true of them."""
    container = stocked(home, 8, **bandit)
    return container, container.simulate()(plan)
