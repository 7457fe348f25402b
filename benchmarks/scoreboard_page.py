"""The scoreboard as a page, a picture and a table on the terminal, from the figures that were kept."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Group
from rich.table import Table

from benchmarks import scoreboard_plots
from benchmarks.peers import page as peers
from benchmarks.quality import EngineFigures, Quality, SeedRun

HEADINGS = (
    "engine",
    "HR@10",
    "NDCG@10",
    "95 %",
    "seeds",
    "gain over popularity, 95 %",
    "MRR",
    "mean rank",
    "ms per list",
)
#: figures of what the lists are made up of: heading, name, decimals
MADE_OF = (
    ("coverage", "coverage@10", 3),
    ("diversity", "diversity@10", 3),
    ("novelty", "novelty@10", 2),
    ("popularity", "arp@10", 1),
    ("Gini", "gini@10", 3),
    ("miscalibration", "miscalibration@10", 3),
)
#: folder, below the results, of what was measured among sampled candidates
CANDIDATES = "candidates"
#: what the protocols of `benchmarks.lines` are called on the page
TITLES = {
    "leave-last-out": "Line Q1: MovieLens 1M, 5-core, each user's last event",
    "leave-last-out-told-when": "Line Q2: MovieLens 1M, 5-core, each user's last event, the time of the request told",
    "global-time-last": "Line Q3: MovieLens 1M, one cut in time, each test user's last event",
    "global-time-in-turn": "Line Q3: MovieLens 1M, one cut in time, every test event in turn",
    "random-parts": "Line Q4: MovieLens 1M, ratings from 3 on, 10-core, random parts of 8:1:1",
}
#: stands where a figure was not measured when the others were
UNKNOWN = "–"
PROTOCOL = """\
## How it is measured

- Each user's last rating is the question, the one before chooses the epoch, the rest is learnt from. Users with fewer
  than three ratings are not asked. Ties in time keep the order of the source.
- The whole catalogue is ranked, less what the user has rated before. No negatives are sampled.
- The engines run as they serve: same candidates, same caps, same choice behind `auto` (from five ratings on, the
  trained engine that validated best for histories of that length). A target below place 100 counts as not ranked.
- Nothing of the test ratings is known to any engine: not in histories, not in an item's popularity.
- `ncf`, and with it `hybrid` and `auto`, are trained once for each seed. Their figures are means over the seeds;
  *seeds* gives the lowest and the highest NDCG@10 of a single one. The others do not depend on a seed.
- Intervals are 95 %, by bootstrap over users (1,000 draws). The gain over popularity is paired, user by user.
- *ms per list* is the time of one ranking of 100 places, without database, HTTP and reasons.
- *mean rank* counts a target below place 100 as 101. [Measures](reference/measures.md) defines all figures. A dash
  stands for one that was not measured when the others of its data set were.

What is avoided, because public code does it: choosing the epoch by the test figure; sampled metrics, which double every
figure; unstable sorts among equal times, which change many of the targets; popularity counted with the test included.

[One training run](explanation/one-training-run.md) tells more.
"""


def save(quality: Quality, folder: Path) -> None:
    """Keep the figures of one data set, so that the page can be made anew without measuring the others again."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{quality.dataset}.json").write_text(json.dumps(asdict(quality), indent=2) + "\n", encoding="utf-8")


def save_candidates(
    protocol: str, command: str, seed: int, found: Mapping[str, Mapping[str, float]], folder: Path
) -> None:
    """Keep what engines reach among sampled candidates, apart from all that is measured on the full catalogue.

    Of an engine that was measured before, by whatever command, the new figures stay.
    """
    path = folder / CANDIDATES / f"{protocol}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    date = datetime.now(UTC).date().isoformat()
    for engine, figures in found.items():
        kept[engine] = {"command": command, "date": date, "seed": seed, "figures": dict(figures)}
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def saved(folder: Path) -> list[Quality]:
    """Everything that was kept, by name of the data set, smallest first."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    qualities = [
        Quality(
            **{
                **kept,
                "runs": [SeedRun(**run) for run in kept["runs"]],
                "engines": [EngineFigures(**engine) for engine in kept["engines"]],
            }
        )
        for kept in found
    ]
    return sorted(qualities, key=lambda quality: quality.ratings)


def write(qualities: Sequence[Quality], out: Path) -> None:
    """Write `scoreboard.md` and its pictures below `out`."""
    pictures = scoreboard_plots.draw_all(qualities, out / "assets")
    lines = [
        "# Scoreboard",
        "",
        "How good the engines are, measured by `make scoreboard`, which writes this page.",
        "",
    ]
    for caption, name in pictures:
        lines += [f"![{caption}](assets/{name})", ""]
    for quality in qualities:
        lines += section(quality)
    lines += peers.section()
    (out / "scoreboard.md").write_text("\n".join(lines) + "\n" + PROTOCOL, encoding="utf-8")


def section(quality: Quality) -> Iterator[str]:
    """The lines about one data set or protocol."""
    yield f"## {TITLES.get(quality.dataset, quality.dataset)}"
    yield ""
    yield (
        f"{quality.items:,} items, {quality.users:,} users, {quality.ratings:,} ratings; {quality.asked:,} users are "
        f"asked about. Measured on {quality.date} with `{quality.command}`."
    )
    yield ""
    yield from markdown(HEADINGS, map(cells, quality.engines))
    yield ""
    yield "What the lists of ten are made up of:"
    yield ""
    yield from markdown(made_of_headings(), map(made_of, quality.engines))
    yield ""
    yield "What the validation ratings chose, and what training took:"
    yield ""
    yield "| seed | engine | best epoch | of | validation NDCG@10 | training |"
    yield "|---|---|---|---|---|---|"
    for run in quality.runs:
        epochs = f"{run.best_epoch} | {run.epochs}"
        yield f"| {run.seed} | `{run.engine}` | {epochs} | {run.validation:.4f} | {run.seconds:.0f} s |"
    yield ""
    yield "The config: " + ", ".join(f"`{name} = {value}`" for name, value in quality.config.items()) + "."
    yield ""
    yield f"{quality.circumstances}."
    yield ""


def markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table of engines."""
    yield "| " + " | ".join(headings) + " |"
    yield "|---" * len(headings) + "|"
    yield from ("| " + " | ".join([f"`{row[0]}`", *row[1:]]) + " |" for row in rows)


def cells(engine: EngineFigures) -> list[str]:
    """One row of the table of how often the engines are right."""
    figures = engine.figures
    # One seed alone has no spread.
    seeds = f"{engine.lowest:.4f} to {engine.highest:.4f}" if engine.lowest < engine.highest else ""
    low, high = engine.gain_interval
    gain = f"{engine.gain:+.4f} ({low:+.4f} to {high:+.4f})" if engine.gain else ""
    return [
        engine.engine,
        f"{figures['hr@10']:.4f}",
        f"{figures['ndcg@10']:.4f}",
        f"{engine.interval[0]:.4f} to {engine.interval[1]:.4f}",
        seeds,
        gain,
        f"{figures['mrr@100']:.4f}",
        figure(engine, "mean_rank@100", 1),
        f"{engine.ms_per_list:.2f}",
    ]


def made_of_headings() -> list[str]:
    return ["engine", *(heading for heading, _, _ in MADE_OF)]


def made_of(engine: EngineFigures) -> list[str]:
    """One row of the table of what the lists are made up of."""
    return [engine.engine, *(figure(engine, name, decimals) for _, name, decimals in MADE_OF)]


def figure(engine: EngineFigures, name: str, decimals: int) -> str:
    """The figure, or a dash where it was not measured."""
    value = engine.figures.get(name)
    return UNKNOWN if value is None else f"{value:.{decimals}f}"


def tables(quality: Quality) -> Group:
    """The same two for the terminal."""
    seeds = len({run.seed for run in quality.runs})
    right = Table(*HEADINGS, title=f"{quality.dataset}, {quality.asked:,} users, {seeds} seeds", title_justify="left")
    lists = Table(*made_of_headings(), title="What the lists of ten are made up of", title_justify="left")
    for engine in quality.engines:
        right.add_row(*cells(engine))
        lists.add_row(*made_of(engine))
    return Group(right, lists)
