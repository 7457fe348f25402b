"""What is decided of a request before an engine is chosen: by an experiment, or by what engines have earned."""

from dataclasses import dataclass
from typing import Protocol

from domain.lineup import Lineup
from domain.recommendation import RecommendationRequest, UserState


@dataclass(frozen=True)
class Direction:
    """How a request is to be answered, and what the log has to say about why.

    `exploration` and `min_interactions` stand in for the settings of these names where they are given.
    `engine_probability` is the chance with which the request's engine was chosen among others; `asked` names the engine
    that was asked for, where steering may have put another in its place. `weights` stand in for those of the engine's
    blend, by name; where `interleave` names two engines, they draft the list between them.
    """

    request: RecommendationRequest
    exploration: float | None = None
    min_interactions: int | None = None
    engine_probability: float = 1.0
    experiment_id: str | None = None
    variant: str | None = None
    asked: str | None = None
    weights: tuple[tuple[str, float], ...] = ()
    interleave: tuple[str, str] | None = None


class Steering(Protocol):
    def __call__(self, state: UserState, direction: Direction, lineup: Lineup) -> Direction:
        """The direction as it is to be followed; the one given where there is nothing to say."""
        ...


@dataclass(frozen=True)
class SteerInTurn:
    """One after the other: what the first decides, the next one finds decided."""

    steerings: tuple[Steering, ...] = ()

    def __call__(self, state: UserState, direction: Direction, lineup: Lineup) -> Direction:
        for steer in self.steerings:
            direction = steer(state, direction, lineup)
        return direction
