"""Whether Marquee can serve."""

from dataclasses import dataclass

from domain.errors import Unavailable
from domain.ports.learning import Lineups
from domain.ports.storage import UserStates

READY, ABSENT, UNAVAILABLE = "ready", "absent", "unavailable"


@dataclass(frozen=True)
class Components:
    """The state of each part. What is absent can be done without; what is unavailable is needed and does not answer."""

    database: str = UNAVAILABLE
    model: str = UNAVAILABLE
    index: str = UNAVAILABLE
    cache: str = UNAVAILABLE


@dataclass(frozen=True)
class Readiness:
    components: Components

    @property
    def ready(self) -> bool:
        parts = self.components
        return UNAVAILABLE not in (parts.database, parts.model, parts.index, parts.cache)

    @property
    def status(self) -> str:
        return READY if self.ready else UNAVAILABLE


@dataclass(frozen=True)
class CheckReadiness:
    """Ask every part that an answer needs: the database for one read, and the line-up of engines.

    Without a trained model there are still engines that serve. Raises nothing: a part that is down is the answer.
    """

    states: UserStates
    lineups: Lineups

    def __call__(self) -> Readiness:
        try:
            revision = self.states.catalogue_revision()
        except Unavailable:
            return Readiness(Components())
        try:
            lineup = self.lineups.current(revision)
        except Unavailable:
            return Readiness(Components(database=READY))
        return Readiness(
            Components(
                database=READY,
                model=READY if lineup.model is not None else ABSENT,
                index=READY if lineup.similar_by_ratings is not None else ABSENT,
                cache=READY,  # the catalogue at the present revision, which the line-up holds
            )
        )
