"""Asking several, one after the other, and not too much of one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from peernode.errors import Backpressure
from peernode.pubsub.staged import Turns, in_stages
from peernode.simulation.world.host import SimWorld
from peernode.tasks import Tasks


def virtual(story: Callable[[], Awaitable[None]]) -> None:
    with SimWorld(seed=1) as world:
        world.run(story())  # type: ignore[arg-type]


def crashed(name: str, error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("takes_s", "good", "ended_s"),
    [
        ([9.0, 9.0, 0.1], 2, 0.9),  # two that are no use leave the third its time
        ([0.1, 0.2, 0.1], 2, 0.4),  # who has failed is not waited for
        ([1.0, 9.0, 9.0], 0, 1.0),  # who is late may still be the one
        ([1.0, 2.0, 3.0], 9, 3.8),  # all in vain: the last was begun at 0.8 s
    ],
)
def test_the_next_one_is_asked_when_one_has_failed_or_is_late(
    takes_s: list[float], good: int, ended_s: float
) -> None:
    async def story() -> None:
        tasks, found, now = Tasks(crashed), list[int](), asyncio.get_running_loop().time

        async def one(candidate: int) -> None:
            await asyncio.sleep(takes_s[candidate])
            if candidate == good:
                found.append(candidate)

        began = now()
        await in_stages(tasks, range(3), one, lambda _: 0.4, lambda: bool(found))
        assert (now() - began, bool(found)) == (pytest.approx(ended_s), good < 3)
        await tasks.close()

    virtual(story)


def test_turns_are_taken_in_order_and_waited_for_by_so_many() -> None:
    async def story() -> None:
        turns, order = Turns(2, 3), list[int]()
        leave = asyncio.Event()

        async def one(number: int, key: bytes = b"relay") -> None:
            async with turns.of(key):
                order.append(number)
                await leave.wait()

        tasks = [asyncio.ensure_future(one(number)) for number in range(5)]
        await asyncio.sleep(0)
        assert (order, turns.longest) == ([0, 1], 3)
        with pytest.raises(Backpressure):
            await one(5)
        other = asyncio.ensure_future(one(6, b"another"))
        await asyncio.sleep(0)
        assert order == [0, 1, 6], "another relay is not held up"
        tasks[3].cancel()
        leave.set()
        await asyncio.gather(*tasks, other, return_exceptions=True)
        assert (order, turns.longest) == ([0, 1, 6, 2, 4], 0)
        assert not turns._gates

    virtual(story)
