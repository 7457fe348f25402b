"""Experiments, as admins plan them, and what they have shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from domain.comparing import Interval
from domain.experiments import (
    GUARD_RAILS,
    MOST_DAYS,
    MOST_VARIANTS,
    Experiment,
    ExperimentPlan,
    ExperimentStatus,
    GuardRail,
)
from domain.outcomes import METRICS, SUCCESS_METRICS
from domain.verdicts import ExperimentReport, GuardRailReport, GuardRailState, Interleaving, VariantReport, Verdict
from presentation.api.schemas.common import Answer, Body, Name, Text, Time, example

PLAN: Mapping[str, Any] = {
    "name": "More diverse lists",
    "description": "Do people click more where the genres vary?",
    "traffic_split": {"control": 0.5, "diverse": 0.5},
    "variants": [{"name": "control", "overrides": {}}, {"name": "diverse", "overrides": {"diversity": 0.3}}],
    "success_metric": "click",
    "duration_days": 14,
    "guard_rails": [{"metric": "fill", "margin": 0.05}],
}
ID = "01950f3c-6c00-7a1b-9c2d-3e4f5a6b7c8d"
PLANNED: Mapping[str, Any] = {
    **PLAN,
    "id": ID,
    "status": "running",
    "variants": [one | {"share": 0.5} for one in PLAN["variants"]],
    "created_at": "2026-01-31T12:00:00Z",
    "started_at": "2026-02-01T08:00:00Z",
    "stopped_at": None,
}
CONTROL = {
    "name": "control",
    "share": 0.5,
    "users": 5000,
    "impressions": 15120,
    "successes": 2268.0,
    "rate": 0.15,
    "rate_interval": [0.144, 0.156],
    "lift": None,
    "interval": None,
    "p_value": None,
    "always_valid_interval": None,
    "always_valid_p_value": None,
    "adjusted_p_value": None,
    "verdict": "control",
    "guard_rails": [],
    "interleaving": None,
}
DIVERSE = CONTROL | {
    "name": "diverse",
    "users": 5040,
    "impressions": 15230,
    "successes": 2665.0,
    "rate": 0.175,
    "rate_interval": [0.168, 0.182],
    "lift": 0.167,
    "interval": [0.105, 0.231],
    "p_value": 0.0000001,
    "always_valid_interval": [0.076, 0.264],
    "always_valid_p_value": 0.00001,
    "adjusted_p_value": 0.00001,
    "verdict": "better",
    "guard_rails": [
        {"metric": "fill", "margin": 0.05, "rate": 0.998, "lift": 0.0, "p_value": 1.0, "state": "held"},
    ],
}
#: a share of users: above 0, at most 1
Share = Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)]
SharesByName = Annotated[dict[str, Share], Field(max_length=MOST_VARIANTS)]
SharesInOrder = Annotated[list[Share], Field(max_length=MOST_VARIANTS)]
Bounds = tuple[float, float]


class VariantIn(Body):
    name: Name
    overrides: dict[str, Any] = Field(
        default_factory=dict,
        max_length=20,
        description="What is changed for its users: `engine`, `diversity`, `exploration`, `min_interactions`, "
        "`weights` (of the engine's blend, by name), or `interleave` (two engines that draft each list between them).",
    )


class GuardRailIn(Body):
    metric: Name = Field(description=f"One of {', '.join(METRICS)}.")
    margin: float = Field(
        strict=True, ge=0, lt=1, description="By how much of the control's it may worsen.", allow_inf_nan=False
    )


class ExperimentIn(Body):
    name: Annotated[str, Text(200)]
    description: Annotated[str, Text(2000, 0)] = ""
    traffic_split: Share | SharesByName | SharesInOrder = Field(
        1.0,
        description="The share of all users who take part, parted evenly; or the share of each variant, by name or in "
        "their order, adding up to 1 at most.",
    )
    variants: list[VariantIn] = Field(
        min_length=1, max_length=MOST_VARIANTS, description="The first is the control, which others are compared with."
    )
    success_metric: Name = Field(description=f"One of {', '.join(SUCCESS_METRICS)}.")
    duration_days: int = Field(strict=True, ge=1, le=MOST_DAYS, description="After so many days it ends by itself.")
    guard_rails: list[GuardRailIn] | None = Field(
        None, max_length=10, description="What no variant may worsen; if left out, lists must stay as full as they are."
    )

    model_config = example(PLAN)

    def plan(self) -> ExperimentPlan:
        rails = None if self.guard_rails is None else [GuardRail(one.metric, one.margin) for one in self.guard_rails]
        return ExperimentPlan(
            name=self.name,
            variants=[(variant.name, variant.overrides) for variant in self.variants],
            success_metric=self.success_metric,
            duration_days=self.duration_days,
            traffic_split=self.traffic_split,
            description=self.description,
            guard_rails=GUARD_RAILS if rails is None else rails,
        )


class VariantOut(Answer):
    name: str
    share: float = Field(description="The share of all users who get it.")
    overrides: dict[str, Any]


class GuardRailOut(Answer):
    metric: str
    margin: float


class ExperimentOut(Answer):
    id: str
    name: str
    description: str
    status: ExperimentStatus
    traffic_split: dict[str, float]
    variants: list[VariantOut]
    success_metric: str
    guard_rails: list[GuardRailOut]
    duration_days: int
    created_at: Time
    started_at: Time | None
    stopped_at: Time | None = Field(description="When it was stopped, or ended by itself.")

    model_config = example(PLANNED)

    @classmethod
    def of(cls, experiment: Experiment, now: datetime) -> "ExperimentOut":
        """The experiment as it stands at the moment `now`."""
        status = experiment.status(now)
        return cls(
            id=experiment.id,
            name=experiment.name,
            description=experiment.description,
            status=status,
            traffic_split={variant.name: variant.share for variant in experiment.variants},
            variants=[
                VariantOut(name=one.name, share=one.share, overrides=one.overrides.as_mapping())
                for one in experiment.variants
            ],
            success_metric=experiment.success_metric,
            guard_rails=[GuardRailOut.model_validate(rail) for rail in experiment.guard_rails],
            duration_days=experiment.duration_days,
            created_at=experiment.created_at,
            started_at=experiment.started_at,
            stopped_at=experiment.ends_at if status is ExperimentStatus.STOPPED else None,
        )


class GuardRailReportOut(Answer):
    metric: str
    margin: float
    rate: float | None
    lift: float | None = Field(description="Relative to the control.")
    p_value: float = Field(description="One-sided, against keeping within the margin; it holds at every look.")
    state: GuardRailState = Field(description="`held` and `broken` are shown, `open` is neither.")

    @classmethod
    def of(cls, report: GuardRailReport) -> "GuardRailReportOut":
        return cls(
            metric=report.metric,
            margin=report.margin,
            rate=report.rate.value,
            lift=report.lift,
            p_value=report.p_value,
            state=report.state,
        )


class InterleavingOut(Answer):
    first: str
    second: str
    wins: int = Field(description="Users who took up more of what the second engine had chosen.")
    losses: int
    ties: int
    share: float | None = Field(description="Of the users who prefer one, those who prefer the second.")
    interval: Bounds | None
    p_value: float
    always_valid_p_value: float

    @classmethod
    def of(cls, told: Interleaving) -> "InterleavingOut":
        preference = told.preference
        return cls(
            first=told.first,
            second=told.second,
            wins=preference.wins,
            losses=preference.losses,
            ties=preference.ties,
            share=preference.share,
            interval=_bounds(preference.interval()),
            p_value=preference.p_value,
            always_valid_p_value=preference.always_valid_p_value,
        )


class VariantReportOut(Answer):
    name: str
    share: float
    users: int = Field(description="Users who were shown a list.")
    impressions: int
    successes: float
    rate: float | None = Field(description="The success metric.")
    rate_interval: Bounds | None
    lift: float | None = Field(description="The rate over the control's, less 1; null for the control.")
    interval: Bounds | None = Field(description="Of the lift, at one look that was planned; 95 %.")
    p_value: float | None = Field(description="Two-sided, at one look that was planned.")
    always_valid_interval: Bounds | None = Field(description="Of the lift, however often one looks; 95 %.")
    always_valid_p_value: float | None = Field(description="Two-sided, however often one looks.")
    adjusted_p_value: float | None = Field(description="The same, for all variants together (Holm).")
    verdict: Verdict
    guard_rails: list[GuardRailReportOut]
    interleaving: InterleavingOut | None

    @classmethod
    def of(cls, report: VariantReport) -> "VariantReportOut":
        contrast = report.contrast
        return cls(
            name=report.variant.name,
            share=report.variant.share,
            users=report.users,
            impressions=report.lists,
            successes=report.rate.successes,
            rate=report.rate.value,
            rate_interval=_bounds(report.rate.interval()),
            lift=contrast.lift if contrast else None,
            interval=_bounds(contrast.interval()) if contrast else None,
            p_value=contrast.p_value if contrast else None,
            always_valid_interval=_bounds(contrast.always_valid_interval()) if contrast else None,
            always_valid_p_value=contrast.always_valid_p_value if contrast else None,
            adjusted_p_value=report.adjusted_p_value,
            verdict=report.verdict,
            guard_rails=[GuardRailReportOut.of(rail) for rail in report.guard_rails],
            interleaving=InterleavingOut.of(report.interleaving) if report.interleaving else None,
        )


class SampleRatioOut(Answer):
    p_value: float = Field(description="Of users being parted as they should be.")
    mismatch: bool = Field(description="Below 0.001: something but chance has parted them, and no verdict is given.")


class ExperimentReportOut(Answer):
    id: str
    name: str
    status: ExperimentStatus
    success_metric: str
    made_at: Time
    sample_ratio: SampleRatioOut
    variants: list[VariantReportOut]

    model_config = example(
        {
            "id": ID,
            "name": PLAN["name"],
            "status": "running",
            "success_metric": "click",
            "made_at": "2026-02-08T08:00:00Z",
            "sample_ratio": {"p_value": 0.69, "mismatch": False},
            "variants": [CONTROL, DIVERSE],
        }
    )

    @classmethod
    def of(cls, report: ExperimentReport) -> "ExperimentReportOut":
        return cls(
            id=report.experiment.id,
            name=report.experiment.name,
            status=report.status,
            success_metric=report.experiment.success_metric,
            made_at=report.made_at,
            sample_ratio=SampleRatioOut(p_value=report.sample_ratio_p_value, mismatch=report.sample_ratio_mismatch),
            variants=[VariantReportOut.of(variant) for variant in report.variants],
        )


def _bounds(interval: Interval | None) -> Bounds | None:
    return (interval.low, interval.high) if interval else None
