"""How often somebody may do something: buckets in memory, one per name, and nothing is written."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil

from lib import clock

MOST_BUCKETS = 10_000


@dataclass(frozen=True)
class Taken:
    """Whether one more was allowed, how many are left, and in how many seconds it is whole again.

    `retry_after_s` is when one more will be allowed, in whole seconds, 1 at the least.
    """

    is_allowed: bool
    left: int
    whole_in_s: int
    retry_after_s: int


class Limiter:
    """So many a second for each name, in bursts of as many; the least used names are forgotten."""

    def __init__(self, per_s: int, most_buckets: int = MOST_BUCKETS) -> None:
        self.per_s = per_s
        self._most = most_buckets
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str) -> Taken:
        """Take one for a name, if one is left."""
        now = clock.monotonic()
        with self._lock:
            level, at = self._buckets.pop(name, (float(self.per_s), now))
            level = min(float(self.per_s), level + (now - at) * self.per_s)
            is_allowed = level >= 1
            level -= is_allowed
            self._buckets[name] = (level, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        return Taken(
            is_allowed,
            left=int(level),
            whole_in_s=max(1, ceil((self.per_s - level) / self.per_s)),
            retry_after_s=max(1, ceil((1 - level) / self.per_s)),
        )
