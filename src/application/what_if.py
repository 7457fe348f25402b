"""What if: what the lists would have earned had one engine made them all, told from those that chance gave to it."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from domain.bandit import LENGTHS
from domain.errors import NoOverlap, NothingRandomised
from domain.measuring import Period
from domain.off_policy import Choices, Evaluation, evaluate
from domain.ports.analytics import Analytics
from domain.ports.services import Clock

#: a week
HOURS = 168


@dataclass(frozen=True)
class WhatIfReport:
    """An engine's mean reward of a list, off policy.

    `left_out` are lists of users for whose length of history the engine was never chosen: of these the log cannot tell.
    """

    engine: str
    hours: int
    left_out: int
    evaluation: Evaluation


@dataclass(frozen=True)
class WhatIf:
    """Estimate what the lists of the last hours would have earned had `engine` made all of them.

    It looks at lists whose engine was chosen by chance. Their contexts are the bandit's, and one user's lists hang
    together. Raises `NothingRandomised` where there is none, `NoOverlap` where none of them is the engine's.
    """

    analytics: Analytics
    clock: Clock
    seed: int = 0

    def __call__(self, engine: str, hours: int = HOURS, clip: float | None = None) -> WhatIfReport:
        now = self.clock.now() + timedelta(microseconds=1)
        lists = self.analytics.chosen_lists(Period(now - timedelta(hours=hours), now))
        if not len(lists):
            raise NothingRandomised(hours)
        engines, actions = np.unique(lists.engines, return_inverse=True)
        if engine not in engines:
            raise NoOverlap
        wanted = int(np.flatnonzero(engines == engine)[0])
        contexts = np.searchsorted(LENGTHS, lists.lengths, side="right")
        told = np.isin(contexts, contexts[actions == wanted])
        choices = Choices(
            contexts[told],
            actions[told],
            lists.chances[told],
            lists.rewards[told],
            np.unique(lists.users[told], return_inverse=True)[1],
        )
        always = np.zeros(len(engines))
        always[wanted] = 1.0
        evaluation = evaluate(choices, always, np.random.default_rng(self.seed), clip)
        return WhatIfReport(engine, hours, int((~told).sum()), evaluation)
