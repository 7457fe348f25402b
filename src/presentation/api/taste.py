"""A user's taste profile: to see, mute, boost and reset."""

from typing import Annotated

from fastapi import APIRouter

from application.tasting import SetTaste, ShowTaste, TasteChange
from domain.errors import Detail, Invalid
from presentation.api.dependencies import Caller, provided
from presentation.api.documenting import fails, named
from presentation.api.schemas.taste import TasteIn, TasteOut

router = APIRouter(prefix="/users/me/taste", tags=["Accounts"], generate_unique_id_function=named)

UNKNOWN_GENRE = Invalid(
    "The taste settings are not valid; nothing was changed.", [Detail("Dramma", "no title has this genre")]
)


@router.get("", summary="Show my taste")
def get_taste(caller: Caller, show_taste: Annotated[ShowTaste, provided("show_taste")]) -> TasteOut:
    """How each genre stands with the caller: what their ratings say, and what they have set by hand."""
    return TasteOut.model_validate({"genres": show_taste(caller)})


@router.patch("", summary="Set my taste", responses=fails(UNKNOWN_GENRE))
def patch_taste(
    body: TasteIn,
    caller: Caller,
    set_taste: Annotated[SetTaste, provided("set_taste")],
    show_taste: Annotated[ShowTaste, provided("show_taste")],
) -> TasteOut:
    """Mute genres, boost genres, or reset both; what is left out stays as it is. Answers with the new profile."""
    set_taste(caller, TasteChange(_all(body.muted_genres), _all(body.boosted_genres), body.reset))
    return TasteOut.model_validate({"genres": show_taste(caller)})


def _all(genres: list[str] | None) -> frozenset[str] | None:
    return None if genres is None else frozenset(genres)
