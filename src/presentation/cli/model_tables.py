"""Tables of model versions: which there are, how one was judged, and how two of them compare."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from application.promoting import Comparison
from domain.gates import MEGABYTE
from domain.lineup import AUTO
from domain.model_versions import Aliases, ModelVersion

#: the figures of `auto` that are shown of a version: name in the manifest, heading, format
FIGURES = (
    ("ndcg@10", "NDCG@10", ".4f"),
    ("hr@10", "HR@10", ".4f"),
    ("mrr@100", "MRR@100", ".4f"),
    ("coverage@10", "coverage", ".3f"),
    ("diversity@10", "diversity", ".3f"),
    ("novelty@10", "novelty", ".2f"),
    ("arp@10", "popularity", ".1f"),
    ("gini@10", "Gini", ".3f"),
    ("miscalibration@10", "miscalibration", ".3f"),
)

#: of the table of gates
HEADINGS = ("gate", "", "why")


def versions_table(versions: Sequence[ModelVersion], aliases: Aliases) -> Table:
    """One row a version, newest first; the figures are those of `auto` on its own test events."""
    table = Table(title=f"{len(versions)} model versions, aliases of generation {aliases.generation}")
    table.title_justify = "left"
    for heading in ("version", "alias", "engines", "gates"):
        table.add_column(heading, no_wrap=heading != "engines")
    for heading in ("NDCG@10", "HR@10", "MB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in versions:
        figures = one.test_figures(AUTO)
        table.add_row(
            one.version,
            part_of(one.version, aliases),
            ", ".join(one.engines),
            _verdict(one),
            *(f"{figures[name]:.4f}" if name in figures else "" for name in ("ndcg@10", "hr@10")),
            f"{one.size / MEGABYTE:.1f}",
        )
    return table


def version_table(version: ModelVersion, aliases: Aliases) -> Table:
    """What one version is, and what `auto` reaches with it."""
    table = _plain(f"Model {version.version}", ("", "what"))
    rows = {
        "alias": part_of(version.version, aliases) or "none",
        "made": f"{version.created_at:%Y-%m-%d %H:%M:%S} UTC",
        "engines": ", ".join(version.engines),
        "auto": ", ".join(f"{engine} from {least} ratings" for least, engine in version.auto),
        "parent": version.parent or "none",
        "data": version.data_fingerprint[:16],
        "index": f"{version.index.kind}, {version.index.items:,} items" if version.index else "none",
        "size": f"{version.size / MEGABYTE:.1f} MB",
    }
    figures = version.test_figures(AUTO)
    rows |= {heading: f"{figures[name]:{form}}" for name, heading, form in FIGURES if name in figures}
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def gates_table(version: ModelVersion) -> Table:
    """What came of each gate."""
    report = version.gates
    if report is None:
        table = _plain(f"Gates of {version.version}", HEADINGS)
        table.add_row("", "", "It has not been judged.")
        return table
    against = f"against {report.champion}" if report.champion else "without a champion"
    table = _plain(f"Gates of {version.version}, {against}: {_verdict(version)}", HEADINGS)
    for gate in report.gates:
        table.add_row(gate.name, "[green]✓[/]" if gate.passed else "[red]✗[/]", gate.reason)
    return table


def comparison_tables(found: Comparison) -> tuple[Table, Table]:
    """NDCG@10 by group with what is known of the difference, and every other figure side by side."""
    headings = (found.base.version, found.other.version, "difference", "95 % each end")
    by_group = _plain("NDCG@10 of auto on every user's last rating", ("group",), ("users", *headings))
    for pair in found.pairs:
        by_group.add_row(
            pair.group,
            f"{pair.users:,}",
            f"{pair.base:.4f}",
            f"{pair.other:.4f}",
            f"{pair.difference:+.4f}",
            f"{pair.low:+.4f} to {pair.high:+.4f}",
        )
    beside = _plain("The same lists by every measure", ("measure",), headings[:2])
    for name, heading, form in FIGURES:
        beside.add_row(heading, *_both(found.base_figures, found.other_figures, name, form))
    return by_group, beside


def aliases_table(aliases: Aliases) -> Table:
    """Which versions have a part to play."""
    table = _plain(f"Aliases of generation {aliases.generation}", ("alias", "version"))
    table.add_row("champion", aliases.champion or "none")
    table.add_row("challenger", aliases.challenger or "none")
    for version in aliases.former:
        table.add_row("former champion", version)
    return table


def part_of(version: str, aliases: Aliases) -> str:
    """The alias of a version; nothing where it has none."""
    if version == aliases.champion:
        return "champion"
    if version == aliases.challenger:
        return "challenger"
    return "former champion" if version in aliases.former else ""


def _verdict(version: ModelVersion) -> str:
    if version.gates is None:
        return "not judged"
    failed = len(version.gates.failed)
    return f"{failed} failed" if failed else "passed"


def _both(base: Mapping[str, float], other: Mapping[str, float], name: str, form: str) -> tuple[str, str]:
    return f"{base[name]:{form}}", f"{other[name]:{form}}"


def _plain(title: str, headings: Sequence[str], figures: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading)
    for heading in figures:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
