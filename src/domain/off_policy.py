"""What another policy would have earned, told from what this one showed and what that earned (off-policy evaluation).

A policy draws an action in a context, an engine for a list say. What was shown under one policy tells of another where
the chance of each choice was logged: a choice counts by how many times as likely the other policy would have made it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.errors import Invalid, NoOverlap

Column = NDArray[np.float64]
Codes = NDArray[np.int64]

#: of the standard normal distribution, for intervals of 95 %
NORMAL_QUANTILE = 1.959964
TAILS = (0.025, 0.975)
#: bootstrap draws of an interval
DRAWS = 1000
#: more independent rows than this are put into as many blocks before they are drawn
MOST_BLOCKS = 2000
#: parts of a log whose rewards are each modelled by the others
FOLDS = 5
#: choices after which a mean of the model counts half of what it shows
SHRINKAGE = 10.0


@dataclass(frozen=True, eq=False)
class Choices:
    """Logged choices as columns [n]. Contexts and actions are codes from 0; `chances` are of the action that was taken.

    `clusters` are codes of rows that may depend on each other, as those of one user do; by default each row stands
    alone. Raises `Invalid` for a chance outside 0 … 1 (0 excluded) and for a reward that is no number.
    """

    contexts: Codes
    actions: Codes
    chances: Column
    rewards: Column
    clusters: Codes | None = None

    def __post_init__(self) -> None:
        if not ((self.chances > 0) & (self.chances <= 1)).all():
            raise Invalid("The chance of a choice that was made lies above 0, and at 1 at most.")
        if not np.isfinite(self.rewards).all():
            raise Invalid("Every reward must be a number.")

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def independent(self) -> Codes:
        """[n] codes of the rows that stand together."""
        return np.arange(len(self)) if self.clusters is None else self.clusters


@dataclass(frozen=True)
class Estimate:
    """A policy's mean reward, its standard error, and 95 % intervals: by normal approximation and by bootstrap."""

    value: float
    error: float
    interval: tuple[float, float]
    bootstrap: tuple[float, float]


@dataclass(frozen=True)
class Evaluation:
    """What the log says of a policy.

    `choices` are the rows of the log, `matching` those that the policy might have made, and `effective_size` as how
    many choices of its own they count (Kish, 1965). `mean_weight` is near 1, unless the log lacks choices that the
    policy would make, or weights were clipped. `logged` is what was earned in fact, on the same rows.
    """

    choices: int
    matching: int
    effective_size: float
    mean_weight: float
    logged: Estimate
    ips: Estimate
    snips: Estimate
    doubly_robust: Estimate


def importance_weights(choices: Choices, target: Column, clip: float | None = None) -> Column:
    """[n] how many times as likely the target policy makes each logged choice, at most `clip` (Ionides, 2008).

    `target` is [n, a] or [a], the chance of each action. Raises `NoOverlap` when it would have made none of them.
    """
    of_taken = np.broadcast_to(target, (len(choices), target.shape[-1]))[np.arange(len(choices)), choices.actions]
    weights = of_taken / choices.chances
    if not (weights > 0).any():
        raise NoOverlap
    return weights if clip is None else np.minimum(weights, clip)


def effective_size(weights: Column) -> float:
    """As how many rows of equal weight these count: (Σw)² / Σw² (Kish, 1965)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def modelled_rewards(choices: Choices, actions: int) -> Column:
    """[n, a] the reward to expect of each action in the context of each row, by the rows of other folds alone.

    It is the mean of context and action, shrunk towards that of the action, and this towards that of all. A row (with
    its cluster) has no part in its own model, so the doubly robust estimate needs no correction for overfitting
    (cross-fitting; Chernozhukov et al., 2018).
    """
    _, contexts = np.unique(choices.contexts, return_inverse=True)
    folds = choices.independent % FOLDS
    shape = (FOLDS, int(contexts.max(initial=0)) + 1, actions)
    cells = np.ravel_multi_index((folds, contexts, choices.actions), shape)
    sums = np.bincount(cells, choices.rewards, minlength=np.prod(shape)).reshape(shape)
    counts = np.bincount(cells, minlength=np.prod(shape)).reshape(shape)
    sums, counts = sums.sum(axis=0) - sums, counts.sum(axis=0) - counts  # [f, c, a], without each fold's own rows
    overall = sums.sum(axis=(1, 2)) / np.maximum(counts.sum(axis=(1, 2)), 1)  # [f]
    by_action = _shrunk(sums.sum(axis=1), counts.sum(axis=1), overall[:, None])  # [f, a]
    by_context: Column = _shrunk(sums, counts, by_action[:, None, :])
    return by_context[folds, contexts]


def _shrunk(sums: Column, counts: NDArray[np.int64], towards: Column) -> Column:
    return (sums + SHRINKAGE * towards) / (counts + SHRINKAGE)


def evaluate(
    choices: Choices,
    target: Column,
    random: np.random.Generator,
    clip: float | None = None,
    model: Column | None = None,
    draws: int = DRAWS,
) -> Evaluation:
    """The mean reward had `target` ([n, a] or [a], chances of actions) made the choices, by three estimators.

    Inverse propensity scores (Horvitz & Thompson, 1952), the same self-normalised (Swaminathan & Joachims, NeurIPS
    2015) and doubly robust (Dudík, Langford & Li, ICML 2011) with `model` [n, a], by default `modelled_rewards`.
    Raises `NoOverlap`.
    """
    weights = importance_weights(choices, target, clip)
    if model is None:
        model = modelled_rewards(choices, target.shape[-1])
    of_taken = model[np.arange(len(choices)), choices.actions]
    corrected = (model * target).sum(axis=1) + weights * (choices.rewards - of_taken)
    resamples, ones = Resamples.of(choices.independent, random, draws), np.ones(len(choices))
    return Evaluation(
        choices=len(choices),
        matching=int((weights > 0).sum()),
        effective_size=effective_size(weights),
        mean_weight=float(weights.mean()),
        logged=resamples.ratio(choices.rewards, ones),
        ips=resamples.ratio(weights * choices.rewards, ones),
        snips=resamples.ratio(weights * choices.rewards, weights),
        doubly_robust=resamples.ratio(corrected, ones),
    )


@dataclass(frozen=True, eq=False)
class Resamples:
    """Draws of whole clusters, with which any number of ratios over the same rows get their bootstrap intervals."""

    clusters: Codes  # [n] from 0, without gaps
    blocks: Codes  # [c] of the clusters
    shares: Column  # [draws, b]

    @classmethod
    def of(cls, clusters: Codes, random: np.random.Generator, draws: int = DRAWS) -> "Resamples":
        """Each draw weighs the clusters [n] anew, by exponential weights: the Bayesian bootstrap (Rubin, 1981).

        Many clusters are first put into blocks by lot: sums of blocks vary as their members do, and so the cost does
        not grow with the log.
        """
        codes = np.unique(clusters, return_inverse=True)[1]
        count = int(codes.max()) + 1
        blocks = np.arange(count) if count <= MOST_BLOCKS else random.permutation(count) % MOST_BLOCKS
        return cls(codes, blocks, random.standard_exponential((draws, min(count, MOST_BLOCKS))))

    def ratio(self, numerators: Column, denominators: Column) -> Estimate:
        """Σ numerators / Σ denominators [n]; a mean where the latter are 1.

        The standard error is that of the influence values, added up by cluster. With one cluster alone it is not known,
        and infinite.
        """
        above, below = np.bincount(self.clusters, numerators), np.bincount(self.clusters, denominators)
        value, count = float(above.sum() / below.sum()), len(above)
        spread = float(((above - value * below) ** 2).sum())
        error = float(np.sqrt(spread * count / (count - 1)) / below.sum()) if count > 1 else float("inf")
        drawn = self.shares @ np.bincount(self.blocks, above) / (self.shares @ np.bincount(self.blocks, below))
        low, high = np.quantile(drawn, TAILS)
        normal = (value - NORMAL_QUANTILE * error, value + NORMAL_QUANTILE * error)
        return Estimate(value, error, normal, (float(low), float(high)))
