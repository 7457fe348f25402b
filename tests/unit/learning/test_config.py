import pytest

from domain.errors import InvalidConfig
from domain.model_versions import TrainingConfig
from infrastructure.learning.config import parse_config, recipes_of
from infrastructure.learning.recipes.ncf import NcfRecipe
from infrastructure.learning.recipes.table import RECIPES


def refused(values):
    with pytest.raises(InvalidConfig) as problem:
        parse_config(values, "a.toml")
    return problem.value


def test_what_is_not_said_keeps_its_default():
    config = parse_config({}, "a file")
    assert (config.seed, config.device) == (0, "auto")
    assert recipes_of(config) == {name: recipe() for name, recipe in RECIPES.items()}
    some = recipes_of(parse_config({"engines": ["ncf"], "ncf": {"epochs": 3, "learning_rate": 1}}, "a file"))
    assert some == {"ncf": NcfRecipe(epochs=3, learning_rate=1.0)}
    assert isinstance(some["ncf"].learning_rate, float)


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
        ("negatives", [8]),
    ],
)
def test_a_wrong_setting_of_an_engine_is_refused_by_name(key, value):
    problem = refused({"ncf": {key: value}})
    assert [detail.where for detail in problem.details] == [f"ncf.{key}"]
    assert "a.toml" in problem.message


def test_settings_that_do_not_go_together_are_refused():
    problem = refused({"engines": ["sequence"], "sequence": {"embedding_size": 10, "heads": 4}})
    assert [detail.where for detail in problem.details] == ["sequence"]
    assert "divide" in problem.message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("engines", ["svd"]),
        ("engines", []),
        ("engines", "ncf"),
        ("engines", ["ncf", "ncf"]),
        ("engines", [["ncf"]]),
        ("seed", -1),
        ("seed", True),
        ("device", 0),
        ("device", "tpu"),
        ("ncf", 3),
        ("svd", {}),
        ("epochs", 3),
    ],
)
def test_a_wrong_value_at_the_top_is_refused_by_name(key, value):
    assert [detail.where for detail in refused({key: value}).details] == [key]


def test_all_that_is_wrong_is_told_at_once():
    problem = refused({"wings": 2, "seed": "one", "ncf": {"epochs": 0, "wheels": 4}})
    assert [detail.where for detail in problem.details] == ["wings", "seed", "ncf.epochs", "ncf.wheels"]


def test_every_setting_has_its_rule_and_every_default_keeps_it():
    defaults = parse_config({}, "nothing")
    assert parse_config(defaults.as_fields(), "the defaults") == defaults


def test_a_configuration_comes_back_from_its_own_fields():
    config = TrainingConfig({"ncf": vars(NcfRecipe(epochs=2))}, seed=7, device="cpu")
    assert parse_config(config.as_fields(), "itself") == config
