"""What comes after a request has ended: the path is measured by it, and nobody else is believed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from peernode.config import NodeConfig
from peernode.errors import RpcTimeout
from peernode.identity import Identity
from peernode.rpc.ended import ENDED_MAX, EndedRequests
from peernode.rpc.peers import Peer, PeerStates
from peernode.rpc.rto import STOOD_STILL_S, RtoTable
from peernode.simulation.world.disturbances import Latency
from peernode.simulation.world.host import SimWorld
from peernode.wire.ops import Op
from tests.rpc.test_retransmission import Node, run

ONE_WAY_MS = 10
SLOW_S = 1.0
"""What a round trip takes once the line is slow."""


def slow_line(script: Callable[[Node, Node, Callable[[float], None]], Awaitable[None]]) -> None:
    """Run a script with two nodes that know their path well, and what makes it take so many seconds."""
    world = SimWorld(one_way_ms=(ONE_WAY_MS, ONE_WAY_MS))

    def slow(round_trip_s: float) -> None:
        extra_ms = round_trip_s * 500 - ONE_WAY_MS
        world.network.disturb(Latency(frozenset((1,)), extra_ms, 0.0))

    async def acquainted(ann: Node, ben: Node) -> None:
        ben.serve(Op.PUSH, lambda caller, body: [])
        for _ in range(30):
            await ann.request(ben.contact, Op.PUSH, [])
        assert ann.rto_s(ben.identity.public_key) < 0.1
        await script(ann, ben, slow)

    run(world, acquainted)


@pytest.mark.parametrize("sends", [1, 3])
def test_an_answer_to_what_was_given_up_makes_the_next_wait_so_long(sends: int) -> None:
    async def script(ann: Node, ben: Node, slow: Callable[[float], None]) -> None:
        slow(SLOW_S)
        with pytest.raises(RpcTimeout):
            await ann.request(ben.contact, Op.PUSH, [], sends=sends)
        await asyncio.sleep(2 * SLOW_S)
        assert ann.counters["answers.late"] == 1
        assert ann.counters["rejected.unasked"] == sends - 1
        assert ann.rto_s(ben.identity.public_key) >= SLOW_S
        await ann.request(ben.contact, Op.PUSH, [], sends=1)

    slow_line(script)


def test_a_second_answer_shows_that_the_first_was_one_to_the_first_sending() -> None:
    async def script(ann: Node, ben: Node, slow: Callable[[float], None]) -> None:
        slow(0.1)
        await ann.request(ben.contact, Op.PUSH, [])
        asked_twice = ann.counters["retransmitted"]
        assert asked_twice > 0
        await asyncio.sleep(SLOW_S)
        assert ann.counters["answers.late"] == 1
        assert ann.median_rto_s() > 0.1
        await ann.request(ben.contact, Op.PUSH, [])
        assert ann.counters["retransmitted"] == asked_twice

    slow_line(script)


class Table:
    """Two peers, their timeouts, and what is remembered of requests."""

    def __init__(self) -> None:
        config = NodeConfig(listen=("10.0.0.1", 7000))
        self.rtos = RtoTable(config)
        self.ended = EndedRequests(self.rtos)
        states = PeerStates(config)
        self.ben, self.cat = (
            states.obtain(Identity.generate(random.Random(name)).public_key, 0.0) for name in ("ben", "cat")
        )

    def first_s(self, peer: Peer) -> float:
        return self.rtos.first_s(peer.rto)


def test_nobody_tells_for_another_and_each_request_tells_once() -> None:
    table = Table()
    usual_s = table.first_s(table.ben)
    table.ended.note(7, table.ben, 10.0, 1, None)
    assert not table.ended.answered(7, table.cat, 11.0)
    assert table.first_s(table.ben) == table.first_s(table.cat) == usual_s
    assert table.ended.answered(7, table.ben, 11.0)
    assert table.first_s(table.ben) > 1.0
    assert not table.ended.answered(7, table.ben, 12.0)


def test_a_copy_that_the_network_made_of_an_answer_tells_nothing() -> None:
    table = Table()
    table.ended.note(7, table.ben, 10.0, 1, 0.1)
    assert not table.ended.answered(7, table.ben, 11.0)


@pytest.mark.parametrize("lag_s", [0.0, 1.0])
def test_what_waited_for_a_late_loop_is_not_laid_to_the_path(lag_s: float) -> None:
    table = Table()
    for _ in range(20):
        table.rtos.sample(table.ben.public_key, table.ben.rto, 0.02)
    table.rtos.late(lag_s)
    table.ended.note(7, table.ben, 10.0, 1, None)
    assert table.ended.answered(7, table.ben, 11.02)
    measured_s = table.ben.rto.measured_s()
    assert measured_s is not None
    assert (measured_s < 0.1) == (lag_s > 0)


def test_what_a_process_that_stood_still_finds_is_no_measure() -> None:
    table = Table()
    usual_s = table.first_s(table.ben)
    for request_id, sends in ((1, 1), (2, 4)):
        table.ended.note(request_id, table.ben, 10.0, sends, None)
        assert not table.ended.answered(request_id, table.ben, 10.1 + STOOD_STILL_S)
    assert table.first_s(table.ben) == usual_s


def test_what_is_remembered_is_bounded_and_the_oldest_goes_first() -> None:
    table = Table()
    for request_id in range(ENDED_MAX + 1):
        table.ended.note(request_id, table.ben, 10.0, 1, None)
    assert table.ended.sizes() == {"ended_requests": (ENDED_MAX, ENDED_MAX)}
    assert not table.ended.answered(0, table.ben, 11.0)
    assert table.ended.answered(1, table.ben, 11.0)
