"""Evidence that may be looked at as often as one likes: p-values and intervals that hold at every look.

A p-value of the usual kind keeps its promise at one look that was fixed beforehand; whoever stops at the first small
one is wrong far more often than it says. The ones here are made of a mixture of likelihood ratios: while there is no
effect, this is a martingale with mean one, which exceeds 1/α at any time with probability α at most (Ville's
inequality). That is the mixture sequential probability ratio test of Robbins (1970), brought to A/B tests by Johari,
Koomen, Pekelis and Walsh (KDD 2017; Operations Research 70, 2022); for estimates that are normal only in the limit, see
Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (Annals of Statistics 52, 2024).
"""

import math

#: what is mixed over: effects of this standard deviation, on the scale of the estimate. Fixed before any data is seen;
#: for the log of a ratio it says that changes of some ten per cent are what one expects to find
SPREAD = 0.1


def always_valid_p_value(estimate: float, variance: float, spread: float = SPREAD) -> float:
    """How likely evidence as strong as this was to come up at any look, were the true effect zero.

    `estimate` is normal around the effect with `variance` > 0. The bound holds for looks at estimates that grow out of
    each other, as sums over ever more data do.
    """
    mixed = variance + spread**2
    # The log of the mean likelihood ratio against zero, over effects drawn from N(0, spread²).
    log_ratio = 0.5 * math.log(variance / mixed) + (estimate * spread) ** 2 / (2.0 * variance * mixed)
    return math.exp(-max(log_ratio, 0.0))


def confidence_radius(variance: float, confidence: float = 0.95, spread: float = SPREAD) -> float:
    """Half the width of the interval around an estimate that holds the true effect at all looks at once.

    With probability `confidence` no look ever finds the effect outside. An effect is outside exactly where
    `always_valid_p_value`, taken of its distance from the estimate, is below 1 - `confidence`.
    """
    mixed = variance + spread**2
    return math.sqrt(2.0 * variance * mixed / spread**2 * (0.5 * math.log(mixed / variance) - math.log1p(-confidence)))


def always_valid_sign_p_value(wins: int, losses: int) -> float:
    """The same for wins and losses that would be even odds: chances of winning are mixed over uniformly.

    The mean likelihood ratio is 2ⁿ B(wins + 1, losses + 1), n = wins + losses.
    """
    played = wins + losses
    log_ratio = played * math.log(2.0) + math.lgamma(wins + 1.0) + math.lgamma(losses + 1.0) - math.lgamma(played + 2.0)
    return math.exp(-max(log_ratio, 0.0))
