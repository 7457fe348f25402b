"""Tables and bars of the command line."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from application.evaluating import EngineReport
from application.learning_online import BanditReport
from application.simulating import SimulationReport
from domain.model_versions import EpochReport, ModelVersion, TrainingConfig
from domain.recommendation import RecommendationList
from presentation.cli.context import console

OnEpoch = Callable[[EpochReport], None]


def evaluation_tables(reports: Sequence[EngineReport]) -> Group:
    """How often the engines are right, and what their lists are made up of; one row an engine in each.

    NDCG@10 has its 95 % bootstrap interval beside it. Precision and recall are left out, as each user is asked about
    one item: they are HR@10 over ten, and HR@10.
    """
    users = reports[0].users if reports else 0
    right = _table(
        f"Each user's last rating, full catalogue ranked, {users:,} users",
        ("HR@10", "NDCG@10", "95 %", "MRR@100", "mean rank"),
    )
    made_of = _table(
        "What the lists of ten are made up of",
        ("coverage", "diversity", "novelty", "popularity", "Gini", "miscalibration"),
    )
    for report in reports:
        figures = report.figures
        right.add_row(
            report.engine,
            f"{figures['hr@10']:.4f}",
            f"{figures['ndcg@10']:.4f}",
            f"{report.interval[0]:.4f} to {report.interval[1]:.4f}",
            f"{figures['mrr@100']:.4f}",
            f"{figures['mean_rank@100']:.1f}",
        )
        made_of.add_row(
            report.engine,
            f"{figures['coverage@10']:.3f}",
            f"{figures['diversity@10']:.3f}",
            f"{figures['novelty@10']:.2f}",
            f"{figures['arp@10']:.1f}",
            f"{figures['gini@10']:.3f}",
            f"{figures['miscalibration@10']:.3f}",
        )
    return Group(right, made_of)


def simulation_table(report: SimulationReport) -> Table:
    """What each engine's lists earned in the log, beside what they were worth by the tastes of those who saw them."""
    table = _table(
        f"{report.users:,} made-up people, {report.events:,} events",
        ("lists", "clicks", "mean reward", "by their tastes"),
    )
    for engine, truth in sorted(report.engines.items()):
        earned, worth = truth.earned / truth.lists, truth.worth / truth.lists
        table.add_row(engine, f"{truth.lists:,}", f"{truth.clicks:,}", f"{earned:.4f}", f"{worth:.4f}")
    return table


def recommendations_table(shown: RecommendationList) -> Table:
    """A list as a person reads it."""
    version = f", model {shown.model_version}" if shown.model_version else ""
    table = Table(title=f"Engine {shown.engine}{version}, {shown.applied_events} ratings applied", title_justify="left")
    for heading in ("", "title", "year", "genres", "score", "why"):
        table.add_column(heading)
    for recommendation in shown.recommendations:
        item = shown.items.get(recommendation.item_id)
        if item is None:
            continue
        table.add_row(
            str(recommendation.rank),
            item.title,
            str(item.year or ""),
            ", ".join(item.genres),
            f"{recommendation.score:.4f}",
            recommendation.reason.text.replace("*", "") if recommendation.reason else "",
        )
    return table


def bandit_table(report: BanditReport) -> Table:
    """What each engine's lists have earned, by length of history, and its chance to make the next one."""
    table = Table(title=f"Bandit, policy {report.policy}", title_justify="left")
    table.add_column("ratings", no_wrap=True)
    table.add_column("engine", no_wrap=True)
    for heading in ("lists", "reward", "95 %", "chance"):
        table.add_column(heading, justify="right", no_wrap=True)
    for arm in report.arms:
        table.add_row(
            arm.context,
            arm.engine,
            f"{arm.pulls:,}",
            f"{arm.mean:.4f}" if arm.pulls else "",
            f"{arm.interval[0]:.4f} to {arm.interval[1]:.4f}" if arm.pulls else "",
            "" if arm.chance is None else f"{arm.chance:.3f}",
        )
    return table


def index_line(version: ModelVersion) -> str:
    """What the item index of a version is."""
    index = version.index
    if index is None:
        return f"Model {version.version} has no index."
    new = f", {index.placed:,} of them placed by their content" if index.placed else ""
    found = f"recall {index.recall:.3f}"
    return f"Model {version.version}, index {index.generation}: {index.kind}, {index.items:,} items{new}, {found}"


@contextmanager
def training_bar(config: TrainingConfig) -> Iterator[OnEpoch]:
    """Show the epochs of each engine as a bar with loss, validation NDCG and time left, or as lines where no one looks.

    On a terminal there is one bar for each engine of the configuration.
    """
    if not console.is_terminal:
        yield lambda report: console.print(_line(report), highlight=False)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns, console=console) as progress:
        bars = {name: progress.add_task(f"Training {name}", total=None, figures="") for name in config.engines}
        yield lambda report: progress.update(
            bars[report.engine], total=report.epochs, completed=report.epoch, figures=_figures(report)
        )


def _line(report: EpochReport) -> str:
    if report.loss is None:
        return ", ".join(filter(None, [f"{report.engine}: trained in {report.seconds:.1f} s", _figures(report)]))
    best = ", best so far" if report.best else ""
    steps = f"epoch {report.epoch} of at most {report.epochs}"
    return f"{report.engine}: {steps}: {_figures(report)}, {report.seconds:.1f} s{best}"


def _figures(report: EpochReport) -> str:
    """What is known of an epoch, such as `loss 0.5000, validation NDCG@10 0.1000`."""
    named = (("loss", report.loss), ("validation NDCG@10", report.validation))
    return ", ".join(f"{name} {value:.4f}" for name, value in named if value is not None)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Say how long a step took."""
    start = time.perf_counter()
    yield
    console.print(f"[green]✓[/] {what} [dim]({time.perf_counter() - start:.1f} s)[/]", highlight=False)


def _table(title: str, headings: Sequence[str]) -> Table:
    """A table of figures with a column of engines before them."""
    table = Table(title=title, title_justify="left")
    table.add_column("engine")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
