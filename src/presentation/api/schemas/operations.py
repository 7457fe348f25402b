"""Health, and the rows that admins look at."""

from typing import Any, Literal

from pydantic import Field

from presentation.api.schemas.common import MAX_ID, Answer, PageQuery, Time, example

INDEX = {
    "generation": 2,
    "kind": "faiss",
    "recall": 0.998,
    "items": 62423,
    "placed": 120,
    "built_at": "2026-01-31T12:30:00Z",
}
MODEL = {
    "version": "20260131T120000Z-1f3a",
    "engines": ["linear", "ncf"],
    "created_at": "2026-01-31T12:00:00Z",
    "config": {
        "engines": ["linear", "ncf"],
        "seed": 0,
        "device": "auto",
        "linear": {"decay": 4.0},
        "ncf": {"epochs": 20},
    },
    "data_fingerprint": "9b74c9897bac770ffc029102a200c5de",
    "metrics": {"ncf.ndcg@10": 0.081, "popularity.ndcg@10": 0.034},
    "auto": [[0, "linear"]],
    "parent": None,
    "index": INDEX,
}


class HealthOut(Answer):
    status: Literal["ok"] = "ok"

    model_config = example({"status": "ok"})


class ComponentsOut(Answer):
    database: str
    model: str
    index: str
    cache: str


class ReadinessOut(Answer):
    status: Literal["ready", "unavailable"]
    components: ComponentsOut = Field(description="`ready`, `absent` where it can be done without, or `unavailable`.")

    model_config = example(
        {
            "status": "ready",
            "components": {"database": "ready", "model": "ready", "index": "ready", "cache": "ready"},
        }
    )


class IndexOut(Answer):
    generation: int = Field(description="How often it was built for this version.")
    kind: str = Field(description="`exact`, `annoy` or `faiss`.")
    recall: float = Field(description="Measured share of the hundred true neighbours that it finds.")
    items: int
    placed: int = Field(description="Items that the model has learnt nothing of, placed by their content.")
    built_at: Time


class ReindexedOut(Answer):
    version: str = Field(description="The model version whose index was built.")
    index: IndexOut

    model_config = example({"version": MODEL["version"], "index": INDEX})


class ModelOut(Answer):
    version: str
    engines: list[str]
    created_at: Time
    config: dict[str, Any]
    data_fingerprint: str
    metrics: dict[str, float]
    auto: list[tuple[int, str]] = Field(description="The engine that `auto` takes from so many ratings on.")
    parent: str | None
    index: IndexOut | None


class ModelsOut(Answer):
    current: ModelOut | None
    versions: list[ModelOut] = Field(description="Newest first.")

    model_config = example({"current": MODEL, "versions": [MODEL]})


class RowsQuery(PageQuery):
    user_id: int | None = Field(None, ge=1, le=MAX_ID, description="Of one user; without it, of all.")
