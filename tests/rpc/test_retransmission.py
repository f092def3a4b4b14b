"""Loss: every request is answered in spite of it, each is worked on once, and clocks adapt."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from peernode.environment import Address
from peernode.errors import RpcTimeout
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.ops import Op

from .lossy import FAST, nodes, until


@pytest.mark.parametrize("seed", range(2))
async def test_requests_survive_loss_and_are_done_once(seed: int) -> None:
    done: dict[int, int] = {}

    async def count(caller: Caller, body: Fields) -> list[Any]:
        number = body.take_int(0, 999)
        done[number] = done.get(number, 0) + 1
        await asyncio.sleep(0)
        return [number]

    config = replace(FAST, sends_max=12, rto_max_s=0.1)
    async with nodes(2, config) as (ann, ben):
        ben.rpc.serve(Op.PUSH, count)
        contact = await ann.rpc.hello(ben.rpc.address)
        for node in (ann, ben):
            node.env.lose(0.25, seed)

        async def ask_one_by_one(start: int) -> None:
            for number in range(start, start + 40):
                assert await ann.rpc.request(contact, Op.PUSH, [number]) == [number]

        await asyncio.gather(*(ask_one_by_one(start) for start in range(0, 120, 40)))
        assert done == dict.fromkeys(range(120), 1)
        assert ann.counters["retransmitted"] > 0
        assert ben.counters["duplicates"] > 0


async def test_a_request_still_being_worked_on_is_not_begun_again() -> None:
    begun = []
    gate = asyncio.Event()

    async def slow(caller: Caller, body: Fields) -> list[Any]:
        begun.append(1)
        await gate.wait()
        return []

    async with nodes(2, replace(FAST, sends_max=10)) as (ann, ben):
        ben.rpc.serve(Op.PUSH, slow)
        asked = asyncio.create_task(ann.rpc.request(ben.contact, Op.PUSH, []))
        await until(lambda: ben.counters["duplicates"] >= 2)
        gate.set()
        assert await asked == []
        assert begun == [1]


async def test_sendings_wait_twice_as_long_each_time() -> None:
    async with nodes(2, replace(FAST, rto_initial_s=0.05, rto_min_s=0.02, rto_max_s=10.0)) as (ann, ben):
        times: list[float] = []

        def lose(data: bytes, to: Address) -> bool:
            times.append(ann.env.clock.monotonic())
            return True

        ann.env.drop = lose
        with pytest.raises(RpcTimeout):
            await ann.rpc.request(ben.contact, Op.PING, [1, 1])
        waits = [later - earlier for earlier, later in pairwise(times)]
        assert len(waits) == 3
        for wait, least in zip(waits, (0.05, 0.1, 0.2), strict=True):
            assert wait >= least * 0.95


async def test_timeouts_adapt_to_the_path() -> None:
    async with nodes(2, replace(FAST, rto_initial_s=1.0, rto_min_s=0.01, rto_max_s=2.0)) as (ann, ben):
        key = ben.identity.public_key
        assert ann.rpc.rto_s(key) == ann.rpc.median_rto_s() == 1.0
        for _ in range(20):
            await ann.rpc.request(ben.contact, Op.PING, [1, 1])
        assert ann.rpc.rto_s(key) < 0.5
        assert ann.rpc.median_rto_s() == pytest.approx(ann.rpc.rto_s(key))


async def test_a_path_that_became_slow_is_measured_again() -> None:
    delay_s = 0.0

    async def slow(caller: Caller, body: Fields) -> list[Any]:
        await asyncio.sleep(delay_s)
        return []

    config = replace(FAST, rto_initial_s=0.02, rto_min_s=0.02, rto_max_s=2.0, sends_max=3)
    async with nodes(2, config) as (ann, ben):
        ben.rpc.serve(Op.PUSH, slow)
        await ann.rpc.hello(ben.rpc.address)
        for _ in range(10):
            await ann.rpc.request(ben.contact, Op.PUSH, [])
        delay_s = 0.4  # longer than 3 sendings from the first timeout on
        for _ in range(7):
            with suppress(RpcTimeout):
                await ann.rpc.request(ben.contact, Op.PUSH, [])
        assert await ann.rpc.request(ben.contact, Op.PUSH, []) == []
        assert ann.rpc.rto_s(ben.identity.public_key) > 0.4
        sent = ann.counters["retransmitted"]
        await ann.rpc.request(ben.contact, Op.PUSH, [])
        assert ann.counters["retransmitted"] == sent
