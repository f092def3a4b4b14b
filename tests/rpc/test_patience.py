"""Answers that nobody waits for travel together, and never later than ``PATIENCE_S``."""

from __future__ import annotations

import asyncio

import pytest

from peernode.rpc.outgoing import PATIENCE_S, WAITING_MAX
from peernode.simulation.world.host import SimWorld
from peernode.wire.ops import Op
from tests.overlay.nodes import Node, SimNetworkOfNodes

ONE_WAY_S = 0.02


def _pair_story(ask: list[tuple[float, Op]]) -> tuple[int, list[float]]:
    """The second node asks the first at these times; its answering datagrams, and seconds to each answer."""
    with SimWorld(seed=1, one_way_ms=(ONE_WAY_S * 1000, ONE_WAY_S * 1000)) as world:
        net = SimNetworkOfNodes(world, 2)
        answering, asking = net.nodes
        for op in (Op.ACKED, Op.PUSH):
            answering.rpc.serve(op, lambda caller, body: [])

        async def one(node: Node, after_s: float, op: Op) -> float:
            await asyncio.sleep(after_s)
            began = world.loop.time()
            await node.rpc.request(answering.contact, op, [])
            return world.loop.time() - began

        async def main() -> tuple[int, list[float]]:
            await net.start()
            await asyncio.sleep(10)
            before = answering.rpc.counters["datagrams_out"]

            async def all_of_them() -> list[float]:
                return list(await asyncio.gather(*(one(asking, after_s, op) for after_s, op in ask)))

            took = await net.hosts[1].call(all_of_them())
            return answering.rpc.counters["datagrams_out"] - before, took

        return world.run(main())


def test_answers_to_reports_travel_together() -> None:
    sent, took = _pair_story([(number * PATIENCE_S / 10, Op.ACKED) for number in range(8)])
    assert sent == 1
    assert max(took) <= 2 * ONE_WAY_S + PATIENCE_S + 0.001


def test_an_answer_that_somebody_waits_for_takes_the_others_along_at_once() -> None:
    sent, took = _pair_story([(0, Op.ACKED), (PATIENCE_S / 4, Op.ACKED), (PATIENCE_S / 2, Op.PUSH)])
    assert sent == 1
    assert took[2] == pytest.approx(2 * ONE_WAY_S, abs=0.001)
    assert took[0] == pytest.approx(2 * ONE_WAY_S + PATIENCE_S / 2, abs=0.001)


def test_patience_has_a_bound() -> None:
    """Over ``WAITING_MAX`` an answer goes at once."""
    with SimWorld(seed=1) as world:
        net = SimNetworkOfNodes(world, 2)
        answering = net.nodes[0]

        async def main() -> None:
            await net.start()
            await asyncio.sleep(10)
            outgoing = answering.rpc._outgoing
            peer = answering.rpc._core.peers.obtain(net.nodes[1].contact.public_key, world.loop.time())
            for _ in range(2 * WAITING_MAX):
                outgoing.post_patiently(peer, net.nodes[1].contact.address, b"\x00")
            ((full, bound),) = outgoing.sizes().values()
            assert full <= bound == WAITING_MAX
            outgoing.close()

        world.run(main())
