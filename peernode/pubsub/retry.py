"""Trying whole operations again: exponential backoff with full jitter, capped, in the loop's own time.

Full jitter (a uniform draw from zero to the exponential bound) is what keeps many nodes that failed
at one moment from coming back at one moment. Built on ``tenacity`` with sleep and randomness injected
and stops by attempt count only, so that virtual time works. Source: M. Brooker, "Exponential Backoff
And Jitter", 2015.
"""

from __future__ import annotations

import asyncio
import random

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, stop_never

from peernode.span import RETRY, spent


async def _pause(seconds: float) -> None:
    with spent(RETRY):
        await asyncio.sleep(seconds)


class TryAgain(Exception):
    """The operation did not succeed this time; ``wait_s`` when the other side named a time."""

    def __init__(self, wait_s: float | None = None) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


def backoff_s(rng: random.Random, attempt: int, base_s: float, cap_s: float) -> float:
    """Seconds before the next try after ``attempt`` (from 1) has failed."""
    bound = min(cap_s, base_s * 2 ** min(attempt, 32))
    return float(bound * rng.random())


def retrying(
    rng: random.Random,
    attempts: int | None,
    base_s: float = 0.1,
    cap_s: float = 1.0,
    slow_cap_s: float = 20.0,
    quick: int = 5,
) -> AsyncRetrying:
    """Calls a coroutine function again after each ``TryAgain``; ``attempts`` None: without end.

    Without end, the pauses are capped by ``cap_s`` for the first ``quick``, then by ``slow_cap_s``.
    """

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TryAgain) and error.wait_s is not None:
            return error.wait_s * (1.0 + rng.random() / 2)
        cap = cap_s if state.attempt_number < quick else slow_cap_s
        return backoff_s(rng, state.attempt_number, base_s, cap)

    return AsyncRetrying(
        retry=retry_if_exception_type(TryAgain),
        stop=stop_never if attempts is None else stop_after_attempt(attempts),
        wait=wait,
        sleep=_pause,
        reraise=True,
    )
