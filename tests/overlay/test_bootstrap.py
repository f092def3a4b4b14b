"""The way into the network: several addresses, dead ones, a cache, and having nobody to ask."""

from __future__ import annotations

import asyncio

import pytest

from peernode.config import NodeConfig
from peernode.environment import Address
from peernode.overlay.bootstrap import CONFIGURED_MAX
from peernode.simulation.world.host import SimWorld
from peernode.wire.codec import pack
from tests.overlay.nodes import PORT, Cut, KeptPeers, SimNetworkOfNodes, sim_node, until


@pytest.mark.parametrize("dead", [0, 1, 2])
def test_property_23_a_dead_bootstrap_costs_less_than_a_second(dead: int) -> None:
    with SimWorld(seed=dead, one_way_ms=(50, 100)) as world:
        net = SimNetworkOfNodes(world, 3)
        newcomer_host = world.host()
        addresses: list[Address] = [(host.ip, PORT) for host in net.hosts]
        newcomer = sim_node(newcomer_host, addresses)

        async def main() -> float:
            await net.start()
            await asyncio.sleep(2)
            net.hosts[dead].crash()
            await newcomer_host.call(newcomer.start())
            return await until(lambda: newcomer.overlay.state()[0] == "online", 1)

        assert world.run(main()) < 1


def test_property_23_every_bootstrap_dead_and_a_cache_full_of_dead_peers_but_one() -> None:
    with SimWorld(seed=1) as world:
        hosts = [world.host() for _ in range(30)]
        alive, newcomer_host = sim_node(hosts[7]), hosts[29]
        kept = KeptPeers(met=True)
        kept.peers = [pack(sim_node(host).overlay.table._own.encode()) for host in hosts[:28]]
        newcomer = sim_node(newcomer_host, [(hosts[28].ip, PORT)], kept)

        async def main() -> None:
            await hosts[7].call(alive.start())
            await newcomer_host.call(newcomer.start())
            await until(lambda: newcomer.overlay.state()[0] == "online", 1)

        world.run(main())


def test_an_address_that_becomes_known_later_is_dialled_at_once() -> None:
    with SimWorld(seed=3) as world:
        net = SimNetworkOfNodes(world, 2)
        host = world.host()
        newcomer = sim_node(host)

        async def main() -> None:
            await net.start()
            await host.call(newcomer.start())
            await asyncio.sleep(5)
            assert newcomer.overlay.alone and not newcomer.overlay.peers()
            newcomer.overlay.add_bootstraps([(net.hosts[0].ip, PORT)])
            assert not newcomer.overlay.alone
            await until(lambda: bool(newcomer.overlay.peers()), 1)
            assert [each.address for each in newcomer.overlay.bootstraps()] == [(net.hosts[0].ip, PORT)]

        world.run(main())


def test_who_learns_of_an_address_is_alone_no_longer_and_uses_so_many() -> None:
    with SimWorld(seed=4) as world:
        host = world.host()
        lonely = sim_node(host)

        async def main() -> None:
            await host.call(lonely.start())
            assert lonely.overlay.alone and await lonely.overlay.wait_ready(1)
            lonely.overlay.add_bootstraps([("10.9.9.9", PORT)])
            assert not lonely.overlay.alone and not await lonely.overlay.wait_ready(1)
            more = [("10.9.9.9", PORT + number) for number in range(CONFIGURED_MAX + 3)]
            lonely.overlay.add_bootstraps(more)
            assert len(lonely.overlay.bootstraps()) == CONFIGURED_MAX
            assert lonely.rpc.counters["bootstrap.crowded"] == 3

        world.run(main())


def test_bootstrap_says_whether_anybody_answers() -> None:
    with SimWorld(seed=2) as world:
        net = SimNetworkOfNodes(world, 2)

        async def main() -> None:
            lonely = net.nodes[1]
            await net.hosts[1].call(lonely.start())
            assert await net.hosts[1].call(lonely.overlay.bootstrap()) is False
            await net.hosts[0].call(net.nodes[0].start())
            assert await net.hosts[1].call(lonely.overlay.bootstrap()) is True
            assert lonely.overlay.peers() == [net.nodes[0].contact]

        world.run(main())


def test_without_anybody_to_ask_a_node_is_alone_and_ready() -> None:
    with SimWorld() as world:
        host = world.host()
        node = sim_node(host)

        async def main() -> None:
            await host.call(node.start())
            assert node.overlay.alone and node.overlay.state()[0] == "online"
            assert node.overlay.state()[1]
            assert await host.call(node.overlay.wait_ready(0.0))
            result = await host.call(node.overlay.lookup(bytes(20), 5))
            assert (result.closest, result.answered, result.asked) == ([], 0, 0)

        world.run(main())


def test_its_own_address_among_the_configured_ones_is_nobody_to_ask() -> None:
    with SimWorld() as world:
        host = world.host()
        node = sim_node(host, [(host.ip, PORT)])

        async def main() -> None:
            await host.call(node.start())
            assert node.overlay.alone

        world.run(main())


def test_with_a_silent_bootstrap_it_is_offline_and_keeps_trying() -> None:
    with SimWorld() as world:
        net = SimNetworkOfNodes(world, 2)

        async def main() -> None:
            node = net.nodes[1]
            await net.hosts[1].call(node.start())
            assert node.overlay.state()[0] == "offline" and not node.overlay.alone
            assert not await net.hosts[1].call(node.overlay.wait_ready(2.0))
            await asyncio.sleep(60)
            reason = node.overlay.state()[1]
            await net.hosts[0].call(net.nodes[0].start())
            await until(lambda: node.overlay.state() == ("online", ""), 4)
            assert reason and node.kept.met

        world.run(main())


def test_who_once_met_others_is_not_alone_without_them() -> None:
    with SimWorld() as world:
        host = world.host()
        node = sim_node(host, kept=KeptPeers(met=True))

        async def main() -> None:
            await host.call(node.start())
            await asyncio.sleep(5)
            assert not node.overlay.alone and node.overlay.state()[0] == "offline"

        world.run(main())


def test_the_first_node_of_a_network_is_found_by_the_second() -> None:
    with SimWorld() as world:
        net = SimNetworkOfNodes(world, 2)

        async def main() -> None:
            await net.start()
            await until(lambda: net.nodes[0].overlay.peers() == [net.nodes[1].contact], 1)
            assert not net.nodes[0].overlay.alone and net.nodes[0].overlay.met_others

        world.run(main())


def test_dialling_is_paced() -> None:
    """40 remembered peers, all gone: an hour without a network sends a trickle."""
    with SimWorld() as world:
        hosts = [world.host() for _ in range(42)]
        kept = KeptPeers(met=True)
        kept.peers = [pack(sim_node(host).overlay.table._own.encode()) for host in hosts[:40]]
        node = sim_node(hosts[41], [(hosts[40].ip, PORT)], kept)

        async def main() -> float:
            await hosts[41].call(node.start())
            await asyncio.sleep(60)
            before = world.network.sent
            await asyncio.sleep(600)
            return (world.network.sent - before) / 600

        assert 0.5 < world.run(main()) < 6.0  # datagrams per second: 4 targets, 4 sends, 3 s


def test_each_lost_peer_has_its_turn() -> None:
    with SimWorld() as world:
        hosts = [world.host() for _ in range(12)]
        kept = KeptPeers(met=True)
        kept.peers = [pack(sim_node(host).overlay.table._own.encode()) for host in hosts[:11]]
        node, late = sim_node(hosts[11], kept=kept), sim_node(hosts[5])

        async def main() -> None:
            await hosts[11].call(node.start())
            await asyncio.sleep(100)
            await hosts[5].call(late.start())
            await until(lambda: node.overlay.state()[0] == "online", 12)  # 11 peers, 3 per 3 s

        world.run(main())


def test_a_bootstrap_that_lost_its_key_is_found_by_its_address() -> None:
    with SimWorld(seed=3) as world:
        net = SimNetworkOfNodes(world, 2)
        spare = world.host()

        async def main() -> None:
            await net.start()
            await asyncio.sleep(2)
            net.hosts[0].crash()
            await asyncio.sleep(20)
            net.hosts[0].restart()
            # The key follows from the host: another host's number gives another key.
            net.hosts[0].index, spare.index = spare.index, net.hosts[0].index
            fresh = sim_node(net.hosts[0])
            await net.hosts[0].call(fresh.start())
            await until(lambda: fresh.contact in net.nodes[1].overlay.peers(), 6)

        world.run(main())


def test_stopping_ends_everything_and_keeps_the_peers() -> None:
    with SimWorld() as world:
        net = SimNetworkOfNodes(world, 4)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(0.5)
            node, host = net.nodes[2], net.hosts[2]
            await host.call(node.overlay.stop())
            await host.call(node.overlay.stop())
            assert len(node.kept.peers) == 3 and node.kept.met
            sent = node.rpc.counters["datagrams_out"]
            for other in (0, 1, 3):
                await net.hosts[other].call(net.nodes[other].stop())
            await asyncio.sleep(30)
            assert node.rpc.counters["datagrams_out"] <= sent + 4  # at most answers
            assert len(node.overlay._tasks) == 0
            await host.call(node.rpc.close())

        world.run(main())


def test_the_cut_of_the_only_link_is_noticed_on_both_sides() -> None:
    with SimWorld(seed=8) as world:
        net = SimNetworkOfNodes(world, 2, NodeConfig(redial_degraded_s=3.0))

        async def main() -> None:
            await net.start()
            await asyncio.sleep(30)
            world.network.disturb(Cut(net.hosts[0]))
            await until(lambda: all(n.overlay.state()[0] != "online" for n in net.nodes), 10)

        world.run(main())
