"""Collaborative item vectors: items that are taken up one soon after another lie close together."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

#: how many events apart two items of one user may be to count as met, and how the weight falls with the distance
REACH, DECAY = 10, 4.0
#: added to an item's weight before normalising, so that two rare items that met once are not called alike
DAMPING = 10.0
OVERSAMPLING, POWER_ITERATIONS = 16, 4


def transitions(rows: NDArray[np.int64], users: NDArray[np.int64], size: int) -> sp.csr_array:
    """[size, size] weight with which the column's item followed the row's item soon after.

    `rows` and `users` [n] are events sorted by user, then time.
    """
    total = sp.csr_array((size, size), dtype=np.float64)
    for gap in range(1, min(REACH, len(rows) - 1) + 1):
        same = users[gap:] == users[:-gap]
        weight = np.full(int(same.sum()), np.exp(-(gap - 1) / DECAY))
        met = (rows[:-gap][same], rows[gap:][same])
        total = total + sp.coo_array((weight, met), shape=(size, size)).tocsr()
    return sp.csr_array(total)


def normalised(counts: sp.csr_array) -> sp.csr_array:
    """The counts over the damped geometric mean of their rows' and columns' sums (cosine-like), square-rooted."""
    left = 1.0 / np.sqrt(counts.sum(axis=1) + DAMPING)
    right = 1.0 / np.sqrt(counts.sum(axis=0) + DAMPING)
    scaled = sp.csr_array(sp.diags_array(left) @ counts @ sp.diags_array(right))
    scaled.data = np.sqrt(scaled.data)
    return scaled


def truncated_svd(
    matrix: sp.csr_array, rank: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Left vectors [n, r], singular values [r] and right vectors [n, r] by randomised range finding.

    (Halko, Martinsson & Tropp, SIAM Review 2011.) The rank is cut to the matrix; signs follow the seed.
    """
    rank = min(rank, *matrix.shape)
    width = min(rank + OVERSAMPLING, *matrix.shape)
    basis = matrix @ np.random.default_rng(seed).standard_normal((matrix.shape[1], width))
    for _ in range(POWER_ITERATIONS):
        basis, _ = np.linalg.qr(basis)
        basis = matrix @ (matrix.T @ basis)
    basis, _ = np.linalg.qr(basis)
    left, values, right = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    return (basis @ left)[:, :rank], values[:rank], right[:rank].T


def item_vectors(
    rows: NDArray[np.int64], users: NDArray[np.int64], size: int, width: int, seed: int
) -> NDArray[np.float32]:
    """[size, width] unit vectors from who followed whom, in either direction; all zeros for items never seen."""
    counts = transitions(rows, users, size)
    left, values, _ = truncated_svd(normalised(sp.csr_array(counts + counts.T)), width, seed)
    vectors = np.zeros((size, width), dtype=np.float32)
    vectors[:, : left.shape[1]] = left * np.sqrt(values)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(lengths > 1e-6, vectors / np.maximum(lengths, 1e-6), 0.0).astype(np.float32)
