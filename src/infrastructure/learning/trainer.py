"""Trains the engines of one model version: those that take long beside each other, the others in turn."""

import os
from collections.abc import Callable
from dataclasses import replace

from domain.events import Interactions
from domain.model_versions import EpochReport, TrainingConfig
from domain.ports.learning import TrainingData
from infrastructure.learning.apart import training_apart
from infrastructure.learning.artifacts import Trained
from infrastructure.learning.config import recipes_of
from infrastructure.learning.lineup import Generators
from infrastructure.learning.material import Material
from infrastructure.learning.recipes.recipe import Arrays
from infrastructure.retrieval.choosing import IndexWish

#: engines that are trained at a time, at most: each process holds the events and PyTorch
MOST_WORKERS = 4


class RecipeTrainer:
    """Implements `domain.ports.learning.Trainer`. `wish` is what is asked of the item index.

    As many engines as `workers` says are trained at a time, by default as there are cores, up to four; each has
    `threads` of PyTorch's own on a CPU. These layers are small: engines beside each other use two cores fully, and
    PyTorch's threads do not, since they wait for each other in a loop.
    """

    def __init__(self, threads: int | None = None, wish: IndexWish | None = None, workers: int | None = None) -> None:
        cores = os.cpu_count() or 1
        self._workers = workers or min(cores, MOST_WORKERS)
        self._threads = threads or max(1, cores // (2 * self._workers))
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
        recipes = recipes_of(config)
        apart = {name: recipe for name, recipe in recipes.items() if recipe.apart and self._workers > 1}
        with training_apart(apart, material, self._workers, report) as results:
            for name, recipe in recipes.items():
                if name in results:
                    made = results[name]()
                else:
                    trained = {engine: pipelines[engine] for engine in arrays}
                    made = recipe.train(replace(material, pipelines=trained), report)
                if made is not None:
                    arrays[name] = made
                    pipelines[name] = recipe.build(made, generators.parts(None, pipelines))
        return Trained(tuple(epochs), material.shared, arrays, material.seed)
