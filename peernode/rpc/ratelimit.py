"""Token buckets: a rate with a burst, alone or one per key in a bounded table.

Synchronous and clockless: ``now`` (seconds, monotonic) is passed in. A bucket over its rate says no;
what that means is the caller's choice (always: drop and count).
"""

from __future__ import annotations

from collections import OrderedDict


class TokenBucket:
    """Allows ``rate_per_s`` on average and ``burst`` at once."""

    __slots__ = ("_at", "_burst", "_left", "_rate_per_s")

    def __init__(self, rate_per_s: float, burst: float, now: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._left = burst
        self._at = now

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Take ``amount`` if it is there; whether it was."""
        self._fill(now)
        if self._left < amount:
            return False
        self._left -= amount
        return True

    def charge(self, now: float, amount: float) -> None:
        """Take ``amount`` whether it is there or not: a debt is paid before anything more is given out."""
        self._fill(now)
        self._left -= amount

    def _fill(self, now: float) -> None:
        self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._rate_per_s)
        self._at = now


class BucketTable:
    """One bucket per key for at most ``keys_max`` keys; the least recently used one is forgotten."""

    def __init__(self, rate_per_s: float, burst: float, keys_max: int) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._keys_max = keys_max
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"buckets": (len(self._buckets), self._keys_max)}

    def take(self, key: str, now: float, amount: float = 1.0) -> bool:
        """Take ``amount`` from ``key``'s bucket; whether it was there."""
        return self._bucket(key, now).take(now, amount)

    def charge(self, key: str, now: float, amount: float) -> None:
        """Take ``amount`` from ``key``'s bucket, into debt if need be."""
        self._bucket(key, now).charge(now, amount)

    def _bucket(self, key: str, now: float) -> TokenBucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rate_per_s, self._burst, now)
            if len(self._buckets) > self._keys_max:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket
