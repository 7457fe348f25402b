"""Lists that were shown."""

from presentation.api.schemas.common import Answer, Time, example

SHOWN = {
    "id": "01950f3c-6c00-7a1b-9c2d-3e4f5a6b7c8d",
    "user_id": 944,
    "surface": "recommendations",
    "engine": "ncf",
    "model_version": "20260131T120000Z-1f3a",
    "shown_at": "2026-01-31T12:00:00Z",
    "items": [{"rank": 1, "item_id": 50, "score": 0.93, "source": "item_neighbours", "probability": 1.0}],
    "k": 10,
    "fallback_used": False,
    "applied_events": 12,
    "platform": None,
    "experiment_id": None,
    "variant": None,
    "engine_probability": 1.0,
    "generators": {"item_neighbours": 300, "popularity": 300},
}


class ShownItemOut(Answer):
    rank: int
    item_id: int
    score: float
    source: str
    probability: float


class ImpressionOut(Answer):
    """A list that was shown, as it was shown."""

    id: str
    user_id: int | None
    surface: str
    engine: str
    model_version: str | None
    shown_at: Time
    items: list[ShownItemOut]
    k: int
    fallback_used: bool
    applied_events: int
    platform: str | None
    experiment_id: str | None
    variant: str | None
    engine_probability: float
    generators: dict[str, int] | None

    model_config = example(SHOWN)
