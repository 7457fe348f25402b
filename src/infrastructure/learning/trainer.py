"""Trains the engines of one model version, one after the other."""

import os
from collections.abc import Callable
from dataclasses import replace

from domain.events import Interactions
from domain.model_versions import EpochReport, TrainingConfig
from domain.ports.learning import TrainingData
from infrastructure.learning.artifacts import Trained
from infrastructure.learning.config import recipes_of
from infrastructure.learning.lineup import Generators
from infrastructure.learning.material import Material
from infrastructure.learning.recipes.recipe import Arrays
from infrastructure.retrieval.choosing import IndexWish


class RecipeTrainer:
    """Implements `domain.ports.learning.Trainer`. `wish` is what is asked of the item index.

    `threads` is the number of PyTorch's own on a CPU. By default it is half the cores. These layers are small: all
    cores are a fifth faster on an idle machine and, since PyTorch's threads wait for each other in a loop, ten times
    slower on a busy one.
    """

    def __init__(self, threads: int | None = None, wish: IndexWish | None = None) -> None:
        self._threads = threads or max(1, (os.cpu_count() or 1) // 2)
        self._wish = wish or IndexWish()

    def __call__(
        self,
        training: TrainingData,
        validation: Interactions,
        config: TrainingConfig,
        on_epoch: Callable[[EpochReport], None],
    ) -> Trained:
        """As the port says. Raises `NothingToLearn` for fewer than two items or events."""
        epochs: list[EpochReport] = []

        def report(epoch: EpochReport) -> None:
            epochs.append(epoch)
            on_epoch(epoch)

        material = Material.of(training, validation, config, self._threads, self._wish)
        generators = Generators(training.catalogue, material.shared)
        pipelines = generators.simple_pipelines(version=None)
        arrays: dict[str, Arrays] = {}
        for name, recipe in recipes_of(config).items():
            trained = {engine: pipelines[engine] for engine in arrays}
            made = recipe.train(replace(material, pipelines=trained), report)
            if made is not None:
                arrays[name] = made
                pipelines[name] = recipe.build(made, generators.parts(None, pipelines))
        return Trained(tuple(epochs), material.shared, arrays, material.seed)
