"""Who publishes is answered, also by a node that stops at that moment."""

from __future__ import annotations

import asyncio

import pytest

from tests.pubsub.flock import LOBBY, Flock, story


@pytest.mark.parametrize("steps", range(4))
def test_who_publishes_while_the_node_stops_is_not_left_waiting(steps: int) -> None:
    """Seed 25 of ``mixed-large``: the commit was cancelled before it began, and nobody answered ever."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        node = flock[1].node

        async def publish_and_stop() -> None:
            said = asyncio.ensure_future(node.publish(LOBBY, None, "last words"))
            for _ in range(steps):
                await asyncio.sleep(0)
            await node.stop()
            async with asyncio.timeout(5):
                await asyncio.gather(said, return_exceptions=True)

        await flock[1].call(publish_and_stop())
        assert node.sizes()["pubsub.outbox"][0] == 0

    story(tell, 2)
