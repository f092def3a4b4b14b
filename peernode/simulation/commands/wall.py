"""Real time, for commands only: how long something took, and seeds that nobody has tried yet."""

from __future__ import annotations

import time

FRESH_MAX = 10_000
_FRESH_STEP = 10
"""Fresh seeds of two sweeps are apart when more seconds than a tenth of their number lie between."""


def now_s() -> float:
    """Seconds since some moment."""
    return time.perf_counter()


def fresh_seeds(count: int) -> list[int]:
    """Seeds made of this second of the calendar: large numbers, never those of a fixed set."""
    first = int(time.time()) * _FRESH_STEP
    return [first + number for number in range(count)]
