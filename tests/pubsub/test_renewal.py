"""Renewals: one signature for up to 25 channels, one datagram per initiator, each channel by its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import count, islice
from typing import Any

import pytest

from peernode.channel.ids import channel_id_of
from peernode.channel.lease import decode_lease
from peernode.config import NodeConfig
from peernode.identity import network_id_of
from tests.pubsub.flock import Bird, Flock, story

NETWORK = network_id_of(NodeConfig().network)
QUIET: dict[str, Any] = {"sync_s": 10_000.0}
"""No anti-entropy: what is exchanged here, a renewal has brought."""


def channel(name: str) -> bytes:
    return channel_id_of(NETWORK, name)


def closest(flock: Flock, name: str) -> list[Bird]:
    target = int.from_bytes(channel(name), "big")
    return sorted(flock.birds, key=lambda bird: int.from_bytes(bird.identity.node_id, "big") ^ target)


def names_served_by_others(flock: Flock, member: Bird, number: int, initiators: int = 5) -> list[str]:
    """Channels that ``member`` is no initiator of."""
    names = (f"#c{index}" for index in count())
    return list(islice((name for name in names if member not in closest(flock, name)[:initiators]), number))


def counted(bird: Bird) -> Counter[str]:
    return Counter(bird.node.counters()) + Counter(bird.node.happened())


async def spent(bird: Bird, seconds: float) -> Counter[str]:
    """What a node counts in that time."""
    before = counted(bird)
    await asyncio.sleep(seconds)
    return counted(bird) - before


async def renewed(flock: Flock, bird: Bird) -> None:
    """Its next leases are signed, and all that belongs to that has been said."""
    signed = counted(bird)["lease.signed"]
    await flock.expect(lambda: counted(bird)["lease.signed"] != signed, 30, "signed")
    await asyncio.sleep(5)


@pytest.mark.parametrize(("channels", "batches"), [(1, 1), (25, 1), (26, 2)])
def test_channels_with_the_same_initiators_share_signature_and_datagrams(channels: int, batches: int) -> None:
    """Before, 25 channels cost 25 signatures and 125 requests a period; now one, and one per initiator."""

    async def tell(flock: Flock) -> None:
        member = flock[5]
        names = names_served_by_others(flock, member, channels)
        await asyncio.gather(*(member.join(name) for name in names))
        await asyncio.sleep(30)
        await renewed(flock, member)
        before = counted(member)
        for _ in range(5):
            await renewed(flock, member)
        cost = counted(member) - before
        periods, rest = divmod(cost["lease.signed"], batches)
        assert periods == 5
        assert rest == 0
        assert cost["renewal.ok"] == cost["renewal.batched"] == channels * periods
        assert cost["op.SUBSCRIBE.out"] == 0
        assert cost["op.RENEW.out"] == 5 * batches * periods
        for bird in flock.birds[:5]:
            assert [name for name in names if member.node.node_id not in bird.node.leaseholders(name)] == []

    story(tell, 6, **QUIET)


def test_an_initiator_learns_of_no_channel_but_its_own() -> None:
    """Neither from what the subscriber sends nor from what other initiators and the disk give back."""

    async def tell(flock: Flock) -> None:
        member = flock[7]
        names = names_served_by_others(flock, member, 12, initiators=2)
        await asyncio.gather(*(member.join(name) for name in names))
        cost = await spent(member, 60)
        assert cost["renewal.batched"] >= 2 * len(names)
        author = closest(flock, names[0])[2]
        if author is member:
            author = closest(flock, names[0])[3]
        await author.join(names[0])
        await asyncio.sleep(2)
        before = counted(author)
        await author.say("straight to who renewed", names[0])
        await asyncio.sleep(1)
        assert (counted(author) - before)["attempt.direct.ok"] >= 1
        seen = 0
        for bird in flock.birds[:7]:
            replicas = bird.node._pubsub.storage.replicas
            for channel_id, replica in replicas.items():
                for held in replica.leases.live(bird.host.env.clock.monotonic()):
                    if held.subscriber != member.identity.public_key:
                        continue
                    seen += 1
                    assert decode_lease(held.raw, NETWORK) == held.lease
                    others = [channel(name) for name in names if channel(name) != channel_id]
                    assert [other for other in others if other in held.raw] == []
        assert seen >= 2 * len(names)

    story(tell, 8, replicas=2)


def test_leases_of_a_batch_survive_the_initiators_restart() -> None:
    async def tell(flock: Flock) -> None:
        member = flock[5]
        names = names_served_by_others(flock, member, 5)
        await asyncio.gather(*(member.join(name) for name in names))
        await asyncio.sleep(50)  # renewed together, and kept by a round of anti-entropy
        flock[2].crash()
        await asyncio.sleep(1)
        await flock[2].restart()
        assert all(member.node.node_id in flock[2].node.leaseholders(name) for name in names)

    story(tell, 6)


def test_a_renewal_of_many_finds_what_was_missed_in_one_of_them() -> None:
    async def tell(flock: Flock) -> None:
        member, author = flock[5], flock[4]
        names = names_served_by_others(flock, member, 4)
        await asyncio.gather(*(bird.join(name) for bird in (member, author) for name in names))
        await asyncio.sleep(20)
        cut = flock.cut_off(member)
        await author.say("missed", names[2])
        await asyncio.sleep(8)
        flock.mend(cut)
        await flock.expect(lambda: member.texts() == ["missed"], 26, "the gap found by a renewal")

    story(tell, 6, **QUIET)


def test_one_that_leaves_is_gone_and_its_neighbours_stay() -> None:
    async def tell(flock: Flock) -> None:
        member = flock[5]
        names = names_served_by_others(flock, member, 6)
        await asyncio.gather(*(member.join(name) for name in names))
        await asyncio.sleep(30)
        await member.call(member.node.leave(names[0]))
        for _ in range(20):
            await asyncio.sleep(5)
            for bird in flock.birds[:5]:
                listed = [name for name in names if member.node.node_id in bird.node.leaseholders(name)]
                assert listed == names[1:]

    story(tell, 6)


def test_when_an_initiator_dies_its_channels_go_on_by_themselves_and_then_together() -> None:
    async def tell(flock: Flock) -> None:
        member = flock[7]
        names = names_served_by_others(flock, member, 12, initiators=3)
        await asyncio.gather(*(member.join(name) for name in names))
        await asyncio.sleep(30)
        flock[3].crash()
        await asyncio.sleep(60)
        alive = [bird for bird in flock.birds if bird not in (flock[3], member)]
        for name in names:
            initiators = [bird for bird in closest(flock, name) if bird is not flock[3]][:3]
            served = [bird for bird in alive if member.node.node_id in bird.node.leaseholders(name)]
            assert [bird.index for bird in initiators if bird not in (*served, member)] == []
        cost = await spent(member, 60)
        assert cost["renewal.batched"] >= 2 * len(names)
        assert cost["op.SUBSCRIBE.out"] == 0

    story(tell, 8, replicas=3)
