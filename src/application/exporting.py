"""Exporting what was stored, for use outside."""

from dataclasses import dataclass
from pathlib import Path

from domain.ports.datasets import InteractionWriter
from domain.ports.storage import InteractionStore


@dataclass(frozen=True)
class ExportInteractions:
    """Write all ratings into a file, in the order in which they were stored. Returns their number.

    Raises `UnsupportedFormat` for a file name that ends in no known format.
    """

    store: InteractionStore
    writer: InteractionWriter

    def __call__(self, path: Path) -> int:
        interactions = self.store.read()
        self.writer.write(interactions, path)
        return len(interactions)
