"""Items to show, kept in memory between requests."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from cachetools import TTLCache

from domain.items import Item
from domain.ports.storage import UnitOfWorkFactory

MOST_ITEMS = 20_000
#: seconds after which an item is read again, so that the rating counts shown with it keep up
TIME_TO_LIVE = 60.0


class CachedItemReader:
    """Implements `domain.ports.storage.ItemReader`. A change to the catalogue empties it, whoever made the change."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, now: Callable[[], float] = time.monotonic) -> None:
        self._unit_of_work = unit_of_work
        self._revision = -1
        self._items: TTLCache[int, Item] = TTLCache(MOST_ITEMS, TIME_TO_LIVE, timer=now)
        self._lock = threading.Lock()

    def read(self, item_ids: Sequence[int], revision: int) -> Mapping[int, Item]:
        """By id, at most one read for all that are not in memory."""
        with self._lock:
            if revision > self._revision:
                self._items.clear()
                self._revision = revision
            found = {item_id: self._items[item_id] for item_id in item_ids if item_id in self._items}
        missing = [item_id for item_id in item_ids if item_id not in found]
        if not missing:
            return found
        with self._unit_of_work() as work:
            fresh = work.items.get_many(missing)
        with self._lock:
            # Somebody may have seen a later revision meanwhile; then what was read just now is not kept.
            if revision == self._revision:
                self._items.update(fresh)
        return {**found, **fresh}
