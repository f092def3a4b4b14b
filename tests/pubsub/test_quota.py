"""Bytes per channel and per author, new streams per address: refused with a code, counted, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from peernode.channel.ids import channel_id_of
from peernode.channel.message import Kind, Message, sign_message
from peernode.channel.quota import Room
from peernode.config import NodeConfig
from peernode.errors import PeerNodeError, Refused
from peernode.identity import Identity, network_id_of
from peernode.pubsub.intake import RESTARTS_BURST
from peernode.rpc.rpc import Rpc
from peernode.simulation.world.host import SimWorld
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import LOBBY, PORT, Bird, Flock

TEXT = "x" * 500
FEW = 12_000
CHANNEL = channel_id_of(network_id_of("starling"), LOBBY)
Tale = Callable[[Flock], Coroutine[Any, Any, None]]


def generous_first(tell: Tale, count: int = 5, **bounds: Any) -> None:
    """Nodes with small bounds, but the first, who bounds itself in nothing."""
    with SimWorld(seed=1) as world:
        flock = Flock(world, count, **bounds)
        flock[0].config = replace(NodeConfig(), listen=flock[0].config.listen)

        async def main() -> None:
            await flock.start()
            await flock.join()
            await tell(flock)
            flock.check_unharmed()

        world.run(main())


def held(bird: Bird) -> int:
    return bird.node.sizes()["pubsub.channel_bytes"][0]


def stored(bird: Bird) -> int:
    """Bytes of the channel's messages on the node's disk."""
    return sum(len(row.raw) for row in bird.disk.nodes[bird.identity.node_id].channel(CHANNEL).rows.values())


async def write_until_refused(flock: Flock, bird: Bird) -> tuple[list[str], str]:
    """Ids that were sent, and the code at the bound."""
    sent: list[str] = []
    while len(sent) < 200:
        state = await bird.say(TEXT)
        await flock.expect(lambda state=state: bird.state(state.id).state != "pending", 40, "sent or failed")
        if bird.state(state.id).state == "failed":
            error = bird.state(state.id).error
            assert error is not None
            return sent, error.code
        sent.append(state.id)
    raise AssertionError("never refused")


def test_an_author_over_its_quota_is_refused_and_the_others_go_on() -> None:
    async def tell(flock: Flock) -> None:
        sent, code = await write_until_refused(flock, flock[0])
        assert code == "AUTHOR_QUOTA"
        assert 10 <= len(sent) <= 20
        state = await flock[1].say("there is room for others")
        await flock.expect(lambda: flock[1].state(state.id).state == "delivered", 10, "delivered")
        await asyncio.sleep(20)
        assert all(set(sent) <= set(bird.node.log_ids(LOBBY)) for bird in flock)
        assert sum(bird.node.happened().get("quota.author", 0) for bird in flock) >= 3

    generous_first(tell, author_bytes_max=FEW)


def test_a_full_channel_refuses_serves_on_and_is_asked_for_nothing_in_vain() -> None:
    async def tell(flock: Flock) -> None:
        sent, code = await write_until_refused(flock, flock[0])
        assert code == "CHANNEL_FULL"
        with pytest.raises(PeerNodeError) as caught:
            await flock[1].say(TEXT)
        assert caught.value.code == "CHANNEL_FULL"
        await asyncio.sleep(30)
        assert all(set(sent) <= set(bird.node.log_ids(LOBBY)) for bird in flock)
        assert all(held(bird) <= FEW for bird in flock.birds[1:])
        before = [bird.node.counters().get("op.PULL.out", 0) for bird in flock.birds[1:]]
        await asyncio.sleep(60)
        assert [bird.node.counters().get("op.PULL.out", 0) for bird in flock.birds[1:]] == before

    generous_first(tell, channel_bytes_max=FEW)


def test_what_is_taken_is_known_again_after_a_restart() -> None:
    async def tell(flock: Flock) -> None:
        await flock[0].say("short")
        await flock[0].say("long " * 500)
        await asyncio.sleep(3)
        before = held(flock[2])
        assert before == stored(flock[2]) + 3 * 1024
        flock[2].crash()
        await flock[2].restart()
        assert held(flock[2]) == before

    generous_first(tell, 3)


def stranger_says(author: Identity, instance: bytes = b"instance") -> Message:
    return sign_message(
        author,
        channel_id=CHANNEL,
        instance=instance,
        seq=1,
        prev=bytes(16),
        id=bytes.fromhex("018bcfe568007001800000000000") + author.public_key[:2],
        hlc=1 << 40,
        kind=Kind.TEXT,
        body=b"spam",
    )


def test_made_up_authors_of_one_address_fill_no_channel() -> None:
    async def tell(flock: Flock) -> None:
        host = flock.world.host()
        rpc = Rpc(Identity.generate(host.env.random), NodeConfig(listen=(host.local_ip, PORT)), host.env)
        statuses: list[int] = []

        async def attack() -> None:
            await rpc.start()
            victim = Contact(flock[1].identity.public_key, *flock[1].address)
            for _ in range(40):
                message = stranger_says(Identity.generate(host.env.random))
                try:
                    await rpc.request(victim, Op.PUBLISH, [message.raw], prove=True)
                    statuses.append(Status.OK)
                except Refused as refusal:
                    statuses.append(refusal.status)
            await rpc.close()

        await host.call(attack())
        assert statuses.count(Status.OK) == 16
        assert set(statuses[16:]) == {Status.RATE_LIMITED}
        assert flock[1].node.happened()["quota.streams"] == 24
        state = await flock[2].say("we know each other")
        await flock.expect(lambda: flock[2].state(state.id).state == "delivered", 10, "delivered")

    generous_first(tell, new_streams_burst=16.0)


async def settled(flock: Flock, bird: Bird, message_id: str) -> None:
    await flock.expect(lambda: bird.state(message_id).state == "delivered", 10, "delivered")


def test_who_has_written_before_may_begin_anew_however_many_share_its_address() -> None:
    async def tell(flock: Flock) -> None:
        for bird in flock:
            await bird.say("once")  # no more new streams from this prefix after these
        await asyncio.sleep(1)
        for _ in range(3):
            flock[2].crash()
            await flock[2].restart()
            state = await flock[2].say("again")
            await settled(flock, flock[2], state.id)
        assert "quota.streams" not in flock[0].node.happened() | flock[1].node.happened()

    generous_first(tell, 3, new_streams_burst=4.0)


def test_a_known_author_fills_no_channel_with_streams_either() -> None:
    async def tell(flock: Flock) -> None:
        host = flock.world.host()
        rpc = Rpc(Identity.generate(host.env.random), NodeConfig(listen=(host.local_ip, PORT)), host.env)
        author = Identity.generate(host.env.random)
        statuses: list[int] = []

        async def attack() -> None:
            await rpc.start()
            victim = Contact(flock[1].identity.public_key, *flock[1].address)
            for number in range(40):
                message = stranger_says(author, number.to_bytes(8, "big"))
                try:
                    await rpc.request(victim, Op.PUBLISH, [message.raw], prove=True)
                    statuses.append(Status.OK)
                except Refused as refusal:
                    statuses.append(refusal.status)
            await rpc.close()

        await host.call(attack())
        assert statuses.count(Status.OK) == 16 + RESTARTS_BURST
        assert set(statuses[24:]) == {Status.RATE_LIMITED}

    generous_first(tell, new_streams_burst=16.0)


def test_no_more_is_given_back_than_was_taken() -> None:
    """A row that was damaged when it was charged, and was repaired then, costs more at its end."""
    room = Room(NodeConfig(), [(b"a", 300), (b"b", 200)])
    room.give_back(b"a", 8_492)
    assert (room.taken, room.of_author(b"a"), room.of_author(b"b")) == (200, 0, 200)
    room.give_back(b"b", 50)
    assert (room.taken, room.of_author(b"b")) == (150, 150)
