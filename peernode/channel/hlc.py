"""A hybrid logical clock: timestamps near wall time that never contradict causality.

A timestamp is one integer, milliseconds << 16 | counter. Invariants: ``now`` is strictly increasing
and above everything merged; a timestamp far in the future is never merged, whoever signed it. Source:
Kulkarni et al., "Logical Physical Clocks", 2014.
"""

from __future__ import annotations

from peernode.clock import Clock

COUNTER_BITS = 16
HLC_MAX = (1 << 63) - 1
AHEAD_MAX_MS = 60_000
"""What lies further ahead of the wall clock is not merged."""


def hlc_ms(hlc: int) -> int:
    """The milliseconds of a timestamp."""
    return hlc >> COUNTER_BITS


def ahead_ms(hlc: int, wall_ms: int) -> int:
    """How far a timestamp lies ahead of a wall clock, in ms; negative when behind."""
    return hlc_ms(hlc) - wall_ms


class Hlc:
    """The clock of one node."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def now(self) -> int:
        """The next timestamp."""
        self._last = max(self._last + 1, self._clock.wall_ms() << COUNTER_BITS)
        return self._last

    def merge(self, hlc: int) -> bool:
        """Take note of another's timestamp; False (and no effect) when it lies too far ahead."""
        if ahead_ms(hlc, self._clock.wall_ms()) > AHEAD_MAX_MS:
            return False
        self._last = max(self._last, hlc)
        return True
