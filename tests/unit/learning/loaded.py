"""A trained model as it would come back from its folder, without one."""

from datetime import UTC, datetime

from domain.model_versions import ModelVersion
from infrastructure.learning.artifacts import LoadedModel
from infrastructure.learning.config import recipes_of


def loaded(model, config, auto=()):
    """`config` is the one that the model was trained with."""
    now = datetime(2026, 11, 21, tzinfo=UTC)
    version = ModelVersion("v1", tuple(model.engines), now, config.as_fields(), "fingerprint", auto=auto)
    recipes = {name: recipe for name, recipe in recipes_of(config).items() if name in model.arrays}
    return LoadedModel(version, model.shared, recipes, model.arrays)
