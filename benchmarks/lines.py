"""Measure the lines that published work is compared on, all on MovieLens 1M: `python -m benchmarks.lines q1`."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from application.evaluating import Question, known_before_test, questions
from application.training import TrainingReport, figures_of, fingerprint
from benchmarks import scoreboard_page
from benchmarks.circumstances import circumstances
from benchmarks.protocols import CANDIDATES, SEED, People, Protocol, among_candidates, protocols_of_ml_1m
from benchmarks.quality import Quality, TimedProgress, engine_figures, epoch_lines, seed_runs
from benchmarks.sandbox import settings_in
from benchmarks.scoreboard import RESULTS, console, say
from domain.catalogue import Catalogue
from domain.choosing import best_by_length
from domain.events import Interactions
from domain.lineup import AUTO, COLD_START, Lineup
from domain.model_versions import TrainingConfig
from domain.ports.datasets import Dataset
from domain.ports.learning import TrainingData
from domain.splitting import Split
from infrastructure.learning.config import read_config
from main.container import Container, build_container

DATASET = "ml-1m"
CONFIGS = Path(__file__).resolve().parents[1] / "configs"


@dataclass(frozen=True)
class Line:
    """What is measured of one training: protocols of `benchmarks.protocols` that hold out the same events."""

    protocols: tuple[str, ...]
    learnt: Callable[[Split], Split] = lambda split: split


def closer_to_the_cut(split: Split) -> Split:
    """Of what came before the cut each user's last event is for validation, and all the rest is learnt from.

    Nothing that a model learns from is later than the cut, and no more of it is given up than choosing needs.
    """
    before = known_before_test(split)
    last = np.append(before.user_ids[1:] != before.user_ids[:-1], True)
    return Split(train=before.take(~last), validation=before.take(last), test=split.test)


LINES: Mapping[str, Line] = {
    "q1": Line(("leave-last-out", "sampled-candidates")),
    "q2": Line(("leave-last-out-told-when",)),
    "q3": Line(("global-time-last", "global-time-in-turn"), closer_to_the_cut),
    "q4": Line(("random-parts",)),
}
#: questions of one protocol that are asked at most; of more, so many are drawn
ASKED = 10_000


@dataclass(frozen=True, eq=False)
class Material:
    """What a line is measured on: its protocols, and the items and people that are in their events."""

    line: Line
    protocols: Sequence[Protocol]
    catalogue: Catalogue
    people: People

    @classmethod
    def of(cls, line: Line, dataset: Dataset) -> "Material":
        rows = [(rating.user_id, rating.item_id, rating.value, rating.timestamp) for rating in dataset.ratings()]
        user_ids, item_ids, values, times = (np.array(column) for column in zip(*rows, strict=True))
        every = Interactions(user_ids, item_ids, values.astype(np.float32), times)
        chosen = [protocol for protocol in protocols_of_ml_1m(every) if protocol.name in line.protocols]
        split = chosen[0].split
        known = {*split.train.item_ids.tolist(), *split.validation.item_ids.tolist(), *split.test.item_ids.tolist()}
        items = [item for item in dataset.items() if item.id in known]
        people = {user.id: user.demographics for user in dataset.users(datetime.now(UTC)) if user.id is not None}
        return cls(line, chosen, Catalogue.of(items), people)

    @property
    def split(self) -> Split:
        """What is learnt from and chosen by."""
        return self.line.learnt(self.protocols[0].split)

    def questions(self, protocol: Protocol) -> Sequence[Question]:
        """Those of the protocol, or `ASKED` of them, drawn with the protocols' seed, where there are more."""
        asked = protocol.questions(self.people)
        drawn = np.random.default_rng(SEED).permutation(len(asked))[:ASKED]
        return [asked[place] for place in np.sort(drawn).tolist()]


def measure(line: Line, config: TrainingConfig, seeds: Sequence[int], command: str, results: Path) -> Iterator[Quality]:
    """Train once a seed and judge every answer of the line, in a data folder that is thrown away.

    What is measured among sampled candidates is kept in `results` as soon as it is there, of the last seed.
    """
    with TemporaryDirectory(prefix="marquee-lines-") as home:
        container = build_container(settings_in(Path(home)))
        progress = TimedProgress(container.progress())
        container.progress.override(progress)
        material = Material.of(line, container.load_dataset().fetch(DATASET))
        reports: dict[str, list[TrainingReport]] = {}
        spent: dict[str, dict[str, list[float]]] = {}
        for seed in seeds:
            say(f"training with seed {seed}")
            trained = train(container, material, replace(config, seed=seed))
            for protocol in material.protocols:
                if protocol.candidates is not None:
                    candidates = among_all(container, material, protocol, trained)
                    scoreboard_page.save_candidates(protocol.name, command, seed, candidates, results)
                    continue
                judged = judge(container, material, protocol, trained)
                reports.setdefault(protocol.name, []).append(judged)
                for one in judged.evaluation:
                    milliseconds = 1000 * progress.seconds[f"Evaluating {one.engine}"] / one.users
                    spent.setdefault(protocol.name, {}).setdefault(one.engine, []).append(milliseconds)
        for name, judged_by_seed in reports.items():
            yield quality(name, material, config, seeds, judged_by_seed, spent[name], command)


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


def judge(container: Container, material: Material, protocol: Protocol, trained: TrainingReport) -> TrainingReport:
    """The same run with what the test events say of every engine."""
    lineup = lineup_before_test(container, material, protocol, trained)
    names = [name for name in lineup.pipelines if name != COLD_START]
    evaluation = container.evaluate_engines().ask(lineup, material.questions(protocol), [*names, AUTO])
    for one in evaluation:
        say(f"  {one.engine}: HR@10 {one.figures['hr@10']:.4f}, NDCG@10 {one.figures['ndcg@10']:.4f}")
    return replace(trained, evaluation=evaluation)


def among_all(
    container: Container, material: Material, protocol: Protocol, trained: TrainingReport
) -> dict[str, Mapping[str, float]]:
    """What each trained engine reaches among sampled candidates: for comparison with older figures alone."""
    lineup = lineup_before_test(container, material, protocol, trained)
    found: dict[str, Mapping[str, float]] = {}
    for engine in trained.version.engines:
        reached = among_candidates(protocol, lineup, engine, material.people, container.evaluate_engines())
        say(f"  {engine} among {CANDIDATES} candidates: HR@10 {reached['hr@10']:.4f}, MRR {reached['mrr']:.4f}")
        found[engine] = reached
    return found


def lineup_before_test(container: Container, material: Material, protocol: Protocol, trained: TrainingReport) -> Lineup:
    """The engines as they would have served just before the test events."""
    counted = material.catalogue.counting(known_before_test(protocol.split))
    return container.lineups().of(trained.version.version, counted)


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
    if arguments.config:
        command += f" --config {arguments.config}"
    for measured in measure(LINES[arguments.line], config, arguments.seeds, command, arguments.results):
        scoreboard_page.save(measured, arguments.results)
        console.print(scoreboard_page.tables(measured))


if __name__ == "__main__":
    main()
