"""`hybrid`: the other trained engines blended, with the weights that rank the validation events best."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from application.evaluating import user_states
from domain import blending, metrics
from domain.blending import FUSIONS, MAX, RANK_FUSION, WEIGHTED_SUM, Fusion
from domain.items import ItemFilter
from domain.pipeline import Pipeline
from domain.ports.recommending import CandidateGenerator
from domain.recommendation import Context
from infrastructure.generators.blend import BlendRanker
from infrastructure.learning.features import Vocabulary
from infrastructure.learning.material import Material
from infrastructure.learning.recipes.recipe import (
    Arrays,
    OnEpoch,
    Recipe,
    ServingParts,
    Shapes,
    choice,
    number,
    once,
)

#: what each generator proposes at most
POOL = 200
#: shares at which one more engine is tried in the blend; long-tailed scores are best added in small ones
SHARES = (0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
#: what an addition must gain in NDCG@10 to stay: less is likely to be chance, and every engine costs time
WORTHWHILE = 5e-4
CUT_OFF = 10


@dataclass(frozen=True)
class HybridRecipe(Recipe):
    """A blend of the engines that were trained before, by `fusion`, fitted on at most `users` validation events.

    It begins with the best engine and goes on adding a share of another for as long as that helps.
    """

    name: ClassVar[str] = "hybrid"

    fusion: str = choice(WEIGHTED_SUM, MAX, RANK_FUSION)
    users: int = number(3000, 1, 1_000_000)

    def train(self, material: Material, on_epoch: OnEpoch) -> Arrays | None:
        if not material.pipelines or not len(material.validation):
            return None
        started = time.perf_counter()
        parts, targets = examples(material, self.users, FUSIONS[self.fusion])
        weights, value = fitted(parts, targets, FUSIONS[self.fusion])
        on_epoch(replace(once(self.name, time.perf_counter() - started), validation=value))
        return {
            name: np.array([weight])
            for name, weight in zip(material.pipelines, weights.tolist(), strict=True)
            if weight > 0
        }

    def shapes(self, vocabulary: Vocabulary, arrays: Arrays) -> Shapes:
        if not arrays or any((weight <= 0).any() for weight in arrays.values()):
            raise ValueError("it needs weights above zero")
        return dict.fromkeys(arrays, (1,))

    def build(self, arrays: Arrays, parts: ServingParts) -> Pipeline:
        known = {name: float(weight[0]) for name, weight in arrays.items() if name in parts.pipelines}
        weights = blending.normalised(known)
        blended = {name: parts.pipelines[name] for name in weights}
        return Pipeline(
            self.name,
            generators_of(blended),
            BlendRanker(self.name, {name: one.ranker for name, one in blended.items()}, weights, self.fusion),
            parts.popularity,
            pool=POOL,
            fallback=parts.fallback,
            model_version=parts.version,
            weights=weights,
        )


def generators_of(pipelines: Mapping[str, Pipeline]) -> tuple[CandidateGenerator, ...]:
    """The generators of all of the pipelines, each name once."""
    return tuple({one.name: one for pipeline in pipelines.values() for one in pipeline.generators}.values())


def examples(material: Material, users: int, fusion: Fusion) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What the engines say of the candidates of validation users, and which candidate was taken up.

    Parts [e, u, c], with -inf past a user's last candidate, and targets [u], -1 where the item was no candidate.
    """
    chosen = np.random.default_rng(material.seed).permutation(len(material.validation))[:users]
    held_out = material.validation.take(np.sort(chosen))
    catalogue = material.training.catalogue
    generators = generators_of(material.pipelines)
    found: list[NDArray[np.float64]] = []
    targets = np.full(len(held_out), -1)
    wanted = catalogue.positions(held_out.item_ids)
    for user, state in enumerate(user_states(material.interactions, held_out, material.training.demographics)):
        context = Context.of(catalogue, state, ItemFilter(kind=None), material.training.liked_from)
        context = replace(context, as_of=int(held_out.timestamps[user]))
        pool = blending.pool({one.name: one(context, POOL) for one in generators})
        scores = np.stack([one.ranker.score(context, pool.positions) for one in material.pipelines.values()])
        found.append(fusion.prepare(scores))
        place = np.flatnonzero(pool.positions == wanted[user])
        targets[user] = place[0] if len(place) else -1
    width = max((one.shape[1] for one in found), default=0)
    parts = np.full((len(material.pipelines), len(found), width), -np.inf)
    for user, one in enumerate(found):
        parts[:, user, : one.shape[1]] = one
    return parts, targets


def fitted(parts: NDArray[np.float64], targets: NDArray[np.int64], fusion: Fusion) -> tuple[NDArray[np.float64], float]:
    """The weights [e], adding up to 1, that rank the targets best, and the NDCG@10 that they reach."""
    alone = np.eye(len(parts))
    values = [_ndcg(parts, targets, weights, fusion) for weights in alone]
    best, weights = max(values), alone[int(np.argmax(values))]
    for _ in range(2 * len(parts)):
        tried = [(1.0 - share) * weights + share * other for other in alone for share in SHARES]
        reached = [_ndcg(parts, targets, trial, fusion) for trial in tried]
        if max(reached) < best + WORTHWHILE:
            break
        best, weights = max(reached), tried[int(np.argmax(reached))]
    return weights, best


def _ndcg(
    parts: NDArray[np.float64], targets: NDArray[np.int64], weights: NDArray[np.float64], fusion: Fusion
) -> float:
    used = weights > 0
    scores = fusion.combine(weights[used][:, None, None] * parts[used])  # [u, c]
    own = np.take_along_axis(scores, np.maximum(targets, 0)[:, None], axis=1)
    ranks = np.where(targets >= 0, 1 + (scores > own).sum(axis=1), 0)
    return float(metrics.ndcg(ranks, CUT_OFF).mean())
