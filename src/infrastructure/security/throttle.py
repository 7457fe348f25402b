"""Limits on repeated attempts, on the `limits` library."""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from threading import Lock

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from domain.errors import TooManyRequests

#: keys in memory before those that no longer count are looked for
KEYS_BEFORE_FORGETTING = 10_000


class WindowThrottle:
    """Counts attempts over a moving window.

    `rules` gives for each purpose one allowance per key, in the order in which the keys are passed, such as
    `{"sign-in": ["5 per 5 minutes", "50 per 5 minutes"]}`.
    """

    def __init__(self, rules: Mapping[str, Sequence[str]], storage: str = "memory://") -> None:
        self._rules = {purpose: tuple(map(parse, allowances)) for purpose, allowances in rules.items()}
        self._storage = storage_from_string(storage)
        self._windows = MovingWindowRateLimiter(self._storage)
        self._recording = Lock()
        self._most_keys = KEYS_BEFORE_FORGETTING

    def check(self, purpose: str, *keys: str) -> None:
        """Raise `TooManyRequests`, with the seconds until it is worth trying again, where an allowance is used up."""
        waits = [self._wait(rule, purpose, key) for rule, key in self._pairs(purpose, keys)]
        longest = max(waits, default=0)
        if longest:
            raise TooManyRequests(f"Too many attempts. Try again in {longest} s.", longest)

    def record(self, purpose: str, *keys: str) -> None:
        """Count one attempt against each key."""
        with self._recording:
            for rule, key in self._pairs(purpose, keys):
                self._windows.hit(rule, purpose, key)
            self._forget()

    def _pairs(self, purpose: str, keys: Sequence[str]) -> Iterator[tuple[RateLimitItem, str]]:
        # Keys hold addresses of people and may be long: what is stored is short and says nothing.
        digests = (hashlib.blake2b(key.encode(), digest_size=16).hexdigest() for key in keys)
        return zip(self._rules[purpose], digests, strict=True)

    def _forget(self) -> None:
        """Drop the keys whose attempts all lie in the past: the library's memory keeps every key it has ever seen."""
        if not isinstance(self._storage, MemoryStorage) or len(self._storage.events) <= self._most_keys:
            return
        now = time.time()
        for key, newest_first in list(self._storage.events.items()):
            if not newest_first or newest_first[0].expiry <= now:
                with self._storage.locks[key]:
                    del self._storage.events[key]
        self._most_keys = max(KEYS_BEFORE_FORGETTING, 2 * len(self._storage.events))

    def _wait(self, rule: RateLimitItem, purpose: str, key: str) -> int:
        """Whole seconds until the oldest attempt leaves the window; 0 while something is left of the allowance."""
        reset_time, remaining = self._windows.get_window_stats(rule, purpose, key)
        # The library reads the clock itself, so the wait is counted on the same one.
        return 0 if remaining > 0 else max(1, ceil(reset_time - time.time()))
