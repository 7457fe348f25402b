"""The bandit: which engine serves a list, learnt from what the lists before it earned.

Its arms are engines, its contexts are classes of how long a user's history is: what is best for somebody with five
ratings need not be best for somebody with five hundred, and within one class an engine is taken to earn the same from
everybody. A list that was shown is one pull of an arm, and its reward lies between 0 and 1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain.engagements import REWARDS, Action

#: a context and an engine
ArmKey = tuple[str, str]

#: least lengths of history of the classes that learn apart from each other
LENGTHS = (0, 1, 5, 20, 100)
#: their names, such as "5-19", from short to long
CONTEXTS = ("0", "1-4", "5-19", "20-99", "100+")

#: lists that an arm is taken to have shown before its first, all of them with the highest reward
OPTIMISM = 1.0
#: standard normal quantile of a 95 % interval
NORMAL_95 = 1.959964
#: how far from its centre a posterior is followed, in standard deviations, and in how many steps to either side
REACH, STEPS = 60.0, 80


def context_of(length: int) -> str:
    """The class of a history of so many events."""
    return CONTEXTS[int(np.searchsorted(LENGTHS, length, side="right")) - 1]


def reward_of(actions: Iterable[Action]) -> float:
    """What a list has earned: the greatest reward among the engagements with its items, 0 without any.

    It only grows as engagements come in, and an engagement that is told twice changes nothing.
    """
    return max((REWARDS[action] for action in actions), default=0.0)


@dataclass(frozen=True)
class Arm:
    """What an engine has earned in one context.

    Only sums are kept, so it does not matter in which order rewards came, and two arms are merged by adding them.
    """

    pulls: int = 0
    reward_sum: float = 0.0
    square_sum: float = 0.0

    def __add__(self, other: "Arm") -> "Arm":
        return Arm(self.pulls + other.pulls, self.reward_sum + other.reward_sum, self.square_sum + other.square_sum)

    @classmethod
    def credit(cls, reward: float, before: float | None = None) -> "Arm":
        """What is to be added for one list whose reward is `reward` by now; `before` is what was counted for it.

        None means that it has not been counted yet. So the credits of one list add up to one pull and its last reward.
        """
        earlier = before or 0.0
        return cls(int(before is None), reward - earlier, reward**2 - earlier**2)

    @property
    def mean(self) -> float:
        """The mean reward of a list; 0 while there is none."""
        return self.reward_sum / self.pulls if self.pulls else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """A 95 % interval of the mean reward, within 0 … 1.

        It is the normal one after adding two lists with reward 1 and two with reward 0 (Agresti and Coull, 1998), which
        keeps it honest for few lists, and wide open for none.
        """
        count = self.pulls + 4
        centre = (self.reward_sum + 2.0) / count
        variance = max(0.0, (self.square_sum + 2.0) / count - centre**2)
        margin = NORMAL_95 * sqrt(variance / count)
        return (max(0.0, centre - margin), min(1.0, centre + margin))


@dataclass(frozen=True, eq=False)
class Arms:
    """The n arms among which one choice is made, as columns; leading axes, if any, are choices made side by side."""

    pulls: NDArray[np.float64]  # […, n]
    reward_sums: NDArray[np.float64]  # […, n], each at most as large as its pulls

    @classmethod
    def of(cls, arms: Sequence[Arm]) -> "Arms":
        return cls(
            np.array([arm.pulls for arm in arms], dtype=np.float64),
            np.array([arm.reward_sum for arm in arms], dtype=np.float64),
        )


class Policy(Protocol):
    """How one of the arms is chosen."""

    def choose(self, arms: Arms, random: np.random.Generator) -> NDArray[np.int64]:
        """[…] index of the chosen arm."""
        ...

    def chances(self, arms: Arms) -> NDArray[np.float64]:
        """[n] probability with which `choose` takes each arm. Of one choice: arms without leading axes."""
        ...


@dataclass(frozen=True)
class EpsilonGreedy:
    """With probability `epsilon` (0 … 1) any arm, each alike; else the one with the best mean, equal ones each alike.

    The start is optimistic (Sutton and Barto, 2018, section 2.6): every mean has one list with reward 1 in it, so an
    arm that has shown nothing stands above all that have ever earned less than everything, and is tried at once.
    """

    epsilon: float

    def choose(self, arms: Arms, random: np.random.Generator) -> NDArray[np.int64]:
        shape = arms.pulls.shape
        ties_broken = np.where(_is_best(arms), random.random(shape), -1.0)
        anything = random.random(shape[:-1]) < self.epsilon
        any_arm = random.integers(0, shape[-1], shape[:-1])
        return np.where(anything, any_arm, np.argmax(ties_broken, axis=-1))

    def chances(self, arms: Arms) -> NDArray[np.float64]:
        best = _is_best(arms)
        chances: NDArray[np.float64] = self.epsilon / len(best) + (1.0 - self.epsilon) * best / best.sum()
        return chances


def _is_best(arms: Arms) -> NDArray[np.bool_]:
    means = (arms.reward_sums + OPTIMISM) / (arms.pulls + OPTIMISM)
    best: NDArray[np.bool_] = means >= means.max(axis=-1, keepdims=True)
    return best


@dataclass(frozen=True)
class Thompson:
    """Each arm with the probability that it is the best one, by what is known (Thompson, 1933).

    What is known of an arm's mean is a Beta distribution that starts uniform, so an arm that has shown nothing is taken
    to earn one half: more than lists do. A reward r between 0 and 1 counts as r of a success and 1 - r of a failure,
    which is what Agrawal and Goyal (COLT 2012) get in the mean by drawing success or failure with that chance.
    """

    def choose(self, arms: Arms, random: np.random.Generator) -> NDArray[np.int64]:
        chosen: NDArray[np.int64] = np.argmax(random.beta(*_posteriors(arms)), axis=-1)
        return chosen

    def chances(self, arms: Arms) -> NDArray[np.float64]:
        return chances_of_best(*_posteriors(arms))


def _posteriors(arms: Arms) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """[…, n] successes and failures. Sums that rounding has moved out of their bounds are moved back."""
    successes = np.clip(arms.reward_sums, 0.0, arms.pulls)
    return 1.0 + successes, 1.0 + (arms.pulls - successes)


def chances_of_best(successes: NDArray[np.float64], failures: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n] probability that a draw from Beta(`successes`, `failures`), both [n] and at least 1, is the largest of n.

    For each it is the integral of its density times the distribution functions of the others, by Simpson's rule over
    log-odds: there the densities are smooth, without the poles and kinks that a Beta distribution has at 0 and 1. The
    grid is the union of one grid for each arm, fine around its centre; chances are right to about six decimals.
    """
    centres, spreads = np.log(successes / failures), np.sqrt(1.0 / successes + 1.0 / failures)
    offsets = np.sinh(np.linspace(-np.arcsinh(REACH), np.arcsinh(REACH), 2 * STEPS + 1))
    edges = np.sort((centres[:, None] + spreads[:, None] * offsets).ravel())  # [m + 1]
    odds = np.stack([edges[:-1], (edges[:-1] + edges[1:]) / 2.0, edges[1:]])  # [3, m]: start, middle, end of a cell
    widths = np.diff(edges)
    a, b = successes[:, None, None], failures[:, None, None]
    logs = -a * np.logaddexp(0.0, -odds) - b * np.logaddexp(0.0, odds)  # [n, 3, m]
    densities = np.exp(logs - logs.max(axis=(1, 2), keepdims=True))
    start, middle, end = densities[:, 0], densities[:, 1], densities[:, 2]
    whole = widths * (start + 4.0 * middle + end) / 6.0  # [n, m]
    half = widths * (5.0 * start + 8.0 * middle - end) / 24.0
    until = np.cumsum(whole, axis=1)
    before = until - whole
    below = np.stack([before, before + half, until], axis=1) / until[:, -1:, None]  # [n, 3, m]
    others = np.stack([np.delete(below, arm, axis=0).prod(axis=0) for arm in range(len(successes))])
    parts = densities * others
    chances = (widths * (parts[:, 0] + 4.0 * parts[:, 1] + parts[:, 2])).sum(axis=1) / (6.0 * until[:, -1])
    total: NDArray[np.float64] = chances / chances.sum()
    return total
