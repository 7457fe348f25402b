"""Experiments in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, insert, select, update
from sqlalchemy.orm import Session

from domain.errors import ExperimentNotFound
from domain.experiments import Experiment, GuardRail, Variant
from domain.overrides import checked
from domain.paging import Page, PageRequest
from infrastructure.db.dialect import locked
from infrastructure.db.paging import count_of, window
from infrastructure.db.tables import experiments

#: fields of an experiment that are columns of their own
_PLAIN = (
    "id",
    "name",
    "description",
    "success_metric",
    "duration_days",
    "created_at",
    "started_at",
    "stopped_at",
)
_rows = experiments.c


class SqlExperiments:
    """Experiments of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, experiment_id: str) -> Experiment:
        return self._one(select(experiments), experiment_id)

    def take(self, experiment_id: str) -> Experiment:
        return self._one(locked(select(experiments)), experiment_id)

    def add(self, experiment: Experiment) -> None:
        self._session.execute(insert(experiments), _to_row(experiment))

    def save(self, experiment: Experiment) -> None:
        times = {"started_at": experiment.started_at, "stopped_at": experiment.stopped_at}
        self._session.execute(update(experiments).where(_rows.id == experiment.id).values(times))

    def list_page(self, page: PageRequest) -> Page[Experiment]:
        statement = select(experiments)
        newest_first = statement.order_by(_rows.created_at.desc(), _rows.id.desc())
        found = [_from_row(row) for row in self._session.execute(window(newest_first, page)).mappings()]
        return Page(found, page.page, page.size, count_of(self._session, statement))

    def list_unfinished(self) -> Sequence[Experiment]:
        unfinished = select(experiments).where(_rows.started_at.is_not(None), _rows.stopped_at.is_(None))
        rows = self._session.execute(unfinished.order_by(_rows.started_at, _rows.id)).mappings()
        return [_from_row(row) for row in rows]

    def _one(self, statement: Select[Any], experiment_id: str) -> Experiment:
        row = self._session.execute(statement.where(_rows.id == experiment_id)).mappings().one_or_none()
        if row is None:
            raise ExperimentNotFound(experiment_id)
        return _from_row(row)


def _to_row(experiment: Experiment) -> Mapping[str, Any]:
    variants = [
        {"name": one.name, "share": one.share, "overrides": one.overrides.as_mapping()} for one in experiment.variants
    ]
    rails = [{"metric": rail.metric, "margin": rail.margin} for rail in experiment.guard_rails]
    return {name: getattr(experiment, name) for name in _PLAIN} | {"variants": variants, "guard_rails": rails}


def _from_row(row: RowMapping) -> Experiment:
    # What was checked when it was stored is not refused now: an override that is gone since overrides nothing.
    variants = [
        Variant(one["name"], one["share"], checked(one["overrides"], "overrides")[0]) for one in row["variants"]
    ]
    rails = [GuardRail(**rail) for rail in row["guard_rails"]]
    plain = {name: row[name] for name in _PLAIN}
    return Experiment(variants=tuple(variants), guard_rails=tuple(rails), **plain)
