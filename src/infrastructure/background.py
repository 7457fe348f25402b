"""Work that a server does beside its requests."""

import logging
from collections.abc import Callable
from threading import Event, Thread

log = logging.getLogger(__name__)

#: seconds that closing waits for work that is under way
PATIENCE_S = 10.0


class Background:
    """Calls `work` every so many seconds in a thread of its own, until it is closed.

    What goes wrong is logged, and the next turn is taken all the same.
    """

    def __init__(self, name: str, work: Callable[[], object], seconds: float) -> None:
        self._work = work
        self._seconds = seconds
        self._closed = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End the thread once the work under way is done."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        while not self._closed.wait(self._seconds):
            try:
                self._work()
            except Exception:
                log.exception("%s failed and will be tried again in %g s", self._thread.name, self._seconds)
