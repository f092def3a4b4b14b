"""Where and when we are, as others see it: external address and clock offset.

Each report counts once per peer, the latest one of at most ``REPORTERS_MAX`` peers, so a single
liar moves nothing once a few honest peers have spoken. The address we are bound to counts as one
report of our own, unless it is the wildcard.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from statistics import median_low
from typing import TypeVar

from peernode.clock import Clock
from peernode.environment import Address

REPORTERS_MAX = 32
READ_MAX_S = 4.0
"""A clock that took longer to read says nothing of ours: this node may have stood still meanwhile."""

OFFSETS_MIN = 3
"""Fewer peers than this don't correct our clock."""

WILDCARD_IP = "0.0.0.0"  # noqa: S104  (compared with, not bound to)


_Report = TypeVar("_Report")


class Bearings:
    """The reports of other nodes about this one."""

    def __init__(self, clock: Clock, bound: Address, advertise: Address | None) -> None:
        self._clock = clock
        self._own = bound if bound[0] != WILDCARD_IP else None
        self._advertise = advertise
        self._seen: OrderedDict[bytes, Address] = OrderedDict()
        self._offsets_ms: OrderedDict[bytes, int] = OrderedDict()
        self.external: Address | None = advertise or self._own
        """What most peers see as our address; ``None`` as long as nobody knows."""

    def seen_as(self, reporter: bytes, address: Address) -> None:
        """The peer with public key ``reporter`` receives our datagrams from ``address``."""
        _put(self._seen, reporter, address)
        if self._advertise is not None:
            return
        votes = Counter(self._seen.values())
        if self._own is not None:
            votes[self._own] += 1
        winner, count = votes.most_common(1)[0]
        if self.external is None or count > votes[self.external]:
            self.external = winner

    def clock_read(self, reporter: bytes, peer_wall_ms: int, rtt_s: float) -> None:
        """``reporter``'s wall clock showed ``peer_wall_ms`` half a round trip ago."""
        if rtt_s > READ_MAX_S:
            return
        offset_ms = peer_wall_ms + round(rtt_s * 500) - self._clock.wall_ms()
        _put(self._offsets_ms, reporter, offset_ms)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "addresses_seen": (len(self._seen), REPORTERS_MAX),
            "clock_offsets": (len(self._offsets_ms), REPORTERS_MAX),
        }

    def offset_ms(self) -> int:
        """How far most other clocks are ahead of ours; 0 as long as fewer than 3 are known."""
        return self.apart_ms() if len(self._offsets_ms) >= OFFSETS_MIN else 0

    def apart_ms(self) -> int:
        """How far most other clocks are ahead of ours, of however few: who is wrong is another question."""
        return median_low(self._offsets_ms.values()) if self._offsets_ms else 0

    def corrected_wall_ms(self) -> int:
        """The network's idea of the time, in milliseconds since the epoch."""
        return self._clock.wall_ms() + self.offset_ms()


class CorrectedClock:
    """A node's clocks, the wall clock corrected by what the peers' clocks say."""

    def __init__(self, clock: Clock, corrected_wall_ms: Callable[[], int]) -> None:
        self._clock = clock
        self._corrected_wall_ms = corrected_wall_ms

    def monotonic(self) -> float:
        """See ``Clock.monotonic``."""
        return self._clock.monotonic()

    def wall_ms(self) -> int:
        """The network's idea of the time, in milliseconds since the epoch."""
        return self._corrected_wall_ms()


def _put(reports: OrderedDict[bytes, _Report], reporter: bytes, report: _Report) -> None:
    reports[reporter] = report
    reports.move_to_end(reporter)
    if len(reports) > REPORTERS_MAX:
        reports.popitem(last=False)
