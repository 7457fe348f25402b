"""The canary: a version is loaded and asked for lists in a process of its own."""

import signal
import time
from dataclasses import replace

import numpy as np
import pytest

from domain.catalogue import Catalogue
from domain.errors import CanaryFailed
from infrastructure.learning import lineup as lineups
from infrastructure.learning.artifacts import engine_file
from infrastructure.learning.canary import SubprocessCanary, try_out
from infrastructure.learning.recipes.linear import LinearRecipe
from infrastructure.learning.recipes.trending import TrendingRecipe
from infrastructure.learning.registry import FileModelRegistry
from tests.fakes import FakeClock, ScoreGenerator
from tests.unit.learning import worlds

RECIPES = (TrendingRecipe(), LinearRecipe())


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    return FileModelRegistry(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def version(registry):
    model = worlds.train(worlds.world(), *RECIPES)
    return registry.publish(model, worlds.config_of(*RECIPES), "data", FakeClock().now()).version


def canary(registry, patience=60.0):
    return SubprocessCanary(registry._root, worlds.LIKED_FROM, min_interactions=5, patience=patience)


class Deadly:
    """Pretends to be a catalogue, and does something to the process that it comes to."""

    def __init__(self, act, *arguments):
        self.act = (act, arguments)

    def __reduce__(self):
        return self.act


def test_a_sound_version_answers_for_every_engine(registry, version):
    report = canary(registry)(version, worlds.catalogue())
    assert report.lists >= 5 * len({"popularity", "baseline", "content", "cold_start", "trending", "linear"})
    assert report.milliseconds > 0


def test_a_damaged_version_is_named_with_what_is_wrong(registry, version):
    path = registry._root / version / engine_file("linear")
    good = path.read_bytes()
    path.write_bytes(good[:-1])
    try:
        with pytest.raises(CanaryFailed, match=rf"Model {version} cannot serve: linear.safetensors has \d+ bytes"):
            canary(registry)(version, worlds.catalogue())
    finally:
        path.write_bytes(good)


def test_a_version_that_kills_its_process_kills_nothing_else(registry, version):
    with pytest.raises(CanaryFailed, match=f"status -{signal.SIGSEGV.value}"):
        canary(registry)(version, Deadly(signal.raise_signal, signal.SIGSEGV))


def test_a_version_that_never_answers_is_given_up(registry, version):
    with pytest.raises(CanaryFailed, match=r"no answer within 0\.1 s"):
        canary(registry, patience=0.1)(version, Deadly(time.sleep, 60))


def tried(registry, version, catalogue=None):
    return try_out(registry._root, version, catalogue or worlds.catalogue(), worlds.LIKED_FROM, 5)


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        (lambda context: np.full(len(context.catalogue), np.nan), "not finite"),
        (lambda context: 1 / 0, "linear fails"),
    ],
)
def test_an_engine_that_fails_is_not_hidden_by_the_one_that_stands_in(registry, version, monkeypatch, scores, told):
    build = lineups.build_lineup

    class Broken:
        name = "linear"

        def score(self, context, positions):
            return scores(context)[positions]

        def explain(self, context, positions):
            return [None] * len(positions)

    def broken(catalogue, model):
        lineup = build(catalogue, model)
        linear = replace(lineup.pipelines["linear"], ranker=Broken())
        return replace(lineup, pipelines={**lineup.pipelines, "linear": linear})

    monkeypatch.setattr(lineups, "build_lineup", broken)
    with pytest.raises(CanaryFailed, match=told):
        tried(registry, version)


def test_a_list_with_a_title_that_the_user_has_is_unsound(registry, version, monkeypatch):
    build = lineups.build_lineup

    class Everything(ScoreGenerator):
        def __call__(self, context, limit):
            whole = replace(context, eligible=np.ones(len(context.catalogue), dtype=bool))
            return super().__call__(whole, limit)

    def forgetful(catalogue, model):
        lineup = build(catalogue, model)
        generators = (Everything("popularity", lambda context: context.catalogue.rating_counts.astype(float)),)
        linear = replace(lineup.pipelines["linear"], generators=generators)
        return replace(lineup, pipelines={**lineup.pipelines, "linear": linear})

    monkeypatch.setattr(lineups, "build_lineup", forgetful)
    with pytest.raises(CanaryFailed, match="linear makes lists"):
        tried(registry, version)


@pytest.mark.parametrize("size", [0, 4, 12])
def test_a_catalogue_of_any_size_can_be_asked_about(registry, version, size):
    catalogue = worlds.catalogue(size) if size else Catalogue.of([])
    assert tried(registry, version, catalogue).lists > 0
