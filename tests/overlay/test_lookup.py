"""Lookups against peers that lie, stall or are not there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from peernode.config import NodeConfig
from peernode.errors import Refused
from peernode.overlay.lookup import LOOKUP_MAX_S, Lookups
from peernode.overlay.table import PeerTable
from peernode.rpc.rpc import Caller, Rpc
from peernode.simulation.world.host import SimHost, SimWorld
from peernode.tasks import Tasks
from peernode.wire.codec import Fields, pack
from peernode.wire.contact import Contact, decode_contacts, encode_ip
from peernode.wire.ops import Op, Status
from tests.overlay.nodes import PORT, SimNetworkOfNodes, identity

TARGET = bytes(20)
Answer = Callable[[Caller, Fields], list[Any] | Awaitable[list[Any]]]


class Liar:
    """A peer whose FIND_NODE answers are ours to choose; it answers PING as it should."""

    def __init__(self, host: SimHost, answer: Answer | None) -> None:
        self.host = host
        self.identity = identity(host.index)
        self.rpc = Rpc(self.identity, NodeConfig(listen=(host.local_ip, PORT)), host.env)
        self.bodies: list[Fields] = []
        if answer is not None:
            self.rpc.serve(Op.FIND_NODE, self._answering(answer))

    def _answering(self, answer: Answer) -> Answer:
        def serve(caller: Caller, body: Fields) -> list[Any] | Awaitable[list[Any]]:
            self.bodies.append(body)
            return answer(caller, body)

        return serve

    async def start(self) -> Contact:
        await self.host.call(self.rpc.start())
        return Contact(self.identity.public_key, self.host.ip, PORT)


class Asker:
    """A node that only looks up."""

    def __init__(self, host: SimHost) -> None:
        config = NodeConfig(listen=(host.local_ip, PORT))
        self.host = host
        self.crashes: list[str] = []
        self.rpc = Rpc(identity(host.index), config, host.env)
        self.table = PeerTable(Contact(self.rpc.identity.public_key, host.ip, PORT), config, host.clock)
        self.tasks = Tasks(lambda name, error: self.crashes.append(repr(error)))
        self.lookups = Lookups(self.rpc, config, self.table, self.tasks)
        self.rpc.on_answered.append(lambda contact, rtt_s: self.table.answered(contact))
        self.rpc.on_timeout.append(self.table.failed)


def nobody(number: int, ip: str = "10.9.9.9", port: int = 9) -> Contact:
    return Contact(identity(1000 + number).public_key, ip, port)


def told(
    world: SimWorld, answer: Answer | None, want: int = 3
) -> tuple[list[bytes], int, float, Asker, Liar]:
    """One lookup through one peer with that answer: ids found, asked, seconds, both sides."""
    asker, liar = Asker(world.host()), Liar(world.host(), answer)

    async def main() -> tuple[list[bytes], int, float]:
        contact = await liar.start()
        await asker.host.call(asker.rpc.start())
        began = world.loop.time()
        result = await asker.host.call(asker.lookups.run(TARGET, want, [contact]))
        return [c.id for c in result.closest], result.asked, world.loop.time() - began

    ids, asked, took_s = world.run(main())
    assert asker.crashes == []
    return ids, asked, took_s, asker, liar


def test_the_question_is_padded() -> None:
    with SimWorld() as world:
        *_, liar = told(world, lambda caller, body: [[]])
        assert len(pack(list(liar.bodies[0]))) == NodeConfig().find_node_pad_bytes


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [7],
        [[7]],
        [[[bytes(31), encode_ip("10.0.0.9"), 9, 0]]],
        [[[bytes(32), encode_ip("10.0.0.9"), 0, 0]]],
        [[[bytes(32), encode_ip("224.0.0.1"), 9, 0]]],
        [[[bytes(32), encode_ip("255.255.255.255"), 9, 0]]],
        [[[bytes(32), encode_ip("0.0.0.0"), 9, 0]]],
        [[nobody(number).encode() for number in range(17)]],
    ],
)
def test_who_answers_what_is_not_allowed_is_no_result(answer: list[Any]) -> None:
    with SimWorld() as world:
        ids, asked, _, asker, _ = told(world, lambda caller, body: answer)
        assert (ids, asked) == ([], 1)
        assert asker.rpc.counters["rejected.contacts"] == 1


def test_who_refuses_is_alive_but_names_nobody() -> None:
    def refuse(caller: Caller, body: Fields) -> list[Any]:
        raise Refused(Status.RATE_LIMITED, [1])

    with SimWorld() as world:
        ids, asked, _, _, liar = told(world, refuse)
        assert (ids, asked) == ([liar.identity.node_id], 1)


def test_contacts_on_loopback_are_not_dialled_from_elsewhere() -> None:
    named = [nobody(1, "127.0.0.1").encode(), nobody(2, "127.9.9.9").encode()]
    with SimWorld() as world:
        assert told(world, lambda caller, body: [named])[1] == 1


def test_we_are_not_asked_ourselves_under_any_name() -> None:
    with SimWorld() as world:

        def name_the_caller(caller: Caller, body: Fields) -> list[Any]:
            under_another_key = nobody(3, *caller.contact.address)
            moved = Contact(caller.contact.public_key, "10.0.0.77", 7)
            return [[caller.contact.encode(), under_another_key.encode(), moved.encode()]]

        assert told(world, name_the_caller)[1] == 1


def test_invented_peers_are_asked_and_never_in_the_result() -> None:
    named = [nobody(number, f"10.8.0.{number}").encode() for number in range(1, 17)]
    with SimWorld() as world:
        ids, asked, took_s, _, liar = told(world, lambda caller, body: [named])
        assert ids == [liar.identity.node_id]
        assert asked > 1 and took_s <= LOOKUP_MAX_S + 0.1


def test_invented_peers_hide_nobody_who_is_there() -> None:
    """Real peers and as many invented ones in every answer: the real ones are found in time."""
    with SimWorld(seed=2) as world:
        net = SimNetworkOfNodes(world, 10)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(3)
            fakes = [nobody(number, f"10.8.0.{number}") for number in range(1, 9)]
            for node in net.nodes[1:]:
                honest = node.rpc._servers[Op.FIND_NODE]

                def lie(caller: Caller, body: Fields, honest: Any = honest) -> list[Any]:
                    return [(honest(caller, body)[0] + [fake.encode() for fake in fakes])[-16:]]

                node.rpc._servers[Op.FIND_NODE] = lie
            result = await net.hosts[0].call(net.nodes[0].overlay.lookup(TARGET, 5))
            found = [contact.id for contact in result.closest]
            assert found == net.truly_closest(TARGET, 5, net.nodes[0])

        world.run(main())


def test_a_slow_peer_delays_nobody() -> None:
    with SimWorld(seed=3, one_way_ms=(20, 20)) as world:
        net = SimNetworkOfNodes(world, 12)

        async def main() -> float:
            await net.start()
            await asyncio.sleep(5)
            farthest = net.truly_closest(TARGET, 11, net.nodes[0])[6:8]  # asked, not of the result
            for host, node in zip(net.hosts, net.nodes, strict=True):
                if node.id in farthest:
                    host.pause()
            began = world.loop.time()
            result = await net.hosts[0].call(net.nodes[0].overlay.lookup(TARGET, 5))
            assert [c.id for c in result.closest] == net.truly_closest(TARGET, 5, net.nodes[0])
            return world.loop.time() - began

        assert world.run(main()) < 0.5


def test_a_dead_closest_peer_costs_one_lookup_a_little_and_the_next_nothing() -> None:
    with SimWorld(seed=4, one_way_ms=(20, 20)) as world:
        net = SimNetworkOfNodes(world, 12)

        async def main() -> tuple[float, float]:
            await net.start()
            await asyncio.sleep(5)
            node = net.nodes[0]
            dead = net.truly_closest(TARGET, 1, node)[0]
            next((h for h, n in zip(net.hosts, net.nodes, strict=True) if n.id == dead)).crash()
            times = []
            for _ in range(2):
                began = world.loop.time()
                result = await net.hosts[0].call(node.overlay.lookup(TARGET, 5))
                assert [c.id for c in result.closest] == net.truly_closest(TARGET, 6, node)[1:]
                times.append(world.loop.time() - began)
                await asyncio.sleep(2)
            return times[0], times[1]

        first_s, second_s = world.run(main())
        assert first_s < 2.0 and second_s < 0.35


def test_a_dead_peer_that_others_still_name_delays_nobody_who_doubts_it() -> None:
    with SimWorld(seed=4, one_way_ms=(20, 20)) as world:
        net = SimNetworkOfNodes(world, 12)

        async def main() -> float:
            await net.start()
            await asyncio.sleep(5)
            node = net.nodes[0]
            dead_id = net.truly_closest(TARGET, 1, node)[0]
            index = next(i for i, other in enumerate(net.nodes) if other.id == dead_id)
            net.hosts[index].crash()
            node.overlay.table.failed(net.nodes[index].contact)
            began = world.loop.time()
            await net.hosts[0].call(node.overlay.lookup(TARGET, 5))
            return world.loop.time() - began

        assert world.run(main()) < 0.25


def test_contacts_on_loopback_are_named_to_nobody_elsewhere() -> None:
    with SimWorld(seed=5) as world:
        net = SimNetworkOfNodes(world, 3)

        async def main() -> None:
            await net.start()
            await asyncio.sleep(3)
            local = nobody(1, "127.0.0.1")
            net.nodes[1].overlay.table.answered(local)
            asked = net.nodes[2].rpc.request(net.nodes[1].contact, Op.FIND_NODE, [local.id, bytes(374)])
            named = decode_contacts((await net.hosts[2].call(asked)).take(), 16)
            assert named == [net.nodes[0].contact]

        world.run(main())


def test_a_cancelled_lookup_leaves_nothing_behind() -> None:
    with SimWorld() as world:
        asker, liar = Asker(world.host()), Liar(world.host(), None)

        async def stall(caller: Caller, body: Fields) -> list[Any]:
            await asyncio.sleep(3600)
            return [[]]

        async def main() -> None:
            liar.rpc.serve(Op.FIND_NODE, stall)
            contact = await liar.start()
            await asker.host.call(asker.rpc.start())
            looking = asker.host.spawn(asker.lookups.run(TARGET, 3, [contact]))
            await asyncio.sleep(0.1)
            assert asker.lookups.running == 1 and len(asker.tasks) == 1
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            await asyncio.sleep(0)
            assert (asker.lookups.running, len(asker.tasks), asker.rpc.sizes()["requests"]) == (0, 0, 0)

        world.run(main())
        assert asker.crashes == []
