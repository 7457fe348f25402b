"""The figures of the peers: kept as JSON, shown on the terminal, and as a section of the scoreboard's page."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.peers.running import PeerFigures
from domain.lineup import AUTO

BENCHMARKS = Path(__file__).resolve().parents[1]
RESULTS = BENCHMARKS / "results" / "peers"
PUBLISHED = BENCHMARKS / "published_figures.toml"
#: stands where a figure is not known
UNKNOWN = "–"
INTRODUCTION = """\
Published figures are copied from their source. Each peer is a library's own model in an environment of its own,
trained on our split by `python -m benchmarks.peers`: it is never shown the test events, it writes lists of 100, and our
measures judge them. [How to run it](how-to/compare-with-other-libraries.md) says more.\
"""


@dataclass(frozen=True)
class PeersRun:
    """The peers of one protocol, and what the figures depend on besides the pins."""

    protocol: str
    command: str
    circumstances: str
    users: int
    items: int
    events: int
    asked: int
    peers: Sequence[PeerFigures]

    def over(self, earlier: "PeersRun | None") -> "PeersRun":
        """These, and of an earlier run those peers that were not run again. They keep the date on which they were."""
        again = {(figures.library, figures.peer) for figures in self.peers}
        kept = [figures for figures in earlier.peers if (figures.library, figures.peer) not in again] if earlier else []
        ordered = sorted([*kept, *self.peers], key=lambda figures: (figures.library, figures.peer))
        return PeersRun(**{**vars(self), "peers": ordered})


def save(run: PeersRun, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(run), indent=2, ensure_ascii=False) + "\n"
    (folder / f"{run.protocol}.json").write_text(text, encoding="utf-8")


def saved(protocol: str, folder: Path) -> PeersRun | None:
    """What was kept of one protocol, None where nothing was."""
    path = folder / f"{protocol}.json"
    if not path.is_file():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    return PeersRun(**{**kept, "peers": [PeerFigures(**peer) for peer in kept["peers"]]})


def published(path: Path = PUBLISHED) -> Mapping[str, Mapping[str, Any]]:
    """By protocol: `title`, which `figures`, and what was `published`."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def section(folder: Path = RESULTS) -> Iterator[str]:
    """The lines of the page: for each protocol what was published and what the peers reach on our split."""
    yield "## Published figures and peers"
    yield ""
    yield INTRODUCTION
    yield ""
    for protocol, known in published().items():
        run = saved(protocol, folder)
        names = list(known["figures"])
        yield f"### {protocol.upper()}: {known['title']}"
        yield ""
        if run is not None:
            yield f"{run.items:,} items, {run.users:,} users, {run.events:,} events; {run.asked:,} users are asked."
            yield ""
        yield from _table(names, known, run.peers if run else ())
        yield ""
        if run is not None:
            yield from _details(run)


def _table(names: Sequence[str], known: Mapping[str, Any], peers: Sequence[PeerFigures]) -> Iterator[str]:
    headings = ["model", *(name.upper() for name in names), "NDCG@10, 95 %", "training, CPU", "where from"]
    yield "| " + " | ".join(headings) + " |"
    yield "|---" * len(headings) + "|"
    for other in known["published"]:
        values = [decimals(other.get(name)) for name in names]
        source = f"published: {other['source']}" + (f"; {other['note']}" if "note" in other else "")
        yield "| " + " | ".join([other["method"], *values, UNKNOWN, UNKNOWN, source]) + " |"
    for figures in peers:
        yield "| " + " | ".join(cells(figures, names)) + " |"
    for protocol in known.get("ours", ()):
        yield from _ours(protocol, names)
    yield from among_candidates(known.get("among_candidates"), names)
    if "aim" in known:
        values = [decimals(known["aim"].get(name)) for name in names]
        yield "| " + " | ".join(["*aim*", *values, UNKNOWN, UNKNOWN, "what Marquee is to reach"]) + " |"


def among_candidates(protocol: str | None, names: Sequence[str], folder: Path = RESULTS.parent) -> Iterator[str]:
    """The rows of our engines among sampled candidates, where they were measured."""
    path = folder / "candidates" / f"{protocol}.json"
    if not path.is_file():
        return
    kept = json.loads(path.read_text(encoding="utf-8"))
    for engine, found in kept.items():
        values = [decimals(found["figures"].get(name)) for name in names]
        said = f"`{found['command']}`, {found['date']}, seed {found['seed']}"
        yield "| " + " | ".join([f"**Marquee**, `{engine}`", *values, UNKNOWN, UNKNOWN, said]) + " |"


def _ours(protocol: str, names: Sequence[str], folder: Path = RESULTS.parent) -> Iterator[str]:
    """The row of `auto`, where the line was measured."""
    path = folder / f"{protocol}.json"
    if not path.is_file():
        return
    kept = json.loads(path.read_text(encoding="utf-8"))
    (auto,) = (engine for engine in kept["engines"] if engine["engine"] == AUTO)
    values = [decimals(auto["figures"].get(name)) for name in names]
    interval = " to ".join(decimals(bound) for bound in auto["interval"])
    seeds = {run["seed"] for run in kept["runs"]}
    seconds = sum(run["seconds"] for run in kept["runs"]) / len(seeds)
    said = f"{protocol}, {kept['date']}, seeds: {len(seeds)}; seconds added up over the engines"
    yield "| " + " | ".join(["**Marquee**, `auto`", *values, interval, f"{seconds:.0f} s", said]) + " |"


def cells(figures: PeerFigures, names: Sequence[str]) -> list[str]:
    """One peer's row; without figures it says why."""
    values = [decimals(figures.figures.get(name)) for name in names]
    interval = " to ".join(decimals(bound) for bound in figures.interval) or UNKNOWN
    seconds = f"{figures.seconds:.0f} s" if figures.figures else UNKNOWN
    said = [f"{figures.library} {figures.version}, {figures.date}", figures.problem, figures.note]
    return [figures.peer, *values, interval, seconds, "; ".join(filter(None, said))]


def decimals(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.4f}"


def _details(run: PeersRun) -> Iterator[str]:
    """What is behind the figures: hyper-parameters and where they are from."""
    yield "Hyper-parameters of the peers:"
    yield ""
    for figures in run.peers:
        given = ", ".join(f"`{name} = {value}`" for name, value in figures.parameters.items())
        chosen = f" Best of {figures.tried} on validation ({decimals(figures.validation)})." if figures.tried else ""
        yield f"- {figures.library} {figures.peer}: {given}.{chosen} {figures.source}."
    yield ""
    yield f"Last measured with `{run.command}`. {run.circumstances}."
    yield ""


def table(run: PeersRun) -> Table:
    """The peers of one run for the terminal."""
    names = ["hr@10", "ndcg@10", "recall@10", "mrr@100", "coverage@10"]
    title = f"{run.protocol.upper()}, {run.asked:,} users"
    shown = Table("peer", *names, "ndcg@10, 95 %", "training, CPU", "library", title=title, title_justify="left")
    for figures in run.peers:
        shown.add_row(*cells(figures, names))
    return shown
