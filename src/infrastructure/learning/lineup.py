"""Builds the line-up: the engines that serve one catalogue revision and, where there is one, one model."""

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.lineup import Lineup
from domain.pipeline import Pipeline
from domain.ports.recommending import CandidateGenerator
from infrastructure.generators.baseline import WEIGHTS as BASELINE_WEIGHTS
from infrastructure.generators.baseline import BaselineRanker
from infrastructure.generators.cold_start import WEIGHTS as COLD_START_WEIGHTS
from infrastructure.generators.cold_start import ColdStartRanker
from infrastructure.generators.content import ContentGenerator
from infrastructure.generators.demographic import DemographicGenerator
from infrastructure.generators.item_neighbours import NEXT, CollaborativeGenerator
from infrastructure.generators.popularity import PopularityGenerator, PopularityRanker
from infrastructure.generators.signals import Capped
from infrastructure.learning.artifacts import LoadedModel
from infrastructure.learning.ncf_scorer import NcfRanker, by_position

#: what the generators propose to the neural ranker, at most; chosen on validation (docs/decisions)
NCF_POOL, NCF_CONTENT, NCF_POPULAR = 300, 50, 100


def build_lineup(catalogue: Catalogue, model: LoadedModel | None) -> Lineup:
    """Everything that can be computed before a request is computed here."""
    popularity = PopularityGenerator(catalogue)
    content = ContentGenerator(catalogue)
    collaborative = CollaborativeGenerator(catalogue, model) if model else None
    demographic = DemographicGenerator(catalogue, model) if model else None
    personal = tuple(generator for generator in (collaborative, content, demographic) if generator)
    popular = Pipeline("popularity", (popularity,), PopularityRanker(catalogue), popularity)
    baseline = Pipeline(
        "baseline",
        (popularity, content),
        BaselineRanker(catalogue),
        popularity,
        fallback=popular,
        weights=dict(BASELINE_WEIGHTS),
    )
    cold_start = Pipeline(
        "cold_start",
        (*personal, popularity),
        ColdStartRanker(popularity, content, collaborative, demographic),
        popularity,
        fallback=popular,
        model_version=model.version.version if model else None,
        weights=dict(COLD_START_WEIGHTS),
    )
    pipelines = {pipeline.name: pipeline for pipeline in (popular, baseline, cold_start)}
    if model:
        proposing = (
            CollaborativeGenerator(catalogue, model, NEXT),
            Capped(content, NCF_CONTENT),
            Capped(popularity, NCF_POPULAR),
        )
        pipelines["ncf"] = ncf_pipeline(catalogue, model, proposing, popularity, fallback=baseline)
    return Lineup(
        catalogue=catalogue,
        pipelines=pipelines,
        model=model.version if model else None,
        vectors=onboarding_vectors(catalogue, model),
        similar_by_content=content,
        similar_by_ratings=collaborative,
    )


def ncf_pipeline(
    catalogue: Catalogue,
    model: LoadedModel,
    generators: tuple[CandidateGenerator, ...],
    filler: CandidateGenerator,
    fallback: Pipeline,
) -> Pipeline:
    """The neural model over what the generators propose."""
    return Pipeline(
        "ncf",
        generators,
        NcfRanker(catalogue, model),
        filler,
        pool=NCF_POOL,
        fallback=fallback,
        model_version=model.version.version,
    )


def onboarding_vectors(catalogue: Catalogue, model: LoadedModel | None) -> NDArray[np.float32]:
    """[n, d] collaborative vectors, or without a model the items' genres at unit length."""
    if model:
        return by_position(catalogue, model.vocabulary, model.item_vectors)
    genres = catalogue.genres.astype(np.float32)
    return np.asarray(genres / np.sqrt(np.maximum(genres.sum(axis=1, keepdims=True), 1.0)), dtype=np.float32)
