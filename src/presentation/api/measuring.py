"""Measuring: what was shown, and what it earned."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from application.measuring import (
    MeasurePrecision,
    ShowEngineAnalytics,
    ShowGlobalAnalytics,
    ShowItemFeedback,
    ShowUserAnalytics,
)
from application.tracing import ShowItemAnalytics
from application.what_if import HOURS, WhatIf
from domain.errors import Detail, Invalid, ItemNotFound, NoOverlap, NothingRandomised, UserNotFound
from domain.items import Kind
from presentation.api.dependencies import Caller, admin, provided
from presentation.api.documenting import NOT_ADMIN, NOT_OWNER, fails, named
from presentation.api.schemas.common import PathId
from presentation.api.schemas.measuring import (
    DaysQuery,
    EngineAnalyticsOut,
    FeedbackQuery,
    GlobalAnalyticsOut,
    ItemAnalyticsOut,
    ItemFeedbackOut,
    UserAnalyticsOut,
)
from presentation.api.schemas.precision import PrecisionOut, PrecisionQuery
from presentation.api.schemas.what_if import WhatIfOut, WhatIfQuery

router = APIRouter(tags=["Measuring"], generate_unique_id_function=named)

ADMIN = [Depends(admin)]
BAD_PERIOD = Invalid("A period ends after it has begun.", [Detail("end", "must be later than start")])


@router.get(
    "/metrics/pac",
    summary="Measure the precision of lists",
    dependencies=ADMIN,
    responses=fails(NOT_ADMIN, BAD_PERIOD),
)
def measure_precision(
    query: Annotated[PrecisionQuery, Query()], measure: Annotated[MeasurePrecision, provided("measure_precision")]
) -> PrecisionOut:
    """Of the first k titles of each list, the share with which something was done soon enough.

    A title counts once, however often it was clicked, and only where it stood in the list.
    """
    return PrecisionOut.of(measure(query.question()))


@router.get(
    "/analytics/users/{user_id}",
    summary="Show what a user was shown and did",
    responses=fails(NOT_OWNER, UserNotFound(42)),
)
def analyse_user(
    user_id: PathId, caller: Caller, show: Annotated[ShowUserAnalytics, provided("show_user_analytics")]
) -> UserAnalyticsOut:
    """All that the log says of one user; for themselves and for admins. A user who keeps no log has nothing in it."""
    return UserAnalyticsOut.of(show(caller, user_id))


@router.get(
    "/analytics/global",
    summary="Show what was shown to everybody",
    dependencies=ADMIN,
    responses=fails(NOT_ADMIN),
)
def analyse_all(
    query: Annotated[DaysQuery, Query()], show: Annotated[ShowGlobalAnalytics, provided("show_global_analytics")]
) -> GlobalAnalyticsOut:
    """Lists, clicks and enrollments of the last days, in all, by engine and day by day; what was clicked most."""
    return GlobalAnalyticsOut.of(show(query.days))


@router.get("/analytics/engines", summary="Compare engines", dependencies=ADMIN, responses=fails(NOT_ADMIN))
def analyse_engines(
    query: Annotated[DaysQuery, Query()], show: Annotated[ShowEngineAnalytics, provided("show_engine_analytics")]
) -> EngineAnalyticsOut:
    """The last days by engine and model version, platform, surface and position.

    Engines serve different users, so these rates tell how they did, not which is better: that takes an experiment, or
    `GET /analytics/what-if`.
    """
    return EngineAnalyticsOut.of(show(query.days))


@router.get(
    "/analytics/items/{item_id}",
    summary="Follow a title",
    dependencies=ADMIN,
    responses=fails(NOT_ADMIN, ItemNotFound(42)),
)
def analyse_item(
    item_id: PathId,
    query: Annotated[DaysQuery, Query()],
    show: Annotated[ShowItemAnalytics, provided("show_item_analytics")],
) -> ItemAnalyticsOut:
    """Where a title was shown and what came of it, and how far it would come in the lists of the last users now."""
    return ItemAnalyticsOut.of(show(item_id, query.days))


@router.get(
    "/analytics/what-if",
    summary="Ask what another engine would have earned",
    dependencies=ADMIN,
    responses=fails(NOT_ADMIN, NothingRandomised(HOURS), NoOverlap()),
)
def ask_what_if(query: Annotated[WhatIfQuery, Query()], what_if: Annotated[WhatIf, provided("what_if")]) -> WhatIfOut:
    """The mean reward of a list had the engine made all of them, told from the lists that chance gave to it.

    Three estimates: inverse propensity scores, the same self-normalised, and doubly robust. Trust the last two, and
    none of them where `effective_size` is small.
    """
    return WhatIfOut.of(what_if(query.engine, query.hours, query.clip))


def feedback_router(kind: Kind) -> APIRouter:
    """What is done with titles of one kind, beside the titles themselves."""
    router = APIRouter(prefix=f"/{kind}s", tags=[f"{kind}s".capitalize()], generate_unique_id_function=named)

    @router.get(
        "/{item_id}/feedback",
        name=f"get_{kind}_feedback",
        summary=f"Show what people do with a {kind}",
        responses=fails(ItemNotFound(42, kind)),
    )
    def feedback(
        item_id: PathId,
        query: Annotated[FeedbackQuery, Query()],
        caller: Caller,
        show: Annotated[ShowItemFeedback, provided("show_item_feedback")],
    ) -> ItemFeedbackOut:
        """Counts and rates by action of today, by UTC, and the days before it."""
        return ItemFeedbackOut.of(show(caller, kind, item_id, query.days))

    return router
