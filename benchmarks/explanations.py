"""Measure whether explanations hold up, and write docs/explanations.md: `python -m benchmarks.explanations`."""

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from application.evaluating import known_before_test, user_states
from benchmarks.circumstances import circumstances
from benchmarks.quality import epoch_lines
from benchmarks.sandbox import settings_in
from benchmarks.scoreboard import DATASETS_HELP
from domain.errors import DatasetUnavailable
from domain.items import ItemFilter
from domain.lineup import Lineup
from domain.pipeline import Pipeline
from domain.recommendation import Context, UserState
from domain.splitting import leave_last_out
from main.container import build_container

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results" / "explanations"
HEADINGS = ("engine", "cites", "cases", "falls", "further than random", "than recent", "loses its place")
PAGE = """\
# Explanations that hold up

"Because you liked *Alien*" claims that without *Alien* the title would not stand where it does. So we take *Alien* out
of the history and look. `python -m benchmarks.explanations` measures this and writes this page.

- Lists of ten are made from everything but each user's last rating. A place that cites titles is a case.
- The cited titles are taken out of the history; what may be recommended stays the same. The title **falls** when its
  score comes down, in standard deviations from the mean score of all titles.
- It falls **further than random** when it also stands lower than after taking out as many other titles of the history,
  drawn at random, five times for each case. **Than recent** draws them from the last 20, which move most engines most.
- It **loses its place** when another title passes it. A title that leads by far keeps its place though its score falls.
- An engine that does not look at the history cites nothing: its reasons are genres, popularity or people alike.

How an engine knows what to cite: it scores the list again without each of the last liked titles in turn, and names the
one whose absence costs the title most, or two where the second costs at least half as much. Engines that read a history
in its order name one, as two together may mean something else. `content`, a sum over the history, names the largest
summands.
"""
#: places of each list that are looked at
LIST_LENGTH = 10
#: how often as many other titles are drawn for each place
DRAWS = 5
#: the last events of a history, where most of what moves a list is to be found
RECENT = 20
NOTHING = np.empty(0, dtype=np.int64)

console = Console(width=None if sys.stdout.isatty() else 140)


@dataclass(frozen=True)
class Holding:
    """How well one engine's explanations hold up, as shares of the `cases`, which are the places that cite titles.

    `cited` is the share of all places that do. `falls`: the title's score falls among those of all others when the
    cited ones are taken away. `further`: it falls, and further than when as many random ones of the history are;
    `recent`: of its last 20. `place`: the title loses its place to another.
    """

    engine: str
    cases: int
    cited: float
    falls: float
    further: float
    recent: float
    place: float


@dataclass(frozen=True)
class Explanations:
    """All that is told of one data set."""

    dataset: str
    date: str
    command: str
    circumstances: str
    users: int
    engines: Sequence[Holding]


@dataclass(frozen=True, eq=False)
class Probe:
    """One user's context, from which events can be taken away while what is eligible stays the same."""

    context: Context
    pipeline: Pipeline

    def standing(self, position: int, gone: NDArray[np.int64] = NOTHING) -> tuple[float, int]:
        """How many standard deviations the position is above the mean of all, and its rank, without the events."""
        everything = np.flatnonzero(self.context.eligible)
        scores = self.pipeline.ranker.score(self.context.leaving_out(gone), everything)
        own = scores[np.searchsorted(everything, position)]
        return float((own - scores.mean()) / (scores.std() or 1.0)), int((scores > own).sum())


def cases(probe: Probe, random: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """For each place of a list, 0 to 1 for: cites; falls, further than random, than recent; loses its place."""
    context = probe.context
    ids = context.catalogue.ids[context.positions]
    ranking = probe.pipeline(context, LIST_LENGTH)
    for position, reason in zip(ranking.positions.tolist(), ranking.reasons, strict=True):
        cited = np.flatnonzero(np.isin(ids, reason.because_of)) if reason else NOTHING
        others = np.setdiff1d(np.arange(len(ids)), cited)
        recent = others[others >= len(ids) - RECENT]
        if not len(cited) or len(recent) < len(cited):
            yield np.zeros(5)
            continue
        before, rank = probe.standing(position)
        after, later = probe.standing(position, cited)
        falls = float(after < before)
        further = [
            np.mean(
                [
                    after < probe.standing(position, random.choice(among, len(cited), replace=False))[0]
                    for _ in range(DRAWS)
                ]
            )
            for among in (others, recent)
        ]
        yield np.array([1.0, falls, falls * further[0], falls * further[1], float(later > rank)])


def holding(engine: str, lineup: Lineup, states: Sequence[UserState], liked_from: float) -> Holding:
    """One engine's explanations of the lists that these users would get."""
    random = np.random.default_rng(0)
    contexts = [Context.of(lineup.catalogue, state, ItemFilter(kind=None), liked_from) for state in states]
    found = [case for context in contexts for case in cases(Probe(context, lineup.pipelines[engine]), random)]
    table = np.array(found)
    cited = table[table[:, 0] > 0]
    falls, further, recent, place = cited[:, 1:].mean(axis=0).tolist() if len(cited) else [0.0] * 4
    return Holding(engine, len(cited), len(cited) / len(table), falls, further, recent, place)


def measure(dataset: str, users: int, command: str) -> Explanations:
    """Train the published config in a data folder that is thrown away, and look at the lists of `users` of the users.

    Raises `DatasetUnavailable`.
    """
    with TemporaryDirectory(prefix="marquee-explanations-") as home:
        container = build_container(settings_in(Path(home)))
        container.migrate()()
        load = container.load_dataset()(dataset)
        report = container.train_model()(container.training_config()(None, load.dataset), epoch_lines(console.print))
        split = leave_last_out(container.interaction_store().read().in_user_time_order())
        past = known_before_test(split)
        lineup = container.lineups().of(report.version.version, container.catalogues().load().counting(past))
        asked = np.sort(np.random.default_rng(0).permutation(len(split.test))[:users])
        states = user_states(past, split.test.take(asked), container.interaction_store().demographics())
        liked_from = container.serving_rules().liked_from
        return Explanations(
            dataset=load.dataset,
            date=datetime.now(UTC).date().isoformat(),
            command=command,
            circumstances=circumstances(),
            users=len(states),
            engines=[holding(engine, lineup, states, liked_from) for engine in lineup.pipelines],
        )


def cells(one: Holding) -> list[str]:
    """One row of the table."""
    shares = [f"{share:.1%}" if one.cases else "" for share in (one.falls, one.further, one.recent, one.place)]
    return [one.engine, f"{one.cited:.0%}", f"{one.cases:,}", *shares]


def table(found: Explanations) -> Table:
    """The figures as a person reads them."""
    shown = Table(title=f"Explanations on {found.dataset}, lists of {found.users} users", title_justify="left")
    for heading in HEADINGS:
        shown.add_column(heading, justify="left" if heading == HEADINGS[0] else "right")
    for one in found.engines:
        shown.add_row(*cells(one))
    return shown


def saved(folder: Path) -> list[Explanations]:
    """Everything that was kept, by name of the data set."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return [Explanations(**{**kept, "engines": [Holding(**one) for one in kept["engines"]]}) for kept in found]


def page(kept: Sequence[Explanations]) -> str:
    """The page of everything that was kept."""
    lines = [PAGE]
    for found in kept:
        lines += [
            f"## {found.dataset}",
            "",
            f"Lists of {found.users} users, on {found.date}, with `{found.command}`.",
            "",
        ]
        lines += ["| " + " | ".join(HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
        rows = [cells(one) for one in found.engines]
        lines += ["| " + " | ".join([f"`{row[0]}`", *row[1:]]) + " |" for row in rows]
        lines += ["", f"{found.circumstances}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--datasets", nargs="*", default=["ml-100k"], help=DATASETS_HELP)
    parser.add_argument("--users", type=int, default=200, help="users whose lists are looked at")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are kept")
    arguments = parser.parse_args()
    for dataset in arguments.datasets:
        command = f"python -m benchmarks.explanations --datasets {shlex.quote(dataset)} --users {arguments.users}"
        try:
            found = measure(dataset, arguments.users, command)
        except DatasetUnavailable as error:
            console.print(f"[yellow]{dataset} is left out:[/] {error.message}", highlight=False)
            continue
        arguments.results.mkdir(parents=True, exist_ok=True)
        kept = arguments.results / f"{found.dataset}.json"
        kept.write_text(json.dumps(asdict(found), indent=2) + "\n", encoding="utf-8")
        console.print(table(found))
    (ROOT / "docs" / "explanations.md").write_text(page(saved(arguments.results)), encoding="utf-8")


if __name__ == "__main__":
    main()
