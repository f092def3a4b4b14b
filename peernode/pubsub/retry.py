"""How long to wait before trying again: exponential, full jitter, capped.

Full jitter (a uniform draw from zero to the exponential bound) is what keeps many nodes that failed
at one moment from coming back at one moment. Source: M. Brooker, "Exponential Backoff And Jitter",
2015.
"""

from __future__ import annotations

import random


def backoff_s(rng: random.Random, attempt: int, base_s: float, cap_s: float) -> float:
    """Seconds before the next try after ``attempt`` (from 1) has failed."""
    bound = min(cap_s, base_s * 2 ** min(attempt, 32))
    return float(bound * rng.random())
