"""Room for pushes: a bound for all, from half full on a share for each, and turns among those to one."""

from __future__ import annotations

import asyncio

from peernode.config import NodeConfig
from peernode.pubsub.pushroom import FAILING_MAX, PushRoom
from peernode.pubsub.retries import LINES_MAX


def test_room_for_pushes_is_shared_from_half_full_on() -> None:
    failing = {b"silent"}
    room = PushRoom(NodeConfig(pushes_max=32), failing.__contains__)
    for _ in range(16):
        assert room.has(b"silent")
        room.begin(b"silent")
    assert not room.has(b"silent")
    for _ in range(4):
        assert room.has(b"busy")
        room.begin(b"busy")
    assert not room.has(b"busy"), "a share is an eighth"
    for number in range(12):
        assert room.has(b"%d" % number)
        room.begin(b"%d" % number)
    assert not room.has(b"one more")
    bounds = 32 + LINES_MAX
    assert room.sizes() == {"pushes": (32, bounds), "pushed_to": (14, bounds), "pushes_waiting": (0, 2080)}
    failing.add(b"0")
    room.end(b"busy")
    assert not room.has(b"0"), "one that is failing has one"
    assert room.has(b"one more")
    for subscriber, pushes in {
        b"silent": 16,
        b"busy": 3,
        **{b"%d" % number: 1 for number in range(12)},
    }.items():
        for _ in range(pushes):
            room.end(subscriber)
    assert room.sizes()["pushes"][0] == room.sizes()["pushed_to"][0] == 0


def test_few_pushes_wait_for_one_that_fails_and_none_of_those_that_need_not() -> None:
    failing = {b"silent"}
    room = PushRoom(NodeConfig(), failing.__contains__)
    for _ in range(FAILING_MAX):
        assert room.has(b"silent")
        room.begin(b"silent")
        assert not room.has(b"silent", patient=False)
    assert not room.has(b"silent") and not room.crowded(b"silent")
    room.begin(b"silent")
    assert room.crowded(b"silent") and room.has(b"busy")
    failing.clear()
    assert room.has(b"silent") and not room.crowded(b"silent")


async def test_turns_go_in_order_as_many_at_once_as_a_peer_takes_and_one_while_it_fails() -> None:
    failing: set[bytes] = set()
    room = PushRoom(NodeConfig(inflight_per_peer_max=3), failing.__contains__)
    gates, had = [asyncio.Event() for _ in range(9)], list[int]()

    async def push(number: int) -> None:
        async with room.turn(b"one"):
            had.append(number)
            await gates[number].wait()

    async def settle() -> list[int]:
        for _ in range(12):
            await asyncio.sleep(0)
        return had

    tasks = [asyncio.ensure_future(push(number)) for number in range(9)]
    assert await settle() == [0, 1, 2]
    assert room.sizes()["pushes_waiting"][0] == 6
    async with room.turn(b"one", waits=False), room.turn(b"another"):
        gates[0].set()
        assert await settle() == [0, 1, 2], "a try again holds one as well"
    assert await settle() == [0, 1, 2, 3]
    failing.add(b"one")
    tasks[4].cancel()
    for number in (1, 2):
        gates[number].set()
    assert await settle() == [0, 1, 2, 3]
    gates[3].set()
    assert await settle() == [0, 1, 2, 3, 5], "one at a time, and not who has gone"
    failing.clear()
    gates[5].set()
    assert await settle() == [0, 1, 2, 3, 5, 6, 7, 8]
    for task in tasks[6:]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert room.sizes()["pushes_waiting"][0] == 0 and not room.is_busy(b"one")
    assert not room._sent and not room._lines
