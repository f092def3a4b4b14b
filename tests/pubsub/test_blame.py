"""Who is to blame: full disks, and where the time of the initiators' pushes went, by their own word."""

from __future__ import annotations

import asyncio

import pytest

from peernode.span import PARTS
from tests.pubsub.flock import Flock, story
from tests.pubsub.test_channel_health import cast, health, judged, settle


@pytest.mark.parametrize(("count", "state"), [(2, "degraded"), (3, "down")])
def test_initiators_whose_disks_are_full_are_named(count: int, state: str) -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        for bird in initiators[:count]:
            bird.disk.fill("test")
        await others[1].say("no room for this")
        found = await judged(others[0], state, "STORES_FULL")
        assert found["verdict"]["sentence"].startswith(
            f"{count} of 5 initiators refuse messages for want of room"
        )
        full = {row["id"] for row in found["initiators"] if row["full"]}
        assert full == {bird.node.node_id for bird in initiators[:count]}
        for bird in initiators[:count]:
            bird.disk.make_room("test")
        await asyncio.sleep(62)
        found = await health(others[0])
        assert not any(row["full"] for row in found["initiators"])

    story(tell, 7, loss=0)


def test_the_time_of_all_initiators_pushes_is_told_by_its_parts() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        _, others = cast(flock)
        for number in range(5):
            await flock[number].say(f"timed {number}")
        await asyncio.sleep(2)
        found = await health(others[0])
        pushes = found["pushes"]["5m"]
        assert set(pushes["parts"]) <= set(PARTS)
        assert sum(pushes["parts"].values()) == pytest.approx(pushes["average_ms"], abs=0.5)
        assert pushes["parts"]["network"] > 0.5 * pushes["average_ms"]
        pushing = [row["now"]["parts"] for row in found["initiators"] if row["now"]["attempted"]]
        assert len(pushing) > 1
        assert all(parts["network"] > 0 for parts in pushing)

    story(tell, 7, loss=0)
