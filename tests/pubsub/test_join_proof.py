"""What proves a join: a nonce that another initiator brings back, and a probe by who pushes first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.channel.assignment import rank
from peernode.channel.ids import channel_id_of
from peernode.errors import PeerNodeError, Refused
from peernode.events import Joined
from peernode.identity import network_id_of
from peernode.pubsub.echoes import ECHOES_BURST
from peernode.pubsub.joinproof import PROOF_WAIT_S
from peernode.simulation.world.host import SimWorld
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.properties.test_proven import Timed, Wire, check_proven, started
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_relay import replica_of

CHANNEL_ID = channel_id_of(network_id_of("starling"), LOBBY)


def distance(bird: Bird) -> int:
    return int.from_bytes(bird.identity.node_id, "big") ^ int.from_bytes(CHANNEL_ID, "big")


@pytest.mark.parametrize("count", [3, 6])
@pytest.mark.parametrize("seed", range(3))
def test_a_nonce_comes_back_through_another_initiator(count: int, seed: int) -> None:
    """Also where there is one beside the asked one: all get through here, so the asked one never does."""
    wire = Wire()

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        for bird in flock.birds[:-1]:
            await bird.join()
        joiner, began_s = flock.birds[-1], asyncio.get_running_loop().time()
        await joiner.join()
        given = {nonce: to for _, to, nonce in wire.between(Op.ECHO, began_s, float("inf"))}
        probes = wire.between(Op.PROBE, began_s, float("inf"))
        back = [(by, given[nonce]) for by, _, nonce in probes if nonce in given]
        assert back
        assert all(by != taker for by, taker in back)
        check_proven(wire, joiner)

    with SimWorld(seed=seed) as world:
        flock = Flock(world, count)
        for bird in flock:
            bird.sealer, bird.events = wire.sealer(), Timed()
        world.run(started(flock, tell(flock)))


def test_a_nonce_that_only_the_asked_ones_bring_back_proves_nothing() -> None:
    """Each initiator for itself may say anything; then they ask one another, and the join completes."""

    async def tell(flock: Flock) -> None:
        others, joiner = flock.birds[:5], flock[5]
        await asyncio.sleep(3)
        await asyncio.gather(*(bird.join() for bird in others))
        for bird in others:
            echoes: Any = bird.node._pubsub._membership._echoes

            async def by_itself(replica: Any, _: Any, nonce: bytes, back: Any, it: Any = echoes) -> None:
                await it._bring_back(replica, nonce, back)

            echoes._relay = by_itself
        with pytest.raises(PeerNodeError) as caught:
            await joiner.join()
        assert caught.value.code == "SEND_PATH_BROKEN"
        assert joiner.told(Joined) == []
        for bird in others:
            del bird.node._pubsub._membership._echoes._relay
        await flock.expect(lambda: joiner.told(Joined) != [], 25, "joined through another")

    story(tell, 6)


def first_to_push(flock: Flock, joiner: Bird, probes_after_s: float) -> Bird:
    """The initiator that is to push to ``joiner`` first; it will reach it by no probe before so long."""
    closest = sorted(flock, key=distance)[:5]
    keys = [bird.identity.public_key for bird in closest]
    first = closest[keys.index(rank(joiner.identity.node_id, CHANNEL_ID, keys)[0])]
    loop, rpc = asyncio.get_running_loop(), first.node._pubsub._context.rpc
    request, from_s = rpc.request, loop.time() + probes_after_s

    async def late(peer: Any, op: Op, body: Any, **options: Any) -> Any:
        if op is Op.PROBE and peer.id == joiner.identity.node_id and loop.time() < from_s:
            await asyncio.sleep(from_s - loop.time())
        return await request(peer, op, body, **options)

    rpc.request = late  # type: ignore[method-assign]
    return first


def inbound(joiner: Bird) -> dict[str, Any]:
    steps: list[dict[str, Any]] = joiner.node.coordinator(LOBBY)["join"]["steps"]
    return next(step for step in steps if step["step"] == "inbound")


def test_a_join_waits_for_a_probe_of_the_initiator_that_will_push_first() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        *others, joiner = sorted(flock, key=distance)
        await asyncio.gather(*(bird.join() for bird in others))
        first = first_to_push(flock, joiner, probes_after_s=1.0)
        joined = await joiner.join()
        assert joined.elapsed_ms >= 1000
        assert first.node.node_id in inbound(joiner)["answered"]
        assert "join.first_unproven" not in joiner.node.happened()

    story(tell, 6)


def test_an_initiator_that_takes_leases_and_never_probes_keeps_nobody_out() -> None:
    """The join is confirmed without it, says so, and the next one pushes in its place."""

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        *others, joiner = sorted(flock, key=distance)
        await asyncio.gather(*(bird.join() for bird in others))
        first = first_to_push(flock, joiner, probes_after_s=3600.0)
        joined = await joiner.join()
        assert PROOF_WAIT_S * 1000 <= joined.elapsed_ms <= 5_000
        assert first.node.node_id in inbound(joiner)["asked"]
        assert first.node.node_id not in inbound(joiner)["answered"]
        assert len(inbound(joiner)["answered"]) >= 3
        flock.block([first], [joiner])
        author = next(bird for bird in others if bird is not first)
        await author.say("through the second")
        await flock.expect(lambda: joiner.texts() == ["through the second"], 1, "pushed by another")

    story(tell, 6)


def asking(flock: Flock) -> tuple[Bird, Bird]:
    """Somebody who only subscribes, and an initiator."""
    view = replica_of(flock[0]).initiators
    asker = next(bird for bird in flock if not view.holds(bird.identity.public_key))
    return asker, next(bird for bird in flock if view.holds(bird.identity.public_key))


async def echo(asker: Bird, asked: Bird, nonce: bytes) -> None:
    contact = Contact(asked.identity.public_key, *asked.address)
    body = [replica_of(asker).channel_id, nonce]
    await asker.call(asker.node._context.rpc.request(contact, Op.ECHO, body, prove=True))


def test_initiators_are_not_suspected_when_who_asks_for_an_echo_does_not_answer() -> None:
    """Before, a subscriber that took no probes had an initiator think that its fellows were gone."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        asker, asked = asking(flock)

        async def never(*_: Any) -> list[Any]:
            await asyncio.sleep(60)
            return []

        asker.node._context.rpc._servers[Op.PROBE] = never
        for number in range(8):
            await echo(asker, asked, number.to_bytes(16, "big"))
            await asyncio.sleep(0.2)
            suspected = [b for b in flock if b not in (asker, asked) and is_suspected(asked, b)]
            assert suspected == []
        assert asked.node.happened()["echo.RpcTimeout"] >= 4, "they were asked, and had no answer in time"

    story(tell, 7, loss=0)


def is_suspected(by: Bird, bird: Bird) -> bool:
    contact = Contact(bird.identity.public_key, *bird.address)
    return bool(by.node._context.overlay.table.suspected(contact))


def test_whoever_asks_for_many_echoes_is_told_to_ask_less_often() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        asker, asked = asking(flock)
        refused = []
        for number in range(int(ECHOES_BURST) + 40):
            try:
                await echo(asker, asked, number.to_bytes(16, "big"))
            except Refused as error:
                refused.append(error.status)
        assert refused
        assert set(refused) == {Status.RATE_LIMITED}

    story(tell, 7, loss=0, one_way_ms=(1.0, 2.0), jitter_ms=0)
