"""Rankings, kept in memory between requests."""

import threading
from collections.abc import Hashable

from cachetools import LRUCache

from domain.pipeline import Ranking

#: a ranking of ten and its key take some kilobytes
MOST_RANKINGS = 10_000


class LruRankings:
    """Implements `domain.ports.recommending.RankingCache`; what has not been asked for longest goes first."""

    def __init__(self, most: int = MOST_RANKINGS) -> None:
        self._rankings: LRUCache[Hashable, Ranking] = LRUCache(most)
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> Ranking | None:
        """The ranking that was kept under an equal key, if it has not been pushed out."""
        with self._lock:
            return self._rankings.get(key)

    def keep(self, key: Hashable, ranking: Ranking) -> None:
        """Remember a ranking for as long as there is room."""
        with self._lock:
            self._rankings[key] = ranking
