"""A hybrid logical clock: timestamps near wall time that never contradict causality.

A timestamp is one integer, milliseconds << 16 | counter. Invariants: ``now`` is strictly increasing and above
everything merged, but where ``go_back`` says otherwise; a timestamp far in the future is never merged,
whoever signed it. Source: Kulkarni et al., "Logical Physical Clocks", 2014.
"""

from __future__ import annotations

from peernode.clock import Clock

COUNTER_BITS = 16
HLC_MAX = (1 << 63) - 1
AHEAD_MAX_MS = 60_000
"""What lies further ahead of the wall clock is not merged."""
OWN_AHEAD_MAX_MS = AHEAD_MAX_MS // 2
"""Own timestamps further ahead of our clock are given up once others refuse them: the other half is theirs,
whose clocks may be behind ours."""

REFUSED_S = 600.0
"""So long a refusal says something of our clock."""


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
        self._heard = 0
        """The highest of others."""
        self._refused, self._refused_s = 0, 0.0
        """The highest of ours that others refused, and when; monotonic seconds."""

    def now(self) -> int:
        """The next timestamp."""
        self._last = max(self._last + 1, self._clock.wall_ms() << COUNTER_BITS)
        return self._last

    def merge(self, hlc: int) -> bool:
        """Take note of another's timestamp; False (and no effect) when it lies too far ahead."""
        if ahead_ms(hlc, self._clock.wall_ms()) > AHEAD_MAX_MS:
            return False
        self._last = max(self._last, hlc)
        self._heard = max(self._heard, hlc)
        return True

    def resume(self, hlc: int) -> None:
        """Go on above a timestamp of the log, whoever made it; no effect when it lies too far ahead."""
        if ahead_ms(hlc, self._clock.wall_ms()) <= AHEAD_MAX_MS:
            self._last = max(self._last, hlc)

    def refused(self, hlc: int) -> None:
        """Others find this timestamp of ours too far ahead, so many that it costs the message its quorum."""
        if self._refused <= hlc <= self._last:  # else it has been given up before
            self._refused, self._refused_s = hlc, self._clock.monotonic()

    def go_back(self) -> bool:
        """Give our own timestamps up, if our clock has been set back and others refuse them; whether it did.

        By our clock alone we would go back also when it is the clock that is wrong, and behind: then nobody
        has refused anything, and what was signed by the right time stays a floor.
        """
        wall_ms = self._clock.wall_ms()
        lately = self._clock.monotonic() - self._refused_s <= REFUSED_S
        if not lately or ahead_ms(self._refused, wall_ms) <= OWN_AHEAD_MAX_MS:
            return False
        heard = self._heard if ahead_ms(self._heard, wall_ms) <= AHEAD_MAX_MS else 0
        if ahead_ms(self._last, max(wall_ms, hlc_ms(heard))) <= OWN_AHEAD_MAX_MS:
            return False
        self._last, self._heard, self._refused = heard, heard, 0
        return True
