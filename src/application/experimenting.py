"""Experiments: planned, started, followed by every list, stopped, and told what they have shown."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from application.steering import Direction
from domain.errors import Detail, InvalidExperiment
from domain.experiments import Experiment, ExperimentPlan, ExperimentStatus, Variant
from domain.interleaving import Preference, preference
from domain.lineup import AUTO, Lineup
from domain.outcomes import Outcomes
from domain.overrides import Overrides
from domain.paging import Page, PageRequest
from domain.ports.experiments import ExperimentOutcomes, RunningExperiments
from domain.ports.learning import Lineups
from domain.ports.services import Clock, IdSource
from domain.ports.storage import UnitOfWorkFactory, UserStates
from domain.recommendation import RecommendationRequest, UserState
from domain.verdicts import ExperimentReport, judge

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CreateExperiment:
    """A draft of an experiment. Raises `InvalidExperiment`."""

    unit_of_work: UnitOfWorkFactory
    states: UserStates
    lineups: Lineups
    clock: Clock
    ids: IdSource

    def __call__(self, plan: ExperimentPlan) -> Experiment:
        experiment = Experiment.of(plan, self.ids.new(), self.clock.now())
        lineup = self.lineups.current(self.states.catalogue_revision())
        if wrong := list(_unknown_engines(experiment, lineup)):
            raise InvalidExperiment(wrong)
        with self.unit_of_work() as work:
            work.experiments.add(experiment)
            work.commit()
        return experiment


@dataclass(frozen=True)
class StartExperiment:
    """Let an experiment run, once all that it needs is ready: every process follows it within a second.

    Raises `ExperimentNotFound`, `ExperimentStarted`, `EngineUnavailable`; `InvalidExperiment` for weights of a blend
    that has none of these names.
    """

    unit_of_work: UnitOfWorkFactory
    states: UserStates
    lineups: Lineups
    running: RunningExperiments
    clock: Clock

    def __call__(self, experiment_id: str) -> Experiment:
        lineup = self.lineups.current(self.states.catalogue_revision())
        with self.unit_of_work() as work:
            experiment = work.experiments.take(experiment_id)
            experiment.start(self.clock.now())
            _require_ready(experiment, lineup)
            work.experiments.save(experiment)
            work.commit()
        self.running.expire()
        return experiment


@dataclass(frozen=True)
class StopExperiment:
    """End an experiment for good. Raises `ExperimentNotFound`, `ExperimentNotRunning`."""

    unit_of_work: UnitOfWorkFactory
    running: RunningExperiments
    clock: Clock

    def __call__(self, experiment_id: str) -> Experiment:
        with self.unit_of_work() as work:
            experiment = work.experiments.take(experiment_id)
            experiment.stop(self.clock.now())
            work.experiments.save(experiment)
            work.commit()
        self.running.expire()
        return experiment


@dataclass(frozen=True)
class GetExperiment:
    """One experiment. Raises `ExperimentNotFound`."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, experiment_id: str) -> Experiment:
        with self.unit_of_work() as work:
            return work.experiments.get(experiment_id)


@dataclass(frozen=True)
class ListExperiments:
    """A page of experiments, newest first."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, page: PageRequest) -> Page[Experiment]:
        with self.unit_of_work() as work:
            return work.experiments.list_page(page)


@dataclass(frozen=True)
class ReportExperiment:
    """What an experiment has shown up to now. Raises `ExperimentNotFound`."""

    unit_of_work: UnitOfWorkFactory
    outcomes: ExperimentOutcomes
    clock: Clock

    def __call__(self, experiment_id: str) -> ExperimentReport:
        with self.unit_of_work() as work:
            experiment = work.experiments.get(experiment_id)
        outcomes = self.outcomes.read(experiment)
        preferences = {
            variant.name: self._preference(experiment, variant, outcomes)
            for variant in experiment.variants
            if variant.overrides.interleave is not None
        }
        return judge(experiment, outcomes, self.clock.now(), preferences)

    def _preference(self, experiment: Experiment, variant: Variant, outcomes: Outcomes) -> Preference:
        credits = self.outcomes.credits(experiment, variant)
        silent = max(len(outcomes.of(variant.name)) - len(credits), 0)
        return preference(np.concatenate([credits, np.zeros((silent, 2))]))


@dataclass(frozen=True)
class ExperimentSteering:
    """Has the lists of users who take part in an experiment made as their variant says.

    Of several experiments the one that was started first has a user, so that no two meet in one list. A list takes part
    where engine and diversity are left to the service, for somebody who consents to be learned from: what the caller
    asks for is never overridden, and whoever is not in the log cannot be counted.
    """

    running: RunningExperiments
    clock: Clock
    default_engine: str = AUTO

    def __call__(self, state: UserState, direction: Direction, lineup: Lineup) -> Direction:
        if state.user_id is None or not state.consent or not self._left_open(direction.request):
            return direction
        now = self.clock.now()
        for experiment in self.running.read():
            if experiment.status(now) is ExperimentStatus.RUNNING and (variant := experiment.assign(state.user_id)):
                return _directed(direction, experiment, variant, lineup)
        return direction

    def _left_open(self, request: RecommendationRequest) -> bool:
        return request.engine == self.default_engine and request.diversity == RecommendationRequest.diversity


def _directed(direction: Direction, experiment: Experiment, variant: Variant, lineup: Lineup) -> Direction:
    overrides, request = _possible(variant, lineup), direction.request
    return replace(
        direction,
        request=replace(
            request,
            engine=overrides.engine or request.engine,
            diversity=request.diversity if overrides.diversity is None else overrides.diversity,
        ),
        exploration=overrides.exploration,
        min_interactions=overrides.min_interactions,
        weights=overrides.weights,
        interleave=overrides.interleave,
        engine_probability=direction.engine_probability * _chance_of_engine(experiment, variant),
        experiment_id=experiment.id,
        variant=variant.name,
    )


def _possible(variant: Variant, lineup: Lineup) -> Overrides:
    """The overrides, without engines that have gone since the experiment was started.

    The list counts for its variant all the same: leaving it out would make the groups differ in more than chance does.
    """
    missing = [name for name in variant.overrides.engines if name != AUTO and name not in lineup.pipelines]
    if not missing:
        return variant.overrides
    log.warning("variant %s goes without %s, which is not ready", variant.name, ", ".join(missing))
    return replace(variant.overrides, engine=None, interleave=None, weights=())


def _chance_of_engine(experiment: Experiment, variant: Variant) -> float:
    """The chance that somebody who takes part gets a variant with the same engine."""
    alike = [one.share for one in experiment.variants if one.overrides.engines == variant.overrides.engines]
    return min(1.0, sum(alike) / sum(one.share for one in experiment.variants))


def _unknown_engines(experiment: Experiment, lineup: Lineup) -> Iterator[Detail]:
    known = (AUTO, *lineup.engines)
    for place, variant in enumerate(experiment.variants):
        overrides = variant.overrides
        if overrides.engine is not None and overrides.engine not in known:
            yield Detail(f"variants.{place}.overrides.engine", f"there is no such engine; there are {', '.join(known)}")
        # Interleaving is of two engines that are what they are called: `auto` is now this one and now that.
        if any(name not in lineup.engines for name in overrides.interleave or ()):
            there = ", ".join(lineup.engines)
            yield Detail(f"variants.{place}.overrides.interleave", f"must name two engines; there are {there}")


def _require_ready(experiment: Experiment, lineup: Lineup) -> None:
    wrong: list[Detail] = []
    for place, variant in enumerate(experiment.variants):
        ready = [lineup.pipeline(engine) for engine in variant.overrides.engines if engine != AUTO]
        there = ready[0].changeable_weights if ready else frozenset()
        for name, _ in variant.overrides.weights:
            if name not in there:
                known = ", ".join(sorted(there)) or "none"
                wrong.append(Detail(f"variants.{place}.overrides.weights.{name}", f"the engine's weights are {known}"))
    if wrong:
        raise InvalidExperiment(wrong)
