import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from infrastructure.learning.artifacts import engine_file
from infrastructure.learning.live_lineups import RECHECK, RECHECK_DAMAGED, LiveLineups
from infrastructure.learning.registry import FileModelRegistry
from infrastructure.retrieval.choosing import IndexWish
from infrastructure.retrieval.indexed_items import IndexedItems
from tests.fakes import FakeClock
from tests.unit.learning import worlds


class FakeTimer:
    seconds = 100.0

    def __call__(self):
        return self.seconds


class FakeCatalogues:
    """A catalogue whose revision somebody else raises."""

    def __init__(self, catalogue):
        self.catalogue = catalogue
        self.loads = 0

    def load(self):
        self.loads += 1
        return self.catalogue

    def change(self):
        self.catalogue = dataclasses.replace(self.catalogue, revision=self.catalogue.revision + 1)


@pytest.fixture(scope="module")
def world():
    return worlds.world()


@pytest.fixture(scope="module")
def model(world):
    return worlds.train(world, worlds.QUICK)


@pytest.fixture
def registry(tmp_path):
    return FileModelRegistry(tmp_path)


@pytest.fixture
def timer():
    return FakeTimer()


@pytest.fixture
def catalogues(world):
    return FakeCatalogues(world.training.catalogue)


@pytest.fixture
def lineups(registry, catalogues, timer):
    return LiveLineups(registry, catalogues, now=timer)


def publish(registry, model, current=True):
    version = registry.publish(model, worlds.config_of(worlds.QUICK), "fingerprint", FakeClock().now()).version
    if current:
        worlds.serve(registry, version)
    return version


def test_without_a_model_the_simple_engines_serve(lineups):
    lineup = lineups.current(0)
    assert lineup.model is None
    assert set(lineup.pipelines) == {"popularity", "baseline", "content", "cold_start"}


def test_nothing_is_loaded_again_while_nothing_changes(lineups, registry, catalogues, model, timer):
    publish(registry, model)
    first = lineups.current(0)
    timer.seconds += RECHECK * 10
    assert lineups.current(0) is first
    assert catalogues.loads == 1


def test_a_changed_catalogue_is_seen_by_the_next_request(lineups, catalogues, registry, model):
    publish(registry, model)
    first = lineups.current(0)
    catalogues.change()
    second = lineups.current(catalogues.catalogue.revision)
    assert second.catalogue.revision == first.catalogue.revision + 1
    assert second.model == first.model


def test_a_promoted_model_takes_over_within_a_second(lineups, registry, model, timer):
    first = publish(registry, model)
    assert lineups.current(0).model.version == first
    second = publish(registry, model)
    timer.seconds += RECHECK
    lineup = lineups.current(0)
    assert lineup.model.version == lineup.pipelines["ncf"].model_version == second


def test_a_rebuilt_index_takes_over_within_a_second(lineups, registry, model, timer):
    publish(registry, model)
    first = lineups.current(0)
    few = IndexedItems.of(model.shared.vocabulary.item_ids[:10], model.shared.item_vectors[:10], IndexWish(), 0)
    registry.publish_index(first.model.version, few, FakeClock().now())
    assert lineups.current(0) is first
    timer.seconds += RECHECK
    second = lineups.current(0)
    assert (first.model.index.generation, second.model.index.generation) == (1, 2)
    assert first.identity != second.identity, "what was remembered of the first must not be shown for the second"
    everything = np.ones(len(second.catalogue), dtype=bool)
    assert second.similar_by_ratings.similar(0, everything, 50).positions.max() < 10


def test_requests_do_not_wait_while_a_new_model_is_made_ready(registry, catalogues, model, timer, tmp_path):
    publish(registry, model)
    slow, loading, go_on = threading.Event(), threading.Event(), threading.Event()

    class SlowRegistry(FileModelRegistry):
        def load(self, version):
            if slow.is_set():
                loading.set()
                assert go_on.wait(10)
            return super().load(version)

    lineups = LiveLineups(SlowRegistry(tmp_path), catalogues, now=timer)
    first = lineups.current(0)
    slow.set()
    second = publish(registry, model)
    timer.seconds += RECHECK
    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(lineups.current, 0)
        assert loading.wait(10)
        assert lineups.current(0) is first
        go_on.set()
        assert changing.result().model.version == second


def test_a_published_model_does_not_serve_before_it_is_current(lineups, registry, model, timer):
    first = publish(registry, model)
    publish(registry, model, current=False)
    timer.seconds += RECHECK
    assert lineups.current(0).model.version == first


def test_a_damaged_model_is_refused_and_the_one_before_goes_on(lineups, registry, model, timer, tmp_path, caplog):
    first = publish(registry, model)
    lineups.current(0)
    second = publish(registry, model)
    weights = tmp_path / second / engine_file("ncf")
    weights.write_bytes(weights.read_bytes()[:-1])
    for _ in range(3):
        timer.seconds += RECHECK + RECHECK_DAMAGED
        assert lineups.current(0).model.version == first
    assert caplog.text.count("refused") == 1


def test_a_process_that_starts_on_a_damaged_model_serves_without_one(lineups, registry, model, tmp_path):
    weights = tmp_path / publish(registry, model) / engine_file("ncf")
    weights.write_bytes(b"not a model")
    assert lineups.current(0).model is None


def test_a_line_up_of_any_version_can_be_had_for_evaluation(lineups, registry, model, world):
    version = publish(registry, model, current=False)
    assert lineups.of(version, world.training.catalogue).model.version == version
    assert lineups.of(None, world.training.catalogue).model is None
