"""Loss, delay and duplicates in virtual time: answered in spite of them, done once, exact timeouts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from peernode.config import NodeConfig
from peernode.errors import RpcTimeout
from peernode.identity import Identity
from peernode.rpc.rpc import Caller, Rpc
from peernode.rpc.rto import GRANULARITY_S, STOOD_STILL_S
from peernode.simulation.world.host import SimHost, SimWorld
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

NOWHERE = ("10.0.9.9", 7000)


class Node(Rpc):
    """An Rpc on a simulated host; a crash in it fails the run."""

    def __init__(self, host: SimHost, **settings: Any) -> None:
        config = NodeConfig(listen=(host.ip, 7000), **settings)
        super().__init__(Identity.generate(host.env.random), config, host.env)

    @property
    def contact(self) -> Contact:
        return Contact(self.identity.public_key, *self.address)


def run(world: SimWorld, script: Callable[[Node, Node], Awaitable[None]], **settings: Any) -> None:
    """Run ``script`` with two started nodes."""
    ann, ben = (Node(world.host(), **settings) for _ in range(2))

    async def main() -> None:
        await ann.start()
        await ben.start()
        await script(ann, ben)
        await ann.close()
        await ben.close()

    with world:
        world.run(main())


@pytest.mark.parametrize("seed", range(20))
def test_requests_survive_loss_and_are_done_once(seed: int) -> None:
    done: Counter[int] = Counter()

    async def count(caller: Caller, body: Fields) -> list[Any]:
        number = body.take_int(0, 999)
        done[number] += 1
        await asyncio.sleep(0.05)
        return [number]

    async def script(ann: Node, ben: Node) -> None:
        ben.serve(Op.PUSH, count)
        contact = await ann.hello(ben.address)

        async def ask_one_by_one(start: int) -> None:
            for number in range(start, start + 40):
                assert await ann.request(contact, Op.PUSH, [number]) == [number]

        await asyncio.gather(*(ask_one_by_one(start) for start in range(0, 400, 40)))
        assert done == dict.fromkeys(range(400), 1)
        assert ann.counters["retransmitted"] > 0
        assert ben.counters["duplicates"] > 0

    world = SimWorld(seed, loss=0.2, duplicate=0.05, reorder=0.1, jitter_ms=20)
    run(world, script, sends_max=15)


def test_a_request_still_being_worked_on_is_not_begun_again() -> None:
    begun = []

    async def slow(caller: Caller, body: Fields) -> list[Any]:
        begun.append(1)
        await asyncio.sleep(2)
        return []

    async def script(ann: Node, ben: Node) -> None:
        ben.serve(Op.PUSH, slow)
        assert await ann.request(ben.contact, Op.PUSH, []) == []
        assert begun == [1]
        assert ben.counters["duplicates"] == 3

    run(SimWorld(), script)


def test_sendings_wait_twice_as_long_each_time() -> None:
    async def script(ann: Node, ben: Node) -> None:
        started = asyncio.get_running_loop().time()
        with pytest.raises(RpcTimeout):
            await ann.request(Contact(ben.identity.public_key, *NOWHERE), Op.PING, [1, 1])
        assert ann.counters["datagrams_out"] == 4
        assert asyncio.get_running_loop().time() - started == pytest.approx(0.25 + 0.5 + 1 + 2)

    run(SimWorld(), script)


def test_waits_are_bounded() -> None:
    async def script(ann: Node, ben: Node) -> None:
        started = asyncio.get_running_loop().time()
        with pytest.raises(RpcTimeout):
            await ann.request(Contact(ben.identity.public_key, *NOWHERE), Op.PING, [1, 1], sends=6)
        elapsed_s = asyncio.get_running_loop().time() - started
        assert elapsed_s == pytest.approx(0.25 + 0.5 + 1 + 2 + 2 + 2)

    run(SimWorld(), script)


def test_timeouts_adapt_to_the_path_and_new_peers_start_from_there() -> None:
    async def script(ann: Node, ben: Node) -> None:
        ben.serve(Op.PUSH, lambda caller, body: [])
        key = ben.identity.public_key
        assert ann.rto_s(key) == ann.median_rto_s() == 0.25
        await ann.request(ben.contact, Op.PUSH, [])
        assert ann.rto_s(key) == pytest.approx(3 * 0.06)
        for _ in range(60):
            await ann.request(ben.contact, Op.PUSH, [])
        assert ann.rto_s(key) == pytest.approx(0.06 + GRANULARITY_S, rel=0.01)
        assert ann.median_rto_s() == ann.rto_s(key) == ann.rto_s(bytes(32))
        assert ann.counters["retransmitted"] == 0

    run(SimWorld(one_way_ms=(30, 30)), script)


@pytest.mark.parametrize("still_s", [STOOD_STILL_S - 1, 600.0])
@pytest.mark.parametrize("answered", [True, False])
def test_a_node_that_stood_still_does_not_wait_for_answers_as_long_as_it_did(
    answered: bool, still_s: float
) -> None:
    """Before, its timers' lateness was added to all timeouts, and an answer that had waited was measured."""
    world = SimWorld(one_way_ms=(30, 30))

    async def script(ann: Node, ben: Node) -> None:
        ben.serve(Op.PUSH, lambda caller, body: [])
        key = ben.identity.public_key
        for _ in range(60):
            await ann.request(ben.contact, Op.PUSH, [])
        usual_s = ann.rto_s(key)
        asked = ben.contact if answered else Contact(bytes(31) + b"\x01", *NOWHERE)
        asking = world.hosts[0].spawn(ann.request(asked, Op.PUSH, []))
        await asyncio.sleep(0.01)
        world.hosts[0].pause()
        await asyncio.sleep(still_s)
        world.hosts[0].resume()
        await asyncio.sleep(0.01)
        if still_s > STOOD_STILL_S:
            assert ann.rto_s(key) == usual_s
        for _ in range(60):
            await ann.request(ben.contact, Op.PUSH, [])
        assert ann.rto_s(key) == pytest.approx(usual_s, rel=0.1)
        with suppress(RpcTimeout):
            await asking

    run(world, script)


def test_a_path_that_became_slow_is_measured_again() -> None:
    delay_s = 0.0

    async def slow(caller: Caller, body: Fields) -> list[Any]:
        await asyncio.sleep(delay_s)
        return []

    async def script(ann: Node, ben: Node) -> None:
        nonlocal delay_s
        ben.serve(Op.PUSH, slow)
        for _ in range(30):
            await ann.request(ben.contact, Op.PUSH, [])
        delay_s = 1.0  # longer than all sendings from the first timeout on
        answered = 0
        for _ in range(8):
            with suppress(RpcTimeout):
                await ann.request(ben.contact, Op.PUSH, [])
                answered += 1
        assert 0 < answered < 8
        before = ann.counters["retransmitted"]
        await ann.request(ben.contact, Op.PUSH, [])
        assert ann.counters["retransmitted"] == before
        assert ann.rto_s(ben.identity.public_key) > 1.0

    run(SimWorld(one_way_ms=(10, 10)), script)


def test_requests_that_wait_for_a_place_start_their_clock_when_they_start() -> None:
    async def slow(caller: Caller, body: Fields) -> list[Any]:
        await asyncio.sleep(0.2)
        return []

    async def script(ann: Node, ben: Node) -> None:
        ben.serve(Op.PUSH, slow)
        started = asyncio.get_running_loop().time()
        await asyncio.gather(*(ann.request(ben.contact, Op.PUSH, []) for _ in range(20)))
        assert asyncio.get_running_loop().time() - started == pytest.approx(20 * 0.22, rel=0.01)
        assert ann.counters["timeouts"] == 0

    run(SimWorld(one_way_ms=(10, 10)), script, inflight_per_peer_max=1)


def test_one_seed_is_one_course() -> None:
    def course() -> list[Any]:
        events: list[Any] = []

        async def script(ann: Node, ben: Node) -> None:
            ben.serve(Op.PUSH, lambda caller, body: [])
            loop = asyncio.get_running_loop()
            ann.on_answered.append(lambda contact, rtt_s: events.append((loop.time(), rtt_s)))
            ann.on_timeout.append(lambda contact: events.append((loop.time(), contact)))
            await asyncio.gather(
                *(ann.request(ben.contact, Op.PUSH, [n]) for n in range(100)), return_exceptions=True
            )
            events.append(sorted(ann.counters.items()))

        run(SimWorld(3, loss=0.3, jitter_ms=10), script)
        return events

    assert course() == course()


def test_a_test_of_a_long_path_waits_as_long_as_the_path_takes() -> None:
    async def script(ann: Node, ben: Node) -> None:
        ben.serve(Op.PUSH, lambda caller, body: [])
        for _ in range(20):
            await ann.request(ben.contact, Op.PUSH, [])
        settled = ann.measured_rto_s(ben.identity.public_key)
        assert settled > 0.6
        before = ann.counters["retransmitted"]
        await ann.request(ben.contact, Op.PUSH, [], sends=1, first_max_s=0.45)
        assert ann.counters["retransmitted"] == before

    run(SimWorld(seed=3, one_way_ms=(300, 300)), script)


def test_what_is_answered_late_after_a_shortened_wait_makes_nothing_else_wait_longer() -> None:
    async def slow(caller: Caller, body: Fields) -> list[Any]:
        await asyncio.sleep(0.1)
        return []

    async def script(ann: Node, ben: Node) -> None:
        ben.serve(Op.PUSH, lambda caller, body: [])
        ben.serve(Op.PROBE, slow)
        for _ in range(20):
            await ann.request(ben.contact, Op.PUSH, [])
        settled = ann.rto_s(ben.identity.public_key)
        await ann.request(ben.contact, Op.PROBE, [], first_max_s=0.3)
        assert ann.rto_s(ben.identity.public_key) == pytest.approx(settled)

    run(SimWorld(seed=3, one_way_ms=(20, 20)), script)
