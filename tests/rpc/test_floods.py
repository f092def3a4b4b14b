"""Invented senders flood a node: newcomers are let in all the same, and a HELLO goes out sparingly."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from peernode.config import NodeConfig
from peernode.environment import Address
from peernode.errors import RpcTimeout, Withdrawn
from peernode.identity import Identity
from peernode.rpc import agreements
from peernode.rpc.agreements import KeyAgreements
from peernode.rpc.rpc import Caller, Rpc
from peernode.rpc.welcoming import BESIDE_DOUBLINGS, BESIDE_EVERY_S, BESIDE_MAX
from peernode.simulation.world.host import SimHost, SimWorld
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.frames import NO_TOKEN, Sealed
from peernode.wire.ops import Op

PORT = 7000


def test_a_prefix_costs_an_eighth_of_all_key_agreements_and_loopback_has_no_prefix() -> None:
    limit = KeyAgreements(0.0)
    burst, share = int(agreements.DERIVATIONS_BURST), int(agreements.DERIVATIONS_BURST) // 8

    def let_in(prefix: str, count: int) -> int:
        return sum(limit.take((f"{prefix}.{n % 250}", 1 + n), 0.0) for n in range(count))

    assert let_in("192.0.2", 10 * burst) == share
    assert let_in("198.51.100", burst) == share, "who is over its own share takes nothing of the others'"
    assert let_in("127.0.0", burst) == burst - 2 * share
    assert let_in("203.0.113", 1) == 0
    assert limit.sizes() == {"derivation_prefixes": (3, agreements.PREFIXES_MAX)}
    assert limit.take(("203.0.113.1", 1), 1.0)


@dataclass
class Node:
    """One Rpc on a machine of its own."""

    host: SimHost
    rpc: Rpc

    @property
    def contact(self) -> Contact:
        return Contact(self.rpc.identity.public_key, self.host.ip, PORT)

    async def ask(self, other: Contact, op: Op = Op.PING, **options: Any) -> list[Any]:
        return list(await self.host.call(self.rpc.request(other, op, [1, 1], **options)))


@asynccontextmanager
async def started(*hosts: SimHost, **settings: Any) -> AsyncIterator[list[Node]]:
    nodes = []
    for host in hosts:
        config = NodeConfig(listen=(host.local_ip, PORT), **settings)
        nodes.append(Node(host, Rpc(Identity.generate(host.env.random), config, host.env)))
        nodes[-1].rpc.serve(Op.PING, lambda caller, body: [caller.proven])
        await host.call(nodes[-1].rpc.start())
    yield nodes
    for node in nodes:
        await node.host.call(node.rpc.close())
        assert not any(node.rpc.sizes()[name] for name in ("requests", "greetings", "proofs", "tasks"))


def story(tell: Callable[[SimWorld], Coroutine[Any, Any, None]]) -> None:
    with SimWorld(seed=1) as world:
        world.run(tell(world))


def one_prefix(number: int) -> Address:
    """Whom the datagram with this number claims to be from."""
    return (f"192.0.2.{number % 200}", 1 + number % 999)


def everywhere(number: int) -> Address:
    return (f"192.0.{number % 250}.1", 1 + number % 999)


async def flood(world: SimWorld, target: Node, sources: Callable[[int], Address], per_s: int) -> None:
    """Until cancelled, invented SEALED datagrams come to ``target``."""
    rng, source = random.Random(1), target.host
    for number in range(10**9):
        data = Sealed(rng.randbytes(32), NO_TOKEN, bytes(24), rng.randbytes(60)).encode()
        world.network.carry(source, sources(number), data, target.contact.address)
        await asyncio.sleep(1 / per_s)


@asynccontextmanager
async def flooded(world: SimWorld, target: Node, sources: Callable[[int], Address]) -> AsyncIterator[None]:
    """Twenty times as many as the node does key agreements, and for so long that its burst is gone."""
    per_s = 20 * int(agreements.DERIVATIONS_PER_S)
    task = asyncio.ensure_future(flood(world, target, sources, per_s))
    await asyncio.sleep(1)
    assert target.rpc.counters["rejected.load"] > 0
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same story with fewer datagrams."""
    monkeypatch.setattr(agreements, "DERIVATIONS_PER_S", 80.0)
    monkeypatch.setattr(agreements, "DERIVATIONS_BURST", 160.0)


@pytest.mark.usefixtures("slowly")
def test_a_flood_from_one_prefix_keeps_nobody_of_another_out() -> None:
    async def tell(world: SimWorld) -> None:
        async with (
            started(world.host(), world.host()) as [ann, ben],
            flooded(world, ben, one_prefix),
        ):
            assert await ann.ask(ben.contact, sends=1) == [False], "by her first datagram"
            assert ann.rpc.counters["hello.out"] == 0

    story(tell)


@pytest.mark.usefixtures("slowly")
@pytest.mark.parametrize("sends", [2, None])
def test_a_newcomer_is_let_in_by_a_hello_while_a_flood_comes_from_everywhere(sends: int | None) -> None:
    """Whoever had a contact and no token used to be dropped without a word for as long as it went on."""

    async def tell(world: SimWorld) -> None:
        async with (
            started(world.host(), world.host()) as [ann, ben],
            flooded(world, ben, everywhere),
        ):
            assert await ann.ask(ben.contact, sends=sends) == [True], "the token proves her address"
            assert ann.rpc.counters["hello.out"] == 1
            assert ann.rpc.is_proven(ben.contact)
            ben.rpc._core.sealer._keys.clear()  # as when others' have pushed hers out
            assert await ann.ask(ben.contact, sends=1) == [True]

    story(tell)


@pytest.mark.usefixtures("slowly")
def test_what_is_wanted_no_more_is_not_sent_again_when_a_welcome_comes() -> None:
    async def tell(world: SimWorld) -> None:
        async with (
            started(world.host(), world.host()) as [ann, ben],
            flooded(world, ben, everywhere),
        ):
            with pytest.raises(Withdrawn):
                await ann.ask(ben.contact, wanted=lambda: not ann.rpc.counters["hello.out"])
            assert ann.rpc.is_proven(ben.contact), "it has come"
            assert ann.rpc.counters["op.PING.out"] + ann.rpc.counters["retransmitted"] == 2

    story(tell)


@pytest.mark.usefixtures("slowly")
def test_who_has_started_anew_under_a_flood_is_found_again_by_those_who_knew_it() -> None:
    async def tell(world: SimWorld) -> None:
        ann_host, ben_host = world.host(), world.host()
        async with started(ann_host) as [ann]:
            async with started(ben_host) as [ben]:
                await ann.ask(ben.contact)
                identity = ben.rpc.identity
            again = Rpc(identity, NodeConfig(listen=(ben_host.local_ip, PORT)), ben_host.env)
            again.serve(Op.PING, lambda caller, body: [caller.proven])
            await ben_host.call(again.start())
            ben = Node(ben_host, again)
            async with flooded(world, ben, everywhere):
                with pytest.raises(RpcTimeout):
                    await ann.ask(ben.contact, sends=1)
                assert await ann.ask(ben.contact, sends=1) == [True]
            await ben_host.call(again.close())

    story(tell)


def test_one_hello_goes_beside_what_stays_unanswered_and_none_beside_an_ordinary_loss() -> None:
    async def tell(world: SimWorld) -> None:
        async with started(world.host(), world.host()) as [ann, ben]:
            nobody = Contact(Identity.from_seed(bytes(32)).public_key, "192.0.2.1", 9)
            sent_at: list[float] = []
            for _ in range(70):
                await asyncio.sleep(30)
                before = ann.rpc.counters["hello.out"]
                with pytest.raises(RpcTimeout):
                    await ann.ask(nobody)
                sent_at += [world.loop.time()] * (ann.rpc.counters["hello.out"] - before)
            pauses = [after - before for before, after in itertools.pairwise(sent_at)]
            assert len(pauses) > BESIDE_DOUBLINGS
            for number, pause_s in enumerate(pauses, 1):
                least_s = BESIDE_EVERY_S * 2 ** min(number, BESIDE_DOUBLINGS)
                assert least_s - 8 <= pause_s < least_s + 48, pauses  # seen at the end of a request
            await ann.ask(ben.contact)

            async def slow(caller: Caller, body: Fields) -> list[Any]:
                await asyncio.sleep(0.3)
                return []

            ben.rpc.serve(Op.PUSH, slow)
            before = ann.rpc.counters["retransmitted"]
            await ann.ask(ben.contact, Op.PUSH)
            assert ann.rpc.counters["retransmitted"] > before
            assert ann.rpc.counters["hello.out"] == len(sent_at), "she knows where he is"

    story(tell)


def test_a_question_of_one_datagram_stays_one() -> None:
    """As when somebody asks to be dialled back, in another's name perhaps."""

    async def tell(world: SimWorld) -> None:
        async with started(world.host()) as [ann]:
            nobody = Contact(Identity.from_seed(bytes(32)).public_key, "192.0.2.1", 9)
            for _ in range(4):
                with pytest.raises(RpcTimeout):
                    await ann.ask(nobody, sends=1)
            assert (ann.rpc.counters["datagrams_out"], ann.rpc.counters["hello.out"]) == (4, 0)

    story(tell)


def test_at_most_so_many_hellos_wait_beside_requests() -> None:
    async def tell(world: SimWorld) -> None:
        async with started(world.host()) as [ann]:
            keys = [Identity.generate(random.Random(n)).public_key for n in range(BESIDE_MAX + 20)]
            contacts = [Contact(key, f"192.0.2.{n + 1}", 9) for n, key in enumerate(keys)]
            asked = [asyncio.ensure_future(ann.ask(contact, sends=2)) for contact in contacts * 2]
            await asyncio.sleep(0.4)
            assert ann.rpc.bounds()["hellos_beside"] == (BESIDE_MAX, BESIDE_MAX)
            outcomes = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {RpcTimeout}
            assert ann.rpc.counters["hello.out"] == BESIDE_MAX
            await asyncio.sleep(3)
            assert ann.rpc.bounds()["hellos_beside"] == (0, BESIDE_MAX)

    story(tell)
