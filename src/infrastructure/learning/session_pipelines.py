"""What continues sessions: one pipeline for each encoder and each way of fusing it with content."""

from collections.abc import Mapping

from domain.blending import FUSIONS
from domain.pipeline import Pipeline
from domain.ports.recommending import CandidateGenerator, Ranker
from infrastructure.generators.blend import BlendRanker
from infrastructure.generators.session_mean import SessionMean
from infrastructure.learning.recipes.recipe import ServingParts

#: the engine that each trained encoder is
ENGINES: Mapping[str, str] = {"linear": "linear", "gru": "gru", "lstm": "lstm", "transformer": "sequence"}
#: what the encoder counts beside the likeness of titles, genres and tags
WEIGHTS: Mapping[str, float] = {"encoder": 0.9, "content": 0.1}
#: what each of the two proposes at most
POOL = 200


def session_pipelines(parts: ServingParts) -> dict[tuple[str, str], Pipeline]:
    """Pipelines by encoder and fusion, for the encoders that can serve with this model."""
    mean = SessionMean(parts.catalogue, parts.shared)
    encoders: dict[str, tuple[CandidateGenerator, Ranker]] = {"mean": (mean, mean)}
    for encoder, engine in ENGINES.items():
        if engine in parts.pipelines:
            encoders[encoder] = (parts.pipelines[engine].generators[0], parts.pipelines[engine].ranker)
    return {
        (encoder, fusion): Pipeline(
            f"session-{encoder}",
            (generator, parts.content),
            BlendRanker("session", {"encoder": ranker, "content": parts.content}, WEIGHTS, fusion),
            parts.popularity,
            pool=POOL,
            fallback=parts.fallback,
            model_version=parts.version,
            weights=dict(WEIGHTS),
        )
        for encoder, (generator, ranker) in encoders.items()
        for fusion in FUSIONS
    }
