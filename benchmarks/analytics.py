"""Time the reports of what was shown, with and without roll-ups: `python -m benchmarks.analytics`.

It fills a database of its own with made-up lists of the last thirty days, by default in a temporary SQLite file.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, insert

from application.measuring import (
    Counts,
    MeasurePrecision,
    PrecisionQuestion,
    ShowEngineAnalytics,
    ShowGlobalAnalytics,
)
from benchmarks.circumstances import circumstances
from domain.engagements import Action
from domain.measuring import Period
from domain.ports.analytics import RollUps
from infrastructure.db import tables
from infrastructure.db.analytics import SqlAnalytics
from infrastructure.db.engine import make_engine
from infrastructure.db.migrating import migrate
from infrastructure.db.roll_ups import SqlRollUps
from infrastructure.db.unit_of_work import SqlUnitsOfWork
from infrastructure.security.clock import SystemClock

DAYS, PLACES, ITEMS = 30, 10, 4000
ENGINES = ("ncf", "linear", "popularity", "content")
PLATFORMS = ("web", "ios", "tv")
#: share of the places that are clicked
CLICKED = 0.03
BATCH = 20_000


def impressions(count: int, now: datetime, random: np.random.Generator) -> Iterator[list[dict[str, object]]]:
    """Rows of made-up lists, a batch at a time, oldest first and spread evenly over the days up to now."""
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        ages = (count - start - np.arange(size)) / count * DAYS * 86_400
        items = random.integers(1, ITEMS + 1, (size, PLACES)).tolist()
        engines, platforms = random.integers(0, len(ENGINES), size), random.integers(0, len(PLATFORMS), size)
        yield [
            {
                "id": str(UUID(int=start + i + 1)),
                "surface": "recommendations",
                "engine": ENGINES[engines[i]],
                "model_version": "v1",
                "shown_at": now - timedelta(seconds=float(ages[i])),
                "platform": PLATFORMS[platforms[i]],
                "k": PLACES,
                "fallback_used": False,
                "applied_events": 20,
                "items": [[item, rank + 1, 0.5, "linear", 1.0] for rank, item in enumerate(items[i])],
            }
            for i in range(size)
        ]


def clicks(lists: list[dict[str, object]], first: int, random: np.random.Generator) -> list[dict[str, object]]:
    """Rows of the clicks on a batch of lists."""
    rows: list[dict[str, object]] = []
    for i, rank in np.argwhere(random.random((len(lists), PLACES)) < CLICKED).tolist():
        shown = lists[i]
        at = shown["shown_at"] + timedelta(minutes=5)
        same = {name: shown[name] for name in ("shown_at", "engine", "model_version", "platform")}
        rows.append(
            same
            | {
                "id": str(UUID(int=(first + i) * PLACES + rank + 1)),
                "impression_id": shown["id"],
                "item_id": shown["items"][rank][0],
                "action": Action.CLICK,
                "occurred_at": at,
                "recorded_at": at,
                "rank": rank + 1,
            }
        )
    return rows


def fill(engine: Engine, count: int) -> int:
    """Store so many lists with their clicks. Returns the number of clicks."""
    random, now, clicked, stored = np.random.default_rng(0), datetime.now(UTC) - timedelta(minutes=10), 0, 0
    for lists in impressions(count, now, random):
        done = clicks(lists, stored, random)
        with engine.begin() as connection:
            connection.execute(insert(tables.impressions), lists)
            if done:
                connection.execute(insert(tables.engagements), done)
        clicked, stored = clicked + len(done), stored + len(lists)
    return clicked


class NoRollUps:
    """Counts nothing beforehand."""

    def bring_up_to_date(self, now: datetime, period: Period | None = None) -> int:
        return 0

    def start_over(self) -> None:
        return None


def reports(engine: Engine, roll_ups: RollUps) -> dict[str, Callable[[], object]]:
    counts = Counts(SqlAnalytics(engine), roll_ups, SystemClock())
    measure, question = MeasurePrecision(counts), PrecisionQuestion()
    return {
        "GET /analytics/global": ShowGlobalAnalytics(counts, SqlUnitsOfWork(engine)),
        "GET /analytics/engines": ShowEngineAnalytics(counts),
        "GET /metrics/pac": lambda: measure(question),
        "GET /metrics/pac, one engine": lambda: measure(replace(question, engine="ncf")),
    }


@dataclass(frozen=True)
class Stopwatch:
    """Times calls: by the processor where the database runs in this process, as other work may run beside it."""

    now: Callable[[], float]

    def median(self, call: Callable[[], object], repeats: int = 1) -> float:
        gc.collect()
        times = []
        for _ in range(repeats):
            start = self.now()
            call()
            times.append(self.now() - start)
        return float(np.median(times))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--database", help="an empty database to fill, instead of a temporary SQLite file")
    asked = parser.parse_args()
    watch = Stopwatch(time.perf_counter if asked.database else time.process_time)
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(asked.database or f"sqlite:///{Path(folder) / 'log.db'}", timeout_s=600)
        migrate(engine)
        clicked = fill(engine, asked.lists)
        raw = {name: watch.median(call) for name, call in reports(engine, NoRollUps()).items()}
        rolling = watch.median(lambda: SqlRollUps(engine).bring_up_to_date(datetime.now(UTC)))
        first = {name: watch.median(call) for name, call in reports(engine, SqlRollUps(engine)).items()}
        again = {name: watch.median(call, asked.repeats) for name, call in reports(engine, SqlRollUps(engine)).items()}
        engine.dispose()
    table = Table(title=f"{asked.lists:,} lists of {PLACES} in {DAYS} days, {clicked:,} clicks", title_justify="left")
    table.add_column("report")
    for heading in ("from raw rows, s", "with roll-ups, s", "asked again, s"):
        table.add_column(heading, justify="right")
    for name, took in raw.items():
        table.add_row(name, f"{took:.2f}", f"{first[name]:.3f}", f"{again[name]:.3f}")
    console = Console(width=100)
    console.print(table)
    of = "" if asked.database else " of processor time"
    console.print(f"Seconds{of}. All days were rolled up in {rolling:.1f} s.")
    console.print(circumstances(), soft_wrap=True)


if __name__ == "__main__":
    main()
