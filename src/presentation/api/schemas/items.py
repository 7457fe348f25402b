"""Titles of the catalogue."""

from typing import Annotated

from pydantic import AfterValidator, Field

from domain.items import Item, ItemSearch, ItemSort, Kind
from presentation.api.schemas.common import (
    Answer,
    Body,
    ChosenId,
    Name,
    Names,
    PageQuery,
    SearchText,
    StrictYear,
    Text,
    Year,
    each_once,
    example,
    left_out,
)

STAR_WARS = {
    "id": 50,
    "external_id": None,
    "kind": "movie",
    "title": "Star Wars",
    "year": 1977,
    "genres": ["Action", "Adventure", "Romance", "Sci-Fi", "War"],
    "tags": [],
    "creators": ["George Lucas"],
    "description": None,
    "language": "en",
    "rating_count": 583,
    "rating_mean": 4.36,
    "poster_url": None,
}


def web_address(text: str) -> str:
    """Refuse whatever a page must not load a picture from, such as `javascript:`."""
    if not text.startswith(("https://", "http://")):
        raise ValueError("must start with https:// or http://")
    return text


Title = Annotated[str, Text(300)]
ExternalId = Annotated[str, Text(200)]
Creators = Annotated[list[Annotated[str, Text(200)]], Field(max_length=100), AfterValidator(each_once)]
PosterUrl = Annotated[str, Text(2048), AfterValidator(web_address), Field(json_schema_extra={"pattern": "^https?://"})]


class ItemFields(Body):
    """The parts of a title that may be missing."""

    external_id: ExternalId | None = Field(None, description="The id that its own source gave it, unique in its kind.")
    year: StrictYear | None = None
    description: Annotated[str, Text(10_000, 0)] | None = None
    language: Annotated[str, Text(35)] | None = None
    poster_url: PosterUrl | None = None


class ItemIn(ItemFields):
    id: ChosenId | None = Field(None, description="Kept where it is given.")
    title: Title
    genres: Names = Field([])
    tags: Names = Field([])
    creators: Creators = Field([])

    model_config = example(
        {
            "title": "Star Wars",
            "year": 1977,
            "genres": ["Action", "Adventure", "Sci-Fi"],
            "creators": ["George Lucas"],
            "language": "en",
        }
    )

    def as_item(self, kind: Kind) -> Item:
        return Item(kind=kind, **self.model_dump())


class ItemChangeIn(ItemFields):
    """Fields left out stay as they are; null clears those that may be empty."""

    title: Title = Field(default_factory=left_out)
    genres: Names = Field(default_factory=left_out)
    tags: Names = Field(default_factory=left_out)
    creators: Creators = Field(default_factory=left_out)

    model_config = example({"year": 1977, "tags": ["space opera"]})

    def changes(self) -> dict[str, object]:
        return self.model_dump(exclude_unset=True)


class ItemOut(Answer):
    id: int
    external_id: str | None
    kind: Kind
    title: str
    year: int | None
    genres: list[str]
    tags: list[str]
    creators: list[str]
    description: str | None
    language: str | None
    rating_count: int
    rating_mean: float | None
    poster_url: str | None

    model_config = example(STAR_WARS)


class ItemQuery(PageQuery):
    q: SearchText = Field("", description="Sought in the title.")
    genre: Name | None = None
    tag: Name | None = None
    year_from: Year | None = None
    year_to: Year | None = None
    sort: ItemSort = Field(ItemSort.ID, description="`-` puts the largest first; ties go by id.")

    def search(self, kind: Kind) -> ItemSearch:
        return ItemSearch(kind, self.q or None, self.genre, self.tag, self.year_from, self.year_to, self.sort)
