"""What lists would have earned under another engine, as admins see it."""

from math import isfinite
from typing import Self

from pydantic import Field

from application.what_if import HOURS, WhatIfReport
from domain.off_policy import Estimate
from presentation.api.schemas.common import Answer, Body, Bounds, Name, example


class WhatIfQuery(Body):
    engine: Name = Field(description="The engine that is to have made every list.")
    hours: int = Field(HOURS, ge=1, le=8784, description="How far back the log is read.")
    clip: float | None = Field(
        None, gt=0, le=1e6, allow_inf_nan=False, description="The greatest weight of a list; without one, any."
    )


class EstimateOut(Answer):
    value: float = Field(description="Mean reward of a list.")
    interval: Bounds | None = Field(
        description="95 % interval by normal approximation; null where one user made all lists."
    )
    bootstrap: Bounds = Field(description="95 % interval by bootstrap over users.")

    @classmethod
    def of(cls, estimate: Estimate) -> Self:
        known = isfinite(estimate.error)
        return cls(
            value=estimate.value,
            interval=list(estimate.interval) if known else None,
            bootstrap=list(estimate.bootstrap),
        )


ESTIMATE = {"value": 0.214, "interval": [0.197, 0.231], "bootstrap": [0.198, 0.231]}


class WhatIfOut(Answer):
    engine: str
    hours: int
    choices: int = Field(description="Lists whose engine was chosen by chance, and of which the log can tell.")
    left_out: int = Field(description="Such lists of users for whose length of history the engine was never chosen.")
    matching: int = Field(description="Lists that the engine made.")
    effective_size: float = Field(description="As how many lists of its own these count.")
    mean_weight: float = Field(description="Near 1, unless chances were logged wrongly or weights were clipped.")
    logged: EstimateOut = Field(description="What the lists earned in fact.")
    ips: EstimateOut
    snips: EstimateOut
    doubly_robust: EstimateOut

    model_config = example(
        {
            "engine": "linear",
            "hours": 168,
            "choices": 15120,
            "left_out": 310,
            "matching": 7020,
            "effective_size": 6644.1,
            "mean_weight": 0.998,
            "logged": ESTIMATE,
            "ips": ESTIMATE,
            "snips": ESTIMATE,
            "doubly_robust": ESTIMATE,
        }
    )

    @classmethod
    def of(cls, report: WhatIfReport) -> Self:
        told = report.evaluation
        return cls(
            engine=report.engine,
            hours=report.hours,
            choices=told.choices,
            left_out=report.left_out,
            matching=told.matching,
            effective_size=told.effective_size,
            mean_weight=told.mean_weight,
            logged=EstimateOut.of(told.logged),
            ips=EstimateOut.of(told.ips),
            snips=EstimateOut.of(told.snips),
            doubly_robust=EstimateOut.of(told.doubly_robust),
        )
