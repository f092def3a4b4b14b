"""A node gets another address without a second of silence: others reach it again, within ten seconds."""

from __future__ import annotations

import asyncio

import pytest

from peernode.pubsub.probing import LAST_ADDRESS
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, Flock, story
from tests.pubsub.test_relay import replica_of

SLEEPY = 24
"""Nodes, so many that most of them say nothing to each other for long."""

MOVED_S = 10.0


@pytest.mark.parametrize("kind", ["port", "symmetric"])
@pytest.mark.parametrize("small", [2, 32], ids=["large channel", "small channel"])
def test_who_gets_another_address_is_reached_within_ten_seconds(kind: str, small: int) -> None:
    async def tell(flock: Flock) -> None:
        *others, author, reader = flock
        await asyncio.gather(*(bird.join(LOBBY) for bird in (*others[:6], author, reader)))
        await asyncio.sleep(25)
        assert not any(bird.node._context.rpc.counters["overlay.moved"] for bird in flock)
        assert reader.host.translator is not None
        reader.host.translator.rebind()
        await author.say("where are you?")
        await flock.expect(lambda: reader.texts() == ["where are you?"], MOVED_S, "reached")
        assert reader.node._context.rpc.counters["overlay.moved"] == 1
        await author.say("there")
        await flock.expect(lambda: reader.texts()[1:] == ["there"], 1, "at once")

    story(tell, SLEEPY, nats={SLEEPY - 1: kind}, small_channel_max=small)


def test_a_subscriber_is_reached_again_where_its_last_datagram_came_from() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        initiator, _, reader = flock
        reader.node._context.overlay.moves.on_moved.clear()  # it does not notice, and renews nothing
        old = replica_of(initiator).leases.contact(reader.identity.node_id)
        assert old is not None and reader.host.translator is not None
        reader.host.translator.rebind()
        knock = reader.node._context.rpc.request(initiator.node._context.me(), Op.PING, [1, 1])
        await reader.call(knock)
        probing = initiator.node._pubsub.probing
        assert await initiator.call(probing.test_now(replica_of(initiator), old)) == LAST_ADDRESS

    story(tell, 3, nats={2: "port"})
