"""Lists that were shown lately, so that what is done with one list is not read from the database each time."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock

from domain.impressions import Impression
from domain.ports.storage import UnitOfWorkFactory


class CachedShownLists:
    """Remembers the last `size` lists that were asked for.

    They never change but for one thing: somebody's list becomes nobody's when they take back their consent. The event
    log looks at that again when it stores what was done.
    """

    def __init__(self, unit_of_work: UnitOfWorkFactory, size: int = 4096) -> None:
        self._unit_of_work, self._size = unit_of_work, size
        self._lists: OrderedDict[str, Impression] = OrderedDict()
        self._lock = Lock()

    def find(self, ids: Sequence[str]) -> Mapping[str, Impression]:
        with self._lock:
            found = {one: self._lists[one] for one in ids if one in self._lists}
            for one in found:
                self._lists.move_to_end(one)
        if missing := [one for one in ids if one not in found]:
            with self._unit_of_work() as work:
                read = work.impressions.find(missing)
            self._remember(read)
            found.update(read)
        return found

    def _remember(self, read: Mapping[str, Impression]) -> None:
        with self._lock:
            self._lists.update(read)
            while len(self._lists) > self._size:
                self._lists.popitem(last=False)
