"""`marquee experiments`: which there are, and what one has shown."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from application.experimenting import ListExperiments, ReportExperiment
from domain.comparing import Interval
from domain.errors import ExperimentNotFound
from domain.experiments import Experiment
from domain.paging import PageRequest
from domain.ports.services import Clock
from domain.verdicts import ExperimentReport, VariantReport
from presentation.cli.app import app
from presentation.cli.context import console, told_plainly, use
from presentation.cli.experiment_page import experiment_page

experiments = typer.Typer(help="Experiments.", no_args_is_help=True)
app.add_typer(experiments, name="experiments")

#: the newest ones are shown, so many
MOST = 50


@experiments.command("list")
def list_experiments(context: typer.Context) -> None:
    """List the newest experiments."""
    with told_plainly():
        context.obj("migrate")()
        clock: Clock = context.obj("clock")
        page = use(context, "list_experiments", ListExperiments)(PageRequest(size=MOST))
        table = Table(title=f"{page.total:,} experiments", title_justify="left")
        for heading in ("id", "name", "status", "metric", "started", "ends"):
            table.add_column(heading, no_wrap=heading != "name")
        now = clock.now()
        for one in page.items:
            table.add_row(one.id, one.name, one.status(now).value, one.success_metric, *_days(one))
        console.print(table)


@experiments.command("report")
def report_experiment(
    context: typer.Context,
    experiment_id: Annotated[str, typer.Argument(metavar="ID", help="The experiment's id.")],
    html: Annotated[Path | None, typer.Option(help="Write a page with pictures to this file as well.")] = None,
) -> None:
    """Show what an experiment has shown up to now."""
    with told_plainly():
        context.obj("migrate")()
        report = use(context, "report_experiment", ReportExperiment)(_uuid(experiment_id))
        console.print(report_table(report))
        for line in remarks(report):
            console.print(line, highlight=False)
        if html is not None:
            html.write_text(experiment_page(report), encoding="utf-8")
            console.print(f"Written to {html}", highlight=False)


def report_table(report: ExperimentReport) -> Table:
    """Each variant's rate and its lift over the control; the interval and the p-value hold however often one looks."""
    experiment = report.experiment
    title = f"{experiment.name}: {experiment.success_metric}, {report.status.value}"
    table = Table(title=title, title_justify="left")
    table.add_column("variant")
    for heading in ("users", "lists", "rate", "lift", "always valid 95 %", "p", "verdict"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in report.variants:
        table.add_row(one.variant.name, f"{one.users:,}", f"{one.lists:,}", _share(one.rate.value), *_against(one))
    return table


def remarks(report: ExperimentReport) -> list[str]:
    """What there is to say beside the table: how users were parted, guard rails, and what interleaving found."""
    parted = "Users are not parted as they should be" if report.sample_ratio_mismatch else "Users are parted as planned"
    said = [f"{parted} (p {_p(report.sample_ratio_p_value, '= ')})."]
    for one in report.variants:
        said += [
            f"Guard rail {rail.metric} of {one.variant.name}: {rail.state.value} (margin {rail.margin:.1%})."
            for rail in one.guard_rails
        ]
        if (told := one.interleaving) is not None:
            found = told.preference
            said.append(
                f"{one.variant.name}: {found.wins:,} users prefer {told.second}, {found.losses:,} {told.first}, "
                f"{found.ties:,} neither (always valid p {_p(found.always_valid_p_value, '= ')})."
            )
    return said


def _against(one: VariantReport) -> tuple[str, str, str, str]:
    if one.contrast is None or one.adjusted_p_value is None:
        return ("", "", "", one.verdict.value)
    lift, interval = one.contrast.lift, one.contrast.always_valid_interval()
    return ("" if lift is None else f"{lift:+.1%}", _range(interval), _p(one.adjusted_p_value), one.verdict.value)


def _range(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.low:+.1%} to {interval.high:+.1%}"


def _p(value: float, equals: str = "") -> str:
    return "< 0.0001" if value < 0.0001 else f"{equals}{value:.4f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2%}"


def _days(one: Experiment) -> tuple[str, str]:
    return (f"{one.started_at:%Y-%m-%d}" if one.started_at else "", f"{one.ends_at:%Y-%m-%d}" if one.ends_at else "")


def _uuid(text: str) -> str:
    """The id in the form in which it is stored. Raises `ExperimentNotFound` for what is none."""
    try:
        return str(UUID(text))
    except ValueError:
        raise ExperimentNotFound(text) from None
