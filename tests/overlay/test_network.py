"""Whole networks in virtual time: exact lookups under loss, cuts and returns, splits, the dead."""

from __future__ import annotations

import asyncio
import random

import pytest

from peernode.config import NodeConfig
from peernode.simulation.world.host import SimWorld
from tests.overlay.nodes import PORT, Cut, Node, SimNetworkOfNodes, Split, identity, sim_node, until

DEGRADED_WITHIN_S = 10.0
BACK_WITHIN_S = 4.0


async def lookups(net: SimNetworkOfNodes, count: int, seed: int) -> tuple[int, int]:
    """How many of ``count`` lookups, 50 at a time, found exactly the 5 closest; asked in all."""
    rng = random.Random(seed)
    exact = asked = 0

    async def one() -> None:
        nonlocal exact, asked
        host = rng.randrange(len(net.nodes))
        target = rng.randbytes(20)
        result = await net.hosts[host].call(net.nodes[host].overlay.lookup(target, 5))
        exact += [contact.id for contact in result.closest] == net.truly_closest(target, 5, net.nodes[host])
        asked += result.asked

    for _ in range(count // 50):
        await asyncio.gather(*(one() for _ in range(50)))
    return exact, asked


@pytest.mark.parametrize(("count", "tries"), [(10, 200), (50, 400), (120, 150)])
def test_lookups_are_exact_at_five_percent_loss(count: int, tries: int) -> None:
    with SimWorld(seed=count, loss=0.05) as world:
        net = SimNetworkOfNodes(world, count)

        async def main() -> tuple[int, int]:
            await net.start(every_s=0.02)
            await asyncio.sleep(2)
            assert {node.overlay.state()[0] for node in net.nodes} == {"online"}
            return await lookups(net, tries, seed=count)

        exact, asked = world.run(main())
        assert exact >= 0.99 * tries
        assert asked <= 12 * tries


def test_a_lookup_on_a_quiet_network_takes_a_few_round_trips() -> None:
    with SimWorld(seed=3, one_way_ms=(25, 25)) as world:
        net = SimNetworkOfNodes(world, 50)

        async def main() -> list[float]:
            await net.start(every_s=0.02)
            await asyncio.sleep(5)
            times = []
            for number in range(50):
                began = world.loop.time()
                node = number % 50
                await net.hosts[node].call(net.nodes[node].overlay.lookup(identity(number + 900).node_id, 5))
                times.append(world.loop.time() - began)
            return sorted(times)

        times = world.run(main())
        assert times[25] <= 0.21 and times[-1] <= 0.31  # 50 ms is a round trip


@pytest.mark.parametrize("seed", range(1, 6))
def test_property_21_cut_off_it_says_so_and_comes_back_by_itself(seed: int) -> None:
    with SimWorld(seed=seed, loss=0.01) as world:
        net = SimNetworkOfNodes(world, 10)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(10 + seed * 0.37)
            host, node = net.hosts[3], net.nodes[3]
            cut = world.network.disturb(Cut(host))
            await until(lambda: node.overlay.state()[0] != "online", DEGRADED_WITHIN_S, "noticed")
            assert not await host.call(node.overlay.wait_ready(0.1))
            await until(lambda: node.overlay.state()[0] == "offline", 40, "nobody left")
            await asyncio.sleep(30 + seed * 0.77)
            world.network.calm(cut)
            await until(lambda: node.overlay.state()[0] == "online", BACK_WITHIN_S, "back")
            assert await host.call(node.overlay.wait_ready(0.0))
            others = [other.contact for other in net.nodes if other is not node]
            assert not any(node.overlay.table.suspected(other) for other in others), "all is forgiven"
            await until(lambda: knows_its_neighbours(net, node), 1.0, "neighbours")

        world.run(main())


def knows_its_neighbours(net: SimNetworkOfNodes, node: Node) -> bool:
    known = [contact.id for contact in node.overlay.closest(node.id, 5)]
    return known == net.truly_closest(node.id, 5, node)


@pytest.mark.parametrize(("split_s", "gone"), [(15, 0), (90, 0), (90, 50)])
def test_property_24_a_split_network_becomes_one_again(split_s: float, gone: int) -> None:
    with SimWorld(seed=split_s, loss=0.01) as world:
        net = SimNetworkOfNodes(world, 12, gone=gone)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(5)
            split = world.network.disturb(Split(*net.hosts[:6]))
            await asyncio.sleep(split_s)
            world.network.calm(split)
            await until(lambda: all(knows_its_neighbours(net, node) for node in net.nodes), 20, "one network")

        world.run(main())


def test_property_21_the_redial_begins_when_the_last_peer_is_lost() -> None:
    with SimWorld(seed=11) as world:
        net = SimNetworkOfNodes(world, 2, NodeConfig(redial_idle_s=300.0))

        async def main() -> None:
            await net.start()
            await asyncio.sleep(5)
            cut = world.network.disturb(Cut(net.hosts[1]))
            await until(lambda: all(node.overlay.state()[0] == "offline" for node in net.nodes), 30)
            world.network.calm(cut)
            await until(lambda: net.nodes[1].overlay.state()[0] == "online", BACK_WITHIN_S)

        world.run(main())


def test_property_22_the_dead_are_passed_over_without_any_traffic() -> None:
    with SimWorld(seed=5) as world:
        net = SimNetworkOfNodes(world, 8)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(10)
            dead, others = net.nodes[4], [node for node in net.nodes if node is not net.nodes[4]]
            left: list[tuple[str, bytes]] = []
            others[0].overlay.on_change.append(lambda kind, contact: left.append((kind, contact.id)))
            net.hosts[4].crash()

            def known_to_somebody() -> bool:
                return any(dead.contact in node.overlay.closest(dead.id, 16) for node in others)

            await until(lambda: not known_to_somebody(), 10, "suspected by all")
            await until(lambda: all(dead.contact not in node.overlay.table for node in others), 10, "gone")
            assert left == [("left", dead.id)]

        world.run(main())


def test_a_lossy_link_between_two_nodes_does_not_flap() -> None:
    with SimWorld(seed=2, loss=0.1) as world:
        net = SimNetworkOfNodes(world, 2)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(3)
            for _ in range(600):
                await asyncio.sleep(1)
                assert [node.overlay.state()[0] for node in net.nodes] == ["online", "online"]

        world.run(main())


def test_idle_nodes_are_quiet() -> None:
    with SimWorld(seed=4) as world:
        net = SimNetworkOfNodes(world, 25)

        async def main() -> float:
            await net.start()
            await asyncio.sleep(30)
            before = world.network.sent
            await asyncio.sleep(40)
            return (world.network.sent - before) / 40 / 25

        assert world.run(main()) < 8  # datagrams per node and second


def test_a_restarted_node_comes_back_through_its_cache_alone() -> None:
    with SimWorld(seed=6) as world:
        net = SimNetworkOfNodes(world, 6)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(10)
            kept = net.nodes[2].kept
            assert len(kept.peers) == 5 and kept.met
            net.hosts[2].crash()
            net.hosts[0].crash()  # the only bootstrap
            await asyncio.sleep(1)
            net.hosts[2].restart()
            again = sim_node(net.hosts[2], [(net.hosts[0].ip, PORT)], kept)
            await net.hosts[2].call(again.start())
            await until(lambda: again.overlay.state()[0] == "online", 1, "started")

        world.run(main())


def test_two_nodes_with_the_same_seed_do_the_same() -> None:
    hashes = []
    for _ in range(2):
        with SimWorld(seed=9, loss=0.05) as world:
            net = SimNetworkOfNodes(world, 12)

            async def main(net: SimNetworkOfNodes = net) -> None:
                await net.start()
                await lookups(net, 50, seed=1)
                await asyncio.sleep(60)

            world.run(main())
            hashes.append(world.network.trace.hash())
    assert hashes[0] == hashes[1]
