"""What an experiment has shown: each variant against the control, and whether that can be relied on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.comparing import CONFIDENCE, Contrast, Rate, holm, sample_ratio_p_value
from domain.experiments import Experiment, ExperimentStatus, GuardRail, Variant
from domain.interleaving import Preference
from domain.outcomes import LISTS, METRICS, Outcomes

ALPHA = 1.0 - CONFIDENCE
#: groups further from their shares than this are a fault of the experiment, not chance (Fabijan et al., KDD 2019)
MISMATCH = 0.001


class Verdict(StrEnum):
    """How a variant stands to the control. It holds at every look, and for all variants together."""

    CONTROL = "control"
    BETTER = "better"
    WORSE = "worse"
    UNDECIDED = "undecided"
    #: chance has not parted the users as it was told to, so nothing is to be made of the difference
    UNTRUSTED = "untrusted"


class GuardRailState(StrEnum):
    #: the metric has not worsened by more than the margin, which is shown
    HELD = "held"
    #: it has, which is shown
    BROKEN = "broken"
    OPEN = "open"


@dataclass(frozen=True)
class GuardRailReport:
    """How a variant keeps to a guard rail. `p_value` is one-sided, against the metric keeping within its margin."""

    metric: str
    margin: float
    rate: Rate
    lift: float | None
    p_value: float
    state: GuardRailState

    @classmethod
    def of(cls, rail: GuardRail, base: Rate, other: Rate) -> "GuardRailReport":
        contrast = Contrast.between(base, other)
        if METRICS[rail.metric].rising_is_good:
            broken, held = contrast.below(-rail.margin), contrast.above(-rail.margin)
        else:
            broken, held = contrast.above(rail.margin), contrast.below(rail.margin)
        state = GuardRailState.HELD if held < ALPHA else GuardRailState.OPEN
        state = GuardRailState.BROKEN if broken < ALPHA else state
        return cls(rail.metric, rail.margin, other, contrast.lift, broken, state)


@dataclass(frozen=True)
class Interleaving:
    """What the users of an interleaved variant prefer; the wins are those of `second`."""

    first: str
    second: str
    preference: Preference


@dataclass(frozen=True)
class VariantReport:
    """What one variant was shown and did. `contrast` is how its rate stands to the control's, None for the control.

    `adjusted_p_value` is the always-valid one, adjusted for there being several variants (Holm).
    """

    variant: Variant
    users: int
    lists: int
    rate: Rate
    contrast: Contrast | None
    adjusted_p_value: float | None
    verdict: Verdict
    guard_rails: tuple[GuardRailReport, ...]
    interleaving: Interleaving | None = None


@dataclass(frozen=True)
class ExperimentReport:
    """What is known of an experiment at a moment. `sample_ratio_p_value` is of users being parted as they should."""

    experiment: Experiment
    status: ExperimentStatus
    made_at: datetime
    sample_ratio_p_value: float
    variants: tuple[VariantReport, ...]

    @property
    def sample_ratio_mismatch(self) -> bool:
        return self.sample_ratio_p_value < MISMATCH


def judge(
    experiment: Experiment, outcomes: Outcomes, now: datetime, preferences: dict[str, Preference] | None = None
) -> ExperimentReport:
    """The report at the moment `now`; `preferences` are those of interleaved variants, by name."""
    parted = [outcomes.of(variant.name) for variant in experiment.variants]
    p_value = sample_ratio_p_value([len(one) for one in parted], [variant.share for variant in experiment.variants])
    rates = [one.rate(experiment.success_metric) for one in parted]
    contrasts = [Contrast.between(rates[0], rate) for rate in rates[1:]]
    adjusted = holm([contrast.always_valid_p_value for contrast in contrasts])
    reports = []
    for place, (variant, own) in enumerate(zip(experiment.variants, parted, strict=True)):
        contrast, adjusted_p_value = (contrasts[place - 1], adjusted[place - 1]) if place else (None, None)
        reports.append(
            VariantReport(
                variant=variant,
                users=len(own),
                lists=own.total(LISTS),
                rate=rates[place],
                contrast=contrast,
                adjusted_p_value=adjusted_p_value,
                verdict=_verdict(contrast, adjusted_p_value, p_value >= MISMATCH),
                guard_rails=_guard_rails(experiment.guard_rails, parted[0], own) if place else (),
                interleaving=_interleaving(variant, (preferences or {}).get(variant.name)),
            )
        )
    return ExperimentReport(experiment, experiment.status(now), now, p_value, tuple(reports))


def _verdict(contrast: Contrast | None, p_value: float | None, trusted: bool) -> Verdict:
    if contrast is None or p_value is None:
        return Verdict.CONTROL
    if not trusted:
        return Verdict.UNTRUSTED
    if p_value >= ALPHA or contrast.estimate is None:
        return Verdict.UNDECIDED
    return Verdict.BETTER if contrast.estimate > 0 else Verdict.WORSE


def _guard_rails(rails: Sequence[GuardRail], base: Outcomes, own: Outcomes) -> tuple[GuardRailReport, ...]:
    return tuple(GuardRailReport.of(rail, base.rate(rail.metric), own.rate(rail.metric)) for rail in rails)


def _interleaving(variant: Variant, preference: Preference | None) -> Interleaving | None:
    engines = variant.overrides.interleave
    return Interleaving(*engines, preference or Preference(0, 0, 0)) if engines else None
