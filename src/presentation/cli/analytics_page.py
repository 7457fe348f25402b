"""What was shown and what it earned, as one HTML page that needs nothing else."""

from collections.abc import Sequence
from datetime import date, datetime
from html import escape

from application.measuring import EngineReport, GlobalReport
from domain.comparing import Interval
from domain.measuring import Share, Tally
from presentation.cli.experiment_page import WIDTH, Row, figure, page, percent, table, ticks_between

HEIGHT, LEFT, BOTTOM, TOP = 240, 56, 28, 14
#: places of a list that the picture shows
RANKS = 20
TALLY_HEADINGS = ("lists", "titles shown", "clicks", "enrolments", "CTR", "95 %")
BY_WILSON = "Clicks over shown titles, with 95 % intervals by Wilson's formula."
#: of the band around the line of days
STYLE = (
    "<style>.band { fill: var(--rule); opacity: .6 } .line { fill: none; stroke: var(--good); stroke-width: 2 }</style>"
)


def analytics_page(whole: GlobalReport, engines: EngineReport, made_at: datetime) -> str:
    """The page. Everything that somebody has written is escaped."""
    days = [day for day, _ in whole.days]
    period = f"{days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}, as of {made_at:%Y-%m-%d %H:%M} UTC; days are days by UTC."
    versions = [(" ".join(filter(None, name)), tally) for name, tally in engines.engines]
    platforms = [(name or "not told", tally) for name, tally in engines.platforms]
    ranks = [(f"place {rank}", tally) for rank, tally in engines.ranks[:RANKS]]
    parts = [
        STYLE,
        "<h1>What was shown</h1>",
        f"<p>{period}</p>",
        table(("", *TALLY_HEADINGS), [_cells("all lists", whole.tally)]),
        "<h2>Click-through rate by day</h2>",
        daily_figure(whole.days),
        *_section("By engine and model version", versions),
        *_section("By platform", platforms),
        *_section("By place in the list", ranks),
        "<h2>Clicked most</h2>",
        table(
            ("title", "shown", "clicks", "CTR"),
            [
                [escape(item.title), f"{tally.shown:,}", f"{tally.ctr.count:,}", percent(tally.ctr.value)]
                for item, tally in whole.popular
            ],
        ),
    ]
    return page("What was shown", parts)


def _section(title: str, named: Sequence[tuple[str, Tally]]) -> list[str]:
    rows = [Row(name, tally.ctr.value, _interval(tally.ctr), None, "") for name, tally in named if tally.shown]
    drawn = figure(rows, percent, BY_WILSON, None) if rows else ""
    return [
        f"<h2>{title}</h2>",
        drawn,
        table(("", *TALLY_HEADINGS), [_cells(name, tally) for name, tally in named]),
    ]


def _cells(name: str, tally: Tally) -> list[str]:
    low, high = tally.ctr.interval
    counts = [f"{count:,}" for count in (tally.lists, tally.shown, tally.clicks, tally.enrolls)]
    known = [percent(tally.ctr.value), f"{percent(low)} to {percent(high)}"] if tally.shown else ["", ""]
    return [escape(name), *counts, *known]


def _interval(share: Share) -> Interval:
    return Interval(*share.interval)


def daily_figure(days: Sequence[tuple[date, Tally]]) -> str:
    """The rate of each day as a line within the band of its intervals; a day on which nothing was shown is a gap."""
    shown = [(place, tally.ctr) for place, (_, tally) in enumerate(days) if tally.shown]
    top = 1.05 * max((rate.interval[1] for _, rate in shown), default=1.0)

    def x(place: int) -> float:
        return LEFT + place / max(len(days) - 1, 1) * (WIDTH - LEFT - 24)

    def y(value: float) -> float:
        return TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM)

    marks = [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - 24}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        f'<text x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{percent(tick)}</text>'
        for tick in [0.0, *ticks_between(0.0, top)]
    ]
    marks += [
        f'<text x="{x(place):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{days[place][0]:%d %b}</text>'
        for place in sorted({0, len(days) // 2, len(days) - 1})
    ]
    for run in _runs(shown):
        upper = [f"{x(place):.1f},{y(rate.interval[1]):.1f}" for place, rate in run]
        lower = [f"{x(place):.1f},{y(rate.interval[0]):.1f}" for place, rate in reversed(run)]
        line = " ".join(f"{x(place):.1f},{y(rate.value):.1f}" for place, rate in run)
        marks.append(f'<polygon class="band" points="{" ".join(upper + lower)}"/>')
        marks.append(f'<polyline class="line" points="{line}"/>')
    marks += [
        f'<g class="row better"><title>{days[place][0]}: {percent(rate.value)} of {rate.total:,}</title>'
        f'<circle class="dot" cx="{x(place):.1f}" cy="{y(rate.value):.1f}" r="3.5"/></g>'
        for place, rate in shown
    ]
    caption = f"{BY_WILSON} Days on which nothing was shown are left out."
    drawing = "\n".join(marks)
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{caption}">\n{drawing}\n</svg>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _runs(shown: Sequence[tuple[int, Share]]) -> list[list[tuple[int, Share]]]:
    """The days, parted where one is missing."""
    runs: list[list[tuple[int, Share]]] = []
    for place, rate in shown:
        if not runs or runs[-1][-1][0] != place - 1:
            runs.append([])
        runs[-1].append((place, rate))
    return runs
