import pytest

from domain.errors import InvalidConfig
from domain.model_versions import TrainingConfig
from infrastructure.learning.config import RANGES, WORDS, parse_config


def test_what_is_not_said_keeps_its_default():
    assert parse_config({}, "a file") == TrainingConfig()
    assert parse_config({"epochs": 3, "learning_rate": 1}, "a file") == TrainingConfig(epochs=3, learning_rate=1.0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epoch", 3),
        ("epochs", 0),
        ("epochs", 3.0),
        ("epochs", True),
        ("epochs", "3"),
        ("learning_rate", 0),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("dropout", 1.0),
        ("seed", -1),
        ("engine", "svd"),
        ("device", 0),
        ("device", "tpu"),
        ("negatives", [8]),
    ],
)
def test_a_wrong_value_is_refused_by_name(key, value):
    with pytest.raises(InvalidConfig) as refused:
        parse_config({key: value}, "a.toml")
    assert [detail.where for detail in refused.value.details] == [key]
    assert "a.toml" in refused.value.message


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(InvalidConfig) as refused:
        parse_config({"epochs": 0, "wings": 2, "seed": 1}, "a.toml")
    assert [detail.where for detail in refused.value.details] == ["epochs", "wings"]


def test_every_setting_has_its_rule_and_every_default_keeps_it():
    settings = vars(TrainingConfig())
    assert set(RANGES) | set(WORDS) == set(settings)
    assert parse_config(settings, "the defaults") == TrainingConfig()
