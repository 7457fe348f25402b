"""The aliases of a registry: moved by compare-and-swap, whole at every moment, and kept from being removed."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import AliasMoved, ModelNotFound
from domain.gates import Gate, GateReport
from domain.model_versions import Aliases
from infrastructure.learning.aliases import ALIASES
from infrastructure.learning.manifest import Manifest
from infrastructure.learning.recipes.trending import TrendingRecipe
from infrastructure.learning.registry import REMOVED, FileModelRegistry
from tests.unit.learning import worlds

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RECIPE = TrendingRecipe()


@pytest.fixture(scope="module")
def trained():
    return worlds.train(worlds.world(), RECIPE)


@pytest.fixture
def models(tmp_path):
    return FileModelRegistry(tmp_path / "models")


@pytest.fixture
def publish(models, trained):
    """Publishes a version, each an hour after the one before."""
    hours = iter(range(100))

    def once():
        at = NOW + timedelta(hours=next(hours))
        return models.publish(trained, worlds.config_of(RECIPE), "data", at).version

    return once


def names(models):
    return [version.version for version in models.list_versions()]


def test_aliases_come_back_as_they_were_moved(models, publish):
    first, second = publish(), publish()
    assert models.aliases() == Aliases()
    moved = Aliases().promoting(first).challenged_by(second)
    models.move_aliases(0, moved)
    assert models.aliases() == FileModelRegistry(models._root).aliases() == moved
    assert moved == Aliases(2, first, second, ())
    assert models.find_champion() == models.load_champion().version == models.get_version(first)


def test_aliases_of_another_generation_are_not_replaced(models, publish):
    first, second = publish(), publish()
    models.move_aliases(0, Aliases().promoting(first))
    for seen in (0, 2):
        with pytest.raises(AliasMoved):
            models.move_aliases(seen, Aliases().promoting(second))
    assert models.aliases() == Aliases(1, first)


def test_no_alias_is_moved_to_what_is_not_here(models, publish):
    first = publish()
    for missing in ("nothing", "../models", ".publishing-1"):
        with pytest.raises(ModelNotFound):
            models.move_aliases(0, Aliases().promoting(missing))
    assert models.aliases() == Aliases()
    models.move_aliases(0, Aliases().promoting(first))


def test_of_many_who_move_the_aliases_at_once_every_one_counts_once(models, publish):
    """Each tries until its own move went through: none is lost, and none overwrites another."""
    versions = [publish() for _ in range(3)]

    def move(i):
        refused = 0
        while True:
            seen = models.aliases()
            try:
                models.move_aliases(seen.generation, seen.promoting(versions[i % 3]))
                return refused
            except AliasMoved:
                refused += 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(move, range(48)))
    assert models.aliases().generation == 48


def test_how_a_version_was_judged_is_in_its_manifest(models, publish):
    version = publish()
    assert models.get_version(version).gates is None
    gates = (
        Gate("ndcg@10", False, -0.02, -0.01, "A loss is not ruled out."),
        Gate("ndcg@10, newcomers", True, None, None, "3 users are too few to judge by."),
    )
    report = GateReport("20260131T120000Z-1f3a", gates)
    models.record_gates(version, report)
    assert models.get_version(version).gates == report
    assert models.load(version).version.gates == report
    with pytest.raises(ValueError, match="JSON"):
        models.record_gates(version, GateReport(None, (Gate("x", True, float("nan"), None, ""),)))
    assert models.get_version(version).gates == report


def test_a_version_knows_the_size_of_its_files(models, publish):
    version = publish()
    folder = models._root / version
    files = [path for path in folder.iterdir() if path.name != "manifest.json"]
    assert models.get_version(version).size == sum(path.stat().st_size for path in files) > 0
    assert Manifest.read(folder).version.size == models.load(version).version.size


# --------------------------------------------------------------------------------------------------------- pruning


def test_the_newest_versions_stay_and_so_do_those_with_a_part_to_play(models, publish):
    versions = [publish() for _ in range(7)]
    models.move_aliases(0, Aliases(1, champion=versions[1], challenger=versions[2], former=(versions[0],)))
    assert sorted(models.prune(keep=2)) == versions[3:5]
    assert names(models) == [versions[i] for i in (6, 5, 2, 1, 0)]
    assert models.prune(keep=2) == []
    assert not list(models._root.glob(f"{REMOVED}*"))


def test_a_removal_that_was_interrupted_is_finished_the_next_time(models, publish):
    version = publish()
    left = models._root / f"{REMOVED}20260101T000000Z-dead"
    left.mkdir()
    (left / "half.safetensors").write_bytes(b"rest")
    assert names(models) == [version]
    models.prune(keep=1)
    assert not left.exists() and names(models) == [version]


def test_a_registry_without_a_folder_has_nothing_to_remove(models):
    assert models.prune(keep=1) == []


# --------------------------------------------------------------------------------------------------------- killing

KILL = """
import itertools, os, signal, sys
from pathlib import Path

import application.promoting, infrastructure.learning.aliases, infrastructure.learning.model_files
import infrastructure.learning.registry
from domain.catalogue import Catalogue
from domain.ports.learning import CanaryReport

steps_of = {module.__file__ for module in (
    application.promoting, infrastructure.learning.aliases,
    infrastructure.learning.model_files, infrastructure.learning.registry)}
root, old, new = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
models = infrastructure.learning.registry.FileModelRegistry(root)

class Catalogues:
    def load(self):
        return Catalogue.of([])

def promote():
    canary = lambda version, catalogue: CanaryReport(1, 1.0)
    application.promoting.PromoteModel(models, Catalogues(), None, canary)(new)

def killed_before(step):
    left = itertools.count(step, -1)
    def trace(frame, event, argument):
        if frame.f_code.co_filename not in steps_of:
            return None
        if event == "line" and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    sys.settrace(trace)
    promote()
    os._exit(0)

found = []
for step in itertools.count():
    if (child := os.fork()) == 0:
        killed_before(step)
    status = os.waitpid(child, 0)[1]
    champion = models.load_champion().version.version
    assert champion in (old, new), champion
    assert {one.version for one in models.list_versions()} == {old, new}
    aliases = models.aliases()
    if champion == new:
        assert (aliases.former, aliases.generation) == ((old,), 2 * found.count(new) + 2), aliases
    found.append(champion)
    if status == 0:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL
    if champion == new:
        models.move_aliases(aliases.generation, aliases.rolled_back())
print(len(found), found.count(old), found.count(new))
"""


def test_a_promotion_that_is_killed_at_any_step_leaves_one_version_or_the_other(models, publish):
    """SIGKILL before every line that a promotion runs. What is found is whole, and the next promotion goes through."""
    old, new = publish(), publish()
    models.record_gates(new, GateReport(old, ()))
    models.move_aliases(0, Aliases().promoting(old))
    result = subprocess.run(
        [sys.executable, "-c", KILL, str(models._root), old, new],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert result.returncode == 0, result.stderr
    steps, before, after = map(int, result.stdout.split())
    assert steps >= 60 and before >= 40 and after >= 4, result.stdout
    assert models.find_champion().version == new
    assert (models._root / ALIASES).is_file()
