"""A week of made-up traffic through the real use cases: what the log then says can be held against what is true."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from application.bulk_events import RecordEvents, SentEvent
from application.engaging import NewEngagement
from application.learning_online import UpdateBandit
from application.rating import NewRating
from application.recommending import Recommend
from domain.engagements import REWARDS, Action
from domain.errors import Invalid
from domain.items import ItemFilter, Kind
from domain.lineup import AUTO
from domain.ports.learning import Lineups
from domain.ports.services import Clock, Progress
from domain.ports.storage import UnitOfWorkFactory, UserStates
from domain.recommendation import RecommendationList, RecommendationRequest
from domain.simulation import Tastes, drawn, expected_reward
from domain.users import Principal, Role, User

#: where simulated accounts come from, so that nobody takes them for people and all can be removed at once
ORIGIN = "simulation"
#: ratings that somebody gives when they begin, and the share of what they watched that they rate
FIRST_RATINGS, RATED = 5, 0.5
#: hours back of which the bandit counts at the end of a day
COUNTED_HOURS = 48
#: lists that are shown before what came of them is stored
WAVE = 200
PLATFORMS = ("web", "web", "web", "ios", "android", "tv")


@dataclass
class SimulatedClock(Clock):
    """The time of the simulation, which the simulation itself moves on."""

    present: datetime

    def now(self) -> datetime:
        return self.present


@dataclass(frozen=True)
class SimulationPlan:
    """How many people come on how many days, up to now. `visits` is the mean number of lists of one in a day."""

    users: int = 300
    days: int = 7
    visits: float = 1.0
    seed: int = 0
    engine: str = AUTO
    k: int = 10


@dataclass
class EngineTruth:
    """What an engine's lists earned in the log, and what they were worth by the tastes of those who saw them."""

    lists: int = 0
    clicks: int = 0
    earned: float = 0.0
    worth: float = 0.0


@dataclass(frozen=True)
class SimulationReport:
    """What was simulated, engine by engine."""

    users: int
    events: int
    engines: dict[str, EngineTruth] = field(default_factory=dict)


@dataclass(frozen=True)
class Simulate:
    """Let made-up people sign up, rate, ask for lists and take to what is on them, over the days until now.

    At the end of each day the bandit counts what the lists have earned. Raises `Invalid` where there is nothing to
    show.
    """

    unit_of_work: UnitOfWorkFactory
    states: UserStates
    lineups: Lineups
    recommend: Recommend
    record: RecordEvents
    update: UpdateBandit
    clock: SimulatedClock
    progress: Progress

    def __call__(self, plan: SimulationPlan) -> SimulationReport:
        end = self.clock.now()
        catalogue = self.lineups.current(self.states.catalogue_revision()).catalogue
        films = np.flatnonzero(catalogue.matching(ItemFilter(kind=Kind.MOVIE)))
        if len(films) <= FIRST_RATINGS:
            raise Invalid("There is nothing to show. Load a data set first: marquee data load ml-100k.")
        world = _World(plan, Tastes.drawn(catalogue, plan.users, plan.seed), catalogue.ids, films)
        self.clock.present = end - timedelta(days=plan.days)
        people = self._sign_up(plan)
        events = self._store(world.first_ratings(people, self.clock.now()))
        report = SimulationReport(plan.users, events)
        for day in self.progress.track(range(plan.days), "Simulating days", plan.days):
            events += self._live_through(day, end - timedelta(days=plan.days - day), plan, world, people, report)
            self.update(COUNTED_HOURS, 0)
        self.clock.present = end
        return SimulationReport(plan.users, events, report.engines)

    def _sign_up(self, plan: SimulationPlan) -> list[int]:
        with self.unit_of_work() as work:
            made = [
                work.users.add(User(f"simulated-{self.clock.now():%Y%m%d%H%M%S}-{n}", self.clock.now(), origin=ORIGIN))
                for n in range(plan.users)
            ]
            work.commit()
        return [user.id for user in made if user.id is not None]

    def _live_through(
        self,
        day: int,
        begins: datetime,
        plan: SimulationPlan,
        world: "_World",
        people: Sequence[int],
        report: SimulationReport,
    ) -> int:
        """One day's visits in order of time; the number of events that came of them."""
        stored = 0
        visits = world.visits(day)
        for start in range(0, len(visits), WAVE):
            said: list[SentEvent] = []
            for seconds, visitor in visits[start : start + WAVE]:
                self.clock.present = begins + timedelta(seconds=seconds)
                request = RecommendationRequest(
                    k=plan.k, engine=plan.engine, explain=False, platform=world.platform(visitor)
                )
                shown = self.recommend(Principal(people[visitor], Role.USER), request)
                said.extend(world.react(visitor, people[visitor], shown, self.clock.now(), report))
            stored += self._store(said)
        return stored

    def _store(self, said: Sequence[SentEvent]) -> int:
        for outcome in self.record(said):
            if outcome.error is not None:
                raise outcome.error
        return len(said)


@dataclass(frozen=True, eq=False)
class _World:
    """The people, and what they do."""

    plan: SimulationPlan
    tastes: Tastes
    ids: NDArray[np.int64]  # [n] of items
    films: NDArray[np.int64]  # positions
    random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "random", np.random.default_rng(self.plan.seed + 1))

    def platform(self, visitor: int) -> str:
        return PLATFORMS[visitor % len(PLATFORMS)]

    def visits(self, day: int) -> list[tuple[float, int]]:
        """When, in seconds of the day, and who; more in the evening."""
        random = np.random.default_rng((self.plan.seed, day))
        counts = random.poisson(self.plan.visits, self.plan.users)
        visitors = np.repeat(np.arange(self.plan.users), counts)
        hours = np.clip(random.normal(19.0, 4.0, len(visitors)), 0.0, 23.9)
        order = np.argsort(hours)
        return [(3600.0 * float(hours[place]), int(visitors[place])) for place in order]

    def first_ratings(self, people: Sequence[int], now: datetime) -> list[SentEvent]:
        """What people say of a few titles that they know already: rather those they like."""
        return [
            SentEvent(self._rates(visitor, int(position), now), user_id)
            for visitor, user_id in enumerate(people)
            for position in self._known_to(visitor)
        ]

    def _known_to(self, visitor: int) -> NDArray[np.int64]:
        odds = self.tastes.log_odds[visitor, self.films].astype(np.float64)
        chances = np.exp(odds - odds.max())
        return self.random.choice(self.films, FIRST_RATINGS, replace=False, p=chances / chances.sum())

    def _rates(self, visitor: int, position: int, at: datetime) -> NewRating:
        return NewRating(int(self.ids[position]), self.tastes.rating(visitor, position), int(at.timestamp()))

    def react(
        self, visitor: int, user_id: int, shown: RecommendationList, now: datetime, report: SimulationReport
    ) -> Iterator[SentEvent]:
        """What somebody does with a list. The report is told what came of it and what it was worth."""
        items = np.array([place.item_id for place in shown.recommendations], dtype=np.int64)
        positions = np.searchsorted(self.ids, items)
        chances = self.tastes.outcomes(visitor, positions)
        taken = drawn(chances, self.random)
        _tell(report.engines.setdefault(shown.engine, EngineTruth()), taken, expected_reward(chances))
        for place, action in enumerate(taken):
            if action is None:
                continue
            at = int(now.timestamp()) + 20 * (place + 1)
            yield SentEvent(NewEngagement(shown.impression_id, int(items[place]), Action.CLICK, timestamp=at))
            if action is not Action.CLICK:
                yield SentEvent(NewEngagement(shown.impression_id, int(items[place]), action, timestamp=at + 10))
            if action is Action.WATCH and self.random.random() < RATED:
                yield SentEvent(self._rates(visitor, int(positions[place]), now), user_id)


def _tell(truth: EngineTruth, taken: Sequence[Action | None], worth: float) -> None:
    truth.lists += 1
    truth.clicks += sum(action is not None for action in taken)
    truth.earned += max((REWARDS[action] for action in taken if action is not None), default=0.0)
    truth.worth += worth


@dataclass(frozen=True)
class RemoveSimulation:
    """Erase everybody who was simulated, with all that they did. Returns how many there were."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self) -> int:
        with self.unit_of_work() as work:
            erased = work.users.erase_all_of(ORIGIN)
            work.commit()
        return erased
