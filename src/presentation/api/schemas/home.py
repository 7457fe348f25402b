"""The home page."""

from pydantic import Field

from domain.items import ItemFilter, Kind
from domain.recommendation import RecommendationRequest
from presentation.api.schemas.common import Answer, Body, Name, example
from presentation.api.schemas.recommendations import LIST, RecommendationListOut


class ShelfOut(RecommendationListOut):
    """A row of the home page: a list like any other, with its heading."""

    name: str = Field(description="`for_you`, `because_you_liked`, `trending` or `new_to_you`.")
    title: str

    model_config = example({"name": "for_you", "title": "For you", **LIST})


class HomeOut(Answer):
    shelves: list[ShelfOut] = Field(description="No title stands on two of them.")

    model_config = example({"shelves": [{"name": "for_you", "title": "For you", **LIST}]})


class HomeQuery(Body):
    k: int = Field(10, ge=1, le=50, description="Titles on a shelf.")
    kind: Kind = Kind.MOVIE
    platform: Name | None = Field(None, description="Where it is shown.")

    def request(self) -> RecommendationRequest:
        return RecommendationRequest(k=self.k, wanted=ItemFilter(kind=self.kind), platform=self.platform)
