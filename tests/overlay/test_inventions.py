"""Lookups beside many nodes that name others which do not exist."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from peernode.environment import Address
from peernode.overlay.lookup import LOOKUP_MAX_S
from peernode.rpc.rpc import Caller
from peernode.simulation.world.host import SimWorld
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from tests.overlay.nodes import PORT, SimNetworkOfNodes
from tests.overlay.test_lookup import Answer, nobody


def inventing(pool: list[Contact], rng: random.Random, addresses: list[Address]) -> Answer:
    """Whoever asks is named the sixteen of ``pool`` closest to the target, some at addresses of others."""

    def answer(caller: Caller, body: Fields) -> list[Any]:
        target = int.from_bytes(body.take_bytes(20), "big")
        named = sorted(pool, key=lambda contact: contact.long_id ^ target)[:16]
        moved = [Contact(contact.public_key, *rng.choice(addresses)) for contact in named[::4]]
        return [[contact.encode() for contact in (*moved, *(c for c in named if c not in named[::4]))]]

    return answer


def test_a_fifth_of_the_nodes_that_name_nobody_else_than_inventions_mislead_no_lookup() -> None:
    """They used to fill the window with nodes that don't exist, until the lookup's time was over."""
    with SimWorld(seed=4) as world:
        net = SimNetworkOfNodes(world, 30)
        rng = random.Random(4)
        liars = rng.sample(range(1, 30), 6)

        async def main() -> tuple[int, float]:
            await net.start()
            await asyncio.sleep(5)
            pool = [nobody(number, f"10.8.{number // 250}.{number % 250 + 1}") for number in range(400)]
            addresses = [(host.ip, PORT) for host in net.hosts]
            for index in liars:
                net.nodes[index].rpc._servers[Op.FIND_NODE] = inventing(pool, rng, addresses)
            right, longest_s = 0, 0.0
            for number in range(48):
                index = rng.choice([index for index in range(30) if index not in liars])
                target, began = rng.randbytes(20), world.loop.time()
                result = await net.hosts[index].call(net.nodes[index].overlay.lookup(target, 5))
                longest_s = max(longest_s, world.loop.time() - began)
                right += [c.id for c in result.closest] == net.truly_closest(target, 5, net.nodes[index])
                assert all(size <= most for size, most in net.nodes[index].overlay.sizes().values()), number
            return right, longest_s

        right, longest_s = world.run(main())
        assert right == 48 and longest_s < LOOKUP_MAX_S
