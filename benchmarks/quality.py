"""How good the engines are on one data set: trained with several seeds, judged through the use cases that serve."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from application.training import TrainingReport
from benchmarks.circumstances import circumstances
from benchmarks.sandbox import settings_in
from domain import metrics
from domain.lineup import AUTO, POPULARITY
from domain.model_versions import EpochReport, TrainingConfig
from domain.ports.services import Progress
from main.container import build_container

T = TypeVar("T")

#: lengths of history from which on users are taken together
LENGTHS = (0, 20, 50, 100, 200)
#: engines whose figures depend on the seed
SEEDED = ("mf", "two_tower", "ncf", "sequence", "hstu", "gru", "lstm", "hybrid", AUTO)


class TimedProgress:
    """Passes everything on to another progress, and keeps how long each tracked work took."""

    def __init__(self, shown: Progress) -> None:
        self.shown = shown
        self.seconds: dict[str, float] = {}

    def say(self, message: str) -> None:
        self.shown.say(message)

    def track(self, entries: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        start = time.perf_counter()
        yield from self.shown.track(entries, label, total)
        self.seconds[label] = time.perf_counter() - start


@dataclass(frozen=True)
class EngineFigures:
    """One engine on one data set. Means over the seeds; `lowest` and `highest` are of single seeds' NDCG@10.

    `interval` is of the mean NDCG@10 over users, `gain` of the paired difference to popularity, both 95 % bootstrap.
    """

    engine: str
    figures: Mapping[str, float]
    lowest: float
    highest: float
    interval: tuple[float, float]
    gain: float
    gain_interval: tuple[float, float]
    ms_per_list: float
    by_length: Mapping[str, float] = field(default_factory=dict)  # NDCG@10 by length of history


@dataclass(frozen=True)
class SeedRun:
    """One engine of one training run: what its validation events chose, and what it cost."""

    seed: int
    engine: str
    epochs: int
    best_epoch: int
    validation: float
    seconds: float
    curve: Sequence[float] = ()  # validation NDCG@10 after each epoch


@dataclass(frozen=True)
class Quality:
    """All that the scoreboard says of one data set."""

    dataset: str
    date: str
    command: str
    circumstances: str
    items: int
    users: int
    ratings: int
    asked: int
    config: Mapping[str, object]
    runs: Sequence[SeedRun]
    engines: Sequence[EngineFigures]


def measure(dataset: str, seeds: Sequence[int], command: str, say: Callable[[str], None]) -> Quality:
    """Load, train once a seed, and judge, all in a data folder that is thrown away.

    Raises `DatasetUnavailable`.
    """
    with TemporaryDirectory(prefix="marquee-scoreboard-") as home:
        container = build_container(settings_in(Path(home)))
        progress = TimedProgress(container.progress())
        container.progress.override(progress)
        container.migrate()()
        load = container.load_dataset()(dataset)
        config: TrainingConfig = container.training_config()(None, load.dataset)
        reports: list[TrainingReport] = []
        milliseconds: dict[str, list[float]] = {}
        for seed in seeds:
            say(f"{load.dataset}: training with seed {seed}")
            report = container.train_model()(replace(config, seed=seed), epoch_lines(say))
            reports.append(report)
            for judged in report.evaluation:
                seconds = progress.seconds[f"Evaluating {judged.engine}"]
                milliseconds.setdefault(judged.engine, []).append(1000 * seconds / judged.users)
        return Quality(
            dataset=load.dataset,
            date=datetime.now(UTC).date().isoformat(),
            command=command,
            circumstances=circumstances(),
            items=load.items,
            users=load.users,
            ratings=load.ratings,
            asked=reports[0].evaluation[0].users,
            config={name: value for name, value in config.as_fields().items() if name != "seed"},
            runs=[run for seed, report in zip(seeds, reports, strict=True) for run in seed_runs(seed, report)],
            engines=[engine_figures(engine, reports, float(np.mean(spent))) for engine, spent in milliseconds.items()],
        )


def epoch_lines(say: Callable[[str], None]) -> Callable[[EpochReport], None]:
    """What to do with each epoch's report: say it in one line."""

    def tell(epoch: EpochReport) -> None:
        best = ", best so far" if epoch.best else ""
        figure = "" if epoch.validation is None else f"validation NDCG@10 {epoch.validation:.4f}, "
        say(f"  {epoch.engine}, epoch {epoch.epoch}: {figure}{epoch.seconds:.1f} s{best}")

    return tell


def seed_runs(seed: int, report: TrainingReport) -> list[SeedRun]:
    """What one run came to, engine by engine; the best epoch is the last that was best so far."""
    return [_seed_run(seed, engine, report) for engine in report.version.engines]


def _seed_run(seed: int, engine: str, report: TrainingReport) -> SeedRun:
    epochs = [epoch for epoch in report.epochs if epoch.engine == engine]
    best = [epoch for epoch in epochs if epoch.best][-1]
    validation = report.version.metrics[f"{engine}.validation.ndcg@10"]
    curve = [epoch.validation for epoch in epochs if epoch.validation is not None]
    return SeedRun(seed, engine, len(epochs), best.epoch, validation, sum(epoch.seconds for epoch in epochs), curve)


def engine_figures(engine: str, reports: Sequence[TrainingReport], ms_per_list: float) -> EngineFigures:
    """One engine over all runs. A user's NDCG is the mean over the seeds, so the intervals speak of users."""
    by_seed = [{judged.engine: judged for judged in report.evaluation} for report in reports]
    own = [judged[engine] for judged in by_seed]
    ndcg = np.mean([judged.ndcg for judged in own], axis=0)
    difference = ndcg - np.mean([judged[POPULARITY].ndcg for judged in by_seed], axis=0)
    singles = [float(judged.ndcg.mean()) for judged in own]
    return EngineFigures(
        engine=engine,
        figures={name: float(np.mean([judged.figures[name] for judged in own])) for name in own[0].figures},
        lowest=min(singles),
        highest=max(singles),
        interval=metrics.bootstrap_interval(ndcg, np.random.default_rng(0)),
        gain=float(difference.mean()),
        gain_interval=metrics.bootstrap_interval(difference, np.random.default_rng(0)),
        ms_per_list=ms_per_list,
        by_length=by_length(own[0].lengths, ndcg),
    )


def by_length(lengths: NDArray[np.int64], ndcg: NDArray[np.float64]) -> dict[str, float]:
    """The mean NDCG of users whose histories are about as long, by their range; ranges of nobody are left out."""
    found = {}
    for least, beyond in zip(LENGTHS, [*LENGTHS[1:], None], strict=True):
        among = (lengths >= least) & (lengths < (beyond or np.inf))
        if among.any():
            found[f"{least} to {beyond - 1}" if beyond else f"{least} on"] = float(ndcg[among].mean())
    return found
