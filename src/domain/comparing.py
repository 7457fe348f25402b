"""Comparing what groups of users did: rates, how much one group does better, and how sure that is.

Users are what chance has assigned, so users are what is counted on: one user's lists hang together, and taking each
list for evidence of its own would find differences where there are none. A rate is the ratio of two sums over users
(clicks over lists, say), its variance that of the delta method (Deng, Knoblich and Lu, "Applying the delta method in
metric analytics", KDD 2018). Two rates are compared by the log of their ratio, whose interval is that of the relative
lift, and on which the intervals and the p-values agree with each other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from domain.sequential import always_valid_p_value, confidence_radius

CONFIDENCE = 0.95
#: users that each group must have before anything is said that has to hold at every look: normality is a matter of many
LEAST_USERS = 50

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True)
class Rate:
    """`successes` over `chances`, summed over `users`. `log_variance` is that of the log of the rate.

    Without a single success the log of the rate is taken as that of half a success (Haldane, 1956; Anscombe, 1956).
    """

    users: int
    successes: float
    chances: float
    log_variance: float | None

    @classmethod
    def of(cls, successes: Values, chances: Values) -> "Rate":
        """From the two sums of each user: `successes` [u] and `chances` [u] > 0."""
        x, y = successes.astype(np.float64), chances.astype(np.float64)
        total = float(x.sum())
        variance = log_variance(len(x), total, float(y.sum()), float(x @ x), float(x @ y), float(y @ y))
        return cls(len(x), total, float(y.sum()), variance if math.isfinite(variance) else None)

    @property
    def value(self) -> float | None:
        """None where there was no chance yet."""
        return self.successes / self.chances if self.chances else None

    @property
    def log(self) -> float:
        """The log of the rate. There must have been a chance."""
        return math.log(max(self.successes, 0.5) / self.chances)

    def interval(self, confidence: float = CONFIDENCE) -> Interval | None:
        """Where the true rate lies, at one look; None where too little is known, or nothing succeeded."""
        if self.value is None or self.log_variance is None or not self.successes:
            return None
        reach = math.exp(quantile(confidence) * math.sqrt(self.log_variance))
        return Interval(self.value / reach, self.value * reach)


def log_variance(users: float, x: float, y: float, xx: float, xy: float, yy: float) -> float:
    """Variance of log(Σx / Σy) from the number of users and the sums Σx, Σy, Σx², Σxy and Σy² over them.

    Infinite for fewer than two users. Where Σx is 0, two: that of the log of half a Poisson event, as half a success is
    what the rate is then taken for. At least 1 / users², as if one user had departed from the others by the whole rate:
    that all have been alike so far does not say that all are.
    """
    if users < 2:
        return math.inf
    if not x:
        return 2.0
    rate = x / y
    residuals = xx - 2.0 * rate * xy + rate * rate * yy
    return max(users / (users - 1) * residuals / (x * x), 1.0 / users**2)


@dataclass(frozen=True)
class Contrast:
    """How a group's rate stands to another's. `estimate` is the log of their ratio, None where nothing can be said.

    `enough` says that both groups have the users that evidence for every look asks for.
    """

    lift: float | None
    estimate: float | None
    variance: float
    enough: bool

    @classmethod
    def between(cls, base: Rate, other: Rate) -> "Contrast":
        """How `other` stands to `base`."""
        lift = other.value / base.value - 1.0 if base.value and other.value is not None else None
        enough = min(base.users, other.users) >= LEAST_USERS
        said = base.chances and other.chances and (base.successes or other.successes)
        if base.log_variance is None or other.log_variance is None or not said:
            return cls(lift, None, 0.0, enough)
        return cls(lift, other.log - base.log, base.log_variance + other.log_variance, enough)

    @property
    def p_value(self) -> float:
        """Two-sided, against no difference; of one look that was planned. 1 where nothing can be said."""
        if self.estimate is None:
            return 1.0
        return math.erfc(abs(self.estimate) / math.sqrt(2.0 * self.variance))

    @property
    def always_valid_p_value(self) -> float:
        """The same, but good at every look; 1 while there are too few users."""
        return self._always_valid(0.0)

    def interval(self, confidence: float = CONFIDENCE) -> Interval | None:
        """Where the true lift lies, at one look that was planned."""
        return None if self.estimate is None else self._lifts(quantile(confidence) * math.sqrt(self.variance))

    def always_valid_interval(self, confidence: float = CONFIDENCE) -> Interval | None:
        """Where the true lift lies, whichever looks are taken."""
        if self.estimate is None or not self.enough:
            return None
        return self._lifts(confidence_radius(self.variance, confidence))

    def below(self, lift: float) -> float:
        """A one-sided p-value, good at every look, against a true lift of at least `lift` > -1."""
        null = math.log1p(lift)
        return self._always_valid(null) if self.estimate is not None and self.estimate < null else 1.0

    def above(self, lift: float) -> float:
        """A one-sided p-value, good at every look, against a true lift of at most `lift` > -1."""
        null = math.log1p(lift)
        return self._always_valid(null) if self.estimate is not None and self.estimate > null else 1.0

    def _always_valid(self, null: float) -> float:
        if self.estimate is None or not self.enough:
            return 1.0
        return always_valid_p_value(self.estimate - null, self.variance)

    def _lifts(self, radius: float) -> Interval:
        centre = self.estimate or 0.0
        return Interval(_lift(centre - radius), _lift(centre + radius))


def _lift(log_ratio: float) -> float:
    return math.expm1(min(log_ratio, 700.0))


def quantile(confidence: float) -> float:
    """How many standard deviations to either side hold `confidence` of a normal distribution."""
    return NormalDist().inv_cdf(0.5 + confidence / 2.0)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several comparisons, adjusted so that the chance of any false alarm keeps its bound.

    (Holm, Scandinavian Journal of Statistics 6, 1979.)
    """
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def sample_ratio_p_value(counts: Sequence[int], shares: Sequence[float]) -> float:
    """How likely groups so far from their shares are to come about by chance: Pearson's χ² test.

    A small one says that users were lost or gained on the way, and that no comparison of the groups is to be trusted
    (Fabijan et al., "Diagnosing sample ratio mismatch", KDD 2019). 1 where nobody was counted.
    """
    observed, parts = np.array(counts, dtype=np.float64), np.array(shares, dtype=np.float64)
    if not observed.sum() or len(observed) < 2:
        return 1.0
    expected = observed.sum() * parts / parts.sum()
    return chi_square_tail(float(((observed - expected) ** 2 / expected).sum()), len(observed) - 1)


def chi_square_tail(value: float, degrees: int) -> float:
    """The probability that a χ² variable of so many degrees of freedom exceeds `value`, in closed form."""
    half = value / 2.0
    if degrees % 2:
        tail = math.erfc(math.sqrt(half))
        terms = [i - 0.5 for i in range(1, (degrees + 1) // 2)]
    else:
        tail = 0.0
        terms = [float(i) for i in range(degrees // 2)]
    if not half:
        return 1.0
    return tail + sum(math.exp(power * math.log(half) - half - math.lgamma(power + 1.0)) for power in terms)
