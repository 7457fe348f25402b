"""Engines that are trained beside each other, in processes of their own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from domain.errors import InvalidConfig
from infrastructure.learning.recipes.gru import GruRecipe
from infrastructure.learning.recipes.hybrid import HybridRecipe
from infrastructure.learning.recipes.linear import LinearRecipe
from infrastructure.learning.recipes.lstm import LstmRecipe
from infrastructure.learning.trainer import RecipeTrainer
from tests.unit.learning import worlds

BRIEF = {"embedding_size": 8, "epochs": 2, "history_length": 8}
RECIPES = (GruRecipe(**BRIEF), LinearRecipe(), LstmRecipe(**BRIEF), HybridRecipe())


@pytest.fixture(scope="module")
def world():
    return worlds.world()


def trained(world, workers, on_epoch=lambda report: None):
    made = worlds.config_of(*RECIPES)
    return RecipeTrainer(threads=1, workers=workers)(world.training, world.validation, made, on_epoch)


def test_engines_are_the_same_beside_each_other_as_in_turn(world):
    reports = []
    beside, in_turn = trained(world, 2, reports.append), trained(world, 1)
    assert beside.engines == in_turn.engines == tuple(recipe.name for recipe in RECIPES)
    for engine, arrays in in_turn.arrays.items():
        for name, array in arrays.items():
            np.testing.assert_array_equal(beside.arrays[engine][name], array, err_msg=f"{engine}: {name}")
    told = [(report.engine, report.epoch) for report in reports]
    assert sorted(told) == sorted((report.engine, report.epoch) for report in in_turn.epochs)
    assert tuple(reports) == beside.epochs


def test_what_goes_wrong_in_a_process_is_told_as_it_is(world):
    config = worlds.config_of(*RECIPES)
    config = type(config)(config.engines, seed=config.seed, device="cuda:99")
    with pytest.raises(InvalidConfig, match="GPU"):
        RecipeTrainer(threads=1, workers=2)(world.training, world.validation, config, lambda report: None)


TRAIN_FOR_EVER = """
from infrastructure.learning.recipes.gru import GruRecipe
from infrastructure.learning.recipes.lstm import LstmRecipe
from infrastructure.learning.trainer import RecipeTrainer
from tests.unit.learning import worlds

if __name__ == "__main__":
    slow = dict(embedding_size=8, epochs=1000, patience=1000, history_length=8)
    world = worlds.world()
    config = worlds.config_of(GruRecipe(**slow), LstmRecipe(**slow))
    say = lambda report: print(report.engine, flush=True)
    RecipeTrainer(threads=1, workers=2)(world.training, world.validation, config, say)
"""


def children_of(pid):
    """The processes below this one, without multiprocessing's own tracker of resources, which sees to itself."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for processes where Linux tells of them")
def test_when_a_run_is_killed_its_workers_end(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(TRAIN_FOR_EVER)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as run:
        trained = {run.stdout.readline().strip() for _ in range(8)}
        workers = children_of(run.pid)
        assert trained and len(workers) == 2
        run.kill()
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, "workers outlive the run"
        time.sleep(0.05)
