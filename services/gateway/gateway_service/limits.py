"""Token buckets: each principal has its own, scanners have larger ones (reliability.md 2, row 13)."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Limiter:
    """Allows `burst` at once and `rate` a second after that, for each key; the least used keys are forgotten."""

    def __init__(
        self, rate: float, burst: float, *, keys: int = 50_000, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate = rate
        self.burst = burst
        self._keys = keys
        self._now = now
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, key: str) -> int:
        """Take one token; return 0, or the whole seconds to wait when there is none."""
        bucket = self._filled(key)
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0
        return max(1, math.ceil((1 - bucket.tokens) / self.rate))

    def spent(self, key: str) -> int:
        """Return the seconds to wait without taking a token."""
        bucket = self._filled(key)
        return 0 if bucket.tokens >= 1 else max(1, math.ceil((1 - bucket.tokens) / self.rate))

    def give_back(self, key: str) -> None:
        """Return a token that was taken."""
        bucket = self._filled(key)
        bucket.tokens = min(self.burst, bucket.tokens + 1)

    def forget(self, key: str) -> None:
        """Give a key its whole burst again."""
        self._buckets.pop(key, None)

    def _filled(self, key: str) -> _Bucket:
        now = self._now()
        bucket = self._buckets.setdefault(key, _Bucket(self.burst, now))
        self._buckets.move_to_end(key)
        bucket.tokens = min(self.burst, bucket.tokens + (now - bucket.at) * self.rate)
        bucket.at = now
        while len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)
        return bucket
