"""Builds the item index of the champion anew, with what has come into the catalogue since."""

import logging
from datetime import datetime

from domain.catalogue import Catalogue
from domain.errors import NothingToIndex
from domain.model_versions import ModelVersion
from infrastructure.learning.config import parse_config
from infrastructure.learning.manifest import MANIFEST
from infrastructure.learning.new_titles import placed_by_content
from infrastructure.learning.registry import FileModelRegistry
from infrastructure.learning.shared_parts import by_position
from infrastructure.retrieval.choosing import IndexWish
from infrastructure.retrieval.indexed_items import IndexedItems

log = logging.getLogger(__name__)


class CatalogueIndexer:
    """Implements `domain.ports.learning.ItemIndexer`. What serves is only read, and replaced at the very end."""

    def __init__(self, registry: FileModelRegistry, wish: IndexWish) -> None:
        self._registry = registry
        self._wish = wish

    def __call__(self, catalogue: Catalogue, at: datetime) -> ModelVersion:
        """As the port says."""
        champion = self._registry.find_champion()
        if champion is None:
            raise NothingToIndex
        vocabulary, learnt = self._registry.item_vectors(champion.version)
        vectors, placed = placed_by_content(catalogue, by_position(catalogue, vocabulary, learnt))
        seed = parse_config(champion.config, MANIFEST).seed
        indexed = IndexedItems.of(catalogue.ids, vectors, self._wish, seed, placed)
        version = self._registry.publish_index(champion.version, indexed, at)
        log.info("index of %s rebuilt: %d items, %d placed by content", version.version, len(indexed), placed)
        return version
