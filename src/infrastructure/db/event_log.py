"""The impression log: durable before it answers, and yet not one commit for each impression."""

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
from domain.impressions import Impression
from infrastructure.db.dialect import upsert
from infrastructure.db.engine import transaction
from infrastructure.db.impressions import to_row
from infrastructure.db.tables import impressions

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class _Entry:
    """An impression and the promise that it will have been stored."""

    impression: Impression
    stored: "Future[None]" = field(default_factory=Future)


class GroupCommitImpressionLog:
    """Stores impressions from any number of threads through one writer thread.

    What arrives while a commit is running goes into the next one, so nothing waits for company and a busy process
    pays for few commits. `append` returns once the commit that holds its impression has succeeded. An impression that
    is there already is left as it is. At most `queue_size` wait at a time, and none longer than `timeout_s`.
    """

    def __init__(self, engine: Engine, *, max_batch: int = 256, queue_size: int = 4096, timeout_s: float = 2.0) -> None:
        self._engine = engine
        self._max_batch = max_batch
        self._queue_size = queue_size
        self._timeout_s = timeout_s
        self._insert = upsert(impressions, engine.dialect.name).on_conflict_do_nothing()
        self._waiting: deque[_Entry] = deque()
        self._changed = Condition()
        self._writer: Thread | None = None
        self._closed = False

    def __len__(self) -> int:
        """How many impressions are waiting for the writer."""
        return len(self._waiting)

    def append(self, impression: Impression) -> None:
        """Store the impression durably before returning. Raises `StorageUnavailable`, `UserNotFound`."""
        deadline = monotonic() + self._timeout_s
        entry = _Entry(impression)
        self._enqueue(entry, deadline)
        try:
            entry.stored.result(timeout=max(0.0, deadline - monotonic()))
        except NotInTime as late:
            # One that the writer has not taken yet is withdrawn. One that it has may still be stored, which is
            # harmless: nobody is shown the list of a call that failed.
            entry.stored.cancel()
            raise StorageUnavailable("The impression could not be stored in time.") from late

    def close(self) -> None:
        """Store what is waiting and end the writer. No impression is taken any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._writer is not None:
            self._writer.join()

    def _enqueue(self, entry: _Entry, deadline: float) -> None:
        with self._changed:
            while len(self._waiting) >= self._queue_size and not self._closed:
                if not self._changed.wait(timeout=deadline - monotonic()):
                    raise StorageUnavailable("Too many impressions are waiting to be stored.")
            if self._closed:
                raise StorageUnavailable("The impression log is closed.")
            if self._writer is None:
                # Started by the first impression, not by the constructor: a thread does not survive a fork.
                self._writer = Thread(target=self._write, name="impression-log", daemon=True)
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
            self._insert_all([entry.impression for entry in batch])
        except StorageUnavailable as down:
            for entry in batch:
                entry.stored.set_exception(down)
        except Exception:
            # One bad impression must not take the others with it.
            for entry in batch:
                self._store_alone(entry)
        else:
            for entry in batch:
                entry.stored.set_result(None)

    def _store_alone(self, entry: _Entry) -> None:
        try:
            self._insert_all([entry.impression])
        except IntegrityError as broken:
            user_id = entry.impression.user_id
            entry.stored.set_exception(broken if user_id is None else UserNotFound(user_id))
        except Exception as refused:
            # The writer serves everybody, so whatever happens is for the caller whose impression it was.
            if not isinstance(refused, MarqueeError):
                log.exception("impression %s could not be stored", entry.impression.id)
            entry.stored.set_exception(refused)
        else:
            entry.stored.set_result(None)

    def _insert_all(self, batch: Sequence[Impression]) -> None:
        # In order of user, as everybody who takes rows of several users does: so nobody waits in a circle.
        rows = [to_row(impression) for impression in sorted(batch, key=lambda impression: impression.user_id or 0)]
        with transaction(self._engine) as connection:
            connection.execute(self._insert, rows)
