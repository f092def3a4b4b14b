"""Hand-offs between initiators are operations with a duration, an outcome, and who gave or took."""

from __future__ import annotations

import pytest

from peernode.diagnostics.records import Record, Wanted
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_retention import displaced

RETAIN_S = 30.0


def handoffs(bird: Bird, kind: str) -> list[Record]:
    return bird.node._context.collector.records(Wanted(operations=(f"handoff.{kind}",), subject=LOBBY))


def test_a_hand_off_is_recorded_by_who_gives_and_who_takes() -> None:
    async def tell(flock: Flock) -> None:
        near, _ = await displaced(flock)
        leaving, newcomers = near[5:7], near[:3]
        await flock.expect(lambda: all(handoffs(bird, "give") for bird in leaving), 40, "given")
        await flock.expect(lambda: all(handoffs(bird, "take") for bird in newcomers), 20, "taken")
        for bird in leaving:
            (given,) = handoffs(bird, "give")
            assert given.outcome == "ok"
            assert given.elapsed_ms > 0
            assert sum(given.parts.values()) == pytest.approx(given.elapsed_ms, abs=0.01)
            assert (given.route["method"], given.route["count"]) == ("pull", 5)
            assert sorted(given.route["answered"]) == sorted(each.node.node_id for each in near[:5])
        for bird in newcomers:
            (taken,) = handoffs(bird, "take")
            assert taken.outcome == "ok"
            assert taken.elapsed_ms > 0
            assert sum(taken.parts.values()) == pytest.approx(taken.elapsed_ms, abs=0.01)
            assert taken.route["answered"]
            synced = bird.node._context.collector.records(Wanted(trace=taken.trace))
            assert "sync" in {one.operation for one in synced}, "what it consists of has its trace"

    story(tell, 9, retain_s=RETAIN_S)


def test_a_hand_off_of_a_channel_that_is_forgotten_is_over() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        storage = flock[0].node._pubsub.storage
        replica = storage.member(LOBBY)
        storage.handoffs.begin(replica.channel_id, LOBBY)
        assert storage.handoffs.sizes()["handoffs"][0] == 1
        await flock[0].call(storage.drop(replica))
        assert storage.handoffs.sizes()["handoffs"][0] == 0

    story(tell, 2)
