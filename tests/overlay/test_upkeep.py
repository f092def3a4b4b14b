"""The table is kept true without anybody asking for it: the silent, the suspected, the new."""

from __future__ import annotations

import asyncio

from peernode.config import NodeConfig
from peernode.overlay.upkeep import FAR_SILENT_S, FIRST_REFRESH_S, NEWCOMERS_MAX, WATCHED
from peernode.simulation.world.host import SimWorld
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from tests.overlay.nodes import PORT, Cut, SimNetworkOfNodes, identity, sim_node, until


def test_a_newcomer_is_taken_in_by_those_it_asks() -> None:
    with SimWorld(seed=1) as world:
        net = SimNetworkOfNodes(world, 5)
        host = world.host()
        newcomer = sim_node(host, [(net.hosts[3].ip, PORT)])

        async def main() -> None:
            await net.start()
            await asyncio.sleep(5)
            appeared: list[tuple[str, Contact]] = []
            net.nodes[1].overlay.on_change.append(lambda kind, contact: appeared.append((kind, contact)))
            await host.call(newcomer.start())
            await until(lambda: all(newcomer.contact in node.overlay.peers() for node in net.nodes), 1)
            assert appeared == [("appeared", newcomer.contact)]

        world.run(main())


def test_who_only_claims_an_address_is_not_taken_in() -> None:
    """A request proves nothing: the dial to where it came from stays unanswered."""
    with SimWorld(seed=2) as world:
        net = SimNetworkOfNodes(world, 2)
        host = world.host()
        mute = sim_node(host)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(2)
            await host.call(mute.rpc.start())
            asking = host.spawn(mute.rpc.request(net.nodes[0].contact, Op.PING, [1, 1]))
            await asyncio.sleep(0.001)
            host.pause()  # it sent, and hears nothing
            await asyncio.sleep(20)
            assert mute.contact not in net.nodes[0].overlay.table
            host.resume()
            asking.cancel()

        world.run(main())


def test_many_newcomers_at_once_are_dialled_within_a_bound() -> None:
    with SimWorld(seed=3) as world:
        host = world.host()
        node = sim_node(host)

        async def main() -> None:
            await host.call(node.start())

            async def crowd() -> None:
                for number in range(10 * NEWCOMERS_MAX):
                    contact = Contact(identity(1000 + number).public_key, "10.9.0.1", 1000 + number)
                    node.overlay._upkeep.requested(contact)
                    node.overlay._upkeep.requested(contact)

            await host.call(crowd())
            await asyncio.sleep(0)
            assert node.rpc.counters["op.PING.out"] <= NEWCOMERS_MAX
            await asyncio.sleep(20)
            assert node.overlay._upkeep._newcomers == 0

        world.run(main())


def test_a_suspected_peer_that_is_alive_is_soon_trusted_again() -> None:
    with SimWorld(seed=4) as world:
        net = SimNetworkOfNodes(world, 4)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(5)
            table, other = net.nodes[0].overlay.table, net.nodes[2].contact
            table.failed(other)
            assert other not in net.nodes[0].overlay.peers()
            await until(lambda: other in net.nodes[0].overlay.peers(), 1.5)

        world.run(main())


def test_a_short_pause_of_the_network_evicts_nobody() -> None:
    with SimWorld(seed=5) as world:
        net = SimNetworkOfNodes(world, 6)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(10)
            left: list[str] = []
            for node in net.nodes:
                node.overlay.on_change.append(lambda kind, contact: left.append(kind))
            cut = world.network.disturb(Cut(net.hosts[2]))
            await asyncio.sleep(2.5)
            world.network.calm(cut)
            await asyncio.sleep(20)
            assert left == []
            assert all(len(node.overlay.peers()) == 5 for node in net.nodes)

        world.run(main())


def test_dead_peers_far_away_leave_too() -> None:
    with SimWorld(seed=6) as world:
        count = WATCHED + 8
        net = SimNetworkOfNodes(world, count, NodeConfig(refresh_s=3600.0))

        async def main() -> None:
            await net.start()
            await asyncio.sleep(130)  # just after a refresh, the next one is far off
            node = net.nodes[0]
            farthest = net.truly_closest(node.id, count, node)[-1]
            index = next(i for i, other in enumerate(net.nodes) if other.id == farthest)
            net.hosts[index].crash()
            gone_s = FAR_SILENT_S + 15
            await until(lambda: net.nodes[index].contact not in node.overlay.table, gone_s)

        world.run(main())


def test_a_node_whose_first_lookup_failed_learns_its_neighbours_soon() -> None:
    with SimWorld(seed=4) as world:
        net = SimNetworkOfNodes(world, 9)
        host = world.host()
        newcomer = sim_node(host, [(net.hosts[0].ip, PORT)])

        async def main() -> None:
            await net.start()
            await asyncio.sleep(8)  # between two refreshes of the others, which would find the newcomer
            honest = net.nodes[0].rpc._servers[Op.FIND_NODE]
            net.nodes[0].rpc._servers[Op.FIND_NODE] = lambda caller, body: [[]]
            await host.call(newcomer.start())
            await asyncio.sleep(1)
            assert len(newcomer.overlay.peers()) < 9
            net.nodes[0].rpc._servers[Op.FIND_NODE] = honest
            await until(lambda: len(newcomer.overlay.peers()) == 9, 2 * FIRST_REFRESH_S)

        world.run(main())


def test_refreshing_slows_down_to_the_configured_pace() -> None:
    with SimWorld(seed=8) as world:
        net = SimNetworkOfNodes(world, 3, NodeConfig(refresh_s=30.0))

        async def main() -> tuple[int, int]:
            await net.start()
            counters = net.nodes[1].rpc.counters
            await asyncio.sleep(60)
            early = counters["op.FIND_NODE.out"]
            await asyncio.sleep(300)
            return early, counters["op.FIND_NODE.out"] - early

        early, later = world.run(main())
        # Two lookups of two peers each time: at 2, 6, 14, 30 and about 60 s, then every 30 s.
        assert 4 * 4 <= early <= 4 * 7
        assert 4 * 8 <= later <= 4 * 13


def test_refreshing_asks_three_when_nobody_is_new() -> None:
    count = 20
    with SimWorld(seed=9) as world:
        net = SimNetworkOfNodes(world, count, NodeConfig(refresh_s=30.0))

        async def main() -> int:
            await net.start()
            await asyncio.sleep(100)
            before = sum(node.rpc.counters["op.FIND_NODE.out"] for node in net.nodes)
            await asyncio.sleep(300)
            return sum(node.rpc.counters["op.FIND_NODE.out"] for node in net.nodes) - before

        asked = world.run(main())
        refreshes = count * 300 / 30
        # Own neighbourhood and one range, three peers each; in full that would be 38.
        assert 5 * refreshes <= asked <= 8 * refreshes
