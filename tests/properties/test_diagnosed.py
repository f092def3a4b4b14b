"""Properties 15, 17 and 19: what is slow or broken is named, and told while it lasts.

Links, faults and their times, who is asked, and what people do meanwhile are drawn; times are virtual.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.diagnostics.codes import CATALOGUE
from peernode.errors import PeerNodeError
from peernode.simulation.world.disturbances import Latency, Loss
from tests.properties.examples import drawn
from tests.properties.stage import Cast, links, meet, roles, taken_often
from tests.pubsub.flock import LOBBY, Bird, Flock, story

SLOW_MS = 150.0
"""An operation that takes longer than on a path of these links, whatever gets lost at 1 %."""

LIVE_S = 2.0
FOUND_S = 10.0


async def told(bird: Bird, coroutine: Any) -> dict[str, Any]:
    """What a browser would be sent."""
    found: dict[str, Any] = json.loads(json.dumps(await bird.call(coroutine)))
    return found


def hinder(cast: Cast, cause: str, by: int) -> None:
    """Make one thing slow for everybody: the way, what gets lost on it, or the author's disk."""
    everybody = frozenset(bird.host.index for bird in cast.flock)
    network = cast.flock.world.network
    if cause == "network":
        network.disturb(Latency(everybody, 200.0 + 100.0 * by, 0.0))
    elif cause == "retry":
        network.disturb(Loss(everybody, 0.3 + 0.1 * by))
    else:
        cast.author.disk.slowed_s["drawn"] = 0.3 + 0.1 * by


def test_property_15_slow_deliveries_name_where_the_time_went() -> None:
    """Catches a ``Span`` whose parts overlap, and one that counts what was lost as the network's."""
    taken: Counter[str] = Counter()

    @drawn
    @given(links, roles, st.sampled_from(("network", "retry", "disk")), st.integers(0, 2), st.booleans())
    def holds(link: dict[str, Any], role: tuple[int, int], cause: str, by: int, long: bool) -> None:
        async def tell(flock: Flock) -> None:
            cast = await meet(flock, role)
            hinder(cast, cause, by)
            sent = await cast.author.say("long " * 900 if long else "slow")
            await asyncio.sleep(6)
            trace = await told(cast.author, cast.author.node.trace_of(LOBBY, sent.id))
            tries = [one for node in trace["nodes"] for one in node["attempts"]]
            operations = [one for one in trace["records"] if one["operation"] in ("accept", "publish")]
            assert {one["operation"] for one in operations} == {"accept", "publish"}
            for one in (*tries, *operations):
                assert sum(one["parts"].values()) == pytest.approx(one["elapsed_ms"], abs=0.01)
            slow = [one for one in (*tries, *operations) if one["elapsed_ms"] > SLOW_MS]
            named = Counter(max(one["parts"], key=one["parts"].__getitem__) for one in slow)
            taken[f"slow by {cause}"] += bool(slow)
            if cause == "network":
                # Sent again before the answer can be here: what was waited for until then counts as lost.
                assert named.keys() <= {"network", "retry", "queue"}
                assert named
            elif cause == "disk":
                accepted = next(one for one in operations if one["operation"] == "accept")
                assert accepted["parts"]["disk"] > 0.9 * accepted["elapsed_ms"] > 250
            elif slow:
                assert named["retry"] >= max(named.values())

        story(tell, link["replicas"] + 2, **link)

    holds()
    taken_often(taken, 20, "slow by network", "slow by retry", "slow by disk")


faults = st.sampled_from(("cut", "deaf", "mute", "crash", "slow", "alone", "full"))


async def break_something(cast: Cast, fault: str) -> None:
    """One kind of trouble of those that connections have."""
    network, everybody = cast.flock.world.network, frozenset(bird.host.index for bird in cast.flock)
    if fault in ("cut", "deaf", "mute"):
        cast.break_paths(fault, cast.others)
    elif fault == "crash":
        for bird in cast.initiators:
            if bird is not cast.author:
                bird.crash()
    elif fault == "slow":
        network.disturb(Latency(everybody, 700.0, 0.0))
    elif fault == "alone":
        cast.flock.cut_off(cast.author)
    else:
        for bird in cast.flock:
            bird.disk.fill("drawn", 0)


def codes_in(value: Any) -> list[dict[str, Any]]:
    """Everything with a code in what was told."""
    if isinstance(value, dict):
        found = [value] if value.get("code") and "remedy" in value else []
        return found + [one for item in value.values() for one in codes_in(item)]
    if isinstance(value, list):
        return [one for item in value for one in codes_in(item)]
    return []


def test_property_17_every_connection_error_has_a_code_and_a_remedy_a_person_can_follow() -> None:
    """Catches a reason of a subscriber without a remedy."""
    taken: Counter[str] = Counter()

    @drawn
    @given(links, roles, faults, st.booleans())
    def holds(link: dict[str, Any], role: tuple[int, int], fault: str, joins: bool) -> None:
        async def tell(flock: Flock) -> None:
            cast = await meet(flock, role)
            await break_something(cast, fault)
            author = cast.author
            errors: list[tuple[str, str]] = []
            try:
                await author.say("meanwhile")
                if joins:
                    await author.join("#another")
            except PeerNodeError as error:
                errors.append((error.code, CATALOGUE[error.code].remedy))
            await asyncio.sleep(FOUND_S)
            health = await told(author, author.node.channel_health(LOBBY))
            assert health["verdict"]["state"] != "healthy" or fault == "full"
            told_now = codes_in(health)
            for event in author.events:
                error = getattr(event, "error", None) or getattr(getattr(event, "state", None), "error", None)
                if error is not None:
                    errors.append((error.code, error.remedy))
            errors += [(one["code"], one["remedy"]) for one in told_now]
            for code, remedy in errors:
                taken[code] += 1
                assert code in CATALOGUE
                assert len(remedy.split()) >= 3
                assert remedy[0].isupper()
                assert remedy.endswith(".")

        story(tell, link["replicas"] + 2, **link)

    holds()
    often = ("NO_BOOTSTRAP", "SUBSCRIBER_UNREACHABLE", "SUBSCRIBER_SILENT", "SUBSCRIBER_DEAF", "STORE_FULL")
    taken_often(taken, 5, *often)


LASTING = ("cut", "deaf", "mute", "crash", "slow", "alone")
"""Faults that last; drawn by the links' seed, so that each comes about equally often."""


def test_property_19_health_is_live_while_a_node_has_trouble() -> None:
    """Catches a ``ChannelDiagnostics`` that waits for the silent, and one that goes by their last word."""
    taken: Counter[str] = Counter()

    @drawn
    @given(
        links,
        roles,
        st.floats(0.0, 3.0),
        st.sampled_from((0.2, 1.0, 1.9)),
    )
    def holds(link: dict[str, Any], role: tuple[int, int], begins_s: float, every_s: float) -> None:
        fault = LASTING[link["seed"] % len(LASTING)]

        async def tell(flock: Flock) -> None:
            cast = await meet(flock, role)
            await told(cast.author, cast.author.node.channel_health(LOBBY))
            await asyncio.sleep(begins_s)
            await break_something(cast, fault)
            broken_s, states = cast.now(), list[str]()
            while cast.now() - broken_s < FOUND_S:
                asked_s, asked_ms = cast.now(), cast.author.node._context.wall_ms()
                health = await told(cast.author, cast.author.node.channel_health(LOBBY))
                assert cast.now() - asked_s <= LIVE_S + 1e-6, "nobody waits longer"
                assert abs(health["as_of_ms"] - asked_ms) <= 100
                fresh = [one for one in health["initiators"] if one["age_ms"] <= LIVE_S * 1000]
                for one in health["initiators"]:
                    assert one["answers"] or one["outcome"] != "ok"
                    if one["answers"] and fault not in ("slow", "crash", "alone"):
                        assert one in fresh
                states.append(health["verdict"]["state"])
                await asyncio.sleep(every_s)
            assert states[-1] != "healthy", (fault, health["verdict"])
            gone = [
                bird for bird in flock if not bird.host.up or (fault == "alone" and bird is not cast.author)
            ]
            silent = [bird.node.node_id for bird in gone]
            assert not any(one["answers"] for one in health["initiators"] if one["id"] in silent)
            taken["seen silent"] += any(one["id"] in silent for one in health["initiators"])
            taken[fault] += 1

        story(tell, link["replicas"] + 2, **link)

    holds()
    taken_often(taken, 4, "cut", "deaf", "mute", "crash", "slow", "alone", "seen silent")
