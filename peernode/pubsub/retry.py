"""Trying whole operations again: exponential backoff with full jitter, capped, in the loop's own time.

Full jitter (a uniform draw from zero to the exponential bound) is what keeps many nodes that failed
at one moment from coming back at one moment. Built on ``tenacity`` with sleep and randomness injected
and stops by attempt count only, so that virtual time works. Source: M. Brooker, "Exponential Backoff
And Jitter", 2015.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from peernode.span import RETRY, spent

PAUSE_MIN_S = 0.02
"""The least that somebody waits who was told to come back."""


async def pause(seconds: float) -> None:
    """Wait between two tries; the time counts as theirs."""
    with spent(RETRY):
        await asyncio.sleep(seconds)


class TryAgain(Exception):
    """The operation did not succeed this time; ``wait_s`` when the other side named a time."""

    def __init__(self, wait_s: float | None = None) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


class ComeBack(TryAgain):
    """The other side is there, and only at this moment can't do it: being patient is worth while."""


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
    patient: Callable[[], bool] = lambda: False,
    wait_for: Callable[[float], Awaitable[None]] = pause,
) -> AsyncRetrying:
    """Calls a coroutine function again after each ``TryAgain``; ``attempts`` None: without end.

    Without end, the pauses are capped by ``cap_s`` for the first ``quick``, then by ``slow_cap_s``. After a
    ``ComeBack`` it goes on beyond ``attempts`` as long as ``patient`` says so, with pauses that double from
    the one it named up to ``cap_s``, or are longer when it names a longer one. ``wait_for`` makes a pause of
    so many seconds, or a shorter one.
    """

    def failure(state: RetryCallState) -> BaseException | None:
        return state.outcome.exception() if state.outcome else None

    def stop(state: RetryCallState) -> bool:
        if attempts is None or state.attempt_number < attempts:
            return False
        return not (isinstance(failure(state), ComeBack) and patient())

    def wait(state: RetryCallState) -> float:
        error = failure(state)
        if isinstance(error, TryAgain) and error.wait_s is not None:
            named_s = error.wait_s
            if isinstance(error, ComeBack):
                doubled_s = max(named_s, PAUSE_MIN_S) * 2.0 ** min(state.attempt_number - 1, 32)
                named_s = max(named_s, min(cap_s, doubled_s))
            return named_s * (1.0 + rng.random() / 2)
        cap = cap_s if state.attempt_number < quick else slow_cap_s
        return backoff_s(rng, state.attempt_number, base_s, cap)

    return AsyncRetrying(
        retry=retry_if_exception_type(TryAgain),
        stop=stop,
        wait=wait,
        sleep=wait_for,
        reraise=True,
    )
