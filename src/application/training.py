"""Training: from stored ratings to a published, evaluated model that serves."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from application.evaluating import EngineReport, EvaluateEngines, history_lengths
from domain.choosing import best_by_length
from domain.errors import Invalid
from domain.events import Interactions
from domain.lineup import AUTO, COLD_START
from domain.model_versions import VALIDATION, EpochReport, ModelVersion, TrainingConfig
from domain.ports.learning import Lineups, ModelRegistry, Trainer, TrainingData
from domain.ports.services import Clock
from domain.ports.storage import Catalogues, InteractionStore
from domain.splitting import Split, leave_last_out


@dataclass(frozen=True)
class TrainingReport:
    """A finished run: the version as it was published, its epochs, and what the engines reach with it."""

    version: ModelVersion
    epochs: Sequence[EpochReport]
    evaluation: Sequence[EngineReport]


@dataclass(frozen=True)
class TrainModel:
    """Train on all but each user's last two events, choose by the one before the last, report on the last.

    The new version is published; which of its engines `auto` takes is chosen; all of them are evaluated as they will
    serve; and then the version is made current. Raises `Invalid` when there are too few ratings to hold any out.
    """

    interactions: InteractionStore
    catalogues: Catalogues
    trainer: Trainer
    registry: ModelRegistry
    evaluate: "EvaluateModel"
    clock: Clock
    liked_from: float

    def __call__(self, config: TrainingConfig, on_epoch: Callable[[EpochReport], None]) -> TrainingReport:
        interactions = self.interactions.read().in_user_time_order()
        split = leave_last_out(interactions)
        if not len(split.test):
            raise Invalid("There is nothing to train on: no user has three ratings or more. Load a data set first.")
        training = TrainingData(
            catalogue=self.catalogues.load().counting(split.train),
            interactions=split.train,
            demographics=self.interactions.demographics(),
            liked_from=self.liked_from,
        )
        model = self.trainer(training, split.validation, config, on_epoch)
        version = self.registry.publish(model, config, fingerprint(interactions), self.clock.now())
        self._choose(version, split, config.seed)
        evaluation = self.evaluate(version.version, seed=config.seed)
        version = self.registry.record_metrics(version.version, figures_of(evaluation))
        self.registry.make_current(version.version)
        return TrainingReport(version, model.epochs, evaluation)

    def _choose(self, version: ModelVersion, split: Split, seed: int) -> None:
        """Let the validation events decide which engine `auto` takes for how long a history."""
        judged = self.evaluate.on_validation(version, split, seed)
        values = {report.engine: report.ndcg for report in judged}
        lengths = history_lengths(split.train, split.validation)
        self.registry.record_auto(version.version, best_by_length(lengths, values))
        self.registry.record_metrics(version.version, figures_of(judged, VALIDATION))


@dataclass(frozen=True)
class EvaluateModel:
    """Judge the engines, with one model version or none, by every user's last stored event."""

    interactions: InteractionStore
    catalogues: Catalogues
    lineups: Lineups
    engines: EvaluateEngines

    def __call__(self, version: str | None, seed: int = 0) -> list[EngineReport]:
        split = leave_last_out(self.interactions.read().in_user_time_order())
        past = known_before_test(split)
        lineup = self.lineups.of(version, self.catalogues.load().counting(past))
        names = [name for name in lineup.pipelines if name != COLD_START]
        return self.engines(lineup, past, split.test, self.interactions.demographics(), [*names, AUTO], seed)

    def on_validation(self, version: ModelVersion, split: Split, seed: int) -> list[EngineReport]:
        """The version's own engines, judged by the validation events with what came before them."""
        lineup = self.lineups.of(version.version, self.catalogues.load().counting(split.train))
        people = self.interactions.demographics()
        return self.engines(lineup, split.train, split.validation, people, version.engines, seed)


def figures_of(reports: Sequence[EngineReport], kind: str = "") -> dict[str, float]:
    """Every figure by name, such as `ncf.ndcg@10` or, of the kind `VALIDATION`, `ncf.validation.ndcg@10`."""
    return {f"{report.engine}.{kind}{name}": value for report in reports for name, value in report.figures.items()}


def known_before_test(split: Split) -> Interactions:
    """What a model may look back on when it is asked for the test events: training and validation together."""
    return split.train.joined(split.validation).in_user_time_order()


def fingerprint(interactions: Interactions) -> str:
    """SHA-256 over the columns: two stores with the same ratings in the same order have the same fingerprint."""
    digest = hashlib.sha256()
    for column in (interactions.user_ids, interactions.item_ids, interactions.ratings, interactions.timestamps):
        digest.update(column.tobytes())
    return digest.hexdigest()
