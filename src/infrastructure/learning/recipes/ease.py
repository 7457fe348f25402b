"""`ease`: the item-item weights that best rebuild every history from its own other items, in closed form."""

import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from scipy.linalg import inv

from infrastructure.learning.material import Material
from infrastructure.learning.recipes.recipe import Arrays, OnEpoch, number, once
from infrastructure.learning.recipes.square_matrix import MATRIX, SquareMatrixRecipe, fits
from infrastructure.learning.sequences import Sequences


@dataclass(frozen=True)
class EaseRecipe(SquareMatrixRecipe):
    """EASE (Steck, WWW 2019): B = I - P / diag(P), P = (XᵀX + λI)⁻¹, X the users' items; λ is `regularisation`.

    It is learnt without order. Serving weighs a history by exp(-age / `decay`) over the last `history_length` events.
    """

    name: ClassVar[str] = "ease"

    regularisation: float = number(500.0, 1e-6, 1e9)
    decay: float = number(5.0, 0.1, 1000.0)
    history_length: int = number(100, 1, 1000)

    def train(self, material: Material, on_epoch: OnEpoch) -> Arrays | None:
        size = len(material.vocabulary)
        if not fits(self.name, size):
            return None
        started = time.perf_counter()
        users = users_by_items(material.events, size)
        gram = (users.T @ users).toarray()
        gram[np.diag_indices(size)] += self.regularisation
        inverse = inv(gram, overwrite_a=True, check_finite=False)
        weights = -inverse / np.diagonal(inverse)
        weights[np.diag_indices(size)] = 0.0
        on_epoch(once(self.name, time.perf_counter() - started))
        return {MATRIX: weights.astype(np.float32)}


def users_by_items(events: Sequences, size: int) -> sp.csr_array:
    """[users, size] 1 where a user has the item."""
    users = sp.coo_array((np.ones(len(events.rows)), (events.users, events.rows)), shape=(len(events.starts), size))
    matrix = sp.csr_array(users)
    matrix.data[:] = 1.0
    return matrix
