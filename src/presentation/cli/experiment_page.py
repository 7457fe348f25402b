"""What an experiment has shown, as one HTML page that needs nothing else: tables, and pictures drawn as SVG."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from domain.comparing import Interval
from domain.verdicts import MISMATCH, ExperimentReport, VariantReport, Verdict

WIDTH, LEFT, RIGHT, ROW, TOP = 720, 150, 24, 34, 26
#: ticks of a scale, about so many
TICKS = 6

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5a6472; --rule: #d0d7de; --plain: #5a6472; --good: #1a7f5a;
  --bad: #b3452c; --back: #ffffff }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa5b4; --rule: #3a424d; --plain: #9aa5b4;
  --good: #4cc38a; --bad: #ef8a6f; --back: #14181d } }
body { background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 760px; padding: 0 1rem }
h1 { font-size: 1.5rem; line-height: 1.25 } h2 { font-size: 1.1rem; margin-top: 2rem }
p, figcaption { color: var(--soft) } figure { margin: 0 } svg { width: 100%; height: auto }
.table { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100% }
th, td { border-bottom: 1px solid var(--rule); padding: .35rem .6rem; text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
.warning { border-left: 4px solid var(--bad); color: var(--ink); padding-left: .8rem }
text { fill: var(--soft); font: 13px system-ui, sans-serif } .name { fill: var(--ink) } .grid { stroke: var(--rule) }
.zero { stroke: var(--soft) } .better, .held { color: var(--good) } .worse, .broken { color: var(--bad) }
.whisker { stroke: currentColor; stroke-width: 2; stroke-linecap: round } .bar { stroke: currentColor; stroke-width: 7 }
.dot { fill: currentColor } g.row { color: var(--plain) } g.row.better { color: var(--good) }
g.row.worse { color: var(--bad) }
"""


@dataclass(frozen=True)
class Row:
    """One line of a picture: a value, an inner interval drawn thick and an outer one drawn thin."""

    name: str
    value: float | None
    inner: Interval | None
    outer: Interval | None
    kind: str


def experiment_page(report: ExperimentReport) -> str:
    """The page. Everything that somebody has written is escaped."""
    experiment = report.experiment
    title, metric = escape(experiment.name), escape(experiment.success_metric)
    others = report.variants[1:]
    parts = [
        f"<h1>{title}</h1>",
        f"<p>{escape(experiment.description)}</p>" if experiment.description else "",
        f"<p>{report.status.value.capitalize()}, as of {report.made_at:%Y-%m-%d %H:%M} UTC.</p>",
        _mismatch(report),
        f"<h2>{metric} by variant</h2>",
        figure(rate_rows(report), percent, "Rates with their 95 % intervals, users being what is counted on.", None),
        table(VARIANT_HEADINGS, [_variant_cells(one) for one in report.variants]),
    ]
    if others:
        caption = "Lift over the control. Thick: at one look that was planned. Thin: however often one looks."
        parts += [f"<h2>Lift of {metric}</h2>", figure(lift_rows(report), _signed, caption, 0.0)]
        parts += [table(LIFT_HEADINGS, [_lift_cells(one) for one in others])]
    if any(one.guard_rails for one in others):
        parts += [
            "<h2>Guard rails</h2>",
            table(RAIL_HEADINGS, [cells for one in others for cells in _rail_cells(one)]),
        ]
    for one in report.variants:
        parts += _interleaving(one)
    return page(title, parts)


def page(title: str, parts: Sequence[str]) -> str:
    """A page of its own with this title; all of it is HTML already."""
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style>\n</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def rate_rows(report: ExperimentReport) -> list[Row]:
    """Each variant's rate."""
    return [
        Row(one.variant.name, one.rate.value, one.rate.interval(), None, one.verdict.value) for one in report.variants
    ]


def lift_rows(report: ExperimentReport) -> list[Row]:
    """Each variant's lift over the control, with both intervals."""
    return [
        Row(one.variant.name, found.lift, found.interval(), found.always_valid_interval(), one.verdict.value)
        for one in report.variants
        if (found := one.contrast) is not None
    ]


VARIANT_HEADINGS = ("variant", "share", "users", "lists", "rate", "95 %")
LIFT_HEADINGS = ("variant", "lift", "planned 95 %", "p", "always valid 95 %", "always valid p", "verdict")
RAIL_HEADINGS = ("variant", "metric", "margin", "lift", "p", "state")


def _variant_cells(one: VariantReport) -> list[str]:
    rate = [percent(one.rate.value), _range(one.rate.interval(), percent)]
    return [escape(one.variant.name), percent(one.variant.share), f"{one.users:,}", f"{one.lists:,}", *rate]


def _lift_cells(one: VariantReport) -> list[str]:
    found = one.contrast
    if found is None or one.adjusted_p_value is None:
        return []
    planned = [_signed(found.lift), _range(found.interval(), _signed), p_value(found.p_value)]
    steady = [_range(found.always_valid_interval(), _signed), p_value(one.adjusted_p_value)]
    verdict = f'<span class="{one.verdict.value}">{one.verdict.value}</span>'
    return [escape(one.variant.name), *planned, *steady, verdict]


def _rail_cells(one: VariantReport) -> list[list[str]]:
    return [
        [
            escape(one.variant.name),
            escape(rail.metric),
            percent(rail.margin),
            _signed(rail.lift),
            p_value(rail.p_value),
            f'<span class="{rail.state.value}">{rail.state.value}</span>',
        ]
        for rail in one.guard_rails
    ]


def _mismatch(report: ExperimentReport) -> str:
    p = p_value(report.sample_ratio_p_value)
    if not report.sample_ratio_mismatch:
        return f"<p>Users are parted as they should be (p = {p}).</p>"
    return (
        f'<p class="warning">Users are not parted as they should be (p = {p}, below {MISMATCH}): something but chance '
        "has parted them, so nothing is to be made of any difference.</p>"
    )


def _interleaving(one: VariantReport) -> list[str]:
    told = one.interleaving
    if told is None:
        return []
    preference = told.preference
    first, second = escape(told.first), escape(told.second)
    inner = preference.interval()
    rows = [Row(f"{second} over {first}", preference.share, inner, None, Verdict.UNDECIDED.value)]
    cells = [f"{preference.wins:,}", f"{preference.losses:,}", f"{preference.ties:,}", percent(preference.share)]
    values = [_range(inner, percent), p_value(preference.p_value), p_value(preference.always_valid_p_value)]
    headings = ("variant", f"prefer {second}", f"prefer {first}", "neither", "share", "95 %", "p", "always valid p")
    caption = f"Of the users who prefer one, the share who took up more of what {second} had chosen."
    return [
        f"<h2>Interleaved: {escape(one.variant.name)}</h2>",
        figure(rows, percent, caption, 0.5),
        table(headings, [[escape(one.variant.name), *cells, *values]]),
    ]


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Of cells that are HTML already."""
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'


def figure(rows: Sequence[Row], told: Callable[[float | None], str], caption: str, zero: float | None) -> str:
    """Dots with whiskers on one scale, and a line at `zero` where there is one."""
    low, high = _extent(rows, zero)
    ticks = ticks_between(low, high)

    def x(value: float) -> float:
        return LEFT + (min(max(value, low), high) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    height = TOP + ROW * len(rows) + 8
    marks = [
        f'<line class="grid" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{TOP - 6}" y2="{height - 8}"/>'
        f'<text x="{x(tick):.1f}" y="{TOP - 12}" text-anchor="middle">{told(tick)}</text>'
        for tick in ticks
    ]
    if zero is not None:
        marks.append(f'<line class="zero" x1="{x(zero):.1f}" x2="{x(zero):.1f}" y1="{TOP - 6}" y2="{height - 8}"/>')
    marks += [_drawn(row, TOP + ROW * place + ROW / 2, x, told) for place, row in enumerate(rows)]
    drawing = "\n".join(marks)
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(caption)}">\n{drawing}\n</svg>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _drawn(row: Row, y: float, x: Callable[[float], float], told: Callable[[float | None], str]) -> str:
    name = row.name if len(row.name) <= 20 else f"{row.name[:19]}…"
    marks = [f'<text class="name" x="0" y="{y + 4:.1f}">{escape(name)}</text>']
    for interval, style in ((row.outer, "whisker"), (row.inner, "bar")):
        if interval is not None:
            ends = f'x1="{x(interval.low):.1f}" x2="{x(interval.high):.1f}"'
            marks.append(f'<line class="{style}" {ends} y1="{y:.1f}" y2="{y:.1f}"/>')
    if row.value is not None:
        marks.append(f'<circle class="dot" cx="{x(row.value):.1f}" cy="{y:.1f}" r="5.5"/>')
    return f'<g class="row {row.kind}"><title>{escape(row.name)}: {told(row.value)}</title>{"".join(marks)}</g>'


def _extent(rows: Sequence[Row], zero: float | None) -> tuple[float, float]:
    """The scale: every value and inner interval is on it, and of the outer ones as much as does not dwarf these."""
    values = [row.value for row in rows if row.value is not None] + ([] if zero is None else [zero])
    values += [end for row in rows if row.inner is not None for end in (row.inner.low, row.inner.high)]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = (high - low) or max(abs(high), 0.01)
    wide = [end for row in rows if row.outer is not None for end in (row.outer.low, row.outer.high)]
    outer_low, outer_high = max(min([low, *wide]), low - room), min(max([high, *wide]), high + room)
    margin = 0.06 * ((outer_high - outer_low) or room)
    return outer_low - margin, outer_high + margin


def ticks_between(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`, about `TICKS` of them."""
    rough = (high - low) / TICKS
    power = 10.0
    while power > rough:
        power /= 10.0
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if power * factor >= rough)
    first = int(low // step) + 1
    return [tick * step for tick in range(first, int(high // step) + 1)]


def percent(value: float | None) -> str:
    """Such as `12.3%`; nothing where nothing is known."""
    return "" if value is None else f"{value:.1%}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.1%}"


def _range(interval: Interval | None, told: Callable[[float | None], str]) -> str:
    return "" if interval is None else f"{told(interval.low)} to {told(interval.high)}"


def p_value(value: float) -> str:
    """A p-value as it is read: three decimals, or that it is smaller than they can tell."""
    return "&lt; 0.001" if value < 0.001 else f"{value:.3f}"
