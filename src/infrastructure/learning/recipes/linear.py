"""`linear`: one linear map from the decayed history to the next item, in closed form."""

import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve

from infrastructure.learning.material import Material
from infrastructure.learning.recipes.recipe import Arrays, OnEpoch, number, once
from infrastructure.learning.recipes.square_matrix import MATRIX, SquareMatrixRecipe, fits
from infrastructure.learning.sequences import Sequences


@dataclass(frozen=True)
class LinearRecipe(SquareMatrixRecipe):
    """Ridge regression of the next item on what came before: W = (XᵀX + λI)⁻¹ XᵀY.

    A row of X is a history before one of its events, each of its last `history_length` items weighing exp(-age /
    `decay`), age 0 the newest; the row of Y is the item that came next. λ is `regularisation`.
    """

    name: ClassVar[str] = "linear"

    decay: float = number(4.0, 0.1, 1000.0)
    history_length: int = number(40, 1, 1000)
    regularisation: float = number(100.0, 1e-6, 1e9)

    def train(self, material: Material, on_epoch: OnEpoch) -> Arrays | None:
        if not fits(self.name, len(material.vocabulary)):
            return None
        started = time.perf_counter()
        gram, following = moments(material.events, len(material.vocabulary), self.decay, self.history_length)
        gram[np.diag_indices_from(gram)] += self.regularisation
        weights = solve(gram, following, assume_a="pos", overwrite_a=True, overwrite_b=True, check_finite=False)
        on_epoch(once(self.name, time.perf_counter() - started))
        return {MATRIX: weights.astype(np.float32)}


def moments(events: Sequences, size: int, decay: float, length: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """XᵀX and XᵀY, both [size, size], without ever holding X.

    Two events j ≤ k of one user, `gap` apart, meet in every history that holds both: once for each event after k, as
    long as j is among the last `length`. So their weights d^(2s + gap), d = exp(-1 / decay), make a geometric series,
    and it is enough to go through the pairs by gap.
    """
    factor = np.exp(-1.0 / decay)
    gram, following = np.zeros(size * size), np.zeros(size * size)
    after = events.ends[events.users] - 1 - np.arange(len(events.rows))  # how many events of the user follow
    for gap in range(min(length, len(events.rows) - 1) + 1):
        same = events.users[: len(events.rows) - gap] == events.users[gap:]
        first, second = events.rows[: len(events.rows) - gap][same], events.rows[gap:][same]
        times = np.minimum(after[gap:][same], length - gap)
        met = factor**gap * (1.0 - factor ** (2.0 * times)) / (1.0 - factor**2)
        np.add.at(gram, first * size + second, met)
        if gap:
            np.add.at(gram, second * size + first, met)
            np.add.at(following, first * size + second, factor ** (gap - 1))
    return gram.reshape(size, size), following.reshape(size, size)
