"""Every node knows somebody in each subtree beside its path, however many entered with it."""

from __future__ import annotations

import asyncio
import random

import pytest

from peernode.config import NodeConfig
from peernode.overlay.coverage import OUTSIDERS, gaps, outsiders, somewhere_in
from peernode.simulation.world.host import SimWorld
from peernode.wire.contact import Contact
from tests.overlay.nodes import SimNetworkOfNodes, identity


def shared_bits(one: int, other: int) -> int:
    return 160 - (one ^ other).bit_length()


def holes(net: SimNetworkOfNodes, depth_max: int) -> list[tuple[bytes, int]]:
    """Nodes that know nobody in a subtree beside their path in which there is somebody."""
    ids = {node.id: int.from_bytes(node.id, "big") for node in net.nodes}
    found = []
    for node in net.nodes:
        own = ids[node.id]
        there = {shared_bits(own, other) for other in ids.values() if other != own}
        known = {shared_bits(own, peer.long_id) for peer in node.overlay.peers()}
        found += [(node.id, depth) for depth in sorted(there - known) if depth < depth_max]
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_who_entered_among_many_knows_somebody_in_each_subtree(seed: int) -> None:
    with SimWorld(seed=seed, one_way_ms=(10, 60)) as world:
        net = SimNetworkOfNodes(world, 96, NodeConfig(k=4))

        async def main() -> None:
            await net.start(every_s=0.01)
            await asyncio.sleep(8)
            assert holes(net, depth_max=3) == []

        world.run(main())


def test_gaps_are_the_empty_subtrees_beyond_the_closest() -> None:
    rng = random.Random(7)
    for _ in range(200):
        own = rng.getrandbits(160)
        peers = [identity(rng.randrange(400)) for _ in range(rng.randrange(60))]
        contacts = list({one.public_key: Contact(one.public_key, "10.0.0.1", 7) for one in peers}.values())
        k = rng.randrange(1, 20)
        depths = [shared_bits(own, contact.long_id) for contact in contacts]
        found = gaps(own, contacts, k)
        assert not set(found) & set(depths)
        nearest = sorted(depths, reverse=True)[k - 1] if len(contacts) > k else 0
        assert set(range(nearest)) - set(depths) == set(found)
        for depth in found:
            assert shared_bits(own, somewhere_in(own, depth, rng)) == depth
            asked = outsiders(own, contacts, depth, rng)
            assert 0 < len(asked) <= OUTSIDERS
            outside = sum(each < depth for each in depths)
            assert outside == 0 or all(shared_bits(own, peer.long_id) < depth for peer in asked)
