"""The scoreboard's pictures: one for each question that a table answers slowly."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.quality import SEEDED, EngineFigures, Quality

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEEDED_COLOUR, OTHER_COLOUR, LINE_COLOUR = "#3f51b5", "#9e9e9e", "#424242"
HYBRID = "hybrid"
#: engines that are drawn by length of history and by epoch, at most, the best first: more lines cannot be told apart
LINES = 7
Draw = Callable[["Axes", Quality], None]


def draw_all(qualities: Sequence[Quality], folder: Path) -> list[tuple[str, str]]:
    """Write every picture that there are figures for into the folder; for each its caption and its file's name."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        (caption, name)
        for caption, name, draw, has in PICTURES
        if _drawn([quality for quality in qualities if has(quality)], folder / name, draw)
    ]


def _drawn(qualities: Sequence[Quality], path: Path, draw: Draw) -> bool:
    if not qualities:
        path.unlink(missing_ok=True)
        return False
    heights = [0.9 + 0.26 * max(len(quality.engines), 9) for quality in qualities]
    with _panels(heights, path) as panels:
        for panel, quality in zip(panels, qualities, strict=True):
            draw(panel, quality)
            panel.set_title(quality.dataset, loc="left", fontsize="medium")
            panel.spines[["top", "right"]].set_visible(False)
    return True


@contextmanager
def _panels(heights: Sequence[float], path: Path) -> Iterator[list["Axes"]]:
    """Panels one below the other, written as an SVG that is the same for the same figures."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    mpl.rcParams.update({"svg.hashsalt": "marquee", "svg.fonttype": "none"})
    figure, panels = pyplot.subplots(
        len(heights), 1, figsize=(7, sum(heights)), height_ratios=heights, squeeze=False, layout="constrained"
    )
    yield [panel for (panel,) in panels]
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def quality_bars(panel: "Axes", quality: Quality) -> None:
    """NDCG@10 of every engine with its interval."""
    engines = list(reversed(quality.engines))
    values = [engine.figures["ndcg@10"] for engine in engines]
    below = [value - engine.interval[0] for value, engine in zip(values, engines, strict=True)]
    above = [engine.interval[1] - value for value, engine in zip(values, engines, strict=True)]
    colours = [_colour(engine) for engine in engines]
    panel.barh([engine.engine for engine in engines], values, xerr=[below, above], color=colours, ecolor=LINE_COLOUR)
    panel.set_xlabel("NDCG@10, bars of 95 %")


def quality_against_cost(panel: "Axes", quality: Quality) -> None:
    """NDCG@10 of every trained engine against the seconds that its training took."""
    seconds = seconds_of(quality)
    for engine in quality.engines:
        if engine.engine in seconds:
            place = (max(seconds[engine.engine], 0.1), engine.figures["ndcg@10"])
            panel.plot(*place, "o", color=_colour(engine))
            panel.annotate(engine.engine, place, xytext=(4, 4), textcoords="offset points", fontsize="x-small")
    panel.set_xscale("log")
    panel.set_xlabel("seconds of training; those of the hybrid include the engines it blends")
    panel.set_ylabel("NDCG@10")


def quality_by_length(panel: "Axes", quality: Quality) -> None:
    """NDCG@10 of the best engines by length of history."""
    for engine in best(quality):
        panel.plot(list(engine.by_length), list(engine.by_length.values()), "o-", label=engine.engine)
    panel.set_xlabel("events in the history")
    panel.set_ylabel("NDCG@10")
    panel.legend(fontsize="small", frameon=False)


def learning_curves(panel: "Axes", quality: Quality) -> None:
    """Validation NDCG@10 after each epoch of the first seed, of the engines that have epochs."""
    for run in quality.runs:
        if run.seed == quality.runs[0].seed and len(run.curve) > 1:
            panel.plot(range(1, 1 + len(run.curve)), run.curve, ".-", label=run.engine)
    panel.set_xlabel("epoch")
    panel.set_ylabel("validation NDCG@10")
    panel.legend(fontsize="small", frameon=False)


def best(quality: Quality) -> list[EngineFigures]:
    """The engines with the highest NDCG@10, best first; without `auto`, which is one of them."""
    ranked = sorted(quality.engines, key=lambda engine: -engine.figures["ndcg@10"])
    return [engine for engine in ranked if engine.engine != "auto"][:LINES]


def seconds_of(quality: Quality) -> dict[str, float]:
    """Mean seconds of training by engine; the hybrid needs all of them."""
    every: dict[str, list[float]] = {}
    for run in quality.runs:
        every.setdefault(run.engine, []).append(run.seconds)
    means = {engine: sum(seconds) / len(seconds) for engine, seconds in every.items()}
    return means | ({HYBRID: sum(means.values())} if HYBRID in means else {})


def _colour(engine: EngineFigures) -> str:
    return SEEDED_COLOUR if engine.engine in SEEDED else OTHER_COLOUR


#: caption, file, what draws it, and whether there are figures for it
PICTURES: tuple[tuple[str, str, Draw, Callable[[Quality], Any]], ...] = (
    ("NDCG@10 of each engine with its 95 % interval", "scoreboard.svg", quality_bars, lambda quality: True),
    ("NDCG@10 against the cost of training", "scoreboard-cost.svg", quality_against_cost, lambda quality: quality.runs),
    (
        "NDCG@10 by length of history",
        "scoreboard-lengths.svg",
        quality_by_length,
        lambda quality: any(engine.by_length for engine in quality.engines),
    ),
    (
        "Validation NDCG@10 by epoch",
        "scoreboard-epochs.svg",
        learning_curves,
        lambda quality: any(len(run.curve) > 1 for run in quality.runs),
    ),
)
