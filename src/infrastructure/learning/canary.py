"""Asks a version for lists in a process of its own, so that one that kills its process kills nothing else."""

import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import numpy as np

from domain.catalogue import Catalogue
from domain.errors import CanaryFailed, MarqueeError
from domain.events import History
from domain.items import ItemFilter
from domain.lineup import AUTO, Lineup
from domain.pipeline import Ranking
from domain.ports.learning import CanaryReport
from domain.recommendation import Context, UserState

#: seconds that a version has to be loaded and to answer
PATIENCE = 120.0
#: lengths of the histories that it is asked with, taken from the titles with the most ratings
LENGTHS = (0, 1, 5, 20, 50)
LIST_LENGTH = 10
#: how often `auto` is asked with each of them, for the time that a list takes
TIMES = 5


class SubprocessCanary:
    """Implements `domain.ports.learning.Canary` on the folder of a `FileModelRegistry`."""

    def __init__(self, root: Path, liked_from: float, min_interactions: int, patience: float = PATIENCE) -> None:
        self._root = root
        self._rules = (liked_from, min_interactions)
        self._patience = patience

    def __call__(self, version: str, catalogue: Catalogue) -> CanaryReport:
        """As the port says."""
        # Spawned: a copy of a process that has threads may stand still for ever.
        context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=_sing, args=(sender, self._root, version, catalogue, *self._rules), daemon=True)
        child.start()
        sender.close()  # so that the end of the child is the end of the pipe
        try:
            answer = receiver.recv() if receiver.poll(self._patience) else f"no answer within {self._patience:g} s"
        except EOFError:
            child.join()
            answer = f"it ended its process with status {child.exitcode}"
        finally:
            child.kill()
            child.join()
            receiver.close()
        if isinstance(answer, CanaryReport):
            return answer
        raise CanaryFailed(f"Model {version} cannot serve: {answer}.")


def _sing(
    sender: Connection, root: Path, version: str, catalogue: Catalogue, liked_from: float, min_interactions: int
) -> None:
    """Runs in the child: sends a report, or what is wrong in words."""
    try:
        sender.send(try_out(root, version, catalogue, liked_from, min_interactions))
    except MarqueeError as refused:
        sender.send(refused.message.rstrip("."))
    except Exception as failed:  # whatever it is, it is what a server would meet
        sender.send(f"{type(failed).__name__}: {failed}")


def try_out(root: Path, version: str, catalogue: Catalogue, liked_from: float, min_interactions: int) -> CanaryReport:
    """Load the version and ask all its engines. Raises `CanaryFailed` for a list that is unsound, and what they do."""
    from threadpoolctl import threadpool_limits

    from infrastructure.learning.lineup import build_lineup
    from infrastructure.learning.registry import FileModelRegistry

    threadpool_limits(limits=1, user_api="blas")
    lineup = build_lineup(catalogue, FileModelRegistry(root).load(version))
    contexts = list(_contexts(catalogue, liked_from))
    for engine, pipeline in lineup.pipelines.items():
        for context in contexts:
            _check(engine, pipeline(context, LIST_LENGTH), context)
    spent = list(_seconds(lineup, contexts, min_interactions))
    lists = len(contexts) * len(lineup.pipelines) + len(spent)
    return CanaryReport(lists, 1000.0 * median(spent))


def _contexts(catalogue: Catalogue, liked_from: float) -> Iterator[Context]:
    popular = catalogue.ids[np.argsort(-catalogue.rating_counts, kind="stable")]
    for length in sorted({min(length, len(catalogue) // 2) for length in LENGTHS}):
        history = History.of(popular[:length].tolist(), [5.0] * length)
        yield Context.of(catalogue, UserState(None, history), ItemFilter(), liked_from)


def _check(engine: str, ranking: Ranking, context: Context) -> None:
    positions = ranking.positions
    if ranking.engine != engine or ranking.degraded:
        raise CanaryFailed(f"the engine {engine} fails")
    if not np.isfinite(ranking.scores).all():
        raise CanaryFailed(f"the engine {engine} gives scores that are not finite")
    expected = min(LIST_LENGTH, int(context.eligible.sum()))
    if len(np.unique(positions)) != expected or len(positions) != expected or not context.eligible[positions].all():
        raise CanaryFailed(f"the engine {engine} makes lists that are short, or have titles that they must not have")


def _seconds(lineup: Lineup, contexts: list[Context], min_interactions: int) -> Iterator[float]:
    """Seconds of a processor for each list of `auto`: what other processes do meanwhile does not count."""
    for context in contexts * TIMES:
        history = History(context.catalogue.ids[context.positions], context.ratings, context.timestamps)
        pipeline = lineup.choose(AUTO, UserState(None, history), min_interactions)
        start = time.process_time()
        pipeline(context, LIST_LENGTH)
        yield time.process_time() - start
