"""``in_stages``, ``Turns``: asking several for the same thing, and not too much of one.

Invariants: the next candidate is asked as soon as one has failed or has been waited for long enough, while
those asked before go on; nobody is asked once it is done; all tries have ended, or it is done, when
``in_stages`` returns. At most ``at_once`` hold a turn of one key, at most ``waiting`` wait for it in the
order in which they came, and a key that nobody uses takes no room.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from peernode.errors import Backpressure
from peernode.span import QUEUE, spent
from peernode.tasks import Tasks

T = TypeVar("T")


async def in_stages(
    tasks: Tasks,
    candidates: Iterable[T],
    one: Callable[[T], Coroutine[Any, Any, None]],
    patience_s: Callable[[T], float],
    done: Callable[[], bool],
) -> None:
    """Try ``one`` with each candidate until it is ``done``; whoever is waited for too long gets company."""
    ended, tries = asyncio.Event(), list[asyncio.Task[None]]()
    for candidate in candidates:
        if done():
            return
        tries.append(tasks.spawn(one(candidate), "staged"))
        tries[-1].add_done_callback(lambda _: ended.set())
        await _ended(ended, tries, patience_s(candidate))
    while not done() and not all(task.done() for task in tries):
        await _ended(ended, tries, None)


async def _ended(ended: asyncio.Event, tries: list[asyncio.Task[None]], seconds: float | None) -> None:
    """Until one more try has ended, or the time is over."""
    ended.clear()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()


class Turns:
    """So many at a time for each key."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._at_once = at_once
        self._waiting = waiting
        self._gates: dict[bytes, tuple[asyncio.Semaphore, list[None]]] = {}
        """Of each key that is used: its gate, and who holds a turn or waits for one."""

    @property
    def longest(self) -> int:
        """How many wait where most do."""
        used = max((len(users) for _, users in self._gates.values()), default=0)
        return max(0, used - self._at_once)

    @contextlib.asynccontextmanager
    async def of(self, key: bytes) -> AsyncIterator[None]:
        """Hold a turn; ``Backpressure`` when too many wait already."""
        gate, users = self._gates.setdefault(key, (asyncio.Semaphore(self._at_once), []))
        if len(users) >= self._at_once + self._waiting:
            raise Backpressure(f"{len(users)} wait for their turn")
        users.append(None)
        try:
            with spent(QUEUE):
                await gate.acquire()
            try:
                yield
            finally:
                gate.release()
        finally:
            users.pop()
            if not users:
                del self._gates[key]
