"""Commands that measure: what was shown, and what another engine would have earned."""

from math import isfinite
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from application.measuring import EngineReport, GlobalReport, RollUpDays, ShowEngineAnalytics, ShowGlobalAnalytics
from application.what_if import HOURS, WhatIf, WhatIfReport
from domain.measuring import DAYS
from domain.off_policy import Estimate
from domain.ports.services import Clock
from presentation.cli.analytics_page import analytics_page
from presentation.cli.app import app
from presentation.cli.context import console, told_plainly, use


@app.command("roll-up")
def roll_up(
    context: typer.Context,
    anew: Annotated[bool, typer.Option("--anew", help="Count every day again, also those that are counted.")] = False,
) -> None:
    """Count each day's lists and what came of them, so that reports are quick. Once a day is often enough."""
    with told_plainly():
        context.obj("migrate")()
        days = use(context, "roll_up_days", RollUpDays)(anew)
        console.print(f"{days:,} days counted", highlight=False)


@app.command()
def analytics(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=366, help="Today, by UTC, and the days before it.")] = DAYS,
    html: Annotated[Path | None, typer.Option(help="Write a page with pictures to this file as well.")] = None,
) -> None:
    """Show what was shown in the last days, by engine and model version, and what came of it."""
    with told_plainly():
        context.obj("migrate")()
        whole = use(context, "show_global_analytics", ShowGlobalAnalytics)(days)
        engines = use(context, "show_engine_analytics", ShowEngineAnalytics)(days)
        console.print(analytics_table(whole, engines, days))
        if html is not None:
            clock: Clock = context.obj("clock")
            html.write_text(analytics_page(whole, engines, clock.now()), encoding="utf-8")
            console.print(f"Written to {html}", highlight=False)


@app.command("what-if")
def what_if(
    context: typer.Context,
    engine: Annotated[str, typer.Option(help="The engine that is to have made every list.")],
    hours: Annotated[int, typer.Option(min=1, max=8784, help="How far back the log is read.")] = HOURS,
    clip: Annotated[float | None, typer.Option(min=0.001, help="The greatest weight of a list.")] = None,
) -> None:
    """Estimate what the lists would have earned had one engine made them all, from those that chance gave to it."""
    with told_plainly():
        context.obj("migrate")()
        console.print(what_if_table(use(context, "what_if", WhatIf)(engine, hours, clip)))


def analytics_table(whole: GlobalReport, engines: EngineReport, days: int) -> Table:
    """One row an engine and model version, and one for all of them."""
    table = Table(title=f"Lists of the last {days} days", title_justify="left")
    for heading in ("engine", "model version"):
        table.add_column(heading)
    for heading in ("lists", "titles shown", "clicks", "enrolments", "CTR", "95 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for (engine, version), tally in [*engines.engines, (("all", ""), whole.tally)]:
        counts = [f"{count:,}" for count in (tally.lists, tally.shown, tally.clicks, tally.enrolls)]
        table.add_row(engine, version, *counts, f"{tally.ctr.value:.4f}", _range(tally.ctr.interval))
    return table


def what_if_table(report: WhatIfReport) -> Table:
    """The estimates beside what was earned in fact."""
    told = report.evaluation
    title = f"Had {report.engine} made all {told.choices:,} lists of the last {report.hours} hours"
    caption = f"It made {told.matching:,} of them, which count as {told.effective_size:,.0f}."
    if report.left_out:
        caption += f" {report.left_out:,} lists of other users are left out."
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    table.add_column("reward of a list")
    for heading in ("mean", "95 %", "95 %, bootstrap"):
        table.add_column(heading, justify="right", no_wrap=True)
    rows = (
        ("in fact", told.logged),
        ("inverse propensity", told.ips),
        ("self-normalised", told.snips),
        ("doubly robust", told.doubly_robust),
    )
    for name, estimate in rows:
        table.add_row(name, f"{estimate.value:.4f}", _normal(estimate), _range(estimate.bootstrap))
    return table


def _normal(estimate: Estimate) -> str:
    return _range(estimate.interval) if isfinite(estimate.error) else "unknown"


def _range(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.4f} to {interval[1]:.4f}"
