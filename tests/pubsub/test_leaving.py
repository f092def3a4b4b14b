"""Leaving a channel: wholly, or not at all and with a reason."""

from __future__ import annotations

import asyncio

import pytest

from peernode.errors import PeerNodeError
from peernode.events import Joined, Left
from tests.pubsub.flock import LOBBY, Bird, Flock, story


def listed(flock: Flock, bird: Bird) -> list[bool]:
    """Whether each of the others lists somebody as a subscriber."""
    me = bird.identity.node_id.hex()
    return [
        me in other.node.diagnostics()["channels"][0]["subscribers"] for other in flock if other is not bird
    ]


def test_who_can_not_leave_for_a_full_disk_is_still_there_and_leaves_later() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        bird = flock[2]
        bird.disk.fill("test", 0)
        for _ in range(2):
            with pytest.raises(PeerNodeError, match="STORE_FULL"):
                await bird.call(bird.node.leave(LOBBY))
        assert bird.node.channels() == {LOBBY: True} and bird.told(Left) == []
        await flock[0].say("you are still here")
        await flock.expect(lambda: listed(flock, bird) == [True] * 3, 5, "listed")
        bird.disk.make_room("test")
        await flock.expect(lambda: bird.texts() == ["you are still here"], 30, "told")
        await bird.call(bird.node.leave(LOBBY))
        assert bird.node.channels() == {} and len(bird.told(Left)) == 1
        await flock.expect(lambda: listed(flock, bird) == [False] * 3, 5, "its leases are gone")
        bird.events.clear()
        bird.crash()
        await bird.restart()
        await asyncio.sleep(10)
        assert bird.node.channels() == {} and bird.told(Joined) == []

    story(tell, 4)


def test_a_channel_left_twice_at_once_is_left_once_and_may_be_joined_beside() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        bird = flock[2]
        both = (bird.call(bird.node.leave(LOBBY)) for _ in range(2))
        await asyncio.gather(*both)
        assert len(bird.told(Left)) == 1 and bird.node.channels() == {}
        await bird.join()
        await asyncio.gather(bird.call(bird.node.leave(LOBBY)), bird.join())
        assert bird.node.channels() == {LOBBY: True}
        await flock[0].say("hello again")
        await flock.expect(lambda: bird.texts() == ["hello again"], 5, "told")

    story(tell, 4)


def test_a_join_that_is_left_on_a_full_disk_goes_on() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.gather(*(flock[index].join() for index in range(3)))
        late = flock[3]
        cut = flock.cut_off(late)
        joining = asyncio.ensure_future(late.join())
        await asyncio.sleep(1)
        late.disk.fill("test", 0)
        with pytest.raises(PeerNodeError, match="STORE_FULL"):
            await late.call(late.node.leave(LOBBY))
        late.disk.make_room("test")
        flock.mend(cut)
        assert (await joining).channel == LOBBY

    story(tell, 4)
