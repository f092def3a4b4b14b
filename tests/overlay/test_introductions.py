"""Nodes behind address translators are found by whoever looks for them: who knows them introduces us."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.errors import Refused
from peernode.overlay.dialback import INTRODUCED_BURST
from peernode.overlay.lookup import INTRODUCED_MAX
from peernode.rpc.rpc import Caller
from peernode.simulation.world.host import SimHost, SimWorld
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.overlay.nodes import PORT, Node, SimNetworkOfNodes, identity, sim_node
from tests.overlay.test_lookup import Answer, Asker, Liar, nobody


async def found(world: SimWorld, hidden_kinds: list[str], kind: str) -> tuple[list[bool], float, Node]:
    """Whether a newcomer of this kind finds each hidden node, and the seconds of the slowest lookup."""
    net = SimNetworkOfNodes(world, 12)
    await net.start()
    bootstrap = [(net.hosts[0].ip, PORT)]
    hidden: list[tuple[SimHost, Node]] = []
    for each in hidden_kinds:
        host = world.host(each)
        node = sim_node(host, bootstrap)
        await host.call(node.start())
        hidden.append((host, node))
    await asyncio.sleep(10)
    host = world.host(kind)
    newcomer = sim_node(host, bootstrap)
    await host.call(newcomer.start())
    await host.call(newcomer.overlay.wait_ready(5))
    answers, slowest_s = [], 0.0
    for _, node in hidden:
        began_s = asyncio.get_running_loop().time()
        result = await host.call(newcomer.overlay.lookup(node.id, 3))
        slowest_s = max(slowest_s, asyncio.get_running_loop().time() - began_s)
        answers.append(any(contact.id == node.id for contact in result.closest))
    return answers, slowest_s, newcomer


@pytest.mark.parametrize("kind", ["none", "full", "address", "port"])
def test_a_newcomer_finds_whoever_is_behind_a_translator_that_keeps_its_port(kind: str) -> None:
    with SimWorld(seed=21) as world:
        answers, slowest_s, newcomer = world.run(found(world, ["port", "address"] * 3, kind))
        assert answers == [True] * 6
        assert slowest_s < 1.5
        assert newcomer.rpc.counters["lookup.introduced"] >= 3


def test_behind_a_symmetric_translator_it_finds_those_behind_one_that_looks_at_the_host_alone() -> None:
    """The others let in only the port that the introducer has seen, and ours is another for each of them."""
    with SimWorld(seed=22) as world:
        answers, slowest_s, _ = world.run(found(world, ["address", "port", "address", "port"], "symmetric"))
        assert answers == [True, False, True, False]
        assert slowest_s < 4


@pytest.mark.parametrize("seed", range(40, 46))
def test_the_silence_of_the_dead_is_no_fault_of_whoever_was_to_introduce_us(seed: int) -> None:
    """It answers when they don't, late or after we have stopped asking: that says nothing of its own path."""
    with SimWorld(seed=seed) as world:
        net = SimNetworkOfNodes(world, 12)
        bootstrap = [(net.hosts[0].ip, PORT)]
        hidden = [world.host("port") for _ in range(6)]
        gone = [sim_node(host, bootstrap) for host in hidden]
        host = world.host()
        newcomer = sim_node(host, bootstrap)

        async def main() -> None:
            await net.start()
            for each, node in zip(hidden, gone, strict=True):
                await each.call(node.start())
            await asyncio.sleep(10)
            for each, node in zip(hidden, gone, strict=True):
                await each.call(node.stop())
            await host.call(newcomer.start())
            await host.call(newcomer.overlay.wait_ready(5))
            for node in gone:
                await host.call(newcomer.overlay.lookup(node.id, 3))
            await asyncio.sleep(3)
            assert newcomer.rpc.counters["op.DIALBACK.out"] > 3
            live = [node.contact for node in net.nodes]
            assert [contact for contact in live if newcomer.overlay.table.suspected(contact)] == []
            assert max(newcomer.rpc.rto_s(contact.public_key) for contact in live) < 0.4

        world.run(main())


def test_who_is_known_to_be_public_is_only_asked_again() -> None:
    """A datagram was lost, or it is dead: nobody else is troubled."""
    with SimWorld(seed=23) as world:
        net = SimNetworkOfNodes(world, 12)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(45)  # flags are told with each PING
            for host, node in zip(net.hosts[8:], net.nodes[8:], strict=True):
                await host.call(node.stop())
            newcomer_host = world.host()
            newcomer = sim_node(newcomer_host, [(net.hosts[0].ip, PORT)])
            await newcomer_host.call(newcomer.start())
            await newcomer_host.call(newcomer.overlay.lookup(net.nodes[9].id, 3))
            assert newcomer.rpc.counters["lookup.introduced"] == 0
            assert newcomer.rpc.counters["op.DIALBACK.out"] <= 3

        world.run(main())


def test_a_lookup_has_others_introduce_it_to_so_many_at_most() -> None:
    """Several that name nodes which do not exist can have it ask for no more."""
    with SimWorld(seed=24) as world:
        asker = Asker(world.host())
        asked: list[bytes] = []

        def naming(number: int) -> Answer:
            named = [nobody(16 * number + each, f"10.9.{number}.{each + 1}").encode() for each in range(16)]
            return lambda caller, body: [named]

        def dialback(caller: Caller, body: Fields) -> list[Any]:
            assert body.take() is None
            asked.append(body.take_bytes(32))
            return [Contact(asked[-1], "10.9.9.9", PORT).encode()]

        liars = [Liar(world.host(), naming(number)) for number in range(10)]
        for each in liars:
            each.rpc.serve(Op.DIALBACK, dialback)

        async def main() -> None:
            await asker.host.call(asker.rpc.start())
            seeds = [await each.start() for each in liars]
            await asker.host.call(asker.lookups.run(nobody(0).id, 5, seeds))
            assert len(asked) == INTRODUCED_MAX
            assert asker.rpc.counters["lookup.introductions_full"] > 0

        world.run(main())


def test_whoever_asks_too_often_or_for_a_stranger_is_refused() -> None:
    with SimWorld(seed=25) as world:
        net = SimNetworkOfNodes(world, 3)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(10)
            asker, teller = net.nodes[1], net.nodes[0].contact

            async def asking(key: bytes) -> int | None:
                try:
                    answer = await asker.rpc.request(teller, Op.DIALBACK, [None, key])
                except Refused as refusal:
                    return refusal.status
                assert Contact.decode(answer.take()) == net.nodes[2].contact
                return None

            stranger = await net.hosts[1].call(asking(identity(99).public_key))
            assert stranger == Status.MISSING
            known = net.nodes[2].identity.public_key
            told = [await net.hosts[1].call(asking(known)) for _ in range(int(INTRODUCED_BURST) + 5)]
            assert (told[0], told[-1]) == (None, Status.RATE_LIMITED)

        world.run(main())
