"""What two honest views, a copied lease, a burst or a stranger could once do to a channel's paths."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from peernode.channel.ids import channel_id_of
from peernode.config import NodeConfig
from peernode.events import Recovered
from peernode.identity import network_id_of
from peernode.simulation.world.disturbances import Block
from tests.pubsub.flock import LOBBY, Bird, Flock, story

NETWORK = network_id_of(NodeConfig().network)


def closest(flock: Flock, name: str = LOBBY) -> list[Bird]:
    """All, in the order of their distance to the channel: the first five are its initiators."""
    target = int.from_bytes(channel_id_of(NETWORK, name), "big")
    return sorted(flock.birds, key=lambda bird: int.from_bytes(bird.identity.node_id, "big") ^ target)


def counted(*birds: Bird) -> Counter[str]:
    total: Counter[str] = Counter()
    for bird in birds:
        total += Counter(bird.node.counters()) + Counter(bird.node.happened())
    return total


@pytest.mark.parametrize("reason", ["recovery", "renewal"])
def test_who_leaves_while_its_initiators_are_looked_for_stays_away(reason: str) -> None:
    """Before, the lease was signed after the lookup: newer than the tombstone, it brought the leaver back."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        leaver = next(bird for bird in closest(flock)[5:] if bird is not flock[0])
        pubsub = leaver.node._pubsub
        replica = pubsub.storage.member(LOBBY)

        async def begin() -> None:
            pubsub.storage.coordination.doubt(replica)
            if reason == "recovery":
                pubsub.recovery.begin(replica, "network")
            else:
                pubsub.renewal.now(replica)

        loads, recovered = pubsub.storage.coordination.sizes, len(leaver.told(Recovered))
        await leaver.call(begin())
        await flock.expect(lambda: loads(1)["coordinator_loads"][0] > 0, 1, "the initiators are looked for")
        await leaver.call(leaver.node.leave(LOBBY))
        assert loads(1)["coordinator_loads"][0]  # still looking
        await asyncio.sleep(5)
        holders = [bird for bird in flock if leaver.node.node_id in bird.node.leaseholders(LOBBY)]
        assert [bird for bird in holders if bird is not leaver] == []
        assert len(leaver.told(Recovered)) == recovered

    story(tell, 7)


def test_two_initiators_that_do_not_hear_each_other_make_nobody_hurry() -> None:
    """Before, each outsider sent 2 SUBSCRIBE and fetched a list each second as long as the block stood."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(20)
        order = closest(flock)
        outsiders = [bird for bird in order[5:] if bird is not flock[0]]
        here, there = frozenset([order[0].host.index]), frozenset([order[2].host.index])
        flock.world.network.disturb(Block(here, there))
        await asyncio.sleep(60)
        views = {bird.node.coordinator(LOBBY)["set_hash"] for bird in order[:5]}
        assert len(views) > 1  # they differ, and will
        before = counted(*outsiders)
        await asyncio.sleep(60)
        spent = counted(*outsiders) - before
        each = {op: spent[f"op.{op}.out"] / len(outsiders) for op in ("SUBSCRIBE", "SUBSCRIBERS", "RENEW")}
        assert each["SUBSCRIBE"] <= 15
        assert each["SUBSCRIBERS"] <= 4
        assert each["RENEW"] >= 10
        assert spent["coordinator.no_news"] > 0
        author = outsiders[0]
        before = counted(author)
        for index in range(20):
            await author.say(f"m{index}")
            await asyncio.sleep(0.2)
        spent = counted(author) - before
        assert spent["publish.set_differs"] > 0
        assert spent["op.COORDINATOR.out"] <= 10

    story(tell, 8)
