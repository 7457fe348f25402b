"""Ports of training: data in, a model out, versions kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.catalogue import Catalogue
from domain.events import Interactions
from domain.gates import GateReport
from domain.lineup import Lineup
from domain.model_versions import Aliases, AutoChoice, EpochReport, ModelVersion, TrainingConfig
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
        """The line-up of the champion on the catalogue at `revision` or later. Built anew only on a change."""
        ...

    def of(self, version: str | None, catalogue: Catalogue) -> Lineup:
        """A line-up of one model version (or none) on the given catalogue, for evaluation."""
        ...


class ItemIndexer(Protocol):
    def __call__(self, catalogue: Catalogue, at: datetime) -> ModelVersion:
        """Index the items of the catalogue for the champion anew, and put that in the place of its index.

        Items that the model has not learnt from are placed by their content. Returns the version with what is told of
        its new index. Raises `NothingToIndex` where there is no champion, `LibraryMissing`, `ArtifactDamaged`.
        """
        ...


@dataclass(frozen=True)
class CanaryReport:
    """What came of asking a version for lists: how many, and the median of a processor's milliseconds for one."""

    lists: int
    milliseconds: float


class Canary(Protocol):
    def __call__(self, version: str, catalogue: Catalogue) -> CanaryReport:
        """Load a version and ask each of its engines for lists, where it can do no harm. Raises `CanaryFailed`."""
        ...


class ModelRegistry(Protocol):
    def publish(
        self, model: TrainedModel, config: TrainingConfig, fingerprint: str, created_at: datetime
    ) -> ModelVersion:
        """Write the model as a new version, whole or not at all. It serves once an alias says so."""
        ...

    def record_auto(self, version: str, auto: AutoChoice) -> ModelVersion:
        """Write into a version's manifest which of its engines `auto` takes. Raises `ModelNotFound`."""
        ...

    def record_metrics(self, version: str, metrics: Mapping[str, float]) -> ModelVersion:
        """Add figures to a version's manifest. Raises `ModelNotFound`."""
        ...

    def record_gates(self, version: str, gates: GateReport) -> ModelVersion:
        """Write into a version's manifest how it was judged. Raises `ModelNotFound`."""
        ...

    def aliases(self) -> Aliases:
        """Which versions have a part to play now. Raises `ArtifactDamaged`."""
        ...

    def move_aliases(self, seen: int, moved: Aliases) -> None:
        """Put `moved` in the place of the aliases of generation `seen`, in one step, for every process.

        Raises `AliasMoved` when they are of another generation by now, `ModelNotFound` for a version that is not here.
        """
        ...

    def get_version(self, version: str) -> ModelVersion:
        """What a version's manifest says. Raises `ModelNotFound`, `ArtifactDamaged`."""
        ...

    def find_champion(self) -> ModelVersion | None:
        """The version that serves; None before there is one. Raises `ArtifactDamaged`."""
        ...

    def list_versions(self) -> Sequence[ModelVersion]:
        """Newest first."""
        ...

    def prune(self, keep: int) -> Sequence[str]:
        """Remove all but the newest `keep` versions and those with a part to play. Returns the removed ones' names."""
        ...
