"""What two honest views, a copied lease, a burst or a stranger could once do to a channel's paths."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from peernode.channel.ids import channel_id_of
from peernode.channel.lease import sign_lease
from peernode.config import NodeConfig
from peernode.errors import Refused
from peernode.events import Recovered
from peernode.identity import Identity, network_id_of
from peernode.rpc.rpc import Rpc
from peernode.simulation.world.disturbances import Block
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, PORT, Bird, Flock, story

COPIED_SEED = 2

NETWORK = network_id_of(NodeConfig().network)


def closest(flock: Flock, name: str = LOBBY) -> list[Bird]:
    """All, in the order of their distance to the channel: the first five are its initiators."""
    target = int.from_bytes(channel_id_of(NETWORK, name), "big")
    return sorted(flock.birds, key=lambda bird: int.from_bytes(bird.identity.node_id, "big") ^ target)


def counted(*birds: Bird) -> Counter[str]:
    total: Counter[str] = Counter()
    for bird in birds:
        total += Counter(bird.node.counters()) + Counter(bird.node.happened())
    return total


@pytest.mark.parametrize("reason", ["recovery", "renewal"])
def test_who_leaves_while_its_initiators_are_looked_for_stays_away(reason: str) -> None:
    """Before, the lease was signed after the lookup: newer than the tombstone, it brought the leaver back."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        leaver = next(bird for bird in closest(flock)[5:] if bird is not flock[0])
        pubsub = leaver.node._pubsub
        replica = pubsub.storage.member(LOBBY)

        async def begin() -> None:
            pubsub.storage.coordination.doubt(replica)
            if reason == "recovery":
                pubsub.recovery.begin(replica, "network")
            else:
                pubsub.renewal.now(replica)

        loads, recovered = pubsub.storage.coordination.sizes, len(leaver.told(Recovered))
        await leaver.call(begin())
        await flock.expect(lambda: loads(1)["coordinator_loads"][0] > 0, 1, "the initiators are looked for")
        await leaver.call(leaver.node.leave(LOBBY))
        assert loads(1)["coordinator_loads"][0]  # still looking
        await asyncio.sleep(5)
        holders = [bird for bird in flock if leaver.node.node_id in bird.node.leaseholders(LOBBY)]
        assert [bird for bird in holders if bird is not leaver] == []
        assert len(leaver.told(Recovered)) == recovered

    story(tell, 7)


def test_two_initiators_that_do_not_hear_each_other_make_nobody_hurry() -> None:
    """Before, each outsider sent 2 SUBSCRIBE and fetched a list each second as long as the block stood."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(20)
        order = closest(flock)
        outsiders = [bird for bird in order[5:] if bird is not flock[0]]
        here, there = frozenset([order[0].host.index]), frozenset([order[2].host.index])
        flock.world.network.disturb(Block(here, there))
        await asyncio.sleep(60)
        views = {bird.node.coordinator(LOBBY)["set_hash"] for bird in order[:5]}
        assert len(views) > 1  # they differ, and will
        before = counted(*outsiders)
        await asyncio.sleep(60)
        spent = counted(*outsiders) - before
        each = {op: spent[f"op.{op}.out"] / len(outsiders) for op in ("SUBSCRIBE", "SUBSCRIBERS", "RENEW")}
        assert each["SUBSCRIBE"] <= 15
        assert each["SUBSCRIBERS"] <= 4
        assert each["RENEW"] >= 10
        assert spent["coordinator.no_news"] > 0
        author = outsiders[0]
        before = counted(author)
        for index in range(20):
            await author.say(f"m{index}")
            await asyncio.sleep(0.2)
        spent = counted(author) - before
        assert spent["publish.set_differs"] > 0
        assert spent["op.COORDINATOR.out"] <= 10

    story(tell, 8)


def test_paths_of_later_channels_are_tested_when_earlier_ones_would_fill_every_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before, channels were gone through in one order: the first ones took every tick's tests."""
    monkeypatch.setattr("peernode.pubsub.probing.PROBES_PER_TICK", 1)
    monkeypatch.setattr("peernode.pubsub.probing.SILENT_S", 0.2)

    async def tell(flock: Flock) -> None:
        await asyncio.gather(*(bird.join("#first") for bird in flock.birds[:6]))
        await asyncio.gather(*(bird.join("#later") for bird in flock.birds[6:]))
        await asyncio.sleep(40)
        monitor = flock[0].node._pubsub.monitor
        assert flock[0].node.happened()["probe.put_off"] > 20
        now = flock[0].host.env.clock.monotonic()
        for bird in flock.birds[1:]:
            record = monitor.get(bird.identity.node_id)
            assert record is not None
            assert now - record.last_test_s < 15, bird.index

    story(tell, 8, replicas=8)


def test_a_subscriber_known_by_a_copied_lease_is_tested() -> None:
    """Nothing of it ever arrives at one initiator, which had no record of it, and so never a test."""

    async def tell(flock: Flock) -> None:
        order = closest(flock)
        deaf, late = order[0], order[-1]
        assert flock[0] not in (deaf, late)
        flock.world.network.disturb(Block(frozenset([late.host.index]), frozenset([deaf.host.index])))
        await asyncio.gather(*(bird.join() for bird in flock if bird is not late))
        await asyncio.sleep(5)
        await late.join()

        def tested() -> bool:
            record = deaf.node._pubsub.monitor.get(late.identity.node_id)
            return record is not None and record.failures > 0

        await flock.expect(tested, 30, "the path is tested")

    story(tell, 8, seed=COPIED_SEED)


async def subscribe_from_outside(flock: Flock, to: Bird, names: list[str]) -> list[str]:
    """Ask all at once to store these channels, with one lease for each name; what became of each."""
    host = flock.world.host()
    identity = Identity.generate(host.env.random)
    rpc = Rpc(identity, NodeConfig(listen=(host.local_ip, PORT)), host.env)
    contact = Contact(to.identity.public_key, *to.address)
    leases = {
        name: sign_lease(identity, NETWORK, channel_id_of(NETWORK, name), host.env.clock.wall_ms(), 60)
        for name in names
    }

    async def ask(name: str) -> str:
        try:
            await rpc.request(contact, Op.SUBSCRIBE, [leases[name].raw, bytes(16), name, True], prove=True)
        except Refused as refusal:
            return refusal.status.name if hasattr(refusal.status, "name") else str(refusal.status)
        return "OK"

    async def attack() -> list[str]:
        await rpc.start()
        await rpc.hello(to.address)
        await rpc.request(contact, Op.PING, [1, 1])
        return list(await asyncio.gather(*(ask(name) for name in names)))

    return list(await host.call(attack()))


def test_a_burst_does_not_pass_the_bound_of_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, the bound was asked before a commit and the channel made after it."""
    monkeypatch.setattr("peernode.pubsub.storage.SERVED_MAX", 2)

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        outcomes = await subscribe_from_outside(flock, flock[0], [f"#x{index}" for index in range(24)])
        held, limit = flock[0].node.sizes()["pubsub.channels"]
        assert limit == 7
        assert held == outcomes.count("OK") == 2

    story(tell, 3, channels_max=5)


def test_one_lease_asks_for_proof_once() -> None:
    """Before, each copy of a SUBSCRIBE that says ``joining`` bought a commit, a round of SYNC and a probe."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        first = closest(flock)[0]
        before = counted(first)
        assert set(await subscribe_from_outside(flock, first, [LOBBY] * 20)) == {"OK"}
        await asyncio.sleep(1)
        spent = counted(first) - before
        assert spent["subscribe.repeated"] == 19

    story(tell, 6)
