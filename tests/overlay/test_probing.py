"""Failure detection: a lossy path is no death, a death is known within seconds, helpers are no weapon."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from peernode.config import NodeConfig
from peernode.errors import Refused
from peernode.overlay.connection import Connection
from peernode.overlay.probing import ASKER_BURST
from peernode.overlay.table import BLIND_MAX_S, VOUCHED_MAX_S, PeerTable
from peernode.simulation.world.disturbances import Block
from peernode.simulation.world.host import SimWorld
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.overlay.nodes import PORT, Cut, Node, SimNetworkOfNodes, identity, until
from tests.overlay.test_table import Placed, table_around

FEW = 6


class SuspendedClock:
    """Of a machine that is suspended: the monotonic clock stands still, only the wall clock goes on."""

    suspended_ms = 0

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now

    def wall_ms(self) -> int:
        return int(self.now * 1000) + self.suspended_ms


def test_a_suspended_machine_does_not_believe_in_answers_from_before() -> None:
    clock, config = SuspendedClock(), NodeConfig()
    table = PeerTable(Contact(identity(1).public_key, "10.0.0.1", PORT), config, clock)
    connection = Connection(clock, table)
    peer = Contact(identity(2).public_key, "10.0.0.2", PORT)
    table.answered(peer)
    assert connection.answered(peer.public_key) and not connection.slept(1.0)
    clock.now += 1.0
    assert not connection.slept(1.0) and connection.answers()
    clock.now += 1.0
    clock.suspended_ms += 600_000
    assert connection.slept(1.0) and connection.lost() and not connection.answers()
    table.answered(peer)
    assert connection.answered(peer.public_key) and connection.answers() and connection.returns == 1


def depend_on_each_other(nodes: list[Node]) -> None:
    for node in nodes:
        others = [other.contact for other in nodes if other is not node]
        node.overlay.watch(lambda others=others: others)


def test_a_death_is_known_to_all_who_depend_on_it_within_seconds() -> None:
    """Suspected after the next probe and its indirect ones; gone after three of them."""
    with SimWorld(seed=1, loss=0.1) as world:
        net = SimNetworkOfNodes(world, FEW)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(5)
            depend_on_each_other(net.nodes)
            await asyncio.sleep(5)
            net.hosts[2].crash()
            dead, others = net.nodes[2].contact, [node for node in net.nodes if node is not net.nodes[2]]
            await until(lambda: all(dead not in node.overlay.peers() for node in others), 3)
            await until(lambda: all(dead not in node.overlay.table for node in others), 7)

        world.run(main())


@pytest.mark.parametrize("loss", [0.1, 0.2])
def test_nobody_who_lives_is_given_up_on_a_lossy_network(loss: float) -> None:
    with SimWorld(seed=2, loss=loss) as world:
        net = SimNetworkOfNodes(world, FEW)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(5)
            left: list[str] = []
            for node in net.nodes:
                node.overlay.on_change.append(lambda kind, contact: left.append(kind))
            depend_on_each_other(net.nodes)
            await asyncio.sleep(90)
            assert "left" not in left

        world.run(main())


def test_one_ping_a_second_covers_a_peer_however_many_depend_on_it() -> None:
    with SimWorld(seed=3) as world:
        net = SimNetworkOfNodes(world, 3)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(5)
            for _ in range(25):
                depend_on_each_other(net.nodes)
            before = net.nodes[0].rpc.counters["op.PING.out"]
            await asyncio.sleep(60)
            pings = net.nodes[0].rpc.counters["op.PING.out"] - before
            assert 2 * 45 < pings < 2 * 80

        world.run(main())


def test_others_vouch_for_a_peer_behind_a_broken_path_but_not_for_ever() -> None:
    with SimWorld(seed=4) as world:
        net = SimNetworkOfNodes(world, 5)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(5)
            depend_on_each_other(net.nodes)
            world.network.disturb(Block(frozenset([net.hosts[0].index]), frozenset([net.hosts[1].index])))
            asker, target = net.nodes[0], net.nodes[1].contact
            await asyncio.sleep(VOUCHED_MAX_S - 5)
            assert target in asker.overlay.table
            assert asker.rpc.counters["probe.vouched"] > 10
            await until(lambda: target not in asker.overlay.table, 12)

        world.run(main())


def test_while_nobody_answers_nobody_is_given_up() -> None:
    """It is our own network that failed; when it is back all are known at once."""
    with SimWorld(seed=5) as world:
        net = SimNetworkOfNodes(world, 5)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(5)
            depend_on_each_other(net.nodes)
            cut = world.network.disturb(Cut(net.hosts[0]))
            await asyncio.sleep(0.6 * BLIND_MAX_S)
            node = net.nodes[0]
            assert node.overlay.state()[0] == "degraded" and len(node.overlay.table) == 4
            world.network.calm(cut)
            await until(lambda: node.overlay.state()[0] == "online", 3)
            await until(lambda: len(node.overlay.peers()) == 4, 3)

        world.run(main())


def test_a_helper_pings_only_whom_it_knows_for_whom_it_knows_and_not_too_often() -> None:
    with SimWorld(seed=6) as world:
        net = SimNetworkOfNodes(world, 3)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(5)
            asker, helper, target = net.nodes
            stranger = Contact(identity(99).public_key, "10.9.9.9", PORT)
            moved = Contact(target.contact.public_key, "10.9.9.9", PORT)
            for contact in (stranger, moved):
                with pytest.raises(Refused) as refused:
                    await net.hosts[0].call(
                        asker.rpc.request(helper.contact, Op.PING_VIA, [contact.encode()])
                    )
                assert refused.value.status == Status.MISSING
            pings = helper.rpc.counters["op.PING.out"]

            async def ask() -> int:
                try:
                    body = [target.contact.encode()]
                    answer = await asker.rpc.request(helper.contact, Op.PING_VIA, body)
                    assert answer.take_bool() is True
                except Refused as error:
                    return error.status
                return Status.OK

            async def many() -> list[int]:
                return [*await asyncio.gather(*(ask() for _ in range(3 * int(ASKER_BURST))))]

            statuses = await net.hosts[0].call(many())
            assert statuses.count(Status.OK) <= ASKER_BURST + 20
            assert Status.RATE_LIMITED in statuses
            assert helper.rpc.counters["op.PING.out"] - pings < 20  # who asks at once shares a ping

        world.run(main())


def test_who_slept_asks_at_once_and_counts_as_returned() -> None:
    """A frozen process: time went on without it."""
    with SimWorld(seed=7) as world:
        net = SimNetworkOfNodes(world, 4, replace(NodeConfig(), refresh_s=3600.0))

        async def main() -> None:
            await net.start()
            await asyncio.sleep(20)
            node, host = net.nodes[1], net.hosts[1]
            host.pause()
            await asyncio.sleep(600)
            host.resume()
            await until(lambda: node.overlay.returns == 1, 4)
            await until(lambda: len(node.overlay.peers()) == 3, 6)
            assert node.overlay.state()[0] == "online"
            assert node.rpc.counters["overlay.slept"] == 1

        world.run(main())


def test_while_nobody_answers_us_nobody_leaves_for_a_while() -> None:
    table, clock = table_around()
    table.answered(Placed(7))
    for _ in range(int(BLIND_MAX_S) - 1):
        clock.now += 1.0
        table.failed(Placed(7))
    assert Placed(7) in table and table.suspected(Placed(7))
    clock.now += 1.0
    table.failed(Placed(7))
    assert Placed(7) not in table


def test_who_is_vouched_for_leaves_half_a_minute_after_that_began_however_long_it_was_idle_before() -> None:
    table, clock = table_around()
    table.answered(Placed(7))
    clock.now += 2 * VOUCHED_MAX_S
    for _ in range(int(VOUCHED_MAX_S) - 1):
        clock.now += 1.0
        table.answered(Placed(9))
        table.vouched(Placed(7))
        table.failed(Placed(7))
    assert Placed(7) in table
    clock.now += 2.0
    table.failed(Placed(7))
    assert Placed(7) not in table
