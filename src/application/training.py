"""Training: from stored ratings to a published, evaluated and judged model."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from application.evaluating import EngineReport, EvaluateModel, history_lengths
from application.promoting import JudgeModel
from domain.choosing import best_by_length
from domain.errors import Invalid
from domain.events import Interactions
from domain.model_versions import VALIDATION, Aliases, EpochReport, ModelVersion, TrainingConfig
from domain.ports.learning import ModelRegistry, Trainer, TrainingData
from domain.ports.services import Clock
from domain.ports.storage import Catalogues, InteractionStore
from domain.splitting import Split, leave_last_out


@dataclass(frozen=True)
class TrainingReport:
    """A finished run: the version as it was judged, its epochs, what it reaches, and its part to play."""

    version: ModelVersion
    epochs: Sequence[EpochReport]
    evaluation: Sequence[EngineReport]
    aliases: Aliases = field(default_factory=Aliases)

    @property
    def serves(self) -> bool:
        return self.aliases.champion == self.version.version


@dataclass(frozen=True)
class TrainModel:
    """Train on all but each user's last two events, choose by the one before the last, report on the last.

    The new version is published; which of its engines `auto` takes is chosen; all of them are evaluated as they will
    serve; and it is judged against the champion. Then it is the challenger, whatever the gates say; or the champion,
    where there is none, or where it has passed and is to be promoted. All but the newest `keep` versions and those with
    a part to play are removed.

    Raises `ArtifactDamaged` at once where the aliases cannot be read, `Invalid` when there are too few ratings to hold
    any out, `CanaryFailed` for a model that cannot serve, and `AliasMoved` when somebody else moved an alias at that
    moment; in these two cases the version stays.
    """

    interactions: InteractionStore
    catalogues: Catalogues
    trainer: Trainer
    registry: ModelRegistry
    evaluate: EvaluateModel
    judge: JudgeModel
    clock: Clock
    liked_from: float
    keep: int = 10

    def __call__(
        self, config: TrainingConfig, on_epoch: Callable[[EpochReport], None], promote: bool = False
    ) -> TrainingReport:
        self.registry.aliases()  # what cannot be read is told before hours of training, not after them
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
        asked = self.evaluate.held_out()
        evaluation = self.evaluate.on(asked, version.version, seed=config.seed)
        self.registry.record_metrics(version.version, figures_of(evaluation))
        version = self.judge(version.version, asked, evaluation[-1])
        aliases = self._give_part(version, promote)
        self.registry.prune(self.keep)
        return TrainingReport(version, model.epochs, evaluation, aliases)

    def _give_part(self, version: ModelVersion, promote: bool) -> Aliases:
        aliases, gates = self.registry.aliases(), version.gates
        proven = gates is not None and gates.passed and gates.champion == aliases.champion
        chosen = aliases.champion is None or (promote and proven)
        moved = aliases.promoting(version.version) if chosen else aliases.challenged_by(version.version)
        self.registry.move_aliases(aliases.generation, moved)
        return moved

    def _choose(self, version: ModelVersion, split: Split, seed: int) -> None:
        """Let the validation events decide which engine `auto` takes for how long a history."""
        judged = self.evaluate.on_validation(version, split, seed)
        values = {report.engine: report.ndcg for report in judged}
        lengths = history_lengths(split.train, split.validation)
        self.registry.record_auto(version.version, best_by_length(lengths, values))
        self.registry.record_metrics(version.version, figures_of(judged, VALIDATION))


def figures_of(reports: Sequence[EngineReport], kind: str = "") -> dict[str, float]:
    """Every figure by name, such as `ncf.ndcg@10` or, of the kind `VALIDATION`, `ncf.validation.ndcg@10`."""
    return {f"{report.engine}.{kind}{name}": value for report in reports for name, value in report.figures.items()}


def fingerprint(interactions: Interactions) -> str:
    """SHA-256 over the columns: two stores with the same ratings in the same order have the same fingerprint."""
    digest = hashlib.sha256()
    for column in (interactions.user_ids, interactions.item_ids, interactions.ratings, interactions.timestamps):
        digest.update(column.tobytes())
    return digest.hexdigest()
