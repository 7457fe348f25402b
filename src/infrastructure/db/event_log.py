"""The event log: durable before it answers, and yet not one commit for each event."""

import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from threading import Condition, Thread
from time import monotonic

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from domain.errors import MarqueeError, StorageUnavailable, UserNotFound
from domain.ports.storage import Event
from infrastructure.db.engine import transaction
from infrastructure.db.event_rows import insert_events

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Entry:
    """Events of one call, and the promise of the ids of those that will have been new."""

    events: tuple[Event, ...]
    stored: "Future[frozenset[str]]" = field(default_factory=Future)


class GroupCommitEventLog:
    """Stores events from any number of threads through one writer thread.

    What arrives while a commit is running goes into the next one, so nothing waits for company and a busy process
    pays for few commits. `append` returns once the commit that holds its events has succeeded. An event that is there
    already is left as it is. At most `queue_size` calls wait at a time, and none longer than `timeout_s`.
    """

    def __init__(self, engine: Engine, *, max_batch: int = 256, queue_size: int = 4096, timeout_s: float = 2.0) -> None:
        self._engine = engine
        self._max_batch = max_batch
        self._queue_size = queue_size
        self._timeout_s = timeout_s
        self._waiting: deque[_Entry] = deque()
        self._changed = Condition()
        self._writer: Thread | None = None
        self._closed = False

    def __len__(self) -> int:
        """How many calls are waiting for the writer."""
        return len(self._waiting)

    def append(self, *events: Event) -> frozenset[str]:
        """Store the events durably before returning, all or none.

        Returns the ids of the engagements and the feedback that were not there before. Raises `StorageUnavailable`,
        `UserNotFound`, `ImpressionNotFound`.
        """
        deadline = monotonic() + self._timeout_s
        entry = _Entry(events)
        self._enqueue(entry, deadline)
        try:
            return entry.stored.result(timeout=max(0.0, deadline - monotonic()))
        except NotInTime as late:
            # What the writer has not taken yet is withdrawn. What it has may still be stored, which is harmless:
            # nobody is shown the list of a call that failed, and an engagement that is sent again is stored once.
            entry.stored.cancel()
            raise StorageUnavailable("The event could not be stored in time.") from late

    def close(self) -> None:
        """Store what is waiting and end the writer. No event is taken any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._writer is not None:
            self._writer.join()

    def _enqueue(self, entry: _Entry, deadline: float) -> None:
        with self._changed:
            while len(self._waiting) >= self._queue_size and not self._closed:
                if not self._changed.wait(timeout=deadline - monotonic()):
                    raise StorageUnavailable("Too many events are waiting to be stored.")
            if self._closed:
                raise StorageUnavailable("The event log is closed.")
            if self._writer is None:
                # Started by the first event, not by the constructor: a thread does not survive a fork.
                self._writer = Thread(target=self._write, name="event-log", daemon=True)
                self._writer.start()
            self._waiting.append(entry)
            self._changed.notify_all()

    def _write(self) -> None:
        while batch := self._next_batch():
            taken = [entry for entry in batch if entry.stored.set_running_or_notify_cancel()]
            if taken:
                self._store(taken)

    def _next_batch(self) -> list[_Entry]:
        """What is waiting, once anything is; nothing when the log is closed and empty."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            batch = [self._waiting.popleft() for _ in range(min(self._max_batch, len(self._waiting)))]
            self._changed.notify_all()
        return batch

    def _store(self, batch: Sequence[_Entry]) -> None:
        try:
            fresh = self._insert([event for entry in batch for event in entry.events])
        except StorageUnavailable as down:
            for entry in batch:
                entry.stored.set_exception(down)
        except Exception:
            # One bad event must not take those of others with it.
            for entry in batch:
                self._store_alone(entry)
        else:
            for entry in batch:
                # An equal event that another call brought was new to the first of the two alone.
                entry.stored.set_result(fresh.intersection(event.id for event in entry.events))
                fresh = fresh.difference(event.id for event in entry.events)

    def _store_alone(self, entry: _Entry) -> None:
        try:
            entry.stored.set_result(self._insert(entry.events))
        except IntegrityError as broken:
            user_ids = [event.user_id for event in entry.events if event.user_id is not None]
            entry.stored.set_exception(UserNotFound(user_ids[0]) if user_ids else broken)
        except Exception as refused:
            # The writer serves everybody, so whatever happens is for the caller whose events they were.
            if not isinstance(refused, MarqueeError):
                log.exception("%d events could not be stored", len(entry.events))
            entry.stored.set_exception(refused)

    def _insert(self, events: Sequence[Event]) -> frozenset[str]:
        with transaction(self._engine) as connection:
            return insert_events(connection, events)
