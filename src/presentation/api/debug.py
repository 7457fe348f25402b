"""Raw rows, for admins who debug."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from application.accounts import ListAccounts
from application.inspecting import ListAllRatings, ListEngagements, ListImpressions
from application.items import ListItems
from domain.engagements import Engagement
from domain.events import Rating
from domain.impressions import Impression
from domain.items import Item, ItemSearch
from domain.paging import Page
from domain.ports.learning import ModelRegistry
from domain.users import User
from presentation.api.dependencies import admin, provided
from presentation.api.documenting import NOT_ADMIN, fails, named
from presentation.api.schemas.accounts import AccountRowOut
from presentation.api.schemas.common import PageOut, PageQuery
from presentation.api.schemas.events import EngagementOut
from presentation.api.schemas.impressions import ImpressionOut
from presentation.api.schemas.items import ItemOut
from presentation.api.schemas.operations import ModelsOut, RowsQuery
from presentation.api.schemas.ratings import RatingOut

router = APIRouter(
    prefix="/debug",
    tags=["Debug"],
    generate_unique_id_function=named,
    dependencies=[Depends(admin)],
    responses=fails(NOT_ADMIN),
)


@router.get("/users", summary="Show user rows", response_model=PageOut[AccountRowOut])
def debug_users(
    query: Annotated[PageQuery, Query()], list_accounts: Annotated[ListAccounts, provided("list_accounts")]
) -> Page[User]:
    """A page of users by id, those of data sets included; never a password's hash."""
    return list_accounts(query.request())


@router.get("/items", summary="Show item rows", response_model=PageOut[ItemOut])
def debug_items(
    query: Annotated[PageQuery, Query()], list_items: Annotated[ListItems, provided("list_items")]
) -> Page[Item]:
    """A page of items of every kind, by id."""
    return list_items(ItemSearch(), query.request())


@router.get("/ratings", summary="Show rating rows", response_model=PageOut[RatingOut])
def debug_ratings(
    query: Annotated[RowsQuery, Query()],
    list_all_ratings: Annotated[ListAllRatings, provided("list_all_ratings")],
) -> Page[Rating]:
    """A page of everybody's ratings, or of one user's, newest first."""
    return list_all_ratings(query.request(), query.user_id)


@router.get("/impressions", summary="Show impression rows", response_model=PageOut[ImpressionOut])
def debug_impressions(
    query: Annotated[RowsQuery, Query()],
    list_impressions: Annotated[ListImpressions, provided("list_impressions")],
) -> Page[Impression]:
    """A page of the lists that were shown, or of those shown to one user, newest first."""
    return list_impressions(query.request(), query.user_id)


@router.get("/engagements", summary="Show engagement rows", response_model=PageOut[EngagementOut])
def debug_engagements(
    query: Annotated[RowsQuery, Query()],
    list_engagements: Annotated[ListEngagements, provided("list_engagements")],
) -> Page[Engagement]:
    """A page of what was done with what was shown, or of what one user did, the latest first."""
    return list_engagements(query.request(), query.user_id)


@router.get("/model", summary="Show model versions")
def debug_model(registry: Annotated[ModelRegistry, provided("model_registry")]) -> ModelsOut:
    """The version that serves, and every published one with its configuration and figures, newest first."""
    return ModelsOut.model_validate({"current": registry.find_champion(), "versions": registry.list_versions()})
