"""Expiry and rows that are not as the log has them: nothing young goes for them, none stays for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from peernode.channel.ids import channel_id_of
from peernode.channel.message import Kind, Message, sign_message
from peernode.config import NodeConfig
from peernode.identity import Identity, network_id_of
from peernode.node import PeerNode
from peernode.pubsub.entry import Entry
from peernode.pubsub.expiry import ROWS_SLICE
from peernode.pubsub.ingest import Source
from peernode.pubsub.replica import Replica
from peernode.rpc.transport import SystemEnvironment
from peernode.simulation.world.host import SimWorld
from peernode.store.base import PutMessage, PutOutbox
from tests.pubsub.flock import LOBBY, Bird
from tests.pubsub.test_expiry import KEEP_DAYS, KEEP_S
from tests.store.disks import FileDisk

CHANNEL = channel_id_of(network_id_of("starling"), LOBBY)
ALICE = Identity.from_seed(bytes([1]) * 32)
INSTANCE = bytes(8)
STEP_S = KEEP_S / 24
OLD_S = 2 * KEEP_S


def message(seq: int, at_ms: int, author: Identity = ALICE) -> Message:
    return sign_message(
        author,
        channel_id=CHANNEL,
        instance=INSTANCE,
        seq=seq,
        prev=bytes(16) if seq == 1 else b"p" * 16,
        id=seq.to_bytes(6, "big") + bytes([0x70, 0, 0x80]) + bytes(7),
        hlc=at_ms << 16,
        kind=Kind.TEXT,
        body=b"hello",
    )


def alone(tell: Callable[[Bird, PeerNode, Replica], Coroutine[Any, Any, None]]) -> None:
    """One node that keeps messages for a minute, on a simulated disk and clock, without a network."""
    with SimWorld(seed=1) as world:
        bird = Bird(world, 0, {"keep_own_days": KEEP_DAYS})
        store = bird.disk.store_for(bird.identity.node_id)
        node = PeerNode(bird.config, bird.host.env, store, bird.identity, bird.events.append)

        async def main() -> None:
            await tell(bird, node, await node._pubsub.storage.open(LOBBY))

        world.run(main())


def test_what_is_stored_while_the_disk_drops_what_is_around_it_goes_when_its_time_is_over() -> None:
    async def tell(bird: Bird, node: PeerNode, replica: Replica) -> None:
        ingest, expiry, context = node._pubsub.ingest, node._pubsub.expiry, node._context
        for seq in (1, 3):
            await ingest.take(replica, message(seq, context.wall_ms()), Source.PUSH, None)
        await asyncio.sleep(KEEP_S + 2 * STEP_S)
        between = message(2, replica.too_old_ms())
        bird.disk.slowed_s["busy"] = 2 * STEP_S
        taking = asyncio.ensure_future(ingest.take(replica, between, Source.PUSH, None))
        await asyncio.sleep(STEP_S)  # a step of the policy, in which the others go
        await expiry._slice(replica)
        await taking
        stored = [seq for _, _, seq, _ in context.store.heads(CHANNEL)]
        assert stored == [2] and replica.log.has(between), "what is stored is in the log"
        await expiry._slice(replica)
        assert context.store.count(CHANNEL) == 0
        assert replica.log.heads() == [] and replica.room.taken == 0

    alone(tell)


def test_an_own_message_that_waits_stays_though_its_row_is_damaged() -> None:
    async def tell(bird: Bird, node: PeerNode, replica: Replica) -> None:
        store, outbox = node._context.store, node._pubsub.outbox
        own = message(1, node._context.wall_ms(), bird.identity)
        entry = Entry(replica, own, "hello", node._context.wall_ms())
        await store.commit(PutMessage(own), PutOutbox(entry.row()))
        outbox.add(entry)
        node._pubsub.ingest.believe(replica, [own], Source.OWN)
        bird.disk.nodes[bird.identity.node_id].damage((CHANNEL, own.order_key), 0.9)
        await asyncio.sleep(OLD_S)
        await node._pubsub.expiry._slice(replica)
        assert store.count(CHANNEL) == replica.log.held() == 1
        await store.commit(PutMessage(own))  # somebody has given it back
        entry.receipts = {bytes((number,)) * 32: b"" for number in range(bird.config.replicas)}
        await outbox.settle(entry)
        await node._pubsub.expiry._slice(replica)
        assert store.count(CHANNEL) == replica.log.held() == replica.room.taken == 0

    alone(tell)


async def with_messages(disk: FileDisk, *ages_s: float) -> tuple[PeerNode, Replica]:
    """A node on a real file which keeps messages for a minute and has had messages of these ages."""
    env = SystemEnvironment()
    identity = Identity.generate(env.random)
    store = disk.store(identity.node_id)
    times_ms = [env.clock.wall_ms() - int(age_s * 1000) for age_s in ages_s]
    await store.commit(*(PutMessage(message(seq, at_ms)) for seq, at_ms in enumerate(times_ms, 1)))
    node = PeerNode(NodeConfig(keep_own_days=KEEP_DAYS), env, store, identity, lambda _: None)
    return node, await node._pubsub.storage.open(LOBBY)


async def test_a_row_that_stood_beyond_the_others_goes_once_it_is_back_in_its_place(
    file_disk: FileDisk,
) -> None:
    node, replica = await with_messages(file_disk, *[OLD_S] * (ROWS_SLICE + 6))
    store, expiry = node._context.store, node._pubsub.expiry
    file_disk.execute("UPDATE messages SET seq = seq + 1024 WHERE seq = 5")
    await expiry._slice(replica)
    assert store.count(CHANNEL) < ROWS_SLICE, "it was not met yet"
    for _ in range(3):
        await expiry._slice(replica)
    assert store.bad_rows > 0 and replica.log.heads() != [], "met, and its stream looked at further"
    await store.set_right()
    await expiry._slice(replica)
    assert list(store.heads(CHANNEL)) == []
    assert replica.log.heads() == [] and replica.room.taken == 0


async def test_a_younger_message_whose_row_stands_under_the_number_of_an_old_one_stays(
    file_disk: FileDisk,
) -> None:
    node, replica = await with_messages(file_disk, OLD_S, OLD_S, OLD_S, 0.0)
    store, expiry = node._context.store, node._pubsub.expiry
    file_disk.execute("UPDATE messages SET seq = 2 WHERE seq = 4")
    await expiry._slice(replica)
    await store.set_right()
    await expiry._slice(replica)
    assert [seq for _, _, seq, _ in store.heads(CHANNEL)] == [4]
    assert dict(store.charges(CHANNEL)) == {ALICE.public_key: replica.room.taken}
