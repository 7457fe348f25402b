from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from application.exporting import ExportInteractions
from domain.events import Interactions

INTERACTIONS = Interactions(
    np.array([2, 1], dtype=np.int64),
    np.array([7, 8], dtype=np.int64),
    np.array([4.5, 1.0], dtype=np.float32),
    np.array([978300760, 5], dtype=np.int64),
)


class FakeInteractionStore:
    def read(self):
        return INTERACTIONS

    def demographics(self):
        return {}


@dataclass
class FakeWriter:
    written: list[tuple[Interactions, Path]] = field(default_factory=list)

    def write(self, interactions, path):
        self.written.append((interactions, path))


def test_all_interactions_are_written_and_counted():
    writer = FakeWriter()
    assert ExportInteractions(FakeInteractionStore(), writer)(Path("ratings.csv")) == 2
    assert writer.written == [(INTERACTIONS, Path("ratings.csv"))]
