"""The two clocks of a node, behind one small interface so that time can be virtual.

Invariant: ``monotonic`` never goes back and is the only clock that decides about timeouts and
leases; ``wall_ms`` is what a person's clock shows and is used only where peers must agree on a
date (HLC, lease serials). ``SystemClock`` is the only place of the engine that reads real time.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What the engine may ask about time."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary origin, never going back."""
        ...

    def wall_ms(self) -> int:
        """Milliseconds since the Unix epoch, as this host believes them to be."""
        ...


class SystemClock:
    """The host's real clocks."""

    def monotonic(self) -> float:
        """Seconds of ``time.monotonic``; the same clock that the asyncio loop uses."""
        return time.monotonic()

    def wall_ms(self) -> int:
        """Milliseconds of ``time.time``."""
        return time.time_ns() // 1_000_000
