"""The bandit's arms, kept in memory between requests."""

import threading
import time
from collections.abc import Callable, Mapping

from domain.bandit import Arm, ArmKey
from domain.ports.bandit import ArmReader

#: seconds for which what was read is taken to be so: an update reaches every process within them
TIME_TO_LIVE = 1.0


class CachedArms:
    """Implements `domain.ports.bandit.ArmReader`: one small read for all requests of a second."""

    def __init__(self, arms: ArmReader, now: Callable[[], float] = time.monotonic) -> None:
        self._arms = arms
        self._now = now
        self._kept: Mapping[ArmKey, Arm] = {}
        self._until = float("-inf")
        self._lock = threading.Lock()

    def read(self) -> Mapping[ArmKey, Arm]:
        """The arms as they were at most a second ago. They must not be changed."""
        with self._lock:
            if self._now() >= self._until:
                self._kept = self._arms.read()
                self._until = self._now() + TIME_TO_LIVE
            return self._kept
