from pathlib import Path

import pytest

from domain.errors import InvalidConfig
from domain.model_versions import TrainingConfig
from infrastructure.learning.config import read_config

CONFIGS = Path(__file__).parents[3] / "configs"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_config_that_we_ship_can_be_read(path):
    assert isinstance(read_config(path), TrainingConfig)


def test_there_is_a_default_and_one_for_each_published_figure():
    assert {"default", "ncf-ml-100k", "ncf-ml-1m"} <= {path.stem for path in CONFIGS.glob("*.toml")}


@pytest.mark.parametrize(
    "content", [b"epochs = ", b"\xff\xfe", b"[training]\nepochs = 3\n", b"epochs = 3\nepochs = 4\n"]
)
def test_a_file_that_is_no_config_is_refused(tmp_path, content):
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidConfig, match=r"broken\.toml"):
        read_config(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidConfig, match=r"absent\.toml"):
        read_config(tmp_path / "absent.toml")
