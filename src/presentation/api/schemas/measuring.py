"""What was shown and what it earned, as admins see it."""

from collections.abc import Mapping
from datetime import date
from typing import Self

from pydantic import Field

from application.measuring import (
    EngineReport,
    FeedbackReport,
    GlobalReport,
    UserReport,
)
from application.tracing import ItemPath, ItemReport
from domain.engagements import Action, FeedbackKind
from domain.measuring import DAYS, Share, Tally
from presentation.api.schemas.common import Answer, Body, example
from presentation.api.schemas.items import STAR_WARS, ItemOut


class DaysQuery(Body):
    days: int = Field(DAYS, ge=1, le=366, description="Today, by UTC, and the days before it: so many in all.")


class FeedbackQuery(Body):
    days: int = Field(7, ge=1, le=366, description="Today, by UTC, and the days before it: so many in all.")


class RateOut(Answer):
    count: int
    rate: float

    @classmethod
    def of(cls, share: Share) -> Self:
        return cls(count=share.count, rate=share.value)


class TallyOut(Answer):
    impressions: int = Field(description="Lists.")
    shown: int = Field(description="Titles in them.")
    clicks: int = Field(description="Of these, how many were clicked.")
    enrolls: int
    ctr: float = Field(description="Clicks over shown titles.")
    ctr_interval: tuple[float, float] = Field(description="Its 95 % interval (Wilson).")
    actions: dict[Action, int] = Field(description="The titles of lists with which each action was done.")

    @classmethod
    def fields(cls, tally: Tally) -> dict[str, object]:
        return {
            "impressions": tally.lists,
            "shown": tally.shown,
            "clicks": tally.clicks,
            "enrolls": tally.enrolls,
            "ctr": tally.ctr.value,
            "ctr_interval": tally.ctr.interval,
            "actions": tally.actions,
        }

    @classmethod
    def told(cls, tally: Tally, **more: object) -> Self:
        return cls.model_validate(cls.fields(tally) | more)


TALLY: Mapping[str, object] = {
    "impressions": 1512,
    "shown": 15120,
    "clicks": 467,
    "enrolls": 21,
    "ctr": 0.0309,
    "ctr_interval": [0.0282, 0.0338],
    "actions": {"view": 2210, "click": 467, "enroll": 21},
}


class GenreOut(Answer):
    genre: str
    count: int


class UserAnalyticsOut(TallyOut):
    user_id: int
    top_genres: list[GenreOut] = Field(description="Genres of what the user did more with than look at it.")

    model_config = example({**TALLY, "user_id": 42, "top_genres": [{"genre": "Drama", "count": 31}]})

    @classmethod
    def of(cls, report: UserReport) -> Self:
        genres = [{"genre": genre, "count": count} for genre, count in report.genres]
        return cls.told(report.tally, user_id=report.user_id, top_genres=genres)


class PopularItemOut(Answer):
    item: ItemOut
    shown: int
    clicks: int
    ctr: float


class EngineShareOut(TallyOut):
    engine: str
    share: float = Field(description="Its share of the lists.")


class DayOut(TallyOut):
    date: date


class GlobalAnalyticsOut(TallyOut):
    popular_items: list[PopularItemOut] = Field(description="The titles that were clicked most.")
    engine_shares: list[EngineShareOut]
    daily: list[DayOut] = Field(description="Every day, oldest first.")

    model_config = example(
        {
            **TALLY,
            "popular_items": [{"item": STAR_WARS, "shown": 912, "clicks": 81, "ctr": 0.0888}],
            "engine_shares": [{**TALLY, "engine": "linear", "share": 0.83}],
            "daily": [{**TALLY, "date": "2026-01-31"}],
        }
    )

    @classmethod
    def of(cls, report: GlobalReport) -> Self:
        lists = report.tally.lists
        return cls.told(
            report.tally,
            popular_items=[
                {"item": item, "shown": tally.shown, "clicks": tally.ctr.count, "ctr": tally.ctr.value}
                for item, tally in report.popular
            ],
            engine_shares=[
                TallyOut.fields(tally) | {"engine": engine, "share": Share(tally.lists, lists).value}
                for engine, tally in report.engines
            ],
            daily=[TallyOut.fields(tally) | {"date": day} for day, tally in report.days],
        )


class VersionOut(TallyOut):
    engine: str
    model_version: str | None


class PlatformOut(TallyOut):
    platform: str | None


class SurfaceOut(TallyOut):
    surface: str


class PositionOut(TallyOut):
    rank: int


class EngineAnalyticsOut(Answer):
    engines: list[VersionOut]
    platforms: list[PlatformOut]
    surfaces: list[SurfaceOut] = Field(description="By the call that made the lists.")
    positions: list[PositionOut] = Field(description="By the place in the list, from the top.")

    model_config = example(
        {
            "engines": [{**TALLY, "engine": "linear", "model_version": "20260131T120000Z-1f3a"}],
            "platforms": [{**TALLY, "platform": "web"}],
            "surfaces": [{**TALLY, "surface": "recommendations"}],
            "positions": [{**TALLY, "rank": 1}],
        }
    )

    @classmethod
    def of(cls, report: EngineReport) -> Self:
        return cls(
            engines=[
                VersionOut.told(tally, engine=engine, model_version=version or None)
                for (engine, version), tally in report.engines
            ],
            platforms=[PlatformOut.told(tally, platform=name or None) for name, tally in report.platforms],
            surfaces=[SurfaceOut.told(tally, surface=name) for name, tally in report.surfaces],
            positions=[PositionOut.told(tally, rank=rank) for rank, tally in report.ranks],
        )


class PathOut(Answer):
    users: int = Field(description="The last users to whom lists were shown, for whom lists were tried out.")
    filtered: int = Field(description="It may not be shown to them: seen already, or of a muted genre.")
    not_retrieved: int = Field(description="No generator proposed it.")
    retrieved: int
    ranked_out: int = Field(description="Proposed, and others ranked above it.")
    shown: int = Field(description="It would be among their first ten.")
    sources: dict[str, int] = Field(description="How often each generator proposed it.")

    @classmethod
    def of(cls, path: ItemPath) -> Self:
        return cls.model_validate(path)


class ItemAnalyticsOut(Answer):
    item: ItemOut
    shown: int
    mean_rank: float | None
    clicks: int
    ctr: float
    ctr_interval: tuple[float, float]
    sources: dict[str, int] = Field(description="How often it was shown, by what had proposed it.")
    actions: dict[Action, int]
    path: PathOut

    model_config = example(
        {
            "item": STAR_WARS,
            "shown": 912,
            "mean_rank": 3.4,
            "clicks": 81,
            "ctr": 0.0888,
            "ctr_interval": [0.0721, 0.1090],
            "sources": {"popularity": 640, "linear": 272},
            "actions": {"view": 310, "click": 81},
            "path": {
                "users": 25,
                "filtered": 14,
                "not_retrieved": 1,
                "retrieved": 10,
                "ranked_out": 6,
                "shown": 4,
                "sources": {"popularity": 10},
            },
        }
    )

    @classmethod
    def of(cls, report: ItemReport) -> Self:
        tally = report.tally
        return cls(
            item=ItemOut.model_validate(report.item),
            shown=tally.shown,
            mean_rank=tally.mean_rank,
            clicks=tally.ctr.count,
            ctr=tally.ctr.value,
            ctr_interval=tally.ctr.interval,
            sources=dict(tally.sources),
            actions=dict(tally.actions),
            path=PathOut.of(report.path),
        )


class ItemFeedbackOut(Answer):
    item_id: int
    days: int
    shown: int
    engagements: dict[Action, RateOut] = Field(description="Of the times it was shown, where each action was done.")
    feedback: dict[FeedbackKind, RateOut] = Field(description="Of all that was said of it, how much of each kind.")
    total_feedback: int

    model_config = example(
        {
            "item_id": 50,
            "days": 7,
            "shown": 212,
            "engagements": {"view": {"count": 51, "rate": 0.241}, "click": {"count": 19, "rate": 0.0896}},
            "feedback": {"like": {"count": 6, "rate": 0.75}, "dislike": {"count": 2, "rate": 0.25}},
            "total_feedback": 8,
        }
    )

    @classmethod
    def of(cls, report: FeedbackReport) -> Self:
        tally, said = report.tally, sum(report.feedback.values())
        return cls(
            item_id=report.item.id or 0,
            days=report.days,
            shown=tally.shown,
            engagements={one: RateOut.of(Share(tally.actions.get(one, 0), tally.shown)) for one in Action},
            feedback={one: RateOut.of(Share(report.feedback.get(one, 0), said)) for one in FeedbackKind},
            total_feedback=said,
        )
