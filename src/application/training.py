"""Training: from stored ratings to a published, evaluated model that serves."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from application.evaluating import EngineReport, EvaluateEngines
from domain.errors import Invalid
from domain.events import Interactions
from domain.lineup import AUTO, NCF, POPULARITY
from domain.model_versions import EpochReport, ModelVersion, TrainingConfig
from domain.ports.learning import Lineups, ModelRegistry, Trainer, TrainingData
from domain.ports.services import Clock
from domain.ports.storage import Catalogues, InteractionStore
from domain.splitting import Split, leave_last_out

#: engines that a new model is judged by, the yardstick first
JUDGED = (POPULARITY, "baseline", NCF, AUTO)


@dataclass(frozen=True)
class TrainingReport:
    """A finished run: the version as it was published, its epochs, and what the engines reach with it."""

    version: ModelVersion
    epochs: Sequence[EpochReport]
    evaluation: Sequence[EngineReport]


@dataclass(frozen=True)
class TrainModel:
    """Train on all but each user's last two events, stop early on the one before the last, report on the last.

    The new version is published, evaluated through the engines that will serve it, and then made current.
    Raises `Invalid` when there are too few ratings to hold any out.
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
        evaluation = self.evaluate(version.version, JUDGED, config.seed)
        figures = {f"{report.engine}.{name}": value for report in evaluation for name, value in report.figures.items()}
        version = self.registry.record_metrics(version.version, figures)
        self.registry.make_current(version.version)
        return TrainingReport(version, model.epochs, evaluation)


@dataclass(frozen=True)
class EvaluateModel:
    """Judge the engines, with one model version or none, by every user's last stored event."""

    interactions: InteractionStore
    catalogues: Catalogues
    lineups: Lineups
    engines: EvaluateEngines

    def __call__(self, version: str | None, engines: Sequence[str] = JUDGED, seed: int = 0) -> list[EngineReport]:
        split = leave_last_out(self.interactions.read().in_user_time_order())
        past = known_before_test(split)
        lineup = self.lineups.of(version, self.catalogues.load().counting(past))
        return self.engines(lineup, past, split.test, self.interactions.demographics(), engines, seed)


def known_before_test(split: Split) -> Interactions:
    """What a model may look back on when it is asked for the test events: training and validation together."""
    return split.train.joined(split.validation).in_user_time_order()


def fingerprint(interactions: Interactions) -> str:
    """SHA-256 over the columns: two stores with the same ratings in the same order have the same fingerprint."""
    digest = hashlib.sha256()
    for column in (interactions.user_ids, interactions.item_ids, interactions.ratings, interactions.timestamps):
        digest.update(column.tobytes())
    return digest.hexdigest()
