"""A user's taste profile."""

from pydantic import Field

from presentation.api.schemas.common import Answer, Body, Flag, Names, example


class GenreTasteOut(Answer):
    genre: str
    affinity: float = Field(description="-1 to 1: how far this genre's ratings lie from the user's mean.")
    rated: int
    muted: bool
    boosted: bool


class TasteOut(Answer):
    genres: list[GenreTasteOut] = Field(description="Every genre that was rated or set, strongest affinity first.")

    model_config = example(
        {"genres": [{"genre": "Drama", "affinity": 0.41, "rated": 12, "muted": False, "boosted": True}]}
    )


class TasteIn(Body):
    muted_genres: Names | None = Field(None, description="Genres never to be shown.")
    boosted_genres: Names | None = Field(None, description="Genres to be shown more.")
    reset: Flag = Field(False, description="Clear both first.")

    model_config = example({"muted_genres": ["Horror"], "boosted_genres": ["Drama"]})
