"""The item index: rebuilt while it serves."""

from dataclasses import dataclass

from domain.model_versions import ModelVersion
from domain.ports.learning import ItemIndexer
from domain.ports.services import Clock
from domain.ports.storage import Catalogues


@dataclass(frozen=True)
class RebuildIndex:
    """Index the catalogue as it is now for the model that serves, titles added since its training included.

    Requests go on with the old index until the new one is whole. Raises `NothingToIndex`, `LibraryMissing`,
    `ArtifactDamaged`.
    """

    catalogues: Catalogues
    indexer: ItemIndexer
    clock: Clock

    def __call__(self) -> ModelVersion:
        return self.indexer(self.catalogues.load(), self.clock.now())
