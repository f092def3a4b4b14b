"""Who is dialled again first, when most of whom a node remembers are gone for good."""

from __future__ import annotations

import asyncio

import pytest

from peernode.config import NodeConfig
from peernode.overlay.bootstrap import NEARBY_MAX
from peernode.simulation.world.host import SimWorld
from tests.overlay.nodes import PORT, Cut, KeptPeers, SimNetworkOfNodes, sim_node, stored, until

GONE = 58
ROUND_S = NodeConfig().redial_idle_s


def test_property_21_a_start_without_a_network_tries_those_first_that_were_alive_last() -> None:
    """Catches a cache of which only the set is kept: 64 targets, three of them every 3 s."""
    with SimWorld(seed=2) as world:
        net = SimNetworkOfNodes(world, 4)
        host, silent, gone = world.host(), world.host(), [world.host() for _ in range(GONE)]
        kept = KeptPeers([*stored(net.hosts), *stored(gone)], met=True)
        node = sim_node(host, [(silent.ip, PORT)], kept)

        async def main() -> None:
            await net.start()
            cut = world.network.disturb(Cut(host))
            await host.call(node.start())
            await asyncio.sleep(40)
            assert node.overlay.state()[0] == "offline"
            world.network.calm(cut)
            await until(lambda: node.overlay.state()[0] == "online", 4, "online")

        world.run(main())


@pytest.mark.parametrize("away_s", [40, 120])
def test_property_21_back_with_a_dead_bootstrap_and_an_aged_cache(away_s: float) -> None:
    """Catches one rotation for all who are lost."""
    with SimWorld(seed=1) as world:
        net = SimNetworkOfNodes(world, 4, gone=GONE)  # who dial it as rarely
        host, silent, gone = world.host(), world.host(), [world.host() for _ in range(GONE)]
        kept = KeptPeers([*stored(gone), *stored(net.hosts)], met=True)
        node = sim_node(host, [(silent.ip, PORT)], kept)

        async def main() -> None:
            await net.start()
            await host.call(node.start())
            await asyncio.sleep(600)
            cut = world.network.disturb(Cut(host))
            await asyncio.sleep(away_s)
            assert node.overlay.state()[0] == "offline"
            world.network.calm(cut)
            await until(lambda: node.overlay.state()[0] == "online", 4, "back")

        world.run(main())


def test_a_configured_address_has_its_turn_each_round_however_many_others_are_lost() -> None:
    """Catches one rotation for all: it takes ten minutes."""
    with SimWorld(seed=3) as world:
        net = SimNetworkOfNodes(world, 3, gone=GONE)
        late_host = world.host()
        net.nodes[2] = sim_node(
            net.hosts[2], [(net.hosts[0].ip, PORT), (late_host.ip, PORT)], net.nodes[2].kept
        )
        late = sim_node(late_host)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(35)
            await late_host.call(late.start())
            await until(lambda: late.contact in net.nodes[2].overlay.peers(), ROUND_S + 1, "found")

        world.run(main())


def test_addresses_found_nearby_do_not_delay_a_configured_one() -> None:
    """Anybody on the same network can announce any number of them. Both while offline and online."""
    with SimWorld(seed=4) as world:
        hosts = [world.host() for _ in range(3)]
        first, second = sim_node(hosts[0]), sim_node(hosts[1])
        node = sim_node(hosts[2], [(host.ip, PORT) for host in hosts[:2]])

        async def main() -> None:
            await hosts[2].call(node.start())
            for number in range(NEARBY_MAX):
                hosts[2].context.copy().run(node.overlay._found_nearby, ("10.77.0.1", PORT + number))
            await asyncio.sleep(35)
            await hosts[0].call(first.start())
            await until(lambda: first.contact in node.overlay.peers(), 4, "while offline")
            await asyncio.sleep(35)
            await hosts[1].call(second.start())
            await until(lambda: second.contact in node.overlay.peers(), ROUND_S + 1, "while online")

        world.run(main())


def test_a_full_cache_of_the_gone_costs_an_online_node_a_trickle() -> None:
    def per_node_and_s(gone: int) -> float:
        with SimWorld(seed=5) as world:
            net = SimNetworkOfNodes(world, 2, gone=gone)

            async def main() -> float:
                await net.start()
                await asyncio.sleep(60)
                before = world.network.sent
                await asyncio.sleep(300)
                return (world.network.sent - before) / 300 / 2

            return world.run(main())

    quiet, aged = per_node_and_s(0), per_node_and_s(GONE)
    assert quiet < aged < quiet + 2  # three targets, about four sends, in 8.75 s


def test_all_the_others_have_their_turn_too() -> None:
    """An online node dials each of whom it remembers, those lost longest as well."""
    with SimWorld(seed=6) as world:
        net = SimNetworkOfNodes(world, 2)
        gone = [world.host() for _ in range(20)]
        net.nodes[1] = sim_node(net.hosts[1], [(net.hosts[0].ip, PORT)], KeptPeers(stored(gone), met=True))
        late = sim_node(gone[-1])

        async def main() -> None:
            await net.start()
            await asyncio.sleep(60)
            await gone[-1].call(late.start())
            await until(lambda: late.contact in net.nodes[1].overlay.peers(), 13 * ROUND_S, "found")

        world.run(main())
