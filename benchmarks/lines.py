"""Measure the lines that published work is compared on, all on MovieLens 1M: `python -m benchmarks.lines q1`."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from application.evaluating import Question, questions, questions_in_turn
from application.training import TrainingReport, figures_of, fingerprint, known_before_test
from benchmarks import scoreboard_page
from benchmarks.circumstances import circumstances
from benchmarks.quality import Quality, TimedProgress, engine_figures, epoch_lines, seed_runs
from benchmarks.sandbox import settings_in
from benchmarks.scoreboard import RESULTS, console, say
from domain import splitting
from domain.catalogue import Catalogue
from domain.choosing import best_by_length
from domain.events import Interactions
from domain.lineup import AUTO, COLD_START
from domain.model_versions import TrainingConfig
from domain.ports.datasets import Dataset
from domain.ports.learning import TrainingData
from domain.splitting import Split
from domain.users import Demographics
from infrastructure.learning.config import read_config
from main.container import Container, build_container

People = Mapping[int, Demographics]
Asks = Callable[[Split, People], Sequence[Question]]

DATASET = "ml-1m"
CONFIGS = Path(__file__).resolve().parents[1] / "configs"


@dataclass(frozen=True)
class Line:
    """What is kept of the data set, how it is parted, and what is asked; one training may be asked several things."""

    kept: Callable[[Interactions], Interactions]
    split: Callable[[Interactions], Split]
    asks: Mapping[str, Asks]


def last_events(split: Split, people: People) -> Sequence[Question]:
    """The test events, with all that was held out for validation known."""
    return questions(known_before_test(split), split.test, people)


def events_in_turn(split: Split, people: People) -> Sequence[Question]:
    """Every test event, with all known that the user did before it."""
    return questions_in_turn(known_before_test(split), split.test, people)


def last_in_turn(split: Split, people: People) -> Sequence[Question]:
    """Each user's last test event, with all known that they did before it."""
    asked = events_in_turn(split, people)
    users = np.array([question.state.user_id for question in asked])
    return [asked[place] for place in np.flatnonzero(np.append(users[1:] != users[:-1], True)).tolist()]


def global_time(interactions: Interactions) -> Split:
    """What came after the cut is for testing; of what came before, each user's last event is for validation.

    Nothing that a model learns from is later than the cut, and no more of it is given up than choosing needs.
    """
    parts = splitting.by_global_time(interactions)
    before = known_before_test(parts)
    last = np.append(before.user_ids[1:] != before.user_ids[:-1], True)
    return Split(train=before.take(~last), validation=before.take(last), test=parts.test)


LINES: Mapping[str, Line] = {
    "q1": Line(splitting.k_core, splitting.leave_last_out, {"q1": last_events}),
    "q3": Line(lambda every: every, global_time, {"q3-last": last_in_turn, "q3-every": events_in_turn}),
    "q4": Line(
        lambda every: splitting.k_core(every.take(every.ratings >= 3), 10, 10),
        lambda kept: splitting.in_random_parts(kept, np.random.default_rng(0)),
        {"q4": last_events},
    ),
}


@dataclass(frozen=True, eq=False)
class Material:
    """What a line is measured on: its events in three parts, and the items and people that are in them."""

    split: Split
    catalogue: Catalogue
    people: People

    @classmethod
    def of(cls, line: Line, dataset: Dataset) -> "Material":
        rows = [(rating.user_id, rating.item_id, rating.value, rating.timestamp) for rating in dataset.ratings()]
        user_ids, item_ids, values, times = (np.array(column) for column in zip(*rows, strict=True))
        kept = line.kept(Interactions(user_ids, item_ids, values.astype(np.float32), times).in_user_time_order())
        known = set(np.unique(kept.item_ids).tolist())
        items = [item for item in dataset.items() if item.id in known]
        people = {user.id: user.demographics for user in dataset.users(datetime.now(UTC)) if user.id is not None}
        return cls(line.split(kept), Catalogue.of(items), people)


def measure(line: Line, config: TrainingConfig, seeds: Sequence[int], command: str) -> Iterator[Quality]:
    """Train once a seed and judge every answer of the line, in a data folder that is thrown away."""
    with TemporaryDirectory(prefix="marquee-lines-") as home:
        container = build_container(settings_in(Path(home)))
        progress = TimedProgress(container.progress())
        container.progress.override(progress)
        material = Material.of(line, container.load_dataset().fetch(DATASET))
        reports: dict[str, list[TrainingReport]] = {name: [] for name in line.asks}
        spent: dict[str, dict[str, list[float]]] = {name: {} for name in line.asks}
        for seed in seeds:
            say(f"training with seed {seed}")
            trained = train(container, material, replace(config, seed=seed))
            for name, ask in line.asks.items():
                judged = judge(container, material, ask(material.split, material.people), trained)
                reports[name].append(judged)
                for one in judged.evaluation:
                    milliseconds = 1000 * progress.seconds[f"Evaluating {one.engine}"] / one.users
                    spent[name].setdefault(one.engine, []).append(milliseconds)
        for name in line.asks:
            yield quality(name, material, config, seeds, reports[name], spent[name], command)


def train(container: Container, material: Material, config: TrainingConfig) -> TrainingReport:
    """One run, published in the throw-away folder, with what the validation events say of its engines."""
    split = material.split
    counted = material.catalogue.counting(split.train)
    liked_from = container.serving_rules().liked_from
    training = TrainingData(counted, split.train, material.people, liked_from)
    model = container.trainer()(training, split.validation, config, epoch_lines(say))
    registry = container.model_registry()
    version = registry.publish(model, config, fingerprint(split.train), datetime.now(UTC))
    lineup = container.lineups().of(version.version, counted)
    asked = questions(split.train, split.validation, material.people)
    judged = container.evaluate_engines().ask(lineup, asked, version.engines, config.seed)
    lengths = np.array([len(question.state.history) for question in asked])
    registry.record_auto(version.version, best_by_length(lengths, {one.engine: one.ndcg for one in judged}))
    version = registry.record_metrics(version.version, figures_of(judged, "validation."))
    return TrainingReport(version, model.epochs, judged)


def judge(
    container: Container, material: Material, asked: Sequence[Question], trained: TrainingReport
) -> TrainingReport:
    """The same run with what the test events say of every engine."""
    counted = material.catalogue.counting(known_before_test(material.split))
    lineup = container.lineups().of(trained.version.version, counted)
    names = [name for name in lineup.pipelines if name != COLD_START]
    evaluation = container.evaluate_engines().ask(lineup, asked, [*names, AUTO])
    for one in evaluation:
        say(f"  {one.engine}: HR@10 {one.figures['hr@10']:.4f}, NDCG@10 {one.figures['ndcg@10']:.4f}")
    return replace(trained, evaluation=evaluation)


def quality(
    name: str,
    material: Material,
    config: TrainingConfig,
    seeds: Sequence[int],
    reports: Sequence[TrainingReport],
    spent: Mapping[str, Sequence[float]],
    command: str,
) -> Quality:
    """All that the scoreboard says of one line."""
    split = material.split
    return Quality(
        dataset=name,
        date=datetime.now(UTC).date().isoformat(),
        command=command,
        circumstances=circumstances(),
        items=len(material.catalogue),
        users=len(np.unique(np.concatenate([split.train.user_ids, split.test.user_ids]))),
        ratings=len(split.train) + len(split.validation) + len(split.test),
        asked=reports[0].evaluation[0].users,
        config={key: value for key, value in config.as_fields().items() if key != "seed"},
        runs=[run for seed, report in zip(seeds, reports, strict=True) for run in seed_runs(seed, report)],
        engines=[engine_figures(engine, reports, float(np.mean(times))) for engine, times in spent.items()],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("line", choices=list(LINES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--config", type=Path, help="a training config in place of the line's own")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures are kept")
    arguments = parser.parse_args()
    config = read_config(arguments.config or CONFIGS / f"{arguments.line}.toml")
    command = f"python -m benchmarks.lines {arguments.line} --seeds {' '.join(map(str, arguments.seeds))}"
    for measured in measure(LINES[arguments.line], config, arguments.seeds, command):
        scoreboard_page.save(measured, arguments.results)
        console.print(scoreboard_page.tables(measured))


if __name__ == "__main__":
    main()
