"""Builders of what closes the loop: what lists earn decides which engine makes the next ones."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from application.simulating import SimulatedClock
from application.steering import Steering, SteerInTurn
from domain.ports.analytics import Analytics, RollUps
from domain.ports.bandit import ArmReader, BanditStore, Leases
from domain.ports.experiments import ExperimentOutcomes, RunningExperiments
from domain.ports.storage import UnitOfWorkFactory
from main.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine


def build_bandit_store(engine: "Engine") -> BanditStore:
    from infrastructure.db.bandit import SqlBandit

    return SqlBandit(engine)


def build_leases(engine: "Engine") -> Leases:
    from infrastructure.db.leases import SqlLeases

    return SqlLeases(engine)


def build_simulated_clock() -> SimulatedClock:
    from infrastructure.security.clock import SystemClock

    return SimulatedClock(SystemClock().now())


def build_arms(bandit_store: BanditStore) -> ArmReader:
    from infrastructure.caching.arms import CachedArms

    return CachedArms(bandit_store)


def build_running_experiments(unit_of_work: UnitOfWorkFactory) -> RunningExperiments:
    from infrastructure.caching.running_experiments import CachedRunningExperiments

    return CachedRunningExperiments(unit_of_work)


def build_experiment_outcomes(engine: "Engine") -> ExperimentOutcomes:
    from infrastructure.db.experiment_outcomes import SqlExperimentOutcomes

    return SqlExperimentOutcomes(engine)


def build_analytics(engine: "Engine") -> Analytics:
    from infrastructure.db.analytics import SqlAnalytics

    return SqlAnalytics(engine)


def build_roll_ups(engine: "Engine") -> RollUps:
    from infrastructure.db.roll_ups import SqlRollUps

    return SqlRollUps(engine)


def build_steering(*steerings: Steering) -> Steering:
    return SteerInTurn(steerings)


def run_bandit_updates(settings: Settings, update: Callable[[], object]) -> Iterator[None]:
    """Bring the arms up to date every so often while a server runs, where the settings say so."""
    from infrastructure.background import Background

    background = Background("bandit-updates", update, settings.bandit.update_seconds)
    if settings.bandit.update_seconds:
        background.start()
    yield
    background.close()
