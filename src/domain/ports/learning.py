"""Ports of training: data in, a model out, versions kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.catalogue import Catalogue
from domain.events import Interactions
from domain.lineup import Lineup
from domain.model_versions import AutoChoice, EpochReport, ModelVersion, TrainingConfig
from domain.users import Demographics


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What a trainer learns from. `interactions` are sorted by user, then time."""

    catalogue: Catalogue
    interactions: Interactions
    demographics: Mapping[int, Demographics]  # by user id
    liked_from: float


class TrainedModel(Protocol):
    """A trained model that can be written into an artifact folder. Opaque outside the learning adapters."""

    @property
    def engines(self) -> Sequence[str]:
        """Names of the engines that were trained; one that the data is too large or too small for is left out."""
        ...

    @property
    def epochs(self) -> Sequence[EpochReport]: ...


class Trainer(Protocol):
    def __call__(
        self,
        training: TrainingData,
        validation: Interactions,
        config: TrainingConfig,
        on_epoch: Callable[[EpochReport], None],
    ) -> TrainedModel:
        """Fit every engine on `training`; choose epochs and blends on `validation`, one held-out event a user."""
        ...


class Lineups(Protocol):
    """Where the engines come from."""

    def current(self, revision: int) -> Lineup:
        """The line-up of the current model on the catalogue at `revision` or later. Built anew only on a change."""
        ...

    def of(self, version: str | None, catalogue: Catalogue) -> Lineup:
        """A line-up of one model version (or none) on the given catalogue, for evaluation."""
        ...


class ItemIndexer(Protocol):
    def __call__(self, catalogue: Catalogue, at: datetime) -> ModelVersion:
        """Index the items of the catalogue for the current model anew, and put that in the place of its index.

        Items that the model has not learnt from are placed by their content. Returns the version with what is told of
        its new index. Raises `NothingToIndex` where there is no current model, `LibraryMissing`, `ArtifactDamaged`.
        """
        ...


class ModelRegistry(Protocol):
    def publish(
        self, model: TrainedModel, config: TrainingConfig, fingerprint: str, created_at: datetime
    ) -> ModelVersion:
        """Write the model as a new version, whole or not at all. It is not served before `make_current`."""
        ...

    def record_auto(self, version: str, auto: AutoChoice) -> ModelVersion:
        """Write into a version's manifest which of its engines `auto` takes."""
        ...

    def record_metrics(self, version: str, metrics: Mapping[str, float]) -> ModelVersion:
        """Add figures to a version's manifest."""
        ...

    def make_current(self, version: str) -> None: ...

    def find_current(self) -> ModelVersion | None: ...

    def list_versions(self) -> Sequence[ModelVersion]:
        """Newest first."""
        ...
