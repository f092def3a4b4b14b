"""Whether this node has a network: who answered last, and whether that is long ago.

Invariants: connected from an answer until no unsuspected peer has answered for ``LIVE_S``; answers from
before a *sleep* don't count. A node slept when its process was frozen (its monotonic clock shows a tick that
took ``SLEPT_S`` too long) or its machine was suspended (only the wall clock shows it): meanwhile leases
may have ended and others may have given the node up, whatever it remembers itself. A wall clock that was
set forward looks the same; believing in a sleep costs a few pings.
"""

from __future__ import annotations

from peernode.clock import Clock
from peernode.overlay.table import PeerTable

LIVE_S = 8.0
SLEPT_S = 5.0


class Connection:
    """The state of one node's connection; synchronous."""

    def __init__(self, clock: Clock, table: PeerTable) -> None:
        self._clock = clock
        self._table = table
        self._latest = b""
        """The key of who answered last."""
        self._awake_since = float("-inf")
        self._tick_at: float | None = None
        self._tick_wall_ms = 0
        self._lost_before = False
        self.connected = False
        self.returns = 0
        """How often the network came back after it had been lost."""

    def answered(self, public_key: bytes) -> bool:
        """This peer answered; True when that connects us, for the first time or again."""
        self._latest = public_key
        if self.connected:
            return False
        self.connected = True
        self.returns += self._lost_before
        return True

    def answers(self) -> bool:
        """Whether an unsuspected peer has answered lately."""
        since = max(self._clock.monotonic() - LIVE_S, self._awake_since)
        latest = self._table.standing(self._latest)
        if latest is not None and latest.heard_at >= since and not latest.failures:
            return True
        return any(standing.heard_at >= since for standing in self._table.live())

    def lost(self) -> bool:
        """Whether the connection is lost; True once each time."""
        if not self.connected or self.answers():
            return False
        self.connected = False
        self._lost_before = True
        return True

    def slept(self, tick_s: float) -> bool:
        """To be called every ``tick_s`` or so: whether the node slept since the last call."""
        now, wall_ms = self._clock.monotonic(), self._clock.wall_ms()
        before, before_ms = self._tick_at, self._tick_wall_ms
        self._tick_at, self._tick_wall_ms = now, wall_ms
        if before is None:
            return False
        passed_s = max(now - before, (wall_ms - before_ms) / 1000)
        if passed_s < tick_s + SLEPT_S:
            return False
        self._awake_since = now
        return True
