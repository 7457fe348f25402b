"""What came of an experiment, user by user, and the rates that are made of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.comparing import Rate
from domain.engagements import Action, FeedbackKind

LISTS, PLACES, WANTED, FALLBACKS, CLICKED, REWARD = "lists", "places", "wanted", "fallbacks", "clicked_places", "reward"
#: what is counted of each user: lists, places in them and places that were asked for; lists that fell back on something
#: else; places that were clicked; the greatest reward of each list, added up; lists with each action; feedback of two
#: kinds
COLUMNS = (
    LISTS,
    PLACES,
    WANTED,
    FALLBACKS,
    CLICKED,
    REWARD,
    *(action.value for action in Action),
    FeedbackKind.SKIP.value,
    FeedbackKind.DISLIKE.value,
)


@dataclass(frozen=True)
class Metric:
    """A rate: one column over another. `rising_is_good` says what to wish for."""

    successes: str
    chances: str
    rising_is_good: bool = True


#: by name. Those of actions are the share of lists of which some item got it; `ctr` the share of shown places that were
#: clicked, `reward` the mean of each list's greatest reward; `fill` the share of wanted places that were filled,
#: `fallback` the share of lists that fell back; `skip` and `dislike` are so much feedback for each list
METRICS: Mapping[str, Metric] = {
    **{action.value: Metric(action.value, LISTS) for action in Action},
    "ctr": Metric(CLICKED, PLACES),
    "reward": Metric(REWARD, LISTS),
    "fill": Metric(PLACES, WANTED),
    "fallback": Metric(FALLBACKS, LISTS, rising_is_good=False),
    "skip": Metric(FeedbackKind.SKIP.value, LISTS, rising_is_good=False),
    "dislike": Metric(FeedbackKind.DISLIKE.value, LISTS, rising_is_good=False),
}
#: what an experiment may be made for
SUCCESS_METRICS = tuple(name for name in METRICS if METRICS[name].rising_is_good and name != "fill")


@dataclass(frozen=True, eq=False)
class Outcomes:
    """One row for each user who was shown something, as columns of length u."""

    variants: NDArray[np.str_]  # [u], name of the user's variant
    user_ids: NDArray[np.int64]  # [u]
    columns: Mapping[str, NDArray[np.float64]]  # [u] each, by the names in COLUMNS

    def __len__(self) -> int:
        return len(self.user_ids)

    @classmethod
    def empty(cls) -> "Outcomes":
        none = np.empty(0)
        return cls(np.empty(0, dtype=np.str_), np.empty(0, dtype=np.int64), dict.fromkeys(COLUMNS, none))

    def of(self, variant: str) -> "Outcomes":
        """The rows of one variant."""
        rows = self.variants == variant
        columns = {name: values[rows] for name, values in self.columns.items()}
        return Outcomes(self.variants[rows], self.user_ids[rows], columns)

    def total(self, column: str) -> int:
        """The sum of a column of counts."""
        return int(self.columns[column].sum())

    def rate(self, metric: str) -> Rate:
        """The named metric over all rows."""
        wanted = METRICS[metric]
        return Rate.of(self.columns[wanted.successes], self.columns[wanted.chances])
