"""Damaged rows: both messages of a fork come back, and what nobody can give is asked for less and less."""

from __future__ import annotations

import asyncio
import random

import pytest

from peernode.channel.ids import channel_id_of
from peernode.channel.message import Kind, sign_message
from peernode.config import NodeConfig
from peernode.identity import Identity, network_id_of
from peernode.pubsub.putoff import AGAIN_S
from peernode.rpc.rpc import Rpc
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, PORT, Bird, Flock, story

CHANNEL = channel_id_of(network_id_of("starling"), LOBBY)


async def two_faced(flock: Flock) -> list[bytes]:
    """Somebody publishes two messages under one number to every node; their digests."""
    host = flock.world.host()
    author = Identity.generate(host.env.random)
    messages = [
        sign_message(
            author,
            channel_id=CHANNEL,
            instance=bytes(8),
            seq=1,
            prev=bytes(16),
            id=host.env.clock.wall_ms().to_bytes(6, "big") + b"\x70\x00\x80" + bytes(6) + bytes([number]),
            hlc=host.env.clock.wall_ms() << 16,
            kind=Kind.TEXT,
            body=f"face {number}".encode(),
        )
        for number in range(2)
    ]

    async def publish() -> None:
        rpc = Rpc(author, NodeConfig(listen=(host.local_ip, PORT)), host.env)
        await rpc.start()
        for bird in flock:
            await rpc.hello(bird.address)
            for message in messages:
                contact = Contact(bird.identity.public_key, *bird.address)
                await rpc.request(contact, Op.PUBLISH, [message.raw], prove=True)
        await rpc.close()

    await host.call(publish())
    return [message.digest for message in messages]


def rows(bird: Bird) -> int:
    """How many sound messages there are under the fork's number."""
    store = bird.disk.store_for(bird.identity.node_id)
    return sum(
        len(store.messages(CHANNEL, author, instance, 1, 1, 4))
        for author, instance in dict.fromkeys((a, i) for a, i, _, _ in store.heads(CHANNEL) if i == bytes(8))
    )


def damage(bird: Bird, digests: list[bytes]) -> None:
    """Flip a bit in each of these messages."""
    for tables in bird.disk.nodes.values():
        for place in tables.places():
            if place[0] and tables.digest_at(place) in digests:
                tables.damage(place, random.Random(1).random())


def test_either_message_of_a_fork_is_repaired() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        digests = await two_faced(flock)
        assert [rows(bird) for bird in flock] == [2, 2, 2]
        for damaged in ([min(digests)], [max(digests)], digests):
            damage(flock[1], damaged)
            assert rows(flock[1]) == 2 - len(damaged)
            await flock.expect(lambda: rows(flock[1]) == 2, 3 * AGAIN_S, f"{len(damaged)} repaired")

    story(tell, 3)


@pytest.mark.parametrize("which", ["lower", "higher", "both"])
def test_a_node_with_a_damaged_fork_starts_again_and_repairs_it(which: str) -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        digests = await two_faced(flock)
        hurt = flock[1]
        hurt.crash()
        damage(hurt, {"lower": [min(digests)], "higher": [max(digests)], "both": digests}[which])
        await hurt.restart()
        await flock.expect(lambda: rows(hurt) == 2, 3 * AGAIN_S, f"{which} repaired")
        hurt.crash()
        await hurt.restart()  # what was written anew is read as a fork again
        assert rows(hurt) == 2

    story(tell, 3)


def test_what_nobody_can_give_is_asked_for_less_and_less() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        digests = await two_faced(flock)
        for bird in flock:
            damage(bird, digests)

        def asked() -> int:
            return sum(bird.node.happened().get("repair.failed", 0) for bird in flock)

        await asyncio.sleep(100)
        first = asked()
        await asyncio.sleep(300)
        later = asked() - first
        assert 3 * 3 <= first <= 3 * 6, "tries after 10, 20, 40 … seconds"
        assert later <= 3 * 3, "instead of one each ten seconds"

    story(tell, 3)
