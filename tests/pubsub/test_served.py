"""The time that another node's disk takes is told as a disk's, not as the network's."""

from __future__ import annotations

from typing import Any

import pytest

from peernode.diagnostics.records import Wanted
from peernode.wire.codec import Fields
from peernode.wire.ops import Op
from tests.pubsub.flock import Bird, Flock, story

SLOW_S = 0.4


async def publish(flock: Flock) -> dict[str, Any]:
    """The record of a message that the first one has said and all have got; its parts add up."""
    state = await flock[0].say("through slow disks")
    await flock.expect(lambda: flock[0].state(state.id).state == "delivered", 30, "delivered")
    (record,) = [
        one for one in flock[0].node.records(Wanted(trace=state.id)) if one["operation"] == "publish"
    ]
    assert sum(record["parts"].values()) == pytest.approx(record["elapsed_ms"])
    return record


def slow_disks(*birds: Bird) -> None:
    for bird in birds:
        bird.disk.latency_s = SLOW_S


def answers(bird: Bird, op: Op, last: list[Any]) -> None:
    """Its answers to an op end otherwise than with the time of its disk."""
    servers = bird.node._context.rpc._servers
    honest = servers[op]

    async def ending(caller: Any, body: Fields) -> list[Any]:
        answer = honest(caller, body)
        told = answer if isinstance(answer, list) else await answer
        return [*told[:-1], *last]

    servers[op] = ending


def test_slow_disks_of_those_who_store_a_message_are_told_as_disks() -> None:
    """Longer than the timeout: each request is sent again, which was no fault of the network."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        slow_disks(*flock.birds[1:])
        record = await publish(flock)
        assert record["parts"]["disk"] > 0.9 * SLOW_S * 1000
        assert record["parts"].get("network", 0) + record["parts"].get("retry", 0) < 0.2 * SLOW_S * 1000

    story(tell, 4, loss=0)


def test_the_slow_disk_of_a_reader_is_told_in_the_attempts_to_reach_it() -> None:
    async def tell(flock: Flock) -> None:
        initiators = (await flock[0].join()).initiators
        await flock.join()
        reader = next(bird for bird in flock if bird.node.node_id not in initiators)
        slow_disks(reader)
        state = await flock[0].say("to a slow reader")
        await flock.expect(lambda: flock[0].state(state.id).delivered[0] == 5, 30, "delivered to all")
        digest = (await flock[0].call(flock[0].node.trace_of("#lobby", state.id)))["digest"]
        tries = [a for bird in flock for a in bird.node.attempts(digest) if a.peer == reader.node.node_id]
        acked = [one for one in tries if one.outcome == "ok"]
        assert max(one.parts["disk"] for one in acked) > 0.9 * SLOW_S * 1000
        for one in acked:
            assert one.elapsed_ms - one.parts["disk"] < 150, "the way there and back"
            assert sum(one.parts.values()) == pytest.approx(one.elapsed_ms)

    story(tell, 6, loss=0)


@pytest.mark.parametrize("last", [[], [-1], [1 << 60], ["long"], [None]])
def test_who_does_not_say_or_says_nonsense_costs_nothing_but_the_part(last: list[Any]) -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        slow_disks(*flock.birds[1:])
        for bird in flock.birds[1:]:
            answers(bird, Op.PUBLISH, last)
            answers(bird, Op.PUSH, last)
        record = await publish(flock)
        assert record["outcome"] == "ok"
        assert record["parts"]["network"] + record["parts"]["retry"] > 0.9 * SLOW_S * 1000
        counted = flock[0].node._context.collector.counters.get("served.malformed", 0)
        assert (counted > 0) == bool(last)

    story(tell, 4, loss=0)
