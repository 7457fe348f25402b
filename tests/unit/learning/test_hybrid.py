"""The blend of trained engines and how it is fitted."""

import numpy as np
import pytest

from domain.blending import FUSIONS
from domain.events import History
from infrastructure.generators.blend import BlendRanker
from infrastructure.learning.lineup import build_lineup
from infrastructure.learning.recipes.ease import EaseRecipe
from infrastructure.learning.recipes.hybrid import HybridRecipe, fitted
from infrastructure.learning.recipes.item_item import ItemItemRecipe
from infrastructure.learning.recipes.linear import LinearRecipe
from infrastructure.learning.recipes.trending import TrendingRecipe
from tests.fakes import ScoreRanker
from tests.unit.learning import worlds
from tests.unit.learning.loaded import loaded
from tests.unit.learning.serving import context_of

RECIPES = (TrendingRecipe(), ItemItemRecipe(), EaseRecipe(), LinearRecipe())
WALK = History.of([10, 20, 30], [5, 5, 5])


def trained(world, hybrid, told=None):
    return worlds.train(world, *RECIPES, hybrid, on_epoch=(told if told is not None else []).append)


@pytest.fixture(scope="module")
def lineup(world):
    return build_lineup(
        world.training.catalogue, loaded(trained(world, HybridRecipe()), worlds.config_of(*RECIPES, HybridRecipe()))
    )


@pytest.mark.parametrize("fusion", FUSIONS)
def test_the_fitted_weights_rank_at_least_as_well_as_any_engine_alone(fusion):
    random = np.random.default_rng(0)
    parts = FUSIONS[fusion].prepare(random.standard_normal((3 * 200, 30))).reshape(3, 200, 30)
    targets = parts[:2].sum(axis=0).argmax(axis=1)  # what the first two rankers agree on
    weights, value = fitted(parts, targets, FUSIONS[fusion])
    alone = [fitted(parts[[one]], targets, FUSIONS[fusion])[1] for one in range(3)]
    assert value >= max(alone)
    assert weights.sum() == pytest.approx(1.0)
    if fusion != "max":
        assert value > max(alone) + 0.1
        assert weights[0] > 0.2 and weights[1] > 0.2


def test_an_engine_that_does_not_help_is_left_out():
    random = np.random.default_rng(1)
    parts = random.standard_normal((2, 300, 20))
    weights, value = fitted(parts, parts[1].argmax(axis=1), FUSIONS["weighted_sum"])
    assert weights.tolist() == [0.0, 1.0]
    assert value == 1.0


def test_an_item_that_was_no_candidate_counts_as_missed():
    parts = np.array([[[2.0, 1.0], [2.0, 1.0]]])
    assert fitted(parts, np.array([0, -1]), FUSIONS["weighted_sum"])[1] == pytest.approx(0.5)


def test_candidates_past_a_users_last_are_never_ranked():
    parts = np.array([[[2.0, 1.0, -np.inf]], [[1.0, 3.0, -np.inf]]])
    _, value = fitted(parts, np.array([1]), FUSIONS["weighted_sum"])
    assert value == pytest.approx(1.0)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_a_hybrid_serves_and_names_its_weights(world, fusion):
    told = []
    recipe = HybridRecipe(fusion=fusion, users=100)
    model = trained(world, recipe, told)
    lineup = build_lineup(world.training.catalogue, loaded(model, worlds.config_of(*RECIPES, recipe)))
    pipeline = lineup.pipelines["hybrid"]
    assert sum(pipeline.weights.values()) == pytest.approx(1.0)
    assert pipeline.weights.keys() == model.arrays["hybrid"].keys() <= {recipe.name for recipe in RECIPES}
    ranking = pipeline(context_of(lineup.catalogue, WALK), 10)
    assert lineup.catalogue.ids[ranking.positions[0]] == 40
    assert not ranking.fallback_used
    assert told[-1].engine == "hybrid" and told[-1].validation > 0.5


@pytest.mark.parametrize("fusion", FUSIONS)
def test_the_parts_under_their_weights_make_up_the_score(fusion, world):
    rankers = {
        "odd": ScoreRanker("odd", lambda context: (np.arange(80) % 2).astype(float)),
        "high": ScoreRanker("high", lambda context: np.arange(80) / 80),
    }
    weights = {"odd": 0.3, "high": 0.7}
    blend = BlendRanker("hybrid", rankers, weights, fusion)
    context, positions = context_of(world.training.catalogue, WALK), np.arange(20, 40)
    parts = blend.parts(context, positions)
    weighted = np.stack([weights[name] * parts[name] for name in rankers])
    expected = weighted.max(axis=0) if fusion == "max" else weighted.sum(axis=0)
    np.testing.assert_allclose(blend.score(context, positions), expected)
    np.testing.assert_allclose(blend.total(parts), expected)


def test_a_hybrid_tells_what_each_engine_says_of_a_title(lineup):
    pipeline = lineup.pipelines["hybrid"]
    ranking = pipeline(context_of(lineup.catalogue, WALK), 5)
    for one in ranking.recommendations(lineup.catalogue):
        assert one.parts.keys() == pipeline.weights.keys()
        assert one.score == pytest.approx(sum(pipeline.weights[name] * part for name, part in one.parts.items()))


def test_newcomers_are_served_too(lineup):
    for history in (History.empty(), History.of([10], [1])):
        ranking = lineup.pipelines["hybrid"](context_of(lineup.catalogue, history), 10)
        assert len(set(ranking.positions.tolist())) == 10
        assert (np.diff(ranking.scores) <= 0).all()


def test_without_other_engines_or_validation_there_is_nothing_to_blend(world):
    assert worlds.train(world, HybridRecipe()).engines == ()
    nobody = world.validation.take(np.empty(0, dtype=np.int64))
    model = worlds.train(worlds.World(world.training, nobody), LinearRecipe(), HybridRecipe())
    assert model.engines == ("linear",)


def test_it_is_explained_by_the_ranker_with_the_largest_part(world, lineup):
    class Telling(ScoreRanker):
        def explain(self, context, positions):
            return [f"{self.name} of {position}" for position in positions]

    rankers = {
        "odd": Telling("odd", lambda context: np.arange(80) % 2),
        "high": Telling("high", lambda context: np.arange(80) / 80),
    }
    blend = BlendRanker("hybrid", rankers, {"odd": 0.5, "high": 0.5}, "max")
    context = context_of(world.training.catalogue, WALK)
    assert blend.explain(context, np.array([3, 10, 70])) == ["odd of 3", "high of 10", "high of 70"]
    assert blend.explain(context, np.empty(0, dtype=np.int64)) == []


@pytest.mark.parametrize("wrong", [{}, {"linear": np.array([0.0])}, {"linear": np.array([-1.0])}])
def test_weights_that_make_no_blend_are_refused(world, wrong):
    with pytest.raises(ValueError, match="weights"):
        HybridRecipe().shapes(worlds.material(world).vocabulary, wrong)
