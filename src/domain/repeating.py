"""Whether what somebody has had may be recommended to them again: one policy for each kind."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.items import Kind

DAY = 86_400.0


@dataclass(frozen=True)
class RepeatPolicy:
    """How what somebody liked comes back: after `half_life` seconds it is half as welcome as something new.

    With an infinite half-life it never does.
    """

    half_life: float = math.inf

    @property
    def repeats(self) -> bool:
        return math.isfinite(self.half_life)

    def welcome(self, ages: NDArray[np.float64]) -> NDArray[np.float64]:
        """[m] 0 for what was had this moment, rising to 1, by the seconds [m] since it was had."""
        return np.asarray(1.0 - np.exp2(-np.maximum(ages, 0.0) / self.half_life), dtype=np.float64)


#: A film or a finished course has told its story. A track is played again, but not at once.
POLICIES: Mapping[Kind, RepeatPolicy] = {
    Kind.MOVIE: RepeatPolicy(),
    Kind.TRACK: RepeatPolicy(half_life=DAY),
    Kind.COURSE: RepeatPolicy(),
}


def may_repeat(kind: Kind | None) -> bool:
    """Whether items of the kind, or of any where it is None, ever come back."""
    return any(policy.repeats for one, policy in POLICIES.items() if kind in (one, None))


def welcome_again(kinds: NDArray[np.uint8], ages: NDArray[np.float64], liked: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[m] how welcome items are that somebody has had, from 0, not at all, to 1, as much as something new.

    By their kinds [m] (places in `Kind`), the seconds [m] since they were had, and whether they were liked [m]: what
    was not liked never comes back.
    """
    welcome = np.zeros(len(kinds))
    for place, kind in enumerate(Kind):
        returning = liked & (kinds == place)
        welcome[returning] = POLICIES[kind].welcome(ages[returning])
    return welcome
