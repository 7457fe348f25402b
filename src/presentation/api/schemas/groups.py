"""Lists for several people."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from domain.items import ItemFilter, Kind
from domain.recommendation import RecommendationRequest
from presentation.api.schemas.common import Answer, Body, Id, example
from presentation.api.schemas.items import STAR_WARS
from presentation.api.schemas.recommendations import LIST, ReasonOut, RecommendationListOut, RecommendationOut, StrictK

MOST_MEMBERS = 20
VOICE = {"user_id": 944, "satisfaction": 0.97}
GROUP_LIST: dict[str, Any] = {
    **LIST,
    "user_id": None,
    "engine": "group",
    "items": [{"rank": 1, "item": STAR_WARS, "score": 0.94, "source": "fair", "voices": [VOICE]}],
}


def distinct(user_ids: list[int]) -> list[int]:
    """Refuse to hear anybody twice."""
    if len(set(user_ids)) < len(user_ids):
        raise ValueError("must not name a user twice")
    return user_ids


class GroupIn(Body):
    user_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_MEMBERS), AfterValidator(distinct)]
    k: StrictK = 10
    strategy: Literal["average", "least_misery", "fair"] = Field("fair", description="How many opinions become one.")
    kind: Kind = Kind.MOVIE

    model_config = example({"user_ids": [944, 945], "k": 5, "strategy": "fair"})

    def request(self) -> RecommendationRequest:
        return RecommendationRequest(k=self.k, wanted=ItemFilter(kind=self.kind))


class VoiceOut(Answer):
    user_id: int
    satisfaction: float = Field(description="0 to 1: the share of the candidates that they like less.")
    reason: ReasonOut | None = Field(None, description="Left out where there is none.")


class GroupPlaceOut(RecommendationOut):
    voices: list[VoiceOut] = Field(description="What each of the group thinks of it.")


class GroupListOut(RecommendationListOut):
    """One list for several people, logged as nobody's."""

    items: list[GroupPlaceOut]  # type: ignore[assignment]  # a place says more here

    model_config = example(GROUP_LIST)
