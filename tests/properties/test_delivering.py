"""Properties 8, 9, 10 and 18: what becomes of a message that does not get through at once.

Sizes, sets, links, who writes when, which paths break which way and when are drawn. Each test counts what
its examples went through, for one in which nothing fails proves nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from peernode.rpc.rpc import Rpc
from tests.properties.examples import drawn
from tests.properties.requests_seen import RequestsSeen
from tests.properties.stage import Cast, began_s, links, meet, roles, taken_often
from tests.pubsub.flock import LOBBY, Bird, Flock, story

ALTERNATIVE_S = 2.0
SERVED_S = 8.0
NAMED_S = 12.0
"""A message is late after 2 s, and the initiators' rows are asked for every 5 s."""

kinds = ("deaf", "mute", "cut")
masks = st.sampled_from((15, 0, 15, 2, 4, 5, 6))
"""Which pushers beside the primary; all of them in every third example."""


def test_property_08_a_failed_delivery_is_tried_again_another_way_within_two_seconds() -> None:
    """Catches the mutants in which nobody relays, and in which only the first initiator pushes as well."""
    taken: Counter[str] = Counter()

    @drawn
    @given(
        links,
        st.integers(0, 1),
        roles,
        st.sampled_from((*kinds, "crash")),
        masks,
        st.sampled_from((0.0, 0.3, 2.0)),
    )
    def holds(
        link: dict[str, Any], more: int, role: tuple[int, int], kind: str, mask: int, later_s: float
    ) -> None:
        async def tell(flock: Flock) -> None:
            cast = await meet(flock, role)
            unable = cast.breakable(kind, mask)
            cast.break_paths(kind, unable)
            await asyncio.sleep(later_s)
            sent = await cast.author.say("another way")
            await flock.expect(
                lambda: cast.subscriber.texts() == ["another way"], ALTERNATIVE_S, "it is here"
            )
            await asyncio.sleep(ALTERNATIVE_S)
            tries = [(bird, attempt) for bird, attempt in cast.tries() if attempt.method != "pull"]
            failed = [(bird, attempt) for bird, attempt in tries if attempt.outcome == "timeout"]
            for pusher, failure in failed:
                others = [
                    attempt.method
                    for bird, attempt in tries
                    if (bird is not pusher or attempt.method == "relay")
                    and began_s(attempt) <= began_s(failure) + ALTERNATIVE_S
                ]
                assert others, "only this way was tried"
            able = len(flock.birds) - 1 - (kind == "crash")
            assert cast.author.state(sent.id).delivered[0] == able, "its ack has come as well"
            taken.update({a.method for _, a in tries if a.outcome == "ok"})
            taken["failed"] += bool(failed)

        story(tell, link["replicas"] + 2 + more, **link)

    holds()
    taken_often(taken, 20, "failed", "direct", "alternative", "relay")


def test_property_09_delivered_counts_acks_alone_and_the_unreachable_are_named() -> None:
    """Catches the mutants that count a push as an ack, and that name nobody."""
    taken: Counter[str] = Counter()

    @drawn
    @given(
        links,
        roles,
        st.sampled_from((*kinds, "crash")),
        st.booleans(),
        st.sampled_from((0.0, 0.2, 1.0)),
    )
    def holds(link: dict[str, Any], role: tuple[int, int], kind: str, two: bool, later_s: float) -> None:
        async def tell(flock: Flock) -> None:
            cast = await meet(flock, role)
            silent = [cast.subscriber, *(bird for bird in cast.bystanders[:two] if bird is not cast.author)]
            numbers = hush(cast, kind, silent)
            await asyncio.sleep(later_s)
            sent = await cast.author.say("who has it?")
            able, names = len(flock.birds) - 1 - len(silent), {bird.node.node_id for bird in silent}

            def named() -> set[str]:
                state = cast.author.state(sent.id)
                assert state.delivered[0] <= able, "counted without an ack"
                assert {node for node, _ in state.unreachable} <= names, "named though it is reached"
                return {node for node, _ in state.unreachable}

            await flock.expect(lambda: named() == names, NAMED_S, "the unreachable are named")
            assert cast.author.state(sent.id).delivered == (able, able + len(silent))
            taken[kind] += 1
            taken["two"] += len(silent) > 1
            taken["shown without an ack"] += any(bird.texts() for bird in silent)
            if kind == "crash":
                return
            cast.mend(numbers)
            await flock.expect(lambda: cast.author.state(sent.id).unreachable == (), 30, "nobody is left")
            assert cast.author.state(sent.id).delivered == (len(flock.birds) - 1,) * 2

        story(tell, link["replicas"] + 2, **link)

    holds()
    taken_often(taken, 10, *kinds, "crash", "two", "shown without an ack")


def hush(cast: Cast, kind: str, silent: list[Bird]) -> list[int]:
    """Nobody has an ack of these any more."""
    numbers: list[int] = []
    for bird in silent:
        if kind == "crash":
            bird.crash()
        else:
            one = Cast(cast.flock, bird, cast.author, cast.initiators)
            numbers += one.break_paths(kind, one.others)
    return numbers


def test_property_10_whoever_is_not_reached_is_repaired_or_served_another_way_within_eight_seconds() -> None:
    """Catches the mutants in which nobody relays, and that forget who reached a subscriber."""
    taken: Counter[str] = Counter()

    @drawn
    @given(
        links,
        roles,
        st.sampled_from((*kinds, "crash")),
        masks,
        st.lists(st.floats(0, 5), max_size=3).map(sorted),
    )
    def holds(link: dict[str, Any], role: tuple[int, int], kind: str, mask: int, said_s: list[float]) -> None:
        async def tell(flock: Flock) -> None:
            cast = await meet(flock, role)
            unable = cast.breakable(kind, mask)
            broken_s = cast.now()
            cast.break_paths(kind, unable)
            for index, at_s in enumerate(said_s):
                await asyncio.sleep(broken_s + at_s - cast.now())
                await cast.author.say(f"m{index}")
            await asyncio.sleep(broken_s + SERVED_S - cast.now())
            assert len(cast.subscriber.texts()) == len(said_s), "what was said is here"
            await cast.author.say("served")
            await flock.expect(lambda: "served" in cast.subscriber.texts(), ALTERNATIVE_S, "it is served")
            rows = await cast.author.call(cast.author.node.reachability(LOBBY))
            cells = [row["subscribers"].get(cast.subscriber.node.node_id) for row in rows.values()]
            assert any(cell and (cell["direction"] == "both" or cell["via"]) for cell in cells)
            taken["repaired"] += any(bird.node.happened().get("reach.repair.ok") for bird in flock)
            taken["by a relay"] += any(attempt.method == "relay" for _, attempt in cast.tries())
            taken["silent"] += not said_s
            taken[kind] += 1

        story(tell, link["replicas"] + 2, **link)

    holds()
    taken_often(taken, 10, *kinds, "crash", "repaired", "by a relay", "silent")


def test_property_18_the_trace_of_a_failed_delivery_shows_every_attempt() -> None:
    """Catches the mutants that leave out what timed out, and what is left to the renewal."""
    taken: Counter[str] = Counter()

    @drawn
    @given(
        links,
        roles,
        st.sampled_from(("deaf", "cut")),
        st.integers(0, 15),
        st.sampled_from((0.3, 1.0, 3.0, 40.0)),
        st.integers(1, 3),
    )
    def holds(
        link: dict[str, Any], role: tuple[int, int], kind: str, mask: int, for_s: float, messages: int
    ) -> None:
        async def tell(flock: Flock) -> None:
            cast = await meet(flock, role)
            numbers = cast.break_paths(kind, cast.others if mask & 1 else cast.breakable(kind, mask))
            for index in range(messages):
                await cast.author.say(f"m{index}")
            await asyncio.sleep(for_s)
            cast.mend(numbers)
            await flock.expect(lambda: len(cast.subscriber.texts()) == messages, 30, "it comes in the end")
            await asyncio.sleep(5)
            digests = cast.digests
            assert len(digests) == messages
            for bird in flock:
                for digest in digests:
                    trace = [item for item in bird.node.attempts(digest) if item.method != "pull"]
                    assert Counter(map(seen.form, trace)) == seen.of(bird, digest)
                    taken.update({f"{a.method} {a.outcome == 'ok':d}" for a in trace})
            for digest in digests:
                assert unexplained(cast, digest) == []
            taken["left to the renewal"] += any(
                attempt.method == "pull" and attempt.outcome != "ok"
                for bird in flock
                for digest in digests
                for attempt in cast.attempts(digest, bird)
            )

        seen = RequestsSeen()
        with patch.object(Rpc, "request", seen.request):
            story(tell, link["replicas"] + 1 + (mask >> 3), **link)

    holds()
    paths = [
        f"{method} {ok}"
        for method in ("publish", "direct", "initiator", "alternative", "relay")
        for ok in (1, 0)
    ]
    taken_often(taken, 5, *paths[0:1], *paths[2:], "left to the renewal")


def unexplained(cast: Cast, digest: str) -> list[str]:
    """Initiators that gave up a message without saying why, though nobody has the subscriber's ack."""
    traces = {bird.node.node_id: cast.attempts(digest, bird) for bird in cast.flock}
    if any(attempt.outcome == "ok" for trace in traces.values() for attempt in trace):
        return []
    return [
        node
        for node, trace in traces.items()
        if trace and trace[-1].method != "pull" and node != cast.author.node.node_id
    ]
