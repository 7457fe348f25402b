"""Health, and the rows that admins look at."""

from typing import Any, Literal

from pydantic import Field

from presentation.api.schemas.common import MAX_ID, Answer, Body, PageQuery, Time, example

INDEX = {
    "generation": 2,
    "kind": "faiss",
    "recall": 0.998,
    "items": 62423,
    "placed": 120,
    "built_at": "2026-01-31T12:30:00Z",
}
GATES = {
    "champion": "20260130T120000Z-8c21",
    "passed": False,
    "gates": [
        {
            "name": "coverage@10",
            "passed": False,
            "value": 0.21,
            "bound": 0.34,
            "reason": "0.210 of the catalogue is shown; at least 0.340 is asked for.",
        }
    ],
}
ALIASES = {
    "generation": 4,
    "champion": "20260130T120000Z-8c21",
    "challenger": "20260131T120000Z-1f3a",
    "former": ["20260129T120000Z-77d0"],
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
    "gates": GATES,
    "size": 7340032,
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


class GateOut(Answer):
    name: str
    passed: bool
    value: float | None
    bound: float | None = Field(description="What the value is held against; null where nothing was compared.")
    reason: str


class GateReportOut(Answer):
    champion: str | None = Field(description="The champion that the version was compared with.")
    passed: bool
    gates: list[GateOut]


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
    gates: GateReportOut | None = Field(description="What it showed when it was judged; null before.")
    size: int = Field(description="Bytes of its files.")


class ModelsOut(Answer):
    current: ModelOut | None = Field(description="The champion, which serves.")
    versions: list[ModelOut] = Field(description="Newest first.")

    model_config = example({"current": MODEL, "versions": [MODEL]})


class AliasesOut(Answer):
    generation: int = Field(description="Raised by every change of an alias.")
    champion: str | None = Field(description="The version that serves.")
    challenger: str | None = Field(description="The newest version that would serve.")
    former: list[str] = Field(description="The champions before, the latest first: what can be gone back to.")

    model_config = example(ALIASES)


class RegistryOut(Answer):
    aliases: AliasesOut
    versions: list[ModelOut] = Field(description="Newest first.")

    model_config = example({"aliases": ALIASES, "versions": [MODEL]})


class SeenQuery(Body):
    generation: int | None = Field(
        None, ge=0, le=MAX_ID, description="Only if the aliases are still of this generation; without it, of whichever."
    )


class PromotionQuery(SeenQuery):
    force: bool = Field(False, description="Whatever the gates say.")


class RowsQuery(PageQuery):
    user_id: int | None = Field(None, ge=1, le=MAX_ID, description="Of one user; without it, of all.")
