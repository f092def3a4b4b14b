"""An author's messages are shown in sequence, none waiting longer for earlier ones than ``gap_hold_s``."""

from __future__ import annotations

import asyncio

import pytest

from peernode.channel.message import Kind, Message, sign_message
from peernode.events import MessageReceived
from peernode.identity import Identity
from peernode.node import PeerNode
from peernode.pubsub.ingest import Source
from peernode.pubsub.timeline import HELD_PER_STREAM_MAX
from peernode.simulation.world.host import SimWorld
from tests.pubsub.flock import LOBBY, Bird

Times = list[tuple[float, int]]
"""When a message came or was told, and its number."""


def told_of(arrivals: Times, hold_s: float = 2.0, counts: dict[str, int] | None = None) -> Times:
    """What one node, without a network, tells of one author's messages that are pushed to it.

    ``counts`` takes what it has counted.
    """
    with SimWorld(seed=1) as world:
        bird = Bird(world, 0, {"gap_hold_s": hold_s})
        author = Identity.generate(bird.host.env.random)
        store = bird.disk.store_for(bird.identity.node_id)
        told: Times = []

        def tell(event: object) -> None:
            if isinstance(event, MessageReceived):
                told.append((round(world.loop.time(), 1), int(event.message.text)))

        node = PeerNode(bird.config, bird.host.env, store, bird.identity, tell)

        def signed(channel_id: bytes, seq: int) -> Message:
            return sign_message(
                author,
                channel_id=channel_id,
                instance=bytes(8),
                seq=seq,
                prev=bytes(16) if seq == 1 else b"p" * 16,
                id=node._context.new_id(),
                hlc=(node._context.wall_ms() + seq) << 16,
                kind=Kind.TEXT,
                body=str(seq).encode(),
            )

        async def main() -> None:
            replica = await node._pubsub.storage.open(LOBBY)
            for at_s, seq in arrivals:
                await asyncio.sleep(max(0.0, at_s - world.loop.time()))
                await node._pubsub.ingest.take(replica, signed(replica.channel_id, seq), Source.PUSH, None)
            await asyncio.sleep(2 * hold_s)
            assert not replica.timeline.holding

        world.run(main())
        if counts is not None:
            counts.update(node._context.collector.counters)
    return told


@pytest.mark.parametrize(
    ("arrivals", "told"),
    [
        pytest.param([(0.5, 1), (1, 3), (1.5, 2)], [(0.5, 1), (1.5, 2), (1.5, 3)], id="a gap that is filled"),
        pytest.param([(0.5, 1), (1, 3), (5, 2)], [(0.5, 1), (3, 3), (5, 2)], id="one that lasts"),
        pytest.param(
            [(0.5, 1), (1, 3), (2.9, 5), (3.2, 4)],
            [(0.5, 1), (3, 3), (3.2, 4), (3.2, 5)],
            id="a second one is held for its own time",
        ),
        pytest.param(
            [(0.5, 1), (1, 3), (2.9, 5)], [(0.5, 1), (3, 3), (4.9, 5)], id="and no longer than that"
        ),
        pytest.param(
            [(0.5, 1), (1, 3), (2.7, 5), (2.9, 2), (3.2, 4)],
            [(0.5, 1), (2.9, 2), (2.9, 3), (3.2, 4), (3.2, 5)],
            id="also when the first one was filled",
        ),
        pytest.param(
            [(0.5, 1), (1, 5), (2.9, 3)],
            [(0.5, 1), (3, 3), (3, 5)],
            id="what waited longest goes with all before",
        ),
        pytest.param(
            [(0.5, 1), (1, 3), (2.9, 4), (2.9, 6)],
            [(0.5, 1), (3, 3), (3, 4), (4.9, 6)],
            id="what follows without a gap goes along",
        ),
    ],
)
def test_each_gap_is_held_for_its_own_time(arrivals: Times, told: Times) -> None:
    assert told_of(arrivals) == told


def test_over_the_bound_a_message_is_told_at_once_with_all_before_it() -> None:
    held = [*range(4, 4 + 2 * HELD_PER_STREAM_MAX, 2)]
    counts: dict[str, int] = {}
    came = [(0.1, number) for number in (1, *held, 9, 3)]
    told = [number for _, number in told_of(came, hold_s=10, counts=counts)]
    assert told[:7] == [1, 4, 6, 8, 9, 10, 3], "the missing one comes too late for its place"
    assert told[7:] == held[4:]
    assert counts["timeline.held_full"] == 1
