"""Builds the line-up: the engines that serve one catalogue revision and, where there is one, one model."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from domain.catalogue import Catalogue
from domain.lineup import Lineup
from domain.pipeline import Pipeline
from infrastructure.generators.baseline import WEIGHTS as BASELINE_WEIGHTS
from infrastructure.generators.baseline import BaselineRanker
from infrastructure.generators.cold_start import WEIGHTS as COLD_START_WEIGHTS
from infrastructure.generators.cold_start import ColdStartRanker
from infrastructure.generators.content import ContentGenerator
from infrastructure.generators.demographic import DemographicGenerator
from infrastructure.generators.item_neighbours import CollaborativeGenerator
from infrastructure.generators.popularity import PopularityGenerator, PopularityRanker
from infrastructure.learning.artifacts import LoadedModel
from infrastructure.learning.recipes.recipe import ServingParts
from infrastructure.learning.recipes.table import RECIPES
from infrastructure.learning.session_pipelines import session_pipelines
from infrastructure.learning.shared_parts import SharedParts, by_position

#: engines that need no model
SIMPLE = ("popularity", "baseline", "content", "cold_start")
#: every engine there is, whether or not it can serve now
ENGINES = (*SIMPLE, *RECIPES)


def build_lineup(catalogue: Catalogue, model: LoadedModel | None) -> Lineup:
    """Everything that can be computed before a request is computed here."""
    shared = model.shared if model else None
    generators = Generators(catalogue, shared)
    pipelines = generators.simple_pipelines(model.version.version if model else None)
    if model:
        for name, recipe in model.recipes.items():
            parts = generators.parts(model.version.version, pipelines)
            pipelines[name] = recipe.build(model.arrays[name], parts)
    return Lineup(
        catalogue=catalogue,
        pipelines=pipelines,
        engines=ENGINES,
        auto=model.version.auto if model else (),
        model=model.version if model else None,
        vectors=onboarding_vectors(catalogue, shared),
        similar_by_content=generators.content,
        similar_by_ratings=generators.collaborative,
        sessions=session_pipelines(generators.parts(model.version.version, pipelines)) if model else {},
        asks_when=any(recipe.asks_when for recipe in model.recipes.values()) if model else False,
    )


class Generators:
    """The generators of one catalogue and, where there is a model, its shared parts."""

    def __init__(self, catalogue: Catalogue, shared: SharedParts | None) -> None:
        self.catalogue = catalogue
        self.shared = shared
        self.popularity = PopularityGenerator(catalogue)
        self.content = ContentGenerator(catalogue)
        self.collaborative = CollaborativeGenerator(catalogue, shared) if shared else None
        self.demographic = DemographicGenerator(catalogue, shared) if shared else None

    def simple_pipelines(self, version: str | None) -> dict[str, Pipeline]:
        """The engines that serve with a model or without one; `version` is the model's."""
        popularity, content = self.popularity, self.content
        personal = tuple(one for one in (self.collaborative, content, self.demographic) if one)
        popular = Pipeline("popularity", (popularity,), PopularityRanker(self.catalogue), popularity)
        baseline = Pipeline(
            "baseline",
            (popularity, content),
            BaselineRanker(self.catalogue),
            popularity,
            fallback=popular,
            weights=dict(BASELINE_WEIGHTS),
        )
        by_content = Pipeline("content", (content,), content, popularity, fallback=popular)
        cold_start = Pipeline(
            "cold_start",
            (*personal, popularity),
            ColdStartRanker(popularity, content, self.collaborative, self.demographic),
            popularity,
            fallback=popular,
            model_version=version,
            weights=dict(COLD_START_WEIGHTS),
        )
        return {pipeline.name: pipeline for pipeline in (popular, baseline, by_content, cold_start)}

    def parts(self, version: str | None, pipelines: Mapping[str, Pipeline]) -> ServingParts:
        """What a trained engine is put together from. There must be a model."""
        if self.shared is None or self.collaborative is None:
            raise ValueError("trained engines need the shared parts of a model")
        return ServingParts(
            catalogue=self.catalogue,
            shared=self.shared,
            version=version,
            popularity=self.popularity,
            content=self.content,
            collaborative=self.collaborative,
            fallback=pipelines["baseline"],
            pipelines=pipelines,
        )


def onboarding_vectors(catalogue: Catalogue, shared: SharedParts | None) -> NDArray[np.float32]:
    """[n, d] collaborative vectors, or without a model the items' genres at unit length."""
    if shared:
        return by_position(catalogue, shared.vocabulary, shared.item_vectors)
    genres = catalogue.genres.astype(np.float32)
    return np.asarray(genres / np.sqrt(np.maximum(genres.sum(axis=1, keepdims=True), 1.0)), dtype=np.float32)
