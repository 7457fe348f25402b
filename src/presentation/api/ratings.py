"""Ratings."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Body, Query

from application.rating import ListRatings, RateItems, RemoveRating
from domain.errors import Detail, InvalidRatings, RatingNotFound
from domain.events import Rating
from domain.paging import Page
from presentation.api.dependencies import Caller, provided
from presentation.api.documenting import fails, named
from presentation.api.schemas.common import DeletedOut, PageOut, PageQuery, PathId
from presentation.api.schemas.ratings import MOST_RATINGS, RatingIn, RatingOut

router = APIRouter(prefix="/ratings", tags=["Ratings"], generate_unique_id_function=named)

BAD_ROWS = InvalidRatings(
    "No rating was stored: some rows are not valid.", [Detail("0.rating", "must lie between 0.5 and 5.0")]
)


@router.post("/", summary="Rate titles", status_code=201, response_model=list[RatingOut], responses=fails(BAD_ROWS))
def create_ratings(
    body: Annotated[list[RatingIn], Body(min_length=1, max_length=MOST_RATINGS)],
    caller: Caller,
    rate_items: Annotated[RateItems, provided("rate_items")],
) -> Sequence[Rating]:
    """Store a batch of the caller's ratings, all or none; the very next recommendations follow them.

    A second rating of a title replaces the first. Where some rows are not valid, each of them is named.
    """
    return rate_items(caller, [row.as_new() for row in body])


@router.get("/", summary="List my ratings", response_model=PageOut[RatingOut])
def list_my_ratings(
    query: Annotated[PageQuery, Query()],
    caller: Caller,
    list_ratings: Annotated[ListRatings, provided("list_ratings")],
) -> Page[Rating]:
    """A page of the caller's ratings, newest first."""
    return list_ratings(caller, query.request())


@router.delete("/{item_id}", summary="Take a rating back", responses=fails(RatingNotFound(42)))
def delete_rating(
    item_id: PathId, caller: Caller, remove_rating: Annotated[RemoveRating, provided("remove_rating")]
) -> DeletedOut:
    """Remove the caller's rating of a title; it may be recommended again."""
    remove_rating(caller, item_id)
    return DeletedOut(message=f"Your rating of item {item_id} was deleted.", id=item_id)
