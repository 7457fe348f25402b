"""How far roll-ups reach into a period, and what of it is to be read raw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.measuring import Period, midnight
from infrastructure.db.roll_ups import DAY, RolledDay

#: a day, and the part of it that is meant
Span = tuple[date, datetime, datetime]


@dataclass(frozen=True)
class Reach:
    """Where a period's counts come from: rolled days, and the raw rows of spans, each within one day.

    Lists are counted in `rolled` days, actions in those of them that are `over`.
    """

    rolled: Sequence[date]
    over: Sequence[date]
    list_spans: Sequence[Span]
    action_spans: Sequence[Span]

    @classmethod
    def of(cls, period: Period, known: Mapping[date, RolledDay]) -> "Reach":
        """A day whose rolled part does not lie wholly within the period is read raw."""
        rolled, over, list_spans, action_spans = [], [], [], []
        for day in period.days:
            start, end = max(period.start, midnight(day)), min(period.end, midnight(day) + DAY)
            one = known.get(day)
            whole = one is not None and start == midnight(day) and one.until <= end
            if one is not None and whole:
                rolled.append(day)
            if one is None or not whole or one.until < end:
                list_spans.append((day, one.until if one is not None and whole else start, end))
            if one is not None and whole and one.over:
                over.append(day)
            else:
                action_spans.append((day, start, end))
        return cls(rolled, over, list_spans, action_spans)
