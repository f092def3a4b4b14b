"""Properties 15, 17 and 19: what is slow or broken is named, and told while it lasts.

Links, faults and their times, who is asked, and what people do meanwhile are drawn; times are virtual.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
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


CAUSES = ("lookup", "queue", "network", "retry", "disk")

PER_CAUSE = 25
"""Examples; all together they are more than a hundred."""

AT_ONCE = 2
"""Requests to one node under way where queues are made."""

AHEAD = 16
"""Messages said just before, in the way of the one that is looked at."""

USED_TO = 3
"""Messages after which a node waits for answers as long as a slow network takes."""


async def hinder(cast: Cast, cause: str, by: int) -> None:
    """Make one thing slow: the search for initiators, the author's queue or disk, the way, or its losses."""
    everybody = frozenset(bird.host.index for bird in cast.flock)
    network, author = cast.flock.world.network, cast.author
    if cause == "lookup":
        # One of those who are looked for is gone, and no set is at hand, as after a start.
        next(bird for bird in cast.initiators if bird is not author).crash()
        replica = author.node._pubsub.storage.by_name(LOBBY)
        assert replica is not None
        replica.forget_initiators()
        replica.remembered = ()
    elif cause == "queue":
        for number in range(AHEAD * (1 + by)):
            await author.say(f"before {number}")
    elif cause == "network":
        network.disturb(Latency(everybody, 200.0 + 100.0 * by, 0.0))
        for number in range(USED_TO):
            await author.say(f"before {number}")
            await asyncio.sleep(6)
    elif cause == "retry":
        network.disturb(Loss(everybody, 0.3 + 0.1 * by))
    else:
        author.disk.slowed_s["drawn"] = 0.3 + 0.1 * by


def blamed(told: dict[str, Any]) -> str:
    """The part that took most."""
    return max(told["parts"], key=told["parts"].__getitem__)


@pytest.mark.parametrize("cause", CAUSES)
def test_property_15_slow_deliveries_name_where_the_time_went(cause: str) -> None:
    """Catches a ``Span`` whose parts overlap, and one that counts what was lost as the network's.

    And a lookup, a queue, a pause or a commit that does not say that it is waited for.
    """
    slow_ones: list[int] = []

    @settings(drawn, max_examples=PER_CAUSE)
    @given(links, roles, st.integers(0, 2), st.booleans())
    def holds(link: dict[str, Any], role: tuple[int, int], by: int, long: bool) -> None:
        async def tell(flock: Flock) -> None:
            cast = await meet(flock, role)
            if cause == "lookup":  # an initiator need not look
                cast = replace(cast, author=cast.bystanders[0])
            await hinder(cast, cause, by)
            # Who is asked fetches a long message's parts before it answers, and is asked again meanwhile.
            parts = long and cause != "network"
            sent = await cast.author.say("long " * 900 if parts else "slow")
            await asyncio.sleep(6)
            trace = await told(cast.author, cast.author.node.trace_of(LOBBY, sent.id))
            tries = [one for node in trace["nodes"] for one in node["attempts"]]
            operations = [one for one in trace["records"] if one["operation"] in ("accept", "publish")]
            assert [one["operation"] for one in operations[:2]] == ["accept", "publish"]
            for one in (*tries, *operations):
                assert sum(one["parts"].values()) == pytest.approx(one["elapsed_ms"], abs=0.01)
            slow = operations[0 if cause == "disk" else 1]
            if slow["elapsed_ms"] > SLOW_MS:
                check_blamed(cause, slow, tries)
                slow_ones.append(by)

        few: dict[str, Any] = {"inflight_per_peer_max": AT_ONCE} if cause == "queue" else {}
        link["replicas"] = 3 if cause == "lookup" else link["replicas"]  # one may be gone
        if cause == "network":
            link["loss"] = 0  # both receipts may be lost, and then what is slow is truly the retry
        story(tell, link["replicas"] + 2 + (cause == "lookup"), **link, **few)

    holds()
    assert len(slow_ones) >= PER_CAUSE / 2


def check_blamed(cause: str, slow: dict[str, Any], tries: list[dict[str, Any]]) -> None:
    """What was made slow is what the operation names, and of a slow way most of the tries, too."""
    assert blamed(slow) == cause, slow
    named = Counter(blamed(one) for one in tries if one["elapsed_ms"] > SLOW_MS)
    if cause in ("network", "retry"):
        assert named[cause] >= max(named.values(), default=0), named
    elif cause == "disk":
        assert slow["parts"]["disk"] > 0.9 * slow["elapsed_ms"] > 250


FULL = {
    "full": "CHANNEL_FULL",
    "own full": "STORE_FULL",
    "queue full": "RATE_LIMITED",
    "outbox full": "OUTBOX_FULL",
}
"""What has no room for a message, the initiators' disks or what is the author's own -> how he is told."""

FAULTS = ("cut", "deaf", "mute", "crash", "slow", "alone", *FULL)
"""Drawn by the links' seed, so that each comes about equally often."""

WAITING_MAX = 2
"""Messages that may wait for the network, or for the disk, where a queue is full."""


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
    elif fault in ("alone", "outbox full"):
        cast.flock.cut_off(cast.author)
    elif fault == "queue full":
        cast.author.disk.slowed_s["drawn"] = 1.0
        cast.author.disk._queue_max = WAITING_MAX
    else:
        for bird in cast.flock:
            if (bird is cast.author) == (fault == "own full"):
                bird.disk.fill("drawn", 0)


async def say_meanwhile(author: Bird, joins: bool) -> list[tuple[str, str]]:
    """Somebody goes on as before, and a little more than fits a short queue; the errors, with what to do."""
    deeds = [author.say(f"meanwhile {number}") for number in range(2 * WAITING_MAX + 1)]
    if joins:
        deeds.append(author.join("#another"))
    ended = await asyncio.gather(*deeds, return_exceptions=True)
    failed = [each for each in ended if isinstance(each, BaseException)]
    assert all(isinstance(each, PeerNodeError) for each in failed), failed
    return [(error.code, CATALOGUE[error.code].remedy) for error in failed]


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
    @given(links, roles, st.booleans())
    def holds(link: dict[str, Any], role: tuple[int, int], joins: bool) -> None:
        fault = FAULTS[link["seed"] % len(FAULTS)]

        async def tell(flock: Flock) -> None:
            cast = await meet(flock, role)
            await break_something(cast, fault)
            author = cast.author
            errors = await say_meanwhile(author, joins)
            await asyncio.sleep(FOUND_S)
            health = await told(author, author.node.channel_health(LOBBY))
            # What has no room on somebody's own machine is told to him, it is not the channel's trouble.
            assert health["verdict"]["state"] != "healthy" or fault in ("own full", "queue full"), fault
            told_now = codes_in(health)
            for event in author.events:
                error = getattr(event, "error", None) or getattr(getattr(event, "state", None), "error", None)
                if error is not None:
                    errors.append((error.code, error.remedy))
            errors += [(one["code"], one["remedy"]) for one in told_now]
            if fault in FULL:
                assert FULL[fault] in [code for code, _ in errors], fault
            for code, remedy in errors:
                taken[code] += 1
                assert code in CATALOGUE
                assert len(remedy.split()) >= 3
                assert remedy[0].isupper()
                assert remedy.endswith(".")

        story(tell, link["replicas"] + 2, **link, outbox_max=WAITING_MAX if fault == "outbox full" else 64)

    holds()
    often = ("NO_BOOTSTRAP", "SUBSCRIBER_UNREACHABLE", "SUBSCRIBER_SILENT", "SUBSCRIBER_DEAF", "STORES_FULL")
    taken_often(taken, 5, *often, *FULL.values())


LASTING = ("cut", "deaf", "mute", "crash", "slow", "alone")
"""Faults that last; drawn as those are."""


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
