"""Property 16: every operation is logged with its time and its route.

Links, roles and what people and nodes do are drawn; times are virtual.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.diagnostics.records import Record, Wanted
from peernode.diagnostics.routes import LOCAL, PEERS_MAX
from peernode.events import Joined, Recovered
from peernode.pubsub.joinrun import STEPS
from tests.properties.examples import drawn
from tests.properties.stage import Cast, links, meet, roles, taken_often
from tests.pubsub.flock import LOBBY, Bird, Flock, story

METHODS = ("direct", "initiator", "alternative", "relay", "pull", "lookup", "publish", LOCAL)


def test_property_16_every_operation_is_logged_with_its_time_and_route() -> None:
    """Catches a publish, a join and a recovery whose span is not ended, and one that tells no route."""
    taken: Counter[str] = Counter()

    @drawn
    @given(
        links,
        roles,
        st.lists(st.sampled_from(("say", "cut", "leave")), min_size=1, max_size=4),
        st.booleans(),
    )
    def holds(link: dict[str, Any], role: tuple[int, int], deeds: list[str], replaced: bool) -> None:
        async def tell(flock: Flock) -> None:
            cast = await meet(flock, role)
            author, other = cast.author, cast.subscriber
            for bird in flock:
                bird.node.diagnostic = True  # so that each push attempt is a record of its own
            said: list[str] = []
            for deed in deeds:
                taken[deed] += 1
                if deed == "say":
                    said.append((await author.say(f"{deed} {len(said)}")).id)
                elif deed == "cut":
                    number = flock.cut_off(other)
                    await asyncio.sleep(8)
                    flock.mend(number)
                    await flock.expect(lambda: other.node.state.state == "online", 30, "it is back")
                else:
                    await other.call(other.node.leave(LOBBY))
                    await other.join()
                await asyncio.sleep(4)
            if replaced:
                taken["replace"] += 1
                await replace_an_initiator(cast)
            await asyncio.sleep(22)  # the next renewal is behind
            for message_id in said:
                check_message(author, message_id)
            check_joins(other)
            for bird in flock:
                taken.update(check_logged(bird))
            recovered = len(other.told(Recovered))
            logged = other.node._context.collector.records(Wanted(operations=("recovery",)))
            assert sum(one.operation == "recovery" and one.outcome == "ok" for one in logged) == recovered
            taken["recovered"] += bool(recovered)

        story(tell, link["replicas"] + 2, **link)

    holds()
    taken_often(taken, 20, "say", "cut", "leave", "replace", "recovered", *OPERATIONS)


OPERATIONS = (
    *("accept", "publish", "attempt.publish", "attempt.direct", "attempt.initiator", "coordinator.lookup"),
    *("join", "join.attempt", *(f"join.{step}" for step in STEPS), "renewal", "sync", "handoff.take"),
    *("recovery", "recovery.attempt", "recovery.catch_up", *(f"recovery.{step}" for step in STEPS[1:])),
)
"""What the deeds lead to, often; whatever else is on record must have a route as well."""

CHANGES = ("node", "peer.appeared", "peer.left", "initiators.changed")
"""What just came to be: nobody did it, so it has no route."""


async def replace_an_initiator(cast: Cast) -> None:
    """One of them is gone, another node takes its place; then it is back, and hands over or takes again."""
    gone = next(bird for bird in cast.initiators if bird is not cast.author)
    gone.crash()
    await asyncio.sleep(8)
    await gone.restart()
    gone.node.diagnostic = True
    await asyncio.sleep(8)


def check_message(author: Bird, message_id: str) -> None:
    """Accepting and publishing it are on record under its id, and so are the tries that made it delivered."""
    records = author.node._context.collector.records(Wanted(trace=message_id))
    assert [one.operation for one in records if one.outcome == "ok"][:1] == ["accept"]
    (published,) = [one for one in records if one.operation == "publish"]
    state = author.state(message_id)
    assert (published.outcome, state.state) == ("ok", "delivered")
    assert published.route["receipts"] <= state.stored[0]
    assert published.elapsed_ms > 0


def check_joins(bird: Bird) -> None:
    """Each join that was confirmed is on record with the time that it was said to take."""
    records = bird.node._context.collector.records(Wanted(operations=("join",), subject=LOBBY))
    logged = [one.elapsed_ms for one in records if one.operation == "join" and one.outcome == "ok"]
    assert logged == pytest.approx([one.elapsed_ms for one in bird.told(Joined)], abs=1.0)


def check_logged(bird: Bird) -> set[str]:
    """What is on record has a time, an outcome, a route, and parts that add up; the operations."""
    records = bird.node._context.collector.records(limit=10_000)
    assert any(one.operation == "renewal" for one in records)
    for one in records:
        assert one.outcome
        assert one.subject
        assert sum(one.parts.values()) == pytest.approx(one.elapsed_ms, abs=0.01), one
        if one.operation not in CHANGES and not one.operation.startswith("rpc."):
            check_route(one)
    return {one.operation for one in records}


def check_route(one: Record) -> None:
    """By which method, and which nodes: none only where nobody is asked; of a failure, whom it concerns."""
    route = one.route
    assert route["method"] in METHODS, one
    if one.operation.startswith("attempt."):
        assert (route["peer"], route["method"]) == (one.subject, one.operation.partition(".")[2])
        return
    if route["method"] == LOCAL:
        return
    assert len(route["asked"]) <= PEERS_MAX
    assert len(route["answered"]) <= min(PEERS_MAX, route["count"])
    if one.outcome == "ok" and one.operation in ("publish", "renewal", "join", "join.subscribe", "recovery"):
        assert route["answered"], one
    if one.operation == "renewal" and one.outcome not in ("ok", "left", "cancelled"):
        assert route["asked"], one
