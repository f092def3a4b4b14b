"""Leaving a channel: wholly, or not at all and with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from peernode.channel.lease import sign_lease
from peernode.errors import PeerNodeError, Refused
from peernode.events import Joined, Left
from peernode.pubsub.replica import make_set
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import LOBBY, PORT, Bird, Flock, story
from tests.pubsub.test_bounds_delivery import strangers
from tests.pubsub.test_findings_truth import apart
from tests.pubsub.test_relay import replica_of
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


def test_who_leaves_while_the_set_is_unknown_tells_those_remembered_and_those_named() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        initiators, (bird, *_) = apart(flock)
        replica = replica_of(bird)
        replica.forget_initiators()  # as after a message that found no quorum
        replica.remembered, replica.rumoured = replica.remembered[:4], [*replica.remembered[4:]]
        before = [each.node.counters()["op.SUBSCRIBE.in"] for each in initiators]
        await bird.call(bird.node.leave(LOBBY))
        await asyncio.sleep(1)
        after = [each.node.counters()["op.SUBSCRIBE.in"] for each in initiators]
        assert [now - then for now, then in zip(after, before, strict=True)] == [1] * 5
        lists = [each.node.diagnostics()["channels"][0]["subscribers"] for each in initiators]
        assert [bird.identity.node_id.hex() in names for names in lists] == [False] * 5

    story(tell, 8, loss=0)


Meanwhile = Callable[[Stranger, list[Bird]], Awaitable[None]]


async def leaves(stranger: Stranger, initiators: list[Bird]) -> None:
    wall_ms = stranger.host.env.clock.wall_ms()
    tombstone = sign_lease(stranger.identity, NETWORK, channel(LOBBY), wall_ms + 1, 0)
    for bird in initiators:
        await stranger.ask(bird, [tombstone.raw, ROOT, LOBBY], Op.SUBSCRIBE)


async def is_renewed(stranger: Stranger, initiators: list[Bird]) -> None:
    for bird in initiators:
        assert (await stranger.ask(bird, stranger.renewal([LOBBY])))[0][0] == Status.OK


async def ends(stranger: Stranger, initiators: list[Bird]) -> None:
    """Nothing happens, and the lease is over before the next rank's turn."""


async def have_successors(stranger: Stranger, initiators: list[Bird]) -> None:
    others = [Contact(x.public_key, "10.7.7.7", PORT) for x in strangers(initiators[0], len(initiators))]

    async def follow() -> None:
        for _ in range(100):  # they would find out that they are closer
            for bird in initiators:
                replica_of(bird).initiators = make_set(others, True, bird.host.env.clock.monotonic())
            await asyncio.sleep(0.01)

    stranger.tasks.append(asyncio.ensure_future(follow()))


@pytest.mark.parametrize(
    ("meanwhile", "ttl_s", "others_push"),
    [(is_renewed, 1, True), (leaves, 60, False), (ends, 1, False), (have_successors, 60, False)],
)
def test_who_waits_for_its_turn_looks_again_whether_to_push(
    meanwhile: Meanwhile, ttl_s: int, others_push: bool
) -> None:
    pushers: list[bytes] = []

    async def tell(flock: Flock, stranger: Stranger) -> None:
        near = closest(flock, LOBBY)
        initiators, author = near[:3], near[-1]
        keys = [bird.identity.public_key for bird in initiators]

        async def push(caller: Caller, body: Fields) -> list[Any]:
            first, key = not pushers, caller.contact.public_key
            if key in keys:
                pushers.append(key)
                if first:
                    await meanwhile(stranger, initiators)
            raise Refused(Status.NOT_SUBSCRIBED if meanwhile is leaves else Status.BUSY)

        stranger.rpc.serve(Op.PUSH, push)
        wall_ms = stranger.host.env.clock.wall_ms()
        lease = sign_lease(stranger.identity, NETWORK, channel(LOBBY), wall_ms, ttl_s)
        for bird in initiators:
            assert isinstance(await stranger.ask(bird, [lease.raw, ROOT, LOBBY], Op.SUBSCRIBE), list)
        await author.say("are you there?")
        await asyncio.sleep(10)
        await asyncio.gather(*stranger.tasks)
        assert pushers and (len(set(pushers)) > 1) is others_push
        assert meanwhile is not leaves or len(pushers) == 1, "it has said that it wants none"

    with_stranger(tell, 6, replicas=3, push_stagger_small_s=1.05 if ttl_s == 1 else 0.2)
