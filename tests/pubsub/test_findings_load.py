"""A node with many channels: nothing that goes through all of them holds the loop, and strangers have no veto."""

from __future__ import annotations

import asyncio
from typing import Any

from peernode.channel.ids import channel_id_of
from peernode.pubsub.replication import ROUND_SPACING_S
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.turns import PER_TURN
from peernode.wire.contact import Contact
from tests.pubsub.flock import Bird, Flock, story

MANY = 10 * PER_TURN


def fill(storage: PubSubStorage, count: int) -> None:
    """So many channels that others have had this node store, empty ones."""
    for number in range(count):
        name = f"#stored-{number}"
        storage._make(channel_id_of(storage._context.network_id, name), name)


def at(bird: Bird) -> Contact:
    return Contact(bird.identity.public_key, *bird.address)


class Turns:
    """How often a storage is asked for the closest in one turn of the loop."""

    def __init__(self, storage: Any) -> None:
        self.most = self.all = self._now = 0
        closest = storage.closest

        def counted(*arguments: Any) -> Any:
            self._now += 1
            self.all += 1
            return closest(*arguments)

        storage.closest = counted

    async def watch(self, turns: int) -> None:
        for _ in range(turns):
            self.most = max(self.most, self._now)
            self._now = 0
            await asyncio.sleep(0)


def test_a_peer_that_leaves_a_node_of_many_channels_does_not_hold_its_loop() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(30)
        pubsub = flock[0].node._pubsub
        fill(pubsub.storage, MANY)
        turns = Turns(pubsub.storage)
        pubsub.replication.changed(at(flock[1]))
        pubsub.replication.changed(at(flock[2]))
        await turns.watch(3 * MANY // PER_TURN)
        assert turns.all == MANY, "one pass for both"
        assert 0 < turns.most <= PER_TURN
        assert pubsub.replication.sizes()["rounds_due"][0] == MANY
        await asyncio.sleep(MANY * ROUND_SPACING_S / 4)
        assert pubsub.replication.sizes()["rounds_due"][0] > MANY / 2, "they begin one after the other"
        await asyncio.sleep(MANY * ROUND_SPACING_S * 2)
        assert pubsub.replication.sizes()["rounds_due"][0] == 0

    story(tell, 3)


def test_the_regular_rounds_of_many_channels_do_not_hold_the_loop() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(30)
        pubsub = flock[0].node._pubsub
        fill(pubsub.storage, MANY)
        turns = Turns(pubsub.storage)
        pubsub.replication.soon = lambda replica: None
        begun = asyncio.Event()
        pubsub.retention.forget_dropped = begun.set
        await begun.wait()
        await turns.watch(3 * MANY // PER_TURN)
        assert turns.all == MANY
        assert 0 < turns.most <= PER_TURN

    story(tell, 3)
