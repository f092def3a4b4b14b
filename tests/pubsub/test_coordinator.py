"""The coordinator: found by whatever way is left, cached, and told with the way it was found."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from peernode.channel.coordinator import FAILED
from peernode.channel.ids import channel_id_of
from peernode.events import Joined
from peernode.identity import network_id_of
from peernode.pubsub import coordination
from peernode.simulation.world.disturbances import Block
from tests.pubsub.flock import LOBBY, Bird, Flock, story


def trace(bird: Bird) -> dict[str, str]:
    """Step -> outcome of the last load."""
    return {step["step"]: step["outcome"] for step in bird.node.coordinator(LOBBY)["trace"]}


def happened(bird: Bird) -> Counter[str]:
    return Counter(bird.node.happened())


async def settled(flock: Flock) -> Joined:
    """All know each other and have joined."""
    await asyncio.sleep(3)
    joined = (await flock.join())[-1]
    assert len(joined.initiators) == 5
    return joined


def outsiders(flock: Flock, joined_initiators: tuple[str, ...]) -> list[Bird]:
    return [bird for bird in flock if bird.node.node_id not in joined_initiators]


def test_a_hundred_publishes_on_a_warm_channel_cost_no_lookup() -> None:
    async def tell(flock: Flock) -> None:
        joined = await settled(flock)
        await asyncio.sleep(2)
        author = outsiders(flock, joined.initiators)[0]
        before = happened(author)
        for index in range(100):
            await author.say(f"m{index}")
            await asyncio.sleep(0.02)
        await flock.expect(lambda: all(len(b.node.log_ids(LOBBY)) == 100 for b in flock), 10, "all there")
        spent = happened(author) - before
        assert spent["storage.lookups"] == 0
        assert spent["coordinator.misses"] == 0
        assert spent["coordinator.hits"] >= 100

    story(tell, 9)


def test_the_coordinator_is_told_as_data() -> None:
    async def tell(flock: Flock) -> None:
        joined = await settled(flock)
        await flock[0].say("one")
        await flock.expect(lambda: all(len(b.node.log_ids(LOBBY)) == 1 for b in flock), 5, "the message")
        for bird in flock:
            told: dict[str, Any] = json.loads(json.dumps(bird.node.coordinator(LOBBY)))
            assert told["state"] == "ACTIVE"
            assert told["version"] == 1
            assert sorted(told["initiators"]) == sorted(joined.initiators)
            assert told["trace"][-1]["outcome"] == "ok"
            assert told["join"]["outcome"] == "ok"
        assert len({bird.node.coordinator(LOBBY)["root"] for bird in flock}) == 1
        assert len({bird.node.coordinator(LOBBY)["set_hash"] for bird in flock}) == 1

    story(tell, 7)


def test_a_set_that_has_grown_old_is_confirmed_by_the_initiators_without_a_lookup() -> None:
    """The initiators known so far are asked at once; only when they don't agree is it looked up."""

    async def tell(flock: Flock) -> None:
        joined = await settled(flock)
        member = outsiders(flock, joined.initiators)[0]
        await asyncio.sleep(1)
        before = happened(member)
        storage = member.node._pubsub.storage
        storage.coordination.doubt(storage.member(LOBBY))
        await member.call(storage.load_coordinator_resilient(storage.member(LOBBY)))
        assert trace(member) == {"cache": "stale", "local": "none", "known": "ok"}
        assert (happened(member) - before)["storage.lookups"] == 0
        asked = member.node.coordinator(LOBBY)["trace"][-1]["answered"]
        assert len(asked) >= 3
        assert set(asked) <= set(joined.initiators)
        assert (happened(member) - before)["coordinator.set_changed"] == 0

    story(tell, 8)


def test_who_could_not_ask_creates_nothing_and_recovers_by_itself() -> None:
    async def tell(flock: Flock) -> None:
        joined = await settled(flock)
        member = outsiders(flock, joined.initiators)[0]
        cut = flock.cut_off(member)
        await flock.expect(
            lambda: member.node.coordinator(LOBBY)["state"] == "RECOVERING", 60, "nobody can be asked"
        )
        assert trace(member)["lookup"] == "could_not_ask"
        assert trace(member)["participants"] in ("none", "could_not_ask")
        assert sorted(member.node.coordinator(LOBBY)["initiators"]) == sorted(joined.initiators)
        joins = happened(member)["coordinator.recovering"]
        flock.mend(cut)
        await flock.expect(lambda: member.node.coordinator(LOBBY)["state"] == "ACTIVE", 25, "found again")
        assert joins < 40  # backoff: not as fast as it can
        assert happened(member)["coordinator.recovered"] >= 1

    story(tell, 8)


def test_who_has_asked_for_long_stops_until_there_is_a_reason_and_finds_it_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coordination, "RECOVERY_TRIES_MAX", 3)

    async def tell(flock: Flock) -> None:
        joined = await settled(flock)
        member = outsiders(flock, joined.initiators)[0]
        replica = member.node._pubsub.storage.member(LOBBY)
        cut = flock.cut_off(member)
        await flock.expect(lambda: replica.load_state == FAILED, 120, "it has asked for long enough")
        assert happened(member)["coordinator.failed"] == 1
        assert member.node.sizes()["pubsub.coordinator_recoveries"][0] == 0
        assert sorted(member.node.coordinator(LOBBY)["initiators"]) == sorted(joined.initiators)
        flock.mend(cut)
        await flock.expect(lambda: member.node.coordinator(LOBBY)["state"] == "ACTIVE", 60, "found again")

    story(tell, 8)


def test_other_participants_know_the_way_when_lookups_find_nobody() -> None:
    """As seen by a node whose path to all but some subscribers is blocked; those name the initiators."""

    async def tell(flock: Flock) -> None:
        joined = await settled(flock)
        await asyncio.sleep(1)
        member = outsiders(flock, joined.initiators)[0]
        storage = member.node._pubsub.storage
        replica = storage.by_name(LOBBY)
        assert replica is not None
        assert len(replica.subscribers) >= 6
        cut = flock.cut_off(member)
        await flock.expect(lambda: replica.load_state == "RECOVERING", 60, "nobody can be asked")
        loads = storage.coordination.sizes
        await flock.expect(lambda: not loads(1)["coordinator_loads"][0], 60, "the last try is over")
        replica.remembered = ()
        flock.mend(cut)
        await member.call(storage.load_coordinator_resilient(replica))
        assert sorted(member.node.coordinator(LOBBY)["initiators"]) == sorted(joined.initiators)
        assert trace(member) == {
            "cache": "none",
            "local": "none",
            "known": "none",
            "lookup": "could_not_ask",
            "participants": "ok",
        }
        await flock.expect(lambda: member.node.coordinator(LOBBY)["state"] == "ACTIVE", 15, "proven anew")

    story(tell, 8)


def test_a_message_goes_to_both_sets_at_once_when_an_initiator_names_another() -> None:
    """Without the union the new initiator has it only after the others' next comparison, or a renewal."""

    async def tell(flock: Flock) -> None:
        late = min(flock.birds[1:], key=distance)
        early = [bird for bird in flock if bird is not late]
        late.crash()
        await asyncio.sleep(12)
        joined = (await asyncio.gather(*(bird.join() for bird in early)))[-1]
        author = next(bird for bird in outsiders(flock, joined.initiators) if bird is not late)
        await asyncio.sleep(3)
        await late.restart()  # the closest of all: the initiators take it in, the author has not heard of it
        await asyncio.sleep(1)
        before = happened(author)
        await author.say("to the union")
        await flock.expect(lambda: happened(author)["publish.union"] > 0, 0.3, "the union is asked")
        await flock.expect(lambda: stored(late) == 1, 0.3, "the newcomer has it")
        spent = happened(author) - before
        assert spent["publish.set_differs"] >= 1
        assert spent["coordinator.dropped_by_set"] == 1
        await flock.expect(
            lambda: late.node.node_id in author.node.coordinator(LOBBY)["initiators"], 5, "the set changes"
        )
        await author.say("to the new set")
        assert happened(author)["publish.union"] == spent["publish.union"]

    story(tell, 8)


def test_a_lookup_that_misses_one_changes_no_set() -> None:
    """The path of one initiator is blocked for as long as a lookup takes: two sources must agree."""

    async def tell(flock: Flock) -> None:
        joined = await settled(flock)
        member = outsiders(flock, joined.initiators)[0]
        await asyncio.sleep(2)
        for missed in [bird for bird in flock if bird.node.node_id in joined.initiators]:
            before = happened(member)
            there, here = frozenset([missed.host.index]), frozenset([member.host.index])
            number = flock.world.network.disturb(Block(there, here))
            replica = member.node._pubsub.storage.member(LOBBY)
            storage = member.node._pubsub.storage
            storage.coordination.doubt(replica)
            await member.call(storage.load_coordinator_resilient(replica))
            flock.mend(number)
            told = member.node.coordinator(LOBBY)
            assert sorted(told["initiators"]) == sorted(joined.initiators)
            assert (happened(member) - before)["coordinator.set_changed"] == 0
            await asyncio.sleep(5)

    story(tell, 8)


def test_a_node_that_is_not_close_serves_when_the_closer_ones_are_silent() -> None:
    """It names only nodes that have answered within 3 s; those it has not heard it asks first."""

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(8)
        order = sorted(flock, key=distance)
        far = order[-1]
        storage = far.node._pubsub.storage
        channel_id = _channel_id()
        named = await far.call(storage.closer(channel_id))
        assert [contact.id.hex() for contact in named] == [bird.node.node_id for bird in order[:5]]
        for bird in order[:4]:
            bird.crash()
        await asyncio.sleep(3.1)
        assert not storage.is_close(channel_id), "it has not noticed yet that they are gone"
        assert await far.call(storage.closer(channel_id)) == []
        assert happened(far)["storage.served_for_the_silent"] == 1

    story(tell, 9)


def test_a_version_that_jumps_is_not_believed() -> None:
    async def tell(flock: Flock) -> None:
        joined = await settled(flock)
        member = outsiders(flock, joined.initiators)[0]
        liar = next(bird for bird in flock if bird.node.node_id in joined.initiators)
        await asyncio.sleep(1)
        replica = liar.node._pubsub.storage.member(LOBBY)
        replica.log.version += 1_000_000
        storage = member.node._pubsub.storage
        storage.coordination.doubt(storage.member(LOBBY))
        await member.call(storage.load_coordinator_resilient(storage.member(LOBBY)))
        told = member.node.coordinator(LOBBY)
        assert told["version"] == 0
        assert told["state"] == "ACTIVE"
        assert liar.node.node_id not in told["trace"][-1]["answered"]

    story(tell, 7)


def stored(bird: Bird) -> int:
    """How many messages of the channel are on the node's disk."""
    return len(bird.disk.store_for(bird.identity.node_id).newest(_channel_id(), None, 100))


def _channel_id() -> bytes:
    return channel_id_of(network_id_of("starling"), LOBBY)


def distance(bird: Bird) -> int:
    return int.from_bytes(bird.identity.node_id, "big") ^ int.from_bytes(_channel_id(), "big")
