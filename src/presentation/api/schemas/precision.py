"""Precision of the lists that were shown, as admins ask for it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field

from application.measuring import PrecisionQuestion
from domain.engagements import Action
from domain.measuring import PrecisionAtK
from presentation.api.schemas.common import Answer, Body, Bounds, Name, example, split_commas, unix_seconds

#: the first second of the year 3000, which every database can hold
LATEST = 32_503_680_000
LONGEST_WINDOW = 168


def _seconds(value: object) -> object:
    return unix_seconds(int(value) if isinstance(value, str) and value.strip().isdecimal() else value)


_UnixSeconds = Annotated[int, Field(ge=0, le=LATEST)]
_IsoTime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
#: unix seconds inside; ISO-8601 or unix seconds in the address
QueryTime = Annotated[_UnixSeconds, BeforeValidator(_seconds, json_schema_input_type=_UnixSeconds | _IsoTime)]
QueryActions = Annotated[
    list[Action],
    Field(min_length=1, max_length=len(Action)),
    BeforeValidator(split_commas, json_schema_input_type=list[Action]),
]


class PrecisionQuery(Body):
    start: QueryTime | None = Field(None, description="Lists from then on; 30 days before the end if not given.")
    end: QueryTime | None = Field(None, description="Lists before then; now if not given.")
    k: int = Field(10, ge=1, le=100, description="How many places of each list count.")
    window_hours: int = Field(24, ge=1, le=LONGEST_WINDOW, description="How long after a list was shown a hit counts.")
    engine: Name | None = Field(None, description="Lists of this engine alone.")
    platform: Name | None = Field(None, description="Lists shown on this platform alone.")
    action_types: QueryActions = Field([Action.CLICK], description="What makes a place a hit.")

    def question(self) -> PrecisionQuestion:
        return PrecisionQuestion(
            start=None if self.start is None else datetime.fromtimestamp(self.start, UTC),
            end=None if self.end is None else datetime.fromtimestamp(self.end, UTC),
            k=self.k,
            window=timedelta(hours=self.window_hours),
            engine=self.engine,
            platform=self.platform,
            actions=tuple(self.action_types),
        )


class PrecisionOut(Answer):
    pac_mean: float = Field(description="Mean over lists of the share of their first k places that were hits.")
    pac_micro: float = Field(description="Share of all those places that were hits.")
    impressions: int = Field(description="Lists that were shown, less those without a title.")
    total_hits: int
    total_recommended: int = Field(description="Places that could have been hits.")
    confidence_interval: Bounds | None = Field(
        description="95 % bootstrap interval of the mean over lists; null without lists."
    )

    model_config = example(
        {
            "pac_mean": 0.0312,
            "pac_micro": 0.0309,
            "impressions": 15120,
            "total_hits": 4672,
            "total_recommended": 151200,
            "confidence_interval": [0.0301, 0.0323],
        }
    )

    @classmethod
    def of(cls, told: PrecisionAtK) -> Self:
        return cls(
            pac_mean=told.mean,
            pac_micro=told.micro,
            impressions=told.lists,
            total_hits=told.hits,
            total_recommended=told.shown,
            confidence_interval=told.interval and list(told.interval),
        )
