"""A host's access line: bytes pass one after the other, and what can't wait is dropped.

Idea: a ``Link`` is one direction of the line. It knows only when it will be idle again; the queue is the
time until then. Invariants: datagrams leave in the order in which they came; at most
``LINK_QUEUE_BYTES_MAX`` wait, the next one is dropped (tail drop). When the rate changes, what waits
already keeps its time.
"""

from __future__ import annotations

LINK_QUEUE_BYTES_MAX = 1 << 16
"""Bytes that wait at most for one direction of a line."""
HEADER_BYTES = 28
"""What IP and UDP add to each datagram on the line."""


class Link:
    """One direction; several limits may hold at once, the lowest rate counts."""

    def __init__(self) -> None:
        self.bytes_per_s: float | None = None
        """The rate now; None: no limit."""
        self.passed = 0
        """Datagrams that took their time on it, or found its queue full."""
        self._limits: dict[str, float] = {}
        self._idle_at = 0.0

    def limit(self, name: str, kbit_s: float) -> None:
        """Let at most ``kbit_s`` pass until ``unlimit`` with the same name."""
        self._limits[name] = kbit_s
        self._choose()

    def unlimit(self, name: str) -> None:
        """Take a limit back; one that there is not is no mistake."""
        self._limits.pop(name, None)
        self._choose()

    def _choose(self) -> None:
        self.bytes_per_s = min(self._limits.values()) * 125 if self._limits else None

    def take(self, size: int, now: float) -> float | None:
        """Seconds until ``size`` bytes of payload have passed; None when the queue has no room for them."""
        if self.bytes_per_s is None:
            return 0.0
        self.passed += 1
        begin = max(now, self._idle_at)
        if (begin - now) * self.bytes_per_s + size > LINK_QUEUE_BYTES_MAX:
            return None
        self._idle_at = begin + (size + HEADER_BYTES) / self.bytes_per_s
        return self._idle_at - now
