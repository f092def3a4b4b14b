"""Bounds of requests and of serving them; what cancelling and closing leave behind: nothing."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from peernode.errors import Backpressure, Refused, RpcTimeout, Withdrawn
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

from .lossy import FAST, nodes, until


async def test_only_so_many_are_in_flight_and_the_rest_queue_in_order() -> None:
    gate, arrived = asyncio.Event(), []

    async def wait(caller: Caller, body: Fields) -> list[Any]:
        arrived.append(body.take_int(0, 99))
        await gate.wait()
        return []

    async with nodes(2, inflight_per_peer_max=3, queued_per_peer_max=4) as (ann, ben):
        ben.rpc.serve(Op.PUSH, wait)
        await ann.rpc.hello(ben.rpc.address)
        asked = [asyncio.create_task(ann.rpc.request(ben.contact, Op.PUSH, [n])) for n in range(7)]
        await until(lambda: len(arrived) == 3)
        with pytest.raises(Backpressure):
            await ann.rpc.request(ben.contact, Op.PUSH, [7])
        assert arrived == [0, 1, 2]
        gate.set()
        await asyncio.gather(*asked)
        assert arrived == list(range(7))


async def test_cancelling_leaves_nothing_and_lets_the_next_one_start() -> None:
    gate = asyncio.Event()

    async def wait(caller: Caller, body: Fields) -> list[Any]:
        await gate.wait()
        return list(body)

    async with nodes(2, inflight_per_peer_max=1) as (ann, ben):
        ben.rpc.serve(Op.PUSH, wait)
        asked = [asyncio.create_task(ann.rpc.request(ben.contact, Op.PUSH, [n])) for n in range(4)]
        await until(lambda: ben.rpc.sizes()["working"] == 1)
        for task in (asked[0], asked[2]):  # one in flight, one queued
            task.cancel()
        gate.set()
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert [results[1], results[3]] == [[1], [3]]
        assert all(isinstance(results[n], asyncio.CancelledError) for n in (0, 2))
        assert ann.rpc.sizes()["requests"] == 0


async def test_what_is_wanted_no_more_is_not_sent_whether_it_waits_or_is_to_be_sent_again() -> None:
    gate, arrived, wanted = asyncio.Event(), list[int](), [True] * 4

    async def wait(caller: Caller, body: Fields) -> list[Any]:
        arrived.append(body.take_int(0, 99))
        await gate.wait()
        return []

    async with nodes(2, inflight_per_peer_max=1) as (ann, ben):
        ben.rpc.serve(Op.PUSH, wait)
        await ann.rpc.hello(ben.rpc.address)

        def ask(number: int) -> asyncio.Task[Fields]:
            want = partial(wanted.__getitem__, number)
            return asyncio.create_task(ann.rpc.request(ben.contact, Op.PUSH, [number], wanted=want))

        asked = [ask(number) for number in range(4)]
        await until(lambda: arrived == [0])
        wanted[:] = [False, False, False, True]
        with pytest.raises(Withdrawn):
            await asked[0]
        results = await asyncio.gather(*asked[1:3], return_exceptions=True)
        assert all(isinstance(result, Withdrawn) for result in results)
        gate.set()
        await asked[3]
        assert arrived == [0, 3]
        assert ann.rpc.counters["op.PUSH.out"] == 2 and ann.rpc.counters.get("timeouts", 0) == 0
        assert ann.rpc.sizes()["requests"] == 0


async def test_a_server_works_on_a_bounded_number_at_once() -> None:
    gate = asyncio.Event()

    async def wait(caller: Caller, body: Fields) -> list[Any]:
        await gate.wait()
        return []

    async with nodes(2, inflight_per_peer_max=100) as (ann, ben):
        ben.rpc.serve(Op.PUSH, wait)
        await ann.rpc.hello(ben.rpc.address)
        asked = [asyncio.create_task(ann.rpc.request(ben.contact, Op.PUSH, [])) for _ in range(80)]
        await until(lambda: ben.counters["busy"] == 16)
        gate.set()
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(result == [] for result in results) == 64
        assert {error.status for error in results if isinstance(error, Refused)} == {Status.BUSY}


async def test_who_asks_too_much_is_not_served_and_others_are() -> None:
    async with nodes(3, FAST, requests_per_s=1.0, requests_burst=5.0) as (ann, ben, cat):
        ben.env.clock.stop()
        ben.rpc.serve(Op.PUSH, lambda caller, body: [])
        results = await asyncio.gather(
            *(ann.rpc.request(ben.contact, Op.PUSH, []) for _ in range(8)), return_exceptions=True
        )
        assert sum(result == [] for result in results) == 5
        assert ben.counters["rejected.rate"] >= 3
        assert await cat.rpc.request(ben.contact, Op.PUSH, []) == []


async def test_close_ends_what_is_under_way_and_forbids_more() -> None:
    async def forever(caller: Caller, body: Fields) -> list[Any]:
        await asyncio.Event().wait()
        return []

    async with nodes(2, inflight_per_peer_max=2) as (ann, ben):
        ben.rpc.serve(Op.PUSH, forever)
        nowhere = Contact(bytes(31) + b"\1", "127.0.0.1", 9)
        asked: list[asyncio.Task[Any]] = []
        asked += [asyncio.create_task(ann.rpc.request(ben.contact, Op.PUSH, [])) for _ in range(5)]
        asked.append(asyncio.create_task(ann.rpc.request(nowhere, Op.PUSH, [], prove=True)))
        asked.append(asyncio.create_task(ann.rpc.hello(("127.0.0.1", 9))))
        await until(lambda: ben.rpc.sizes()["working"] == 2)
        await ann.rpc.close()
        await ben.rpc.close()
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(result) for result in results] == [RpcTimeout] * 7
        with pytest.raises(RpcTimeout):
            await ann.rpc.request(ben.contact, Op.PING, [1, 1])
        await ann.rpc.close()
