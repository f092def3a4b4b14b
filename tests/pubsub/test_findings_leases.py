"""A lease that is not newer than the one held is answered with OK only while that one lives long enough."""

from __future__ import annotations

import asyncio

from peernode.wire.ops import Status
from tests.pubsub.flock import LOBBY, Flock, story
from tests.pubsub.test_renew_requests import Stranger, with_stranger
from tests.pubsub.test_renewal import QUIET


def test_a_stale_lease_is_refused_when_the_one_held_is_half_over() -> None:
    async def tell(flock: Flock, stranger: Stranger) -> None:
        ahead = stranger.renewal([LOBBY], 50_000)
        held_ms = stranger.host.env.clock.wall_ms() + 50_000
        assert (await stranger.ask(flock[0], ahead))[0][0] == Status.OK
        await asyncio.sleep(25)
        assert (await stranger.ask(flock[0], stranger.renewal([LOBBY])))[0][0] == Status.OK
        await asyncio.sleep(10)
        assert await stranger.ask(flock[0], stranger.renewal([LOBBY])) == [[Status.INVALID, held_ms]]
        passing = held_ms + 1 - stranger.host.env.clock.wall_ms()
        assert (await stranger.ask(flock[0], stranger.renewal([LOBBY], passing)))[0][0] == Status.OK

    with_stranger(tell, 3, **QUIET)


def test_who_comes_back_with_a_clock_set_back_is_served_again_at_once() -> None:
    """It had left: the tombstone has a serial that its own do not reach for twenty seconds."""

    async def tell(flock: Flock) -> None:
        bird, other = flock[2], flock[0]
        bird.host.skew(25_000)
        await flock.join()
        await asyncio.sleep(1)
        await bird.call(bird.node.leave(LOBBY))
        await asyncio.sleep(1)
        bird.crash()
        bird.host.skew(0)
        await bird.restart()
        await bird.join()
        assert bird.node.node_id in other.node.leaseholders(LOBBY)

    story(tell, 3)
