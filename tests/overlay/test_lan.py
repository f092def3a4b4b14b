"""Nodes on the same network find each other by multicast DNS, here on the real loopback interface."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Callable, Sequence

import pytest

from peernode.config import NodeConfig
from peernode.environment import Address
from peernode.identity import network_id_of
from peernode.overlay.bootstrap import NEARBY_MAX
from peernode.overlay.lan import LanDiscovery, announced
from peernode.rpc.transport import SystemEnvironment
from peernode.simulation.world.host import SimWorld
from tests.overlay.nodes import PORT, Node, identity, sim_node, until

LOOPBACK = ("127.0.0.1",)
HERE = f"test-{os.getpid()}-{random.SystemRandom().getrandbits(64)}"  # no other test's network


def node(number: int, network: str = HERE, interfaces: Sequence[str] | None = LOOPBACK) -> Node:
    config = NodeConfig(network=network)
    return Node(SystemEnvironment(), config, identity(number), lan=LanDiscovery(interfaces))


async def test_two_nodes_without_a_bootstrap_find_each_other() -> None:
    nodes = [node(1), node(2), node(3, network=HERE + "-other")]
    for each in nodes:
        await each.start()
    first, second, other = nodes
    try:
        await until(lambda: second.contact in first.overlay.peers(), 20)
        await until(lambda: first.contact in second.overlay.peers(), 20)
        assert len(other.overlay.table) == 0
        assert any(each.rpc.counters["lan.found"] for each in (first, second))

        def shown() -> set[tuple[str, str]]:
            places = [*first.overlay.bootstraps(), *second.overlay.bootstraps()]
            return {(each.origin, each.state) for each in places}

        await until(lambda: shown() == {("nearby", "answering")}, 10)
    finally:
        for each in nodes:
            await each.stop()


async def test_a_node_on_loopback_announces_nothing_of_its_own_accord() -> None:
    quiet = node(4, interfaces=None)
    await quiet.start()
    try:
        await until(lambda: quiet.rpc.counters["lan.loopback_only"], 5)
    finally:
        await quiet.stop()


async def test_where_multicast_fails_the_node_runs_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    alone = node(5, interfaces=("192.0.2.1",))  # TEST-NET-1: no interface of ours
    log = logging.getLogger("peernode.lan")
    log.addHandler(caplog.handler)  # the chat's settings let nothing of it pass to the root
    log.setLevel(logging.WARNING)
    await alone.start()
    try:
        await until(lambda: alone.rpc.counters["lan.failed"], 10)
        assert alone.overlay.state()[0] == "online"
        assert "not found by themselves" in caplog.text
    finally:
        log.removeHandler(caplog.handler)
        log.setLevel(logging.NOTSET)
        await alone.stop()


async def test_a_neighbourhood_is_left_and_entered_again_with_the_addresses_of_then() -> None:
    places: list[str] = []
    roaming, settled = LanDiscovery(places), node(6)
    found: list[Address] = []
    network = network_id_of(HERE)
    await settled.start()
    try:
        assert not await roaming.start(network, "roaming", ("127.0.0.1", 7), found.append), "no interface yet"
        assert not roaming.outdated()
        places += LOOPBACK
        assert roaming.outdated()
        for _ in range(2):
            await roaming.stop()
            found.clear()
            assert await roaming.start(network, "roaming", ("127.0.0.1", 7), found.append)
            assert not roaming.outdated()
            await until(lambda: settled.rpc.address in found, 20)
    finally:
        await roaming.stop()
        await settled.stop()


@pytest.mark.parametrize(
    ("properties", "port", "ips"),
    [
        ({b"net": b"other"}, 7000, ["192.168.1.2"]),
        ({}, 7000, ["192.168.1.2"]),
        ({b"net": None}, 7000, ["192.168.1.2"]),
        ({b"net": b"aa"}, 0, ["192.168.1.2"]),
        ({b"net": b"aa"}, None, ["192.168.1.2"]),
        ({b"net": b"aa"}, 7000, ["8.8.8.8", "0.0.0.0", "224.0.0.251", "255.255.255.255", "fe80::1", "", "x"]),
    ],
)
def test_an_announcement_that_means_nothing_names_no_place(
    properties: dict[bytes, bytes | None], port: int | None, ips: list[str]
) -> None:
    assert announced(properties, b"aa", port, ips) == []


def test_an_announcement_names_a_few_private_places() -> None:
    ips = ["192.168.1.2", "192.168.1.2", *(f"10.0.0.{n}" for n in range(1, 9))]
    places = announced({b"net": b"aa"}, b"aa", 7000, ips)
    assert places[:2] == [("192.168.1.2", 7000), ("10.0.0.1", 7000)]
    assert len(places) == 4


class Liar:
    """A neighbourhood that announces places without end where nobody is."""

    def __init__(self, places: Sequence[Address]) -> None:
        self.places = places

    async def start(
        self, network_id: bytes, name: str, own: Address, found: Callable[[Address], None]
    ) -> bool:
        for place in [*self.places, own]:
            found(place)
        return True

    async def stop(self) -> None:
        """Nothing to take back."""

    def outdated(self) -> bool:
        return False

    def sizes(self) -> dict[str, tuple[int, int]]:
        return {}


def test_invented_announcements_cost_a_bounded_number_of_dials() -> None:
    with SimWorld(seed=1) as world:
        host, other_host = world.host(), world.host()
        places = [(f"10.77.0.{n}", PORT) for n in range(200)]
        lied_to = sim_node(host, lan=Liar([*places, (other_host.ip, PORT)]))
        other = sim_node(other_host)

        async def main() -> None:
            await other_host.call(other.start())
            await host.call(lied_to.start())
            await asyncio.sleep(20)
            nearby, bound = lied_to.overlay.sizes()["nearby"]
            assert nearby <= bound == NEARBY_MAX
            assert lied_to.rpc.counters["hello.out"] < 7 * NEARBY_MAX  # 800 without the bounds
            assert host.ip not in {each.address[0] for each in lied_to.overlay.bootstraps()}

        world.run(main())
