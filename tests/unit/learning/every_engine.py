"""A model with every engine that can be trained, for tests of what all of them promise."""

import dataclasses
from functools import cache

from infrastructure.learning.artifacts import LoadedModel
from infrastructure.learning.recipes.table import RECIPES
from tests.unit.learning import worlds
from tests.unit.learning.loaded import loaded

#: enough to train; what is learnt does not matter here
LEAST = {"embedding_size": 8, "epochs": 1, "history_length": 12, "batch_size": 512, "users": 50}


def least(recipe):
    """The recipe at its smallest."""
    known = {field.name for field in dataclasses.fields(recipe)}
    return recipe(**{name: value for name, value in LEAST.items() if name in known})


@cache
def every_engine() -> LoadedModel:
    """Trained once, on a small world."""
    recipes = [worlds.QUICK if name == "ncf" else least(recipe) for name, recipe in RECIPES.items()]
    model = worlds.train(worlds.world(users=50), *recipes)
    assert set(model.engines) == set(RECIPES), "an engine that was not trained is not tested"
    return loaded(model, worlds.config_of(*recipes))
