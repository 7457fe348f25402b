"""Learning online: engines compete for the lists of `auto`, and what they earn decides who gets the next ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from application.steering import Direction
from domain.bandit import CONTEXTS, LENGTHS, Arm, ArmKey, Arms, EpsilonGreedy, Thompson, context_of
from domain.lineup import AUTO, Lineup
from domain.ports.bandit import ArmReader, BanditStore, Leases
from domain.ports.learning import Lineups
from domain.ports.services import Clock
from domain.ports.storage import UserStates
from domain.recommendation import UserState

OFF, EPSILON_GREEDY, THOMPSON = "off", "epsilon_greedy", "thompson"

#: how far back an update looks, in hours, and how many engagements it must find there
HOURS, MIN_INTERACTIONS = 24, 10
#: lists that are counted in one transaction: few enough that nobody waits for it
PART = 500
#: the name under which processes take turns at updating
LEASE = "bandit"


@dataclass(frozen=True)
class BanditRules:
    """How engines compete, by configuration. Without `engines`, all trained ones that are ready do.

    A trained engine competes for users with `min_interactions` ratings or more, as `auto` has it; others for everybody
    of whom anything is known.
    """

    policy: str = OFF
    epsilon: float = 0.1
    engines: tuple[str, ...] = ()
    min_interactions: int = 5

    @property
    def chooser(self) -> EpsilonGreedy | Thompson | None:
        """What chooses among the arms; None while the bandit is off."""
        if self.policy == EPSILON_GREEDY:
            return EpsilonGreedy(self.epsilon)
        return Thompson() if self.policy == THOMPSON else None

    def competitors(self, lineup: Lineup, length: int, min_interactions: int | None = None) -> tuple[str, ...]:
        """The engines that compete for a user with so many events. `min_interactions` may stand in for the rule's."""
        trained = lineup.model.engines if lineup.model else ()
        least = self.min_interactions if min_interactions is None else min_interactions
        ready = [name for name in self.engines or trained if name in lineup.pipelines]
        return tuple(name for name in ready if length >= least or name not in trained)


@dataclass(frozen=True)
class BanditSteering:
    """Chooses the engine of a request that leaves the choice open, and says with which chance it did.

    Somebody of whom nothing is known gets what is popular, as ever.
    """

    arms: ArmReader
    rules: BanditRules
    random: np.random.Generator

    def __call__(self, state: UserState, direction: Direction, lineup: Lineup) -> Direction:
        policy, request = self.rules.chooser, direction.request
        decided = request.engine != AUTO or direction.interleave is not None
        if policy is None or decided or state.is_unknown:
            return direction
        length = len(state.history)
        engines = self.rules.competitors(lineup, length, direction.min_interactions)
        if not engines:
            return direction
        arms = _arms_of(self.arms.read(), context_of(length), engines)
        chosen = int(policy.choose(Arms.of(arms), self.random))
        chance = float(_chances(policy, arms)[chosen])
        return replace(
            direction,
            request=replace(request, engine=engines[chosen]),
            engine_probability=direction.engine_probability * chance,
        )


def _arms_of(known: Mapping[ArmKey, Arm], context: str, engines: Sequence[str]) -> tuple[Arm, ...]:
    return tuple(known.get((context, engine), Arm()) for engine in engines)


@lru_cache(maxsize=256)
def _chances(policy: EpsilonGreedy | Thompson, arms: tuple[Arm, ...]) -> NDArray[np.float64]:
    """[n] the policy's chances, which take it a millisecond and change only when an update has been made."""
    return policy.chances(Arms.of(arms))


@dataclass(frozen=True)
class ArmReport:
    """How an engine stands in a context: lists shown, their mean reward with its 95 % interval, its chance now.

    `chance` is None where the engine does not compete.
    """

    context: str
    engine: str
    pulls: int
    mean: float
    interval: tuple[float, float]
    chance: float | None = None

    @classmethod
    def of(cls, key: ArmKey, arm: Arm, chance: float | None = None) -> "ArmReport":
        return cls(*key, arm.pulls, arm.mean, arm.interval, chance)


@dataclass(frozen=True)
class BanditReport:
    """The policy, and every arm that has been pulled or competes, context by context."""

    policy: str
    epsilon: float
    arms: Sequence[ArmReport]


@dataclass(frozen=True)
class ShowBandit:
    """How the engines stand, and with which chance each would get the next list."""

    store: BanditStore
    states: UserStates
    lineups: Lineups
    rules: BanditRules

    def __call__(self) -> BanditReport:
        lineup = self.lineups.current(self.states.catalogue_revision())
        known = self.store.read()
        reports = [report for context in CONTEXTS for report in self._context(context, known, lineup)]
        return BanditReport(self.rules.policy, self.rules.epsilon, reports)

    def _context(self, context: str, known: Mapping[ArmKey, Arm], lineup: Lineup) -> list[ArmReport]:
        """The engines that compete for the longest histories of the context, and those that once did."""
        policy = self.rules.chooser
        following = dict(zip(CONTEXTS, LENGTHS[1:], strict=False)).get(context)
        longest = following - 1 if following else max(LENGTHS[-1], self.rules.min_interactions)
        engines = self.rules.competitors(lineup, longest) if policy else ()
        arms = _arms_of(known, context, engines)
        chances = _chances(policy, arms) if policy and arms else np.empty(0)
        standing = dict(zip(engines, map(float, chances), strict=True))
        others = sorted(engine for where, engine in known if where == context and engine not in standing)
        return [
            ArmReport.of((context, engine), known.get((context, engine), Arm()), standing.get(engine))
            for engine in (*engines, *others)
        ]


@dataclass(frozen=True)
class UpdateReport:
    """What an update found in its hours: engagements, and lists whose reward was not counted yet or has grown.

    `enough` is False where there were too few engagements; then nothing was counted.
    """

    engagements: int
    lists: int
    enough: bool


@dataclass(frozen=True)
class UpdateBandit:
    """Count what the lists of the last hours have earned.

    It may be repeated, interrupted, and run in several processes at once: each list is counted once, and what it earns
    later is added. With fewer than `min_interactions` engagements in those hours nothing is counted, so that a
    breakdown of what reports them is not taken for lists that nobody liked. What comes after `hours` is not seen.
    """

    store: BanditStore
    clock: Clock

    def __call__(self, hours: int = HOURS, min_interactions: int = MIN_INTERACTIONS) -> UpdateReport:
        now = self.clock.now()
        since = now - timedelta(hours=hours)
        engagements = self.store.engagements_since(since)
        if engagements < min_interactions:
            return UpdateReport(engagements, 0, enough=False)
        ids = sorted(self.store.uncounted(since))
        counted = sum(self.store.count(ids[start : start + PART], now) for start in range(0, len(ids), PART))
        return UpdateReport(engagements, counted, enough=True)


@dataclass(frozen=True)
class UpdateBanditInTurn:
    """An update for whichever process comes first, once in `seconds`."""

    update: UpdateBandit
    leases: Leases
    clock: Clock
    seconds: float

    def __call__(self) -> UpdateReport | None:
        """What the update found; None where it was not this process's turn."""
        now = self.clock.now()
        if not self.leases.claim(LEASE, now, now + timedelta(seconds=self.seconds)):
            return None
        return self.update()
