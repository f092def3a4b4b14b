"""Who gets a place for work, and what is answered when there is none: keys are free, addresses are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from peernode.config import NodeConfig
from peernode.errors import Refused
from peernode.identity import Identity
from peernode.rpc.peers import Peer
from peernode.rpc.places import (
    WORKING_CROWDED,
    WORKING_MAX,
    WORKING_PER_PEER_MAX,
    WORKING_PER_PREFIX_MAX,
    Places,
)
from peernode.rpc.ratelimit import TokenBucket
from peernode.rpc.rpc import Caller, Rpc
from peernode.simulation.world.host import SimHost, SimWorld
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

from .lossy import nodes, until

PORT = 7000


def key(number: int) -> Peer:
    return Peer(number.to_bytes(32, "big"), TokenBucket(1, 1, 0.0))


def fill(places: Places, prefix: str, count: int) -> list[tuple[Peer, tuple[str, int]]]:
    """Take ``count`` places from hosts of one prefix, each with a key of its own."""
    taken = [(key(number), (f"{prefix}.{number % 250}", PORT)) for number in range(count)]
    for peer, source in taken:
        assert places.refusal(peer, source, proven=True) is None
        places.take(peer, source)
    return taken


def test_from_half_full_on_a_prefix_has_an_eighth_and_who_is_unproven_proves_first() -> None:
    places = Places()
    taken = fill(places, "192.0.2", WORKING_CROWDED)
    assert places.refusal(key(9999), ("192.0.2.1", 9), proven=True) is Status.BUSY
    assert places.refusal(key(9999), ("198.51.100.1", 9), proven=False) is Status.UNPROVEN
    taken += fill(places, "198.51.100", WORKING_PER_PREFIX_MAX)
    assert places.refusal(key(9999), ("198.51.100.1", 9), proven=True) is Status.BUSY
    assert places.refusal(key(9999), ("203.0.113.1", 9), proven=True) is None
    assert places.refusal(key(9999), ("127.0.0.1", 9), proven=True) is None, "loopback has no prefix"
    taken += [each for n in range(3) for each in fill(places, f"203.0.{n}", WORKING_PER_PREFIX_MAX)]
    assert places.sizes() == {"working": (WORKING_MAX, WORKING_MAX), "working_prefixes": (5, WORKING_MAX)}
    assert places.refusal(key(9999), ("127.0.0.1", 9), proven=True) is Status.BUSY
    for peer, source in taken:
        places.give_back(peer, source)
    assert places.sizes() == {"working": (0, WORKING_MAX), "working_prefixes": (0, WORKING_MAX)}
    assert places.refusal(key(9999), ("192.0.2.1", 9), proven=False) is None


def test_a_key_has_its_share_however_empty_it_is() -> None:
    places, peer, source = Places(), key(1), ("192.0.2.1", PORT)
    for _ in range(WORKING_PER_PEER_MAX):
        assert places.refusal(peer, source, proven=True) is None
        places.take(peer, source)
    assert places.refusal(peer, source, proven=True) is Status.BUSY
    assert places.refusal(key(2), source, proven=True) is None


async def test_what_needs_no_task_is_answered_with_every_place_taken() -> None:
    gate = asyncio.Event()

    async def wait(caller: Caller, body: Fields) -> list[Any]:
        await gate.wait()
        return []

    keys = WORKING_MAX // WORKING_PER_PEER_MAX
    async with nodes(keys + 2, inflight_per_peer_max=100) as (ben, ann, *others):
        ben.rpc.serve(Op.PUSH, wait)
        ben.rpc.serve(Op.FIND_NODE, lambda caller, body: [[]])
        for other in (ann, *others):
            await other.rpc.hello(ben.rpc.address)
        asked: list[asyncio.Task[Fields]] = []
        for other in others:
            share = range(WORKING_PER_PEER_MAX)
            asked += [asyncio.create_task(other.rpc.request(ben.contact, Op.PUSH, [])) for _ in share]
        await until(lambda: ben.rpc.sizes()["working"] == WORKING_MAX)
        assert ben.rpc.bounds()["working"] == (WORKING_MAX, WORKING_MAX)
        with pytest.raises(Refused) as refused:
            await ann.rpc.request(ben.contact, Op.PUSH, [])
        assert refused.value.status == Status.BUSY
        assert len(list(await ann.rpc.request(ben.contact, Op.PING, [1, 1]))) == 6
        assert list(await ann.rpc.request(ben.contact, Op.FIND_NODE, [])) == [[]]
        gate.set()
        assert [list(answer) for answer in await asyncio.gather(*asked)] == [[]] * WORKING_MAX
        assert list(await ann.rpc.request(ben.contact, Op.PUSH, [])) == []


@asynccontextmanager
async def started(host: SimHost, count: int) -> AsyncIterator[list[Rpc]]:
    """So many keys on one machine."""
    async with AsyncExitStack() as stack:
        made = []
        for port in range(PORT, PORT + count):
            config = NodeConfig(listen=(host.local_ip, port), inflight_per_peer_max=64)
            made.append(Rpc(Identity.generate(host.env.random), config, host.env))
            await host.call(made[-1].start())
            stack.push_async_callback(host.call, made[-1].close())
        yield made


def test_sixteen_keys_on_one_machine_leave_places_to_everybody_else() -> None:
    """They used to fill the node: from then on everybody heard BUSY, whatever was asked."""
    with SimWorld(seed=1) as world:
        hosts = [world.host() for _ in range(257)]
        hostile, victim, friend = hosts[0], hosts[1], hosts[-1]

        async def serve(caller: Caller, body: Fields) -> list[Any]:
            if caller.contact.ip == hostile.ip:
                await asyncio.sleep(60)
            return [caller.proven]

        async def main() -> None:
            async with started(victim, 1) as [ben], started(friend, 1) as [ann], started(hostile, 16) as bad:
                ben.serve(Op.PUSH, serve)
                at = Contact(ben.identity.public_key, victim.ip, PORT)
                asked = []
                for rpc in bad:
                    await hostile.call(rpc.hello(at.address))
                    asked += [hostile.spawn(rpc.request(at, Op.PUSH, [])) for _ in range(64)]
                await asyncio.sleep(2)
                assert ben.sizes()["working"] == WORKING_CROWDED
                assert ben.counters["busy"] >= 16 * 64 - WORKING_CROWDED
                assert list(await friend.call(ann.request(at, Op.PUSH, []))) == [True]
                assert ben.counters["crowded"] == 1, "she had proven nothing: one round trip more"
                assert list(await friend.call(ann.request(at, Op.PUSH, []))) == [True]
                await asyncio.gather(*asked, return_exceptions=True)

        world.run(main())
