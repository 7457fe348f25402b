"""Experiments: which users are shown what, for how long, and what it is to be judged by."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import Detail, ExperimentNotRunning, ExperimentStarted, InvalidExperiment
from domain.outcomes import METRICS, SUCCESS_METRICS
from domain.overrides import Overrides, checked

MOST_VARIANTS = 10
MOST_DAYS = 365
#: how far shares that were meant to add up to 1 may be off
ROUNDING = 1e-9

#: a number, to part evenly; or the share of each variant, by name or in their order
TrafficSplit = float | Mapping[str, float] | Sequence[float]


class ExperimentStatus(StrEnum):
    DRAFT = "draft"
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Variant:
    """One way to make lists, and the share of all users who get it."""

    name: str
    share: float
    overrides: Overrides = field(default_factory=Overrides)


@dataclass(frozen=True)
class GuardRail:
    """A metric that no variant may worsen by more than `margin` of the control's, whatever it gains elsewhere."""

    metric: str
    margin: float


#: watched where nothing else is said
GUARD_RAILS = (GuardRail("fill", 0.05),)


@dataclass(frozen=True)
class ExperimentPlan:
    """An experiment as it is proposed: nothing is checked yet. `variants` are names with their overrides."""

    name: str
    variants: Sequence[tuple[str, Mapping[str, object]]]
    success_metric: str
    duration_days: int
    traffic_split: TrafficSplit = 1.0
    description: str = ""
    guard_rails: Sequence[GuardRail] = GUARD_RAILS


@dataclass(eq=False)
class Experiment:
    """Variants on shares of the users, the first of which is the control. `id` is a UUID in text form.

    It is a draft until it is started, and runs until it is stopped or its days are over. It never runs again.
    """

    id: str
    name: str
    description: str
    variants: tuple[Variant, ...]
    success_metric: str
    guard_rails: tuple[GuardRail, ...]
    duration_days: int
    created_at: datetime
    started_at: datetime | None = None
    stopped_at: datetime | None = None

    @classmethod
    def of(cls, plan: ExperimentPlan, experiment_id: str, now: datetime) -> "Experiment":
        """A draft of what is planned. Raises `InvalidExperiment`, whose details name all that is wrong."""
        names = [name for name, _ in plan.variants]
        shares, wrong = _shares(plan.traffic_split, names)
        variants = []
        for place, ((name, given), share) in enumerate(zip(plan.variants, shares, strict=True)):
            overrides, refused = checked(given, f"variants.{place}.overrides")
            variants.append(Variant(name, share, overrides))
            wrong += refused
        wrong += [*_wrong_with_variants(variants), *_wrong_with_metrics(plan)]
        if not 1 <= plan.duration_days <= MOST_DAYS:
            wrong.append(Detail("duration_days", f"must lie between 1 and {MOST_DAYS}"))
        if wrong:
            raise InvalidExperiment(wrong)
        return cls(
            id=experiment_id,
            name=plan.name,
            description=plan.description,
            variants=tuple(variants),
            success_metric=plan.success_metric,
            guard_rails=tuple(plan.guard_rails),
            duration_days=plan.duration_days,
            created_at=now,
        )

    @property
    def control(self) -> Variant:
        """What the other variants are compared with."""
        return self.variants[0]

    @property
    def ends_at(self) -> datetime | None:
        """When it ends or has ended; None for a draft."""
        if self.started_at is None or self.stopped_at is not None:
            return self.stopped_at
        return self.started_at + timedelta(days=self.duration_days)

    def status(self, now: datetime) -> ExperimentStatus:
        """Where it stands at this moment."""
        if self.started_at is None:
            return ExperimentStatus.DRAFT
        ended = self.ends_at is not None and now >= self.ends_at
        return ExperimentStatus.STOPPED if ended else ExperimentStatus.RUNNING

    def start(self, now: datetime) -> None:
        """Let it run from now on. Raises `ExperimentStarted`."""
        if self.started_at is not None:
            raise ExperimentStarted(self.id)
        self.started_at = now

    def stop(self, now: datetime) -> None:
        """End it for good. Raises `ExperimentNotRunning`."""
        if self.status(now) is not ExperimentStatus.RUNNING:
            raise ExperimentNotRunning(self.id)
        self.stopped_at = now

    def assign(self, user_id: int) -> Variant | None:
        """The user's variant, always the same; None for those who take no part.

        One number says whether somebody takes part and another one which variant they get, so that whoever takes part
        goes on with the same variant when all shares grow alike. What is drawn for one experiment says nothing of what
        is drawn for another.
        """
        taking_part = math.fsum(variant.share for variant in self.variants)
        if taking_part < 1.0 - ROUNDING and uniform(self.id, "part", user_id) >= taking_part:
            return None
        drawn = uniform(self.id, "variant", user_id) * taking_part
        reached = 0.0
        for variant in self.variants:
            reached += variant.share
            if drawn < reached:
                return variant
        return self.variants[-1]


def uniform(experiment_id: str, purpose: str, user_id: int) -> float:
    """A number from [0, 1) that is the same for the same arguments and as good as random for others.

    The first 53 bits of a SHA-256, which are all that a double holds.
    """
    digest = hashlib.sha256(f"{experiment_id}:{purpose}:{user_id}".encode()).digest()
    return float((int.from_bytes(digest[:8], "big") >> 11) / 2**53)


def _shares(split: TrafficSplit, names: Sequence[str]) -> tuple[list[float], list[Detail]]:
    """The share of each variant, and what is wrong with the split."""
    if isinstance(split, Mapping):
        unknown = [
            Detail(f"traffic_split.{name[:64]}", "there is no such variant") for name in split if name not in names
        ]
        missing = [Detail(f"traffic_split.{name}", "is missing") for name in names if name not in split]
        shares, wrong = [split.get(name, 0.0) for name in names], unknown + missing
    elif isinstance(split, int | float):
        shares, wrong = [split / max(len(names), 1)] * len(names), []
    elif len(split) == len(names):
        shares, wrong = list(split), []
    else:
        shares, wrong = [0.0] * len(names), [Detail("traffic_split", "must have one share for each variant")]
    if not wrong and not (all(share > 0 for share in shares) and math.fsum(shares) <= 1.0 + ROUNDING):
        wrong = [Detail("traffic_split", "shares must be above 0 and add up to 1 at most")]
    return shares, wrong


def _wrong_with_variants(variants: Sequence[Variant]) -> Iterator[Detail]:
    names = [variant.name for variant in variants]
    alone = len(variants) == 1 and variants[0].overrides.interleave is not None
    if not (alone or 2 <= len(variants) <= MOST_VARIANTS):
        yield Detail("variants", f"there must be 2 to {MOST_VARIANTS}, or one that interleaves two engines")
    for place, name in enumerate(names):
        if name in names[:place]:
            yield Detail(f"variants.{place}.name", "is the name of another variant")


def _wrong_with_metrics(plan: ExperimentPlan) -> Iterator[Detail]:
    if plan.success_metric not in SUCCESS_METRICS:
        yield Detail("success_metric", f"must be one of {', '.join(SUCCESS_METRICS)}")
    for place, rail in enumerate(plan.guard_rails):
        if rail.metric not in METRICS:
            yield Detail(f"guard_rails.{place}.metric", f"must be one of {', '.join(METRICS)}")
        if not 0 <= rail.margin < 1:
            yield Detail(f"guard_rails.{place}.margin", "must be at least 0 and less than 1")
