"""Public or not, behind each kind of address translator, and DIALBACK as a weapon."""

from __future__ import annotations

import asyncio

import pytest

from peernode.errors import Refused
from peernode.overlay.dialback import ASKER_BURST, PASSED_BURST, PROOF_S
from peernode.overlay.dialler import CONTACTED_MAX, Contacted
from peernode.simulation.world.host import SimWorld
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.overlay.nodes import PORT, SimNetworkOfNodes, identity, sim_node, until


@pytest.mark.parametrize(
    ("nat", "public"),
    [("none", True), ("full", True), ("address", False), ("port", False), ("symmetric", False)],
)
def test_a_node_is_public_when_strangers_can_dial_it(nat: str, public: bool) -> None:
    with SimWorld(seed=1) as world:
        net = SimNetworkOfNodes(world, 6)
        host = world.host(nat)
        node = sim_node(host, [(net.hosts[0].ip, PORT)])

        async def main() -> None:
            await net.start()
            await asyncio.sleep(3)
            await host.call(node.start())
            await asyncio.sleep(30)
            assert node.overlay.state()[0] == "online"
            assert node.overlay.public is public

        world.run(main())


def test_who_asks_us_while_we_ask_it_is_no_stranger() -> None:
    """An address translator lets it in for our own request, though nothing has come of that yet."""
    kinds = ["none", "none", "port", "none", "address"] * 6
    with SimWorld(seed=11, one_way_ms=(10, 150)) as world:
        net = SimNetworkOfNodes(world, 1)
        hosts = [world.host(kind) for kind in kinds]
        nodes = [sim_node(host, [(net.hosts[0].ip, PORT)]) for host in hosts]

        async def main() -> None:
            await net.start()
            for host, node in zip(hosts, nodes, strict=True):
                await host.call(node.start())
            await asyncio.sleep(30)
            assert [node.overlay.public for node in nodes] == [kind == "none" for kind in kinds]

        world.run(main())


def test_others_learn_who_is_public() -> None:
    with SimWorld(seed=2) as world:
        net = SimNetworkOfNodes(world, 5)

        async def main() -> None:
            await net.start(every_s=1)
            await until(lambda: all(node.overlay.public for node in net.nodes), 10)
            await until(lambda: all(c.public for node in net.nodes for c in node.overlay.peers()), 40)
            result = await net.hosts[1].call(net.nodes[1].overlay.lookup(bytes(20), 3))
            assert all(contact.public for contact in result.closest)

        world.run(main())


def test_the_second_node_of_a_network_is_not_public_without_a_third() -> None:
    with SimWorld(seed=3) as world:
        net = SimNetworkOfNodes(world, 2)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(30)
            assert net.nodes[0].overlay.public  # the second dialled it uncalled
            assert not net.nodes[1].overlay.public  # it only heard from whom it had called

        world.run(main())


async def refused(node: object, peer: Contact, body: list[object]) -> int | None:
    try:
        await node.rpc.request(peer, Op.DIALBACK, body)  # type: ignore[attr-defined]
    except Refused as error:
        return error.status
    return None


def test_nobody_can_turn_it_on_a_third_address() -> None:
    with SimWorld(seed=4) as world:
        net = SimNetworkOfNodes(world, 3)
        victim_host = world.host()
        victim = Contact(identity(99).public_key, victim_host.ip, 5000)
        heard: list[int] = []

        async def main() -> None:
            await net.start()
            await asyncio.sleep(3)
            await victim_host.env.open_datagrams(
                (victim_host.ip, 5000), lambda data, source: heard.append(len(data))
            )
            attacker, peer = net.nodes[1], net.nodes[2].contact
            statuses = [
                await net.hosts[1].call(refused(attacker, peer, [victim.encode()]))
                for _ in range(5 * int(PASSED_BURST))
            ]
            assert statuses[0] is None and Status.RATE_LIMITED in statuses
            await asyncio.sleep(5)
            assert 1 <= len(heard) <= 4 and sum(heard) < 1000

        world.run(main())


def test_asking_is_rate_limited_and_needs_a_third() -> None:
    with SimWorld(seed=6) as world:
        net = SimNetworkOfNodes(world, 3)
        pair = SimNetworkOfNodes(world, 2)

        async def main() -> None:
            await net.start()
            await pair.start()
            await asyncio.sleep(10)
            ask = [
                await net.hosts[1].call(refused(net.nodes[1], net.nodes[0].contact, []))
                for _ in range(int(ASKER_BURST) + 2)
            ]
            assert ask[-1] == Status.RATE_LIMITED and ask[0] is None
            lonely = await pair.hosts[1].call(refused(pair.nodes[1], pair.nodes[0].contact, []))
            assert lonely == Status.MISSING

        world.run(main())


def test_only_the_asker_s_own_address_is_passed_on() -> None:
    with SimWorld(seed=7) as world:
        net = SimNetworkOfNodes(world, 3)
        passed: list[Contact] = []

        async def main() -> None:
            await net.start()
            await asyncio.sleep(10)
            honest = net.nodes[2].rpc._servers[Op.DIALBACK]

            def listening(caller: object, body: list[object]) -> object:
                if body:
                    passed.append(Contact.decode(body[0]))
                return honest(caller, body)  # type: ignore[arg-type]

            net.nodes[2].rpc._servers[Op.DIALBACK] = listening  # type: ignore[assignment]
            await net.hosts[1].call(refused(net.nodes[1], net.nodes[0].contact, []))
            assert [contact.address for contact in passed] == [net.nodes[1].rpc.address]

        world.run(main())


def test_an_address_change_takes_public_back_until_it_is_shown_again() -> None:
    with SimWorld(seed=8) as world:
        net = SimNetworkOfNodes(world, 4)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(10)
            assert net.nodes[3].overlay.public
            bearings = net.nodes[3].rpc._bearings
            for number in range(20):  # most peers now say that they see us elsewhere
                bearings.seen_as(identity(500 + number).public_key, ("10.77.0.1", 7))
            await until(lambda: not net.nodes[3].overlay.public, 3)
            assert net.nodes[3].rpc.counters["op.DIALBACK.out"] >= 2

        world.run(main())


def test_contacted_places_are_hosts_and_on_one_machine_ports() -> None:
    contacted = Contacted()
    contacted.add(("10.0.0.1", 1))
    contacted.add(("127.0.0.1", 1))
    assert ("10.0.0.1", 2) in contacted and ("10.0.0.2", 1) not in contacted
    assert ("127.0.0.1", 1) in contacted and ("127.0.0.1", 2) not in contacted
    for number in range(CONTACTED_MAX):
        contacted.add(("127.0.0.1", 1000 + number))
    assert len(contacted) == CONTACTED_MAX and ("10.0.0.1", 1) not in contacted


def test_who_was_heard_is_known_to_each_of_two_that_wait_at_once() -> None:
    """Before, the second one forgot for the first whose PING had come in."""
    with SimWorld(seed=8) as world:
        net = SimNetworkOfNodes(world, 3)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(10)
            dialback, third = net.nodes[1].overlay.dialback, net.nodes[2].contact.public_key
            first = asyncio.ensure_future(net.hosts[1].call(dialback.prove(frozenset([third]))))
            await asyncio.sleep(PROOF_S - 0.005)
            second = asyncio.ensure_future(net.hosts[1].call(dialback.prove(frozenset([third]))))
            assert not first.done()
            for each in (first, second):
                proof = await each
                assert (proof.reached, proof.asked) == (False, 2), "it has been written to"
                assert proof.missed == proof.doubters == frozenset(), "and it came all the same"

        world.run(main())


def test_who_is_asked_names_the_third() -> None:
    """So that the asker can tell whether that one's PING, or that there was none, proves anything."""
    with SimWorld(seed=8) as world:
        net = SimNetworkOfNodes(world, 3)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(10)
            asker = net.nodes[1]
            body = await net.hosts[1].call(asker.rpc.request(net.nodes[0].contact, Op.DIALBACK, [None]))
            assert Contact.decode(body.take()).public_key == net.nodes[2].contact.public_key

        world.run(main())
