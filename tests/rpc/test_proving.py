"""Addresses: messages go to proven ones only, and an address moves only on proof."""

from __future__ import annotations

import asyncio

import pytest

from peernode.errors import RpcTimeout
from peernode.rpc.rpc import Rpc
from peernode.rpc.transport import SystemEnvironment
from peernode.wire.contact import Contact
from peernode.wire.frames import SEALED_OVERHEAD, Hello, Sealed, decode_frame
from peernode.wire.ops import Op

from .lossy import FAST, TestNode, nodes

MESSAGE = [bytes(600)]


async def test_a_message_waits_until_the_address_is_proven() -> None:
    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.PUSH, lambda caller, body: [])
        assert not ann.rpc.is_proven(ben.contact)
        await ann.rpc.request(ben.contact, Op.PUSH, MESSAGE, prove=True)
        assert ann.rpc.address_of(ben.identity.public_key) == ben.rpc.address
        assert [len(data) > 600 for data, _ in ann.env.sent] == [False, True]
        await ann.rpc.request(ben.contact, Op.PUSH, MESSAGE, prove=True)
        assert len(ann.env.sent) == 3


async def test_messages_that_come_together_share_the_proof() -> None:
    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.PUSH, lambda caller, body: [])
        await asyncio.gather(*(ann.rpc.request(ben.contact, Op.PUSH, [n], prove=True) for n in range(10)))
        assert ann.counters["op.PING.out"] == 1


async def test_an_unproven_address_is_never_sent_a_message() -> None:
    async with nodes(2, FAST) as (ann, ben):
        ben.env.drop = lambda data, to: True
        with pytest.raises(RpcTimeout):
            await ann.rpc.request(ben.contact, Op.PUSH, MESSAGE, prove=True)
        frames = [decode_frame(data) for data, _ in ann.env.sent]
        assert [type(frame) for frame in frames].count(Hello) == 1
        sealed = [
            data for (data, _), frame in zip(ann.env.sent, frames, strict=True) if type(frame) is Sealed
        ]
        assert all(len(data) < SEALED_OVERHEAD + 40 for data in sealed)


async def test_cancelling_all_who_wait_for_a_proof_ends_it() -> None:
    async with nodes(2) as (ann, ben):
        ben.env.drop = lambda data, to: True
        asked = [
            asyncio.create_task(ann.rpc.request(ben.contact, Op.PUSH, MESSAGE, prove=True)) for _ in range(3)
        ]
        await asyncio.sleep(0)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        sizes = ann.rpc.sizes()
        assert (sizes["proofs"], sizes["requests"], sizes["tasks"]) == (0, 0, 0)


async def test_one_cancelled_waiter_does_not_end_the_proof_of_another() -> None:
    async with nodes(2) as (ann, ben):
        ben.rpc.serve(Op.PUSH, lambda caller, body: list(body))
        first, second = (
            asyncio.create_task(ann.rpc.request(ben.contact, Op.PUSH, [n], prove=True)) for n in (1, 2)
        )
        await asyncio.sleep(0)
        first.cancel()
        assert await second == [2]


async def moved(node: TestNode) -> Rpc:
    """The same identity, started again on another port, remembering nothing."""
    await node.rpc.close()
    again = Rpc(node.identity, FAST, SystemEnvironment())
    again.serve(Op.PUSH, lambda caller, body: [])
    again.serve(Op.PING, node._pong)
    await again.start()
    return again


async def test_a_peer_that_moved_is_found_when_it_speaks_to_us() -> None:
    async with nodes(2, FAST) as (ann, ben):
        await ann.rpc.request(ben.contact, Op.PING, [1, 1])
        key, before = ben.identity.public_key, ben.rpc.address
        again = await moved(ben)
        await again.request(ann.contact, Op.PING, [1, 1])
        assert ann.rpc.address_of(key) == before, "a request alone proves nothing"
        await again.request(ann.contact, Op.PING, [1, 1])
        assert ann.rpc.address_of(key) == again.address, "the token of the first answer does"
        await again.close()


@pytest.mark.parametrize("prove", [False, True])
async def test_a_peer_that_moved_is_found_by_a_newer_contact(prove: bool) -> None:
    async with nodes(2, FAST) as (ann, ben):
        await ann.rpc.request(ben.contact, Op.PING, [1, 1])
        key = ben.identity.public_key
        again = await moved(ben)
        newer = Contact(key, *again.address)
        if prove:
            with pytest.raises(RpcTimeout):  # it still counts as proven where it was
                await ann.rpc.request(newer, Op.PUSH, MESSAGE, prove=True)
        await ann.rpc.request(newer, Op.PUSH, MESSAGE, prove=prove)
        assert ann.rpc.address_of(key) == again.address
        await again.close()


async def test_a_false_contact_does_not_move_a_peer() -> None:
    async with nodes(3) as (ann, ben, cat):
        ben.rpc.serve(Op.PUSH, lambda caller, body: [])
        await ann.rpc.request(ben.contact, Op.PING, [1, 1])
        lie = Contact(ben.identity.public_key, *cat.rpc.address)
        await ann.rpc.request(lie, Op.PUSH, MESSAGE, prove=True)
        assert ann.rpc.address_of(ben.identity.public_key) == ben.rpc.address
        assert cat.counters["datagrams_in"] == 0


async def test_unanswered_requests_stay_within_the_allowance() -> None:
    async with nodes(1, FAST) as (ann,):
        victim = ("127.0.0.1", 9)
        keys = [TestNode(seed).identity.public_key for seed in range(20, 30)]
        results = await asyncio.gather(
            *(ann.rpc.request(Contact(key, *victim), Op.FIND_NODE, [bytes(400)]) for key in keys),
            ann.rpc.hello(victim),
            return_exceptions=True,
        )
        assert {type(result) for result in results} == {RpcTimeout}
        assert len(ann.env.sent) <= 4
        assert sum(len(data) for data, _ in ann.env.sent) <= 4800
        assert ann.counters["held.amplification"] > 10
