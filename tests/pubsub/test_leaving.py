"""Leaving a channel: wholly, or not at all and with a reason."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.channel.lease import sign_lease
from peernode.errors import PeerNodeError, Refused
from peernode.events import Joined, Left
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_renew_requests import ROOT, Stranger, with_stranger
from tests.pubsub.test_renewal import NETWORK, channel, closest


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


def test_who_has_left_is_not_pushed_to_by_those_who_waited_for_their_turn() -> None:
    pushers: list[bytes] = []

    async def tell(flock: Flock, stranger: Stranger) -> None:
        near = closest(flock, LOBBY)
        initiators, author = near[:3], near[-1]

        async def push(caller: Caller, body: Fields) -> list[Any]:
            pushers.append(caller.contact.public_key)
            wall_ms = stranger.host.env.clock.wall_ms()
            tombstone = sign_lease(stranger.identity, NETWORK, channel(LOBBY), wall_ms, 0)
            for bird in initiators:
                await stranger.ask(bird, [tombstone.raw, ROOT, LOBBY], Op.SUBSCRIBE)
            raise Refused(Status.NOT_SUBSCRIBED)

        stranger.rpc.serve(Op.PUSH, push)
        for bird in initiators:
            assert (await stranger.ask(bird, stranger.renewal([LOBBY])))[0][0] == Status.OK
        await author.say("are you there?")
        await asyncio.sleep(10)
        pushed = [key for key in pushers if key != author.identity.public_key]
        assert len(pushed) == 1 and pushed[0] in [bird.identity.public_key for bird in initiators]

    with_stranger(tell, 6, replicas=3)
