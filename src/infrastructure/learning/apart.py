"""Trains engines that need no other one at the same time, each in a process of its own."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.queues import SimpleQueue

from domain.model_versions import EpochReport
from infrastructure.learning.material import Material
from infrastructure.learning.recipes.recipe import Arrays, OnEpoch, Recipe
from infrastructure.retrieval.exact_index import ExactIndex

Reports = SimpleQueue[EpochReport | None]
Result = Callable[[], Arrays | None]


@contextmanager
def training_apart(
    recipes: Mapping[str, Recipe], material: Material, workers: int, on_epoch: OnEpoch
) -> Iterator[Mapping[str, Result]]:
    """The results of the recipes by name, each to be waited for, from at most `workers` processes.

    An engine is the same as one that is trained here: each brings its own seed along. What goes wrong is raised where
    the result is asked for, and on the way out whatever is still to begin is not begun. The processes end with this
    one, however it ends.
    """
    if not recipes:
        yield {}
        return
    # Spawned: a copy of a process that has threads, as PyTorch's, may stand still for ever.
    context = multiprocessing.get_context("spawn")
    reports: Reports = context.SimpleQueue()
    listener = threading.Thread(target=_pass_on, args=(reports, on_epoch), daemon=True)
    listener.start()
    pool = ProcessPoolExecutor(min(workers, len(recipes)), context, _keep, (_portable(material), reports))
    try:
        futures: dict[str, Future[Arrays | None]] = {name: pool.submit(_train, one) for name, one in recipes.items()}
        yield {name: future.result for name, future in futures.items()}
    finally:
        pool.shutdown(cancel_futures=True)
        reports.put(None)
        listener.join()


def _portable(material: Material) -> Material:
    """The same without what stays here: an index of a library, and pipelines that such a recipe does not look at."""
    indexed = material.shared.indexed
    exact = replace(indexed.chosen, index=ExactIndex(indexed.vectors))
    return replace(material, shared=replace(material.shared, indexed=replace(indexed, chosen=exact)), pipelines={})


def _pass_on(reports: Reports, on_epoch: OnEpoch) -> None:
    while (report := reports.get()) is not None:
        on_epoch(report)


#: what a worker is given once, and not again with each recipe
_given: list[tuple[Material, Reports]] = []


def _keep(material: Material, reports: Reports) -> None:
    _given.append((material, reports))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A run that was killed could not call its workers off: they would go on for hours, for nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _train(recipe: Recipe) -> Arrays | None:
    material, reports = _given[-1]
    return recipe.train(material, reports.put)
