"""Experiments: variants of how lists are made, and what users do with them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from application.experimenting import (
    CreateExperiment,
    GetExperiment,
    ListExperiments,
    ReportExperiment,
    StartExperiment,
    StopExperiment,
)
from domain.errors import (
    Detail,
    EngineUnavailable,
    ExperimentNotFound,
    ExperimentNotRunning,
    ExperimentStarted,
    InvalidExperiment,
)
from domain.paging import Page
from domain.ports.services import Clock
from presentation.api.dependencies import admin, provided
from presentation.api.documenting import NOT_ADMIN, fails, named
from presentation.api.schemas.common import PageOut, PageQuery
from presentation.api.schemas.experiments import ID, ExperimentIn, ExperimentOut, ExperimentReportOut

router = APIRouter(
    prefix="/experiments",
    tags=["Experiments"],
    generate_unique_id_function=named,
    dependencies=[Depends(admin)],
    responses=fails(NOT_ADMIN),
)

PathExperiment = Annotated[UUID, Path(description="Its id.", examples=[ID])]
Now = Annotated[Clock, provided("clock")]

NO_EXPERIMENT = ExperimentNotFound(ID)
BAD_PLAN = InvalidExperiment([Detail("traffic_split", "shares must be above 0 and add up to 1 at most")])
BAD_WEIGHTS = InvalidExperiment(
    [Detail("variants.1.overrides.weights.oracle", "the engine's weights are ease, linear")]
)
NOT_READY = EngineUnavailable("ncf", ["auto", "popularity", "baseline", "cold_start"])


@router.post("", summary="Plan an experiment", status_code=201, responses=fails(BAD_PLAN))
def create_experiment(
    body: ExperimentIn, clock: Now, create: Annotated[CreateExperiment, provided("create_experiment")]
) -> ExperimentOut:
    """A draft, which changes nothing until it is started.

    Each user's variant follows from their id and the experiment's alone, so it is the same on every server and every
    day.
    """
    return ExperimentOut.of(create(body.plan()), clock.now())


@router.get("", summary="List experiments")
def list_experiments(
    query: Annotated[PageQuery, Query()],
    clock: Now,
    list_page: Annotated[ListExperiments, provided("list_experiments")],
) -> PageOut[ExperimentOut]:
    """A page of experiments, newest first."""
    found, now = list_page(query.request()), clock.now()
    shown = [ExperimentOut.of(one, now) for one in found.items]
    return PageOut[ExperimentOut].model_validate(Page(shown, found.page, found.size, found.total))


@router.get("/{experiment_id}", summary="Show an experiment", responses=fails(NO_EXPERIMENT))
def get_experiment(
    experiment_id: PathExperiment, clock: Now, get: Annotated[GetExperiment, provided("get_experiment")]
) -> ExperimentOut:
    """One experiment, as it was planned and as it stands."""
    return ExperimentOut.of(get(str(experiment_id)), clock.now())


@router.post(
    "/{experiment_id}/start",
    summary="Start an experiment",
    responses=fails(NO_EXPERIMENT, ExperimentStarted(ID), NOT_READY, BAD_WEIGHTS),
)
def start_experiment(
    experiment_id: PathExperiment, clock: Now, start: Annotated[StartExperiment, provided("start_experiment")]
) -> ExperimentOut:
    """Let it run: every server follows it within a second. An experiment is started once.

    It concerns the lists of `GET /recommendations/` for which the caller names neither an engine nor a diversity.
    """
    return ExperimentOut.of(start(str(experiment_id)), clock.now())


@router.post(
    "/{experiment_id}/stop",
    summary="Stop an experiment",
    responses=fails(NO_EXPERIMENT, ExperimentNotRunning(ID)),
)
def stop_experiment(
    experiment_id: PathExperiment, clock: Now, stop: Annotated[StopExperiment, provided("stop_experiment")]
) -> ExperimentOut:
    """End it for good; everybody's lists are the usual ones again. What it has shown stays."""
    return ExperimentOut.of(stop(str(experiment_id)), clock.now())


@router.get("/{experiment_id}/report", summary="Show what an experiment has shown", responses=fails(NO_EXPERIMENT))
def report_experiment(
    experiment_id: PathExperiment, report: Annotated[ReportExperiment, provided("report_experiment")]
) -> ExperimentReportOut:
    """Each variant's rate, and its lift over the control with interval and p-value.

    Users are what is counted on, not lists. Those values that are called always valid, and the verdict, which rests on
    them, hold however often one looks; the others hold for one look that was planned beforehand.
    """
    return ExperimentReportOut.of(report(str(experiment_id)))
