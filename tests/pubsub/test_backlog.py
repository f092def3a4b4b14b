"""A channel that can't be caught up with, or not soon, keeps no other one from recovering."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.events import Recovered
from peernode.pubsub.backlog import AT_ONCE, STILL_S, TURN_S, Backlog
from peernode.pubsub.replica import Replica
from peernode.wire.contact import Contact
from tests.pubsub.flock import Flock, story
from tests.pubsub.test_bounds_delivery import counted
from tests.pubsub.test_relay import replica_of

GOOD = "#good"


def test_as_many_channels_as_have_a_turn_withhold_what_they_name_and_another_one_recovers() -> None:
    """Before, it did not until one of them gave what it had named."""

    async def tell(flock: Flock) -> None:
        bird = flock[1]
        names = [*(f"#withheld-{number}" for number in range(AT_ONCE)), GOOD]
        for name in names:
            await flock.join(name)
            replica: Any = bird.node._pubsub.storage.by_name(name)
            replica.holds_all_of = lambda key, root: False
        await asyncio.sleep(3)
        catch_up: Any = bird.node._pubsub.catch_up

        async def settled(replica: Replica, contact: Contact, root: bytes) -> bool:
            if replica.name != GOOD:
                await asyncio.sleep(1000)
            return True

        catch_up.settled = settled
        bird.events.clear()
        for name in names[:-1]:
            bird.node._pubsub.recovery.begin(bird.node._pubsub.storage.by_name(name), "network")
        await asyncio.sleep(1)
        bird.node._pubsub.recovery.begin(bird.node._pubsub.storage.by_name(GOOD), "network")
        await flock.expect(lambda: bird.told(Recovered) != [], 10, "the good one is back")
        assert [told.channel for told in bird.told(Recovered)] == [GOOD]
        await asyncio.sleep(TURN_S)
        assert counted(bird, "recovery.turn_over") == AT_ONCE

    story(tell, 3, loss=0)


@pytest.mark.parametrize(("gets_something", "turn_s"), [(False, STILL_S), (True, TURN_S)])
def test_a_turn_is_over_when_nothing_comes_or_it_takes_too_long(gets_something: bool, turn_s: float) -> None:
    async def tell(flock: Flock) -> None:
        bird = flock[0]
        await bird.join()
        backlog, replica = Backlog(bird.node._context, bird.node._pubsub.catch_up), replica_of(bird)
        waited: list[float] = []

        async def take(for_s: float) -> None:
            began_s = bird.node._context.now()
            async with backlog._turn(replica):
                waited.append(bird.node._context.now() - began_s)
                await asyncio.sleep(for_s)

        async def all_of_them() -> Any:
            slow = [asyncio.ensure_future(take(100)) for _ in range(AT_ONCE)]
            others = asyncio.gather(*(take(0) for _ in range(2)))
            while not others.done():
                await asyncio.sleep(STILL_S / 2)
                replica.log.version += gets_something
            for task in slow:
                task.cancel()

        await bird.call(all_of_them())
        assert waited == [0] * AT_ONCE + [pytest.approx(turn_s, abs=STILL_S / 2)] * 2

    story(tell, 1)
