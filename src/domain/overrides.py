"""What a variant of an experiment changes about how lists are made."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from domain.errors import Detail

#: most names of weights
MOST_WEIGHTS = 50
LONGEST_NAME = 64


@dataclass(frozen=True)
class Overrides:
    """Settings of one variant; what is None stays as it is for everybody.

    `engine` answers where the caller leaves it to the service; `diversity`, `exploration` and `min_interactions` stand
    in for the settings of these names. `weights` are those of the engine's blend, by name; the names left out keep
    theirs. `interleave` names two engines that draft each list between them.
    """

    engine: str | None = None
    diversity: float | None = None
    exploration: float | None = None
    min_interactions: int | None = None
    weights: tuple[tuple[str, float], ...] = ()
    interleave: tuple[str, str] | None = None

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that are named."""
        return self.interleave or ((self.engine,) if self.engine else ())

    def as_mapping(self) -> dict[str, Any]:
        """As `checked` takes them: what is set, by name."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        plain = {**found, "weights": dict(self.weights), "interleave": list(self.interleave or ())}
        return {name: value for name, value in plain.items() if value not in (None, {}, [])}


def checked(given: Mapping[str, object], where: str) -> tuple[Overrides, list[Detail]]:
    """The overrides that are meant, and what is wrong with them; `where` they stand begins each detail."""
    found: dict[str, Any] = {}
    wrong: list[Detail] = []
    for name, value in given.items():
        check = _CHECKS.get(name)
        if check is None:
            known = ", ".join(_CHECKS)
            wrong.append(Detail(f"{where}.{name[:LONGEST_NAME]}", f"is nothing that can be overridden; {known} can"))
            continue
        try:
            found[name] = check(value)
        except ValueError as refused:
            wrong.append(Detail(f"{where}.{name}", str(refused)))
    overrides = Overrides(**found)
    return overrides, [*wrong, *_contradictions(overrides, where)]


def _contradictions(overrides: Overrides, where: str) -> Iterator[Detail]:
    if overrides.weights and not overrides.engine:
        yield Detail(f"{where}.weights", "needs the engine whose blend is meant")
    if overrides.interleave and overrides.engine:
        yield Detail(f"{where}.interleave", "names the engines, so engine cannot be given as well")


def _name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME or not value.isprintable():
        raise ValueError("must be a name")
    return value


def _share(most: float) -> Callable[[object], float]:
    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise ValueError(f"must be a number from 0 to {most:g}")
        return float(value)

    return check


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise ValueError("must be a whole number from 1 to 1000000")
    return value


def _weights(value: object) -> tuple[tuple[str, float], ...]:
    if not isinstance(value, Mapping) or not 0 < len(value) <= MOST_WEIGHTS:
        raise ValueError("must be an object of weights by name")
    found: dict[str, float] = {}
    for name, weight in value.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 1e6:
            raise ValueError(f"the weight of {str(name)[:LONGEST_NAME]!r} must be a number from 0 to 1000000")
        found[_name(name)] = float(weight)
    return tuple(sorted(found.items()))


def _pair(value: object) -> tuple[str, str]:
    names = value if isinstance(value, list | tuple) else ()
    if len(names) != 2 or names[0] == names[1]:
        raise ValueError("must name two different engines")
    return (_name(names[0]), _name(names[1]))


_CHECKS: Mapping[str, Callable[[object], Any]] = {
    "engine": _name,
    "diversity": _share(1.0),
    "exploration": _share(0.5),
    "min_interactions": _count,
    "weights": _weights,
    "interleave": _pair,
}
