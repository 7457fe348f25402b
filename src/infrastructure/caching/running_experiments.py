"""The experiments that run, kept in memory between requests."""

import threading
import time
from collections.abc import Callable, Sequence

from domain.experiments import Experiment
from domain.ports.storage import UnitOfWorkFactory

#: seconds for which what was read is taken to be so: a start or a stop reaches every process within them
TIME_TO_LIVE = 1.0


class CachedRunningExperiments:
    """Implements `domain.ports.experiments.RunningExperiments`: one small read for all requests of a second."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, now: Callable[[], float] = time.monotonic) -> None:
        self._unit_of_work = unit_of_work
        self._now = now
        self._kept: Sequence[Experiment] = ()
        self._until = float("-inf")
        self._lock = threading.Lock()

    def read(self) -> Sequence[Experiment]:
        """The unfinished experiments as they were at most a second ago. They must not be changed."""
        with self._lock:
            if self._now() >= self._until:
                with self._unit_of_work() as work:
                    self._kept = work.experiments.list_unfinished()
                self._until = self._now() + TIME_TO_LIVE
            return self._kept

    def expire(self) -> None:
        """Have the next call read anew."""
        with self._lock:
            self._until = float("-inf")
