"""How a channel is, by the word of its initiators: each trouble gets its verdict within ten seconds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from peernode.errors import PeerNodeError
from peernode.simulation.world.disturbances import Latency
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, Bird, Flock, story

FOUND_S = 10.0
WAIT_MAX_S = 2.0
"""Who looks waits no longer, whatever the network does."""

NEW_OPS = (Op.HEALTH, Op.TRACE, Op.REPAIR)
"""Those that the last release does not know."""


async def health(bird: Bird) -> dict[str, Any]:
    """What a person at this node is shown; in time, and such that it can be sent to a browser."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    found = await bird.call(bird.node.channel_health(LOBBY))
    assert loop.time() - began_s <= WAIT_MAX_S + 1e-9
    told: dict[str, Any] = json.loads(json.dumps(found))
    return told


async def judged(bird: Bird, state: str, code: str = "", seconds: float = FOUND_S) -> dict[str, Any]:
    """The first picture with this verdict; it must come in time."""
    until_s = asyncio.get_running_loop().time() + seconds
    while True:
        found = await health(bird)
        if (found["verdict"]["state"], found["verdict"]["code"]) == (state, code):
            return found
        assert asyncio.get_running_loop().time() < until_s, found["verdict"]
        await asyncio.sleep(0.5)


def cast(flock: Flock) -> tuple[list[Bird], list[Bird]]:
    """The initiators, and who only subscribes."""
    keys = flock[0].node.coordinator(LOBBY)["initiators"]
    initiators = [bird for bird in flock if bird.node.node_id in keys]
    return initiators, [bird for bird in flock if bird not in initiators]


def row_of(found: dict[str, Any], bird: Bird) -> dict[str, Any]:
    """A subscriber's row."""
    return next(row for row in found["subscribers"] if row["id"] == bird.node.node_id)


async def settle(flock: Flock) -> None:
    """All join and say something, and the last ten seconds were quiet."""
    await flock.join()
    await asyncio.sleep(2)
    for number in range(5):
        await flock[number].say(f"before {number}")
    await asyncio.sleep(12)


def test_a_healthy_channel_is_told_by_all_its_initiators_alike() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        found = await health(others[0])
        assert found["verdict"]["sentence"].startswith(
            "5 of 5 initiators answer; 7 of 7 subscribers are reached"
        )
        assert found["verdict"]["state"] == "healthy"
        assert {row["id"] for row in found["initiators"]} == {bird.node.node_id for bird in initiators}
        for row in found["initiators"]:
            assert (row["answers"], row["outcome"], row["behind"]) == (True, "ok", 0)
            assert (row["messages"], row["set_agrees"], row["subscribers"]) == (5, True, 7)
            assert row["bytes"] > 0
            assert row["root"] == others[0].node.root(LOBBY)
            assert 0 < row["rtt_ms"] < 200
            assert 10_000 < row["started_ms"] < 30_000
        for row in found["subscribers"]:
            of = 4 if row["id"] in found["matrix"] else 5
            assert (row["reached"], row["reached_by"], row["of"]) == ("directly", of, of)
            assert (row["listed_by"], row["broken"], row["via"], row["reason"]) == (of, 0, None, None)
        replication = {"of": 5, "held_by": [0, 0, 0, 0, 0, 5], "under": 0, "apart": 0}
        assert found["replication"] == replication
        coordinator = found["coordinator"]
        assert (coordinator["agree"], coordinator["of"], coordinator["messages"]) == (5, 5, 5)
        pushed = found["pushes"]["5m"]
        assert pushed["attempted"] == sum(row["pushes"]["attempted"] for row in found["initiators"])
        assert pushed["acked"] == pushed["attempted"] >= 5
        assert pushed["p50_ms"] <= pushed["p95_ms"] <= pushed["p99_ms"]
        assert len(found["series"]) == 30
        assert sum(slot["acked"] for slot in found["series"]) == pushed["acked"]
        assert found["joins"]["ok"] == 1
        assert found["joins"]["steps"]["inbound"]["count"] == 1
        assert found["joins"]["recent"][0]["node"] == others[0].node.node_id

    story(tell, 7, loss=0)


def test_a_subscriber_that_one_initiator_cannot_reach() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        flock.block(initiators[:1], others[:1])
        found = await judged(others[1], "degraded", "PATH_BROKEN")
        row = row_of(found, others[0])
        assert (row["reached"], row["broken"], row["reason"]["code"]) == ("directly", 1, "PATH_BROKEN")
        assert found["verdict"]["sentence"].startswith(
            "1 subscriber is not reached by every initiator; 5 of 5"
        )
        cell = found["matrix"][initiators[0].node.node_id]["subscribers"][others[0].node.node_id]
        assert (cell["direction"], cell["asymmetric"]) == ("heard", True)

    story(tell, 7, loss=0)


def test_a_subscriber_that_nobody_reaches_is_named_with_the_reason_and_comes_back() -> None:
    """Also not through others: nothing gets in where it is, though it is heard."""

    async def tell(flock: Flock) -> None:
        await settle(flock)
        deaf = cast(flock)[1][0]
        asker = next(bird for bird in flock if bird is not deaf)
        number = flock.block([bird for bird in flock if bird is not deaf], [deaf])
        found = await judged(asker, "degraded", "SUBSCRIBER_UNREACHABLE")
        assert found["verdict"]["sentence"].startswith(
            "1 of 7 subscribers can't be reached; 5 of 5 initiators"
        )
        assert found["verdict"]["remedy"]
        # Until something of it is heard it is only silent; it speaks up once its own renewal is not answered.
        until_s = asyncio.get_running_loop().time() + FOUND_S
        while (row := row_of(found, deaf))["reason"]["code"] != "SUBSCRIBER_DEAF":
            assert row["reason"]["code"] == "SUBSCRIBER_SILENT"
            assert asyncio.get_running_loop().time() < until_s, row
            await asyncio.sleep(0.5)
            found = await health(asker)
        assert (row["reached"], row["reached_by"], row["via"]) == ("no", 0, None)
        assert row["reason"]["remedy"]
        assert row["failures"] > 0
        flock.mend(number)
        await judged(asker, "healthy", seconds=25)

    story(tell, 7, loss=0)


def test_repair_now_goes_round_a_block_that_stays_and_the_cells_show_the_way() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        target, relay = others
        flock.block(initiators, [target])
        await judged(relay, "degraded", "SUBSCRIBER_BY_RELAY")
        repaired = await relay.call(relay.node.repair_now(LOBBY, target.node.node_id))
        assert (repaired["reached_by"], repaired["of"], repaired["relayed"]) == (5, 5, 5)
        for one in repaired["found"]:
            assert (one["outcome"], one["via"]) == ("relay", relay.node.node_id)
        found = await health(relay)
        row = row_of(found, target)
        assert (row["reached"], row["via"]) == ("relay", relay.node.node_id)
        for bird in initiators:
            cell = found["matrix"][bird.node.node_id]["subscribers"][target.node.node_id]
            assert (cell["direction"], cell["via"]) == ("heard", relay.node.node_id)

    story(tell, 7, loss=0)


def test_repair_now_where_nothing_is_broken_says_so() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        for asker, target in ((others[0], others[1]), (initiators[0], initiators[1])):
            repaired = await asker.call(asker.node.repair_now(LOBBY, target.node.node_id))
            of = 5 - (target in initiators)
            assert (repaired["reached_by"], repaired["of"], repaired["relayed"]) == (of, of, 0)
            assert {one["outcome"] for one in repaired["found"]} == {"directly"}
        stranger = "00" * 20
        repaired = await others[0].call(others[0].node.repair_now(LOBBY, stranger))
        assert {one["outcome"] for one in repaired["found"]} == {"missing"}
        with pytest.raises(PeerNodeError, match="BAD_FRAME"):
            await others[0].call(others[0].node.repair_now(LOBBY, "nobody"))

    story(tell, 7, loss=0)


def test_a_dead_initiator_degrades_the_channel_until_another_has_taken_its_place() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        await health(others[0])
        initiators[0].crash()
        found = await judged(others[0], "degraded", "INITIATOR_SILENT")
        dead = next(row for row in found["initiators"] if row["id"] == initiators[0].node.node_id)
        assert (dead["answers"], dead["outcome"], dead["messages"]) == (False, "timeout", None)
        assert found["verdict"]["sentence"].startswith("1 of 5 initiators is silent")
        assert found["replication"]["held_by"] == [0, 0, 0, 0, 5, 0]
        found = await judged(others[0], "healthy", seconds=90)  # its lease has ended, too
        assert len(found["initiators"]) == 5
        assert found["replication"]["held_by"] == [0, 0, 0, 0, 0, 5]

    story(tell, 7, loss=0)


def test_too_few_living_initiators_are_down() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        for bird in initiators[:3]:
            bird.crash()
        await judged(others[0], "down", "INITIATORS_TOO_FEW")

    story(tell, 7, loss=0, seed=7)  # at some seeds others have taken their places before anybody looks


def test_a_slow_network_is_told_apart_and_the_plot_shows_it() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        asker = cast(flock)[1][0]
        before = await health(asker)
        everybody = frozenset(bird.host.index for bird in flock)
        number = flock.world.network.disturb(Latency(everybody, 300.0, 0.0))
        for text in ("slow", "slower"):
            await flock[0].say(text)
        await asyncio.sleep(4)
        found = await judged(asker, "degraded", "NETWORK_SLOW")
        assert found["verdict"]["sentence"].startswith("The network is slow, a round trip takes ")
        assert 600 <= found["verdict"]["reasons"][0]["numbers"]["round_trip_ms"] <= 800
        assert all(row["answers"] for row in found["initiators"])
        plotted = [slot["p95_ms"] for slot in found["series"][-2:] if slot["p95_ms"] is not None]
        assert max(plotted) > 600 > 5 * before["pushes"]["5m"]["p95_ms"]
        flock.world.network.calm(number)
        await judged(asker, "healthy", seconds=75)

    story(tell, 7, loss=0)


def test_a_node_that_lost_its_network_says_that_it_is_the_one() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        lost = cast(flock)[1][0]
        flock.cut_off(lost)
        await judged(lost, "down", "NO_BOOTSTRAP")

    story(tell, 7, loss=0)


def of_last_release(bird: Bird) -> None:
    """It does not know the new questions."""
    for op in NEW_OPS:
        del bird.node._context.rpc._servers[op]


@pytest.mark.parametrize("old", [1, 5])
def test_initiators_of_the_last_release_do_not_say_and_cost_nothing(old: int) -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        for bird in initiators[:old]:
            of_last_release(bird)
        found = await judged(others[0], "healthy")
        rows = {row["id"]: row for row in found["initiators"]}
        for bird in initiators[:old]:
            row = rows[bird.node.node_id]
            assert (row["answers"], row["outcome"], row["messages"]) == (True, "does not say", None)
            assert found["matrix"][bird.node.node_id]["outcome"] == "ok"
        assert found["replication"]["of"] == found["coordinator"]["of"] == 5 - old
        assert {row["reached"] for row in found["subscribers"]} == {"directly"}
        repaired = await others[0].call(others[0].node.repair_now(LOBBY, others[1].node.node_id))
        assert [one["outcome"] for one in repaired["found"]].count("does not say") == old
        flock.block(initiators, [others[1]])
        flock.block(others[:1], [others[1]])
        await judged(others[0], "degraded", "SUBSCRIBER_UNREACHABLE")

    story(tell, 7, loss=0)
