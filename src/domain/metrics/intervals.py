"""How sure a mean is."""

import numpy as np
from numpy.typing import NDArray


def bootstrap_interval(
    values: NDArray[np.float64], random: np.random.Generator, confidence: float = 0.95, draws: int = 1000
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of `values` [u] (Efron, 1979).

    Give the difference of two engines' values for the same users to get the paired interval.
    """
    if not len(values):
        return (0.0, 0.0)
    means = np.array([values[random.integers(0, len(values), len(values))].mean() for _ in range(draws)])
    tail = (1.0 - confidence) / 2.0
    return (float(np.quantile(means, tail)), float(np.quantile(means, 1.0 - tail)))
