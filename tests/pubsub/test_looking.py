"""Looks at initiators far away, slow, or unheard for a moment: nobody is called dead who is not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.pubsub.looking import WAIT_S
from peernode.simulation.world.disturbances import Latency
from peernode.wire.codec import Fields
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_channel_health import cast, health, settle


def of_short_pages(bird: Bird) -> None:
    """Its row comes one subscriber at a time, as that of a large channel comes in many pages."""
    servers = bird.node._context.rpc._servers
    honest = servers[Op.ROW]

    def shortly(caller: Any, body: Fields) -> list[Any]:
        answer = honest(caller, body)
        assert isinstance(answer, list)
        cells, following = answer
        return [cells[:1], cells[0][0] if len(cells) > 1 else following]

    servers[Op.ROW] = shortly


def slow(flock: Flock, extra_ms: float) -> int:
    """Every datagram takes so much longer."""
    return flock.world.network.disturb(Latency(frozenset(bird.host.index for bird in flock), extra_ms, 0.0))


def row_of(found: dict[str, Any], bird: Bird) -> dict[str, Any]:
    """An initiator's row."""
    return next(row for row in found["initiators"] if row["id"] == bird.node.node_id)


async def many_pages_on_slow_ways(flock: Flock) -> tuple[list[Bird], list[Bird]]:
    """Six pages take six seconds and more at a round trip of one; who is initiator, and who isn't."""
    await settle(flock)
    initiators, others = cast(flock)
    for bird in initiators:
        of_short_pages(bird)
    slow(flock, 480.0)
    await asyncio.sleep(60)
    return initiators, others


def test_many_pages_on_a_slow_network_come_in_the_end_and_nobody_is_called_silent() -> None:
    """They take longer than a look once had in all."""

    async def tell(flock: Flock) -> None:
        initiators, others = await many_pages_on_slow_ways(flock)
        pictures = []
        for _ in range(14):
            pictures.append(await health(others[0]))
            await asyncio.sleep(0.3)
        for found in pictures:
            assert found["verdict"]["state"] != "down", found["verdict"]
            assert {row["outcome"] for row in found["initiators"]} <= {"ok", "unheard"}
        for found in pictures[3:]:
            assert all(row["answers"] for row in found["initiators"])
        last = pictures[-1]
        assert last["verdict"]["code"] == "NETWORK_SLOW"
        for bird in initiators:
            cells = last["matrix"][bird.node.node_id]["subscribers"]
            assert set(cells) == {other.node.node_id for other in flock if other is not bird}
        for found in pictures[3:]:
            rows = [row for row in found["subscribers"] if row["of"]]
            assert all(row["listed_by"] == row["of"] for row in rows), "what has not come yet is not missing"

    story(tell, 7, loss=0)


def test_pages_that_came_are_kept_when_the_rest_is_lost() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        asker, far = others[0], initiators[0]
        of_short_pages(far)
        slow(flock, 200.0)
        await health(asker)
        flock.block([asker], [far])
        await asyncio.sleep(6)
        found = await health(asker)
        row = found["matrix"][far.node.node_id]
        assert row["outcome"] == "timeout"
        assert 1 <= len(row["subscribers"]) < 6
        assert row_of(found, far)["messages"] == 5
        assert all(each["listed_by"] == each["of"] for each in found["subscribers"])

    story(tell, 7, loss=0)


def test_one_request_in_vain_does_not_make_an_initiator_silent() -> None:
    """What was sent for a second is lost: all four datagrams of one request."""

    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        await health(others[0])
        number = flock.block(others[:1], initiators[:1])
        look = asyncio.ensure_future(health(others[0]))
        await asyncio.sleep(1.0)
        assert others[0].node._context.collector.counters["health.unheard"] == 1
        flock.mend(number)
        for found in (await look, await health(others[0]), await health(others[0])):
            assert row_of(found, initiators[0])["answers"]
            assert found["verdict"]["state"] == "healthy"

    story(tell, 7, loss=0)


def test_who_has_not_answered_the_first_look_yet_is_not_called_silent() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        slow(flock, 1_000.0)
        await asyncio.sleep(60)
        # The set may have changed while all were slow, and not for everybody.
        named = {bird: bird.node.coordinator(LOBBY)["initiators"] for bird in flock}
        asker = next(bird for bird in flock if bird.node.node_id not in named[bird])
        initiators = [bird for bird in flock if bird.node.node_id in named[asker]]
        found = await health(asker)
        assert (found["verdict"]["state"], found["verdict"]["code"]) == ("degraded", "INITIATOR_UNHEARD")
        assert found["verdict"]["sentence"].startswith(
            f"{len(initiators)} of {len(initiators)} initiators have not"
        )
        assert found["replication"]["under"] is None, "nobody says"
        for bird in initiators:
            row = row_of(found, bird)
            assert (row["answers"], row["unheard"], row["outcome"]) == (False, True, "unheard")

    story(tell, 7, loss=0)


def test_one_that_was_never_heard_does_not_hold_up_what_is_shown_of_the_others() -> None:
    """It took another's place and is cut off: before, the picture of all came as late as a first one."""

    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        asker, far = others[0], initiators[0]
        flock.block([far], [asker])
        began_s = flock.world.loop.time()
        await health(asker)
        assert flock.world.loop.time() - began_s > 2 * WAIT_S, "nothing was there to show"
        looks = asker.node._pubsub.checkup.channels._looks._looks
        del looks[next(key for key in looks if key[1] == far.identity.node_id)]
        began_s = flock.world.loop.time()
        found = await health(asker)
        assert flock.world.loop.time() - began_s == pytest.approx(WAIT_S)
        assert row_of(found, far)["unheard"]

    story(tell, 7, loss=0)
