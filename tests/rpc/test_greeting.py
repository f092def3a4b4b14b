"""HELLO and WELCOME: from a bare address to a proven contact, at a bounded cost."""

from __future__ import annotations

import asyncio

import pytest

from peernode.errors import Backpressure, LocalProtocolError, RpcTimeout
from peernode.rpc.greeting import GREETINGS_MAX
from peernode.wire.frames import WELCOME_BYTES
from peernode.wire.ops import Op

from .lossy import FAST, nodes

NOWHERE = ("127.0.0.1", 9)


async def test_an_address_becomes_a_proven_contact() -> None:
    async with nodes(2) as (ann, ben):
        heard = []
        ann.rpc.on_answered.append(lambda contact, rtt_s: heard.append(contact))
        contact = await ann.rpc.hello(ben.rpc.address)
        assert (contact, contact.address) == (ben.contact, ben.rpc.address)
        assert ann.rpc.is_proven(contact)
        assert heard == [contact]
        assert [len(data) for data, _ in ann.env.sent] == [1200]
        assert [len(data) for data, _ in ben.env.sent] == [WELCOME_BYTES]


async def test_a_welcome_brings_a_token() -> None:
    async with nodes(2) as (ann, ben):
        proven = []
        ben.rpc.on_request.append(lambda contact, is_proven: proven.append(is_proven))
        contact = await ann.rpc.hello(ben.rpc.address)
        await ann.rpc.request(contact, Op.PING, [1, 1])
        assert proven == [True]


async def test_a_lost_hello_is_sent_again() -> None:
    async with nodes(2, FAST) as (ann, ben):
        ann.env.drop = lambda data, to: len(ann.env.sent) <= 2
        assert await ann.rpc.hello(ben.rpc.address) == ben.contact
        assert len(ann.env.sent) == 3


async def test_nobody_at_home_times_out_within_the_allowance() -> None:
    async with nodes(1, FAST) as (ann,):
        with pytest.raises(RpcTimeout):
            await ann.rpc.hello(NOWHERE)
        with pytest.raises(RpcTimeout):
            await ann.rpc.hello(NOWHERE)
        assert len(ann.env.sent) == 4
        assert ann.counters["held.amplification"] == 4


@pytest.mark.parametrize("how", ["configured", "remembered"])
async def test_our_own_choice_of_addresses_may_be_tried_on(how: str) -> None:
    async with nodes(1, FAST, bootstrap=(NOWHERE,) if how == "configured" else ()) as (ann,):
        if how == "remembered":
            ann.rpc.remember([NOWHERE])
        for _ in range(2):
            with pytest.raises(RpcTimeout):
                await ann.rpc.hello(NOWHERE)
        assert len(ann.env.sent) == 5


async def test_cancelling_leaves_nothing() -> None:
    async with nodes(1) as (ann,):
        asked = asyncio.create_task(ann.rpc.hello(NOWHERE))
        await asyncio.sleep(0)
        assert ann.rpc.sizes()["greetings"] == 1
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        assert ann.rpc.sizes()["greetings"] == 0


async def test_greetings_are_bounded() -> None:
    async with nodes(1) as (ann,):
        asked = [asyncio.create_task(ann.rpc.hello(NOWHERE)) for _ in range(GREETINGS_MAX)]
        await asyncio.sleep(0)
        with pytest.raises(Backpressure):
            await ann.rpc.hello(NOWHERE)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


async def test_a_host_name_is_our_mistake() -> None:
    async with nodes(1) as (ann,):
        with pytest.raises(LocalProtocolError):
            await ann.rpc.hello(("localhost", 9))
