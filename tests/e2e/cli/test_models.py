"""A model's life on the command line: trained, compared, promoted and rolled back, as the how-to page tells it."""

import json
import shutil

import pytest

# A dozen processes, each of which reads Python's libraries anew: long on a busy machine.
pytestmark = pytest.mark.timeout(400)

#: of sixty users nobody can show much: the margins leave room for that
GENEROUS = {
    "MARQUEE_GATES__MARGIN": "1", "MARQUEE_GATES__GROUP_MARGIN": "1", "MARQUEE_GATES__COVERAGE": "0",
    "MARQUEE_GATES__POPULARITY": "100", "MARQUEE_GATES__LATENCY_MS": "100000",
}  # fmt: skip


@pytest.fixture
def copy(trained, tmp_path):
    marquee = type(trained)(tmp_path / "home")
    shutil.copytree(trained.home, marquee.home)
    return marquee


def aliases(marquee):
    return json.loads((marquee.home / "models" / "aliases.json").read_text())


def test_a_model_is_trained_compared_promoted_and_rolled_back(copy, tmp_path):
    config = tmp_path / "linear.toml"
    config.write_text('engines = ["linear"]\n')
    first = aliases(copy)["champion"]
    assert first in copy("models", "list") and aliases(copy)["challenger"] is None

    told = copy("train", config, **GENEROUS)
    second = aliases(copy)["challenger"]
    assert f"Model {second} is the challenger now." in told and f"against {first}" in told
    assert aliases(copy)["champion"] == first

    shown = copy("models", "show", second)
    assert "ndcg@10, newcomers" in shown and "size_mb" in shown and first in shown
    compared = copy("models", "compare", first, second)
    assert "all users" in compared and "miscalibration" in compared

    assert f"Model {second} serves now." in copy("models", "promote", second)
    assert aliases(copy) == {"generation": 3, "champion": second, "challenger": None, "former": [first]}
    assert "alias_moved" in copy("models", "rollback", "--generation", 2, status=1)
    assert f"Model {first} serves now." in copy("models", "rollback")


def test_a_training_that_is_to_promote_and_fails_says_so_with_its_status(copy, tmp_path):
    config = tmp_path / "linear.toml"
    config.write_text('engines = ["linear"]\n')
    first = aliases(copy)["champion"]
    told = copy("train", config, "--promote", status=1, MARQUEE_GATES__SIZE_MB="0.000001")
    assert "gates_failed" in told and "size_mb" in told
    second = aliases(copy)["challenger"]
    assert aliases(copy)["champion"] == first
    assert "gates_failed" in copy("models", "promote", second, status=1)
    assert f"Model {second} serves now." in copy("models", "promote", second, "--force")
