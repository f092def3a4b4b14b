"""Properties 1, 2, 3, 5 and 13: joins complete, all at once too, try again by themselves, and leave a trace.

Sizes, links, who joins when, and who is cut off, dead or refused for how long are drawn; times are virtual.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.errors import PeerNodeError
from peernode.events import JoinDelayed, Joined
from peernode.pubsub.joinrun import STEPS
from tests.properties.examples import drawn, links
from tests.pubsub.flock import LOBBY, Bird, Flock, story

JOIN_REQUIRED_MS = 5_000
CREATION_REQUIRED_MS = 3_000
QUICK = 5
"""Attempts in the budget."""


def last_join(bird: Bird) -> dict[str, Any]:
    """The trace of a node's last join."""
    told: dict[str, Any] = json.loads(json.dumps(bird.node.coordinator(LOBBY)["join"]))
    return told


async def join_at(bird: Bird, after_s: float) -> Joined:
    await asyncio.sleep(after_s)
    return await bird.join()


@drawn
@given(
    links,
    st.lists(st.sampled_from((0.0, 0.0, 0.05, 0.5)), min_size=2, max_size=5),
    st.sampled_from((0.0, 0.2, 2.0)),
    st.sampled_from(("none", "dead", "away")),
    st.sampled_from((0.0, 0.05, 0.1)),
)
def test_property_01_any_join_completes_within_five_seconds(
    link: dict[str, Any], moments: list[float], settled_s: float, fault: str, loss: float
) -> None:
    """Catches the mutant ``join-tried-once``: an attempt that failed in the budget is the last one."""

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(settled_s)
        joiners = flock.birds[: len(moments)]
        if fault == "dead":
            flock.birds[-1].crash()  # and it is still believed to be there
        number = flock.cut_off(joiners[-1]) if fault == "away" else None
        joins = [asyncio.ensure_future(join_at(b, at)) for b, at in zip(joiners, moments, strict=True)]
        if number is not None:
            await asyncio.sleep(0.6)
            flock.mend(number)
        assert max(joined.elapsed_ms for joined in await asyncio.gather(*joins)) <= JOIN_REQUIRED_MS

    story(tell, len(moments) + (fault == "dead"), **{**link, "loss": loss})


@drawn
@given(links, st.integers(3, 7), st.data())
def test_property_02_any_set_of_nodes_joining_at_once_all_become_participants(
    link: dict[str, Any], count: int, data: st.DataObject
) -> None:
    """Catches a ``Membership._prove`` with one probe per channel on its way, instead of per subscriber."""
    first = data.draw(st.sets(st.integers(0, count - 1), max_size=count - 2), "in the channel before")
    said = data.draw(st.booleans(), "something was said before")

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(1)
        await asyncio.gather(*(flock[index].join() for index in sorted(first)))
        if first and said:
            await flock[min(first)].say("before")
        others = [bird for bird in flock if bird.index not in first]
        joined = await asyncio.gather(*(bird.join() for bird in others))
        assert max(one.elapsed_ms for one in joined) <= JOIN_REQUIRED_MS
        everybody = sorted(bird.node.node_id for bird in flock)

        def complete() -> bool:
            tables = [sorted(bird.node.leaseholders(LOBBY)) for bird in flock if initiates(bird)]
            return len(tables) == min(5, count) and all(table == everybody for table in tables)

        await flock.expect(complete, 5, "listed by every initiator")

    story(tell, count, **link)


def initiates(bird: Bird) -> bool:
    return bird.node.node_id in bird.node.coordinator(LOBBY)["initiators"]


def test_property_03_a_failed_join_retries_with_backoff_and_jitter_five_times_at_most() -> None:
    """Catches ``join-tried-once``, pauses that don't grow or don't vary, a sixth attempt in the budget."""
    pauses: defaultdict[int, list[float]] = defaultdict(list)
    most: list[int] = []

    @drawn
    @given(
        links,
        st.integers(4, 5),
        st.sampled_from((0, 1, 3)),
        st.sampled_from((0.5, 2.0, 5.2)),
        st.sampled_from(("cut", "full")),
    )
    def failed(link: dict[str, Any], count: int, known_s: int, out_s: float, fault: str) -> None:
        async def tell(flock: Flock) -> None:
            await asyncio.sleep(known_s)
            out = flock.birds[1:3]
            rest = [bird for bird in flock if bird not in out]
            cuts = [flock.cut_off(bird) for bird in out] if fault == "cut" else []
            await asyncio.gather(*(bird.join() for bird in rest))
            tries = [asyncio.ensure_future(bird.join()) for bird in out]
            await asyncio.sleep(out_s)
            assert not any(bird.told(Joined) for bird in out)
            for number in cuts:
                flock.mend(number)
            if fault == "full":
                await asyncio.gather(*(bird.call(bird.node.leave(LOBBY)) for bird in rest[:2]))
            await flock.expect(lambda: all(bird.told(Joined) for bird in out), 30, "joined by themselves")
            await asyncio.gather(*tries, return_exceptions=True)
            found = [attempts(last_join(bird)) for bird in out]
            assert not set(found[0][1]) & set(found[1][1]), "in step"
            for begun_ms, between in found:
                most.append(sum(1 for at_ms in begun_ms if at_ms < JOIN_REQUIRED_MS))
                for before, pause_ms in enumerate(between, start=1):
                    pauses[before].append(pause_ms)

        limits = {"subscribers_per_channel_max": count - 2} if fault == "full" else {}
        story(tell, count, **link, **limits)

    failed()
    assert max(most) == QUICK
    means = [statistics.mean(pauses[before]) for before in range(1, QUICK)]
    assert means == sorted(means)
    for before in range(1, QUICK):
        bound_ms = min(1_000.0, 100.0 * 2**before)
        assert max(pauses[before]) <= bound_ms
        assert min(pauses[before]) < bound_ms / 4, "full jitter"
        assert max(pauses[before]) > bound_ms * 3 / 4
    assert max(pauses[QUICK]) <= 20_000


def attempts(told: dict[str, Any]) -> tuple[list[float], list[float]]:
    """When attempts began, in ms, and the pauses between them; none begins before the last has ended."""
    spans: dict[int, tuple[float, float]] = {}
    for step in told["steps"]:
        ended = step["began_ms"] + (step["elapsed_ms"] or 0.0)
        low, high = spans.get(step["attempt"], (step["began_ms"], ended))
        spans[step["attempt"]] = (min(low, step["began_ms"]), max(high, ended))
    assert list(spans) == list(range(1, told["attempts"] + 1))
    between = [after[0] - before[1] for before, after in itertools.pairwise(spans.values())]
    assert all(pause_ms >= -0.001 for pause_ms in between)
    return [began for began, _ in spans.values()], between


def test_property_05_every_join_leaves_a_trace() -> None:
    """Catches a ``JoinRun.note`` that writes nothing down, and a ``cancel`` that forgets the outcome."""
    outcomes: Counter[str] = Counter()

    @drawn
    @given(
        links, st.integers(2, 5), st.sampled_from(("joins", "cut off", "leaves")), st.sampled_from((0, 1, 3))
    )
    def joined(link: dict[str, Any], count: int, fate: str, known_s: int) -> None:
        async def tell(flock: Flock) -> None:
            await asyncio.sleep(known_s)
            bird = flock[count - 1]
            await asyncio.gather(*(other.join() for other in flock.birds[: count - 1]))
            if fate == "cut off":
                flock.cut_off(bird)
            joining = asyncio.ensure_future(bird.join())
            if fate == "leaves":
                await asyncio.sleep(0.05)
                await bird.call(bird.node.leave(LOBBY))
            ended = (await asyncio.gather(joining, return_exceptions=True))[0]
            told = last_join(bird)
            outcomes[told["outcome"]] += 1
            check_steps(told)
            if isinstance(ended, Joined):
                assert told["outcome"] == "ok"
                check_completed(told, ended)
            else:
                assert isinstance(ended, PeerNodeError)
                assert told["outcome"] == ("left" if fate == "leaves" else "delayed")
                assert bool(bird.told(JoinDelayed)) == (fate == "cut off")

        story(tell, count, **link)

    joined()
    assert min(outcomes[outcome] for outcome in ("ok", "left", "delayed")) >= 10


def check_steps(told: dict[str, Any]) -> None:
    """The steps of each attempt, in their order and time; a failed one has its code."""
    assert told["attempts"] >= 1
    for attempt in range(1, told["attempts"] + 1):
        steps = [step for step in told["steps"] if step["attempt"] == attempt]
        begun = [step["began_ms"] for step in steps]
        assert begun == sorted(begun)
        assert steps
        assert [step["step"] for step in steps] == list(STEPS[: len(steps)])
        if attempt < told["attempts"]:
            assert [step["outcome"] for step in steps if step["outcome"] not in ("ok", "cancelled")][
                -1
            ].isupper()
    for step in told["steps"]:
        assert step["outcome"] == "running" or step["elapsed_ms"] >= 0
        if step["elapsed_ms"] is not None:
            assert sum(step["parts"].values()) == pytest.approx(step["elapsed_ms"], abs=0.01), step
        assert set(step["answered"]) <= set(step["asked"]), "also of one that failed"
        if step["step"] in ("subscribe", "inbound", "outbound") and step["outcome"].isupper():
            assert step["asked"], "whom it failed with"


def check_completed(told: dict[str, Any], joined: Joined) -> None:
    """A complete last attempt, with whom it asked on its ways and who answered."""
    last = {step["step"]: step for step in told["steps"] if step["attempt"] == told["attempts"]}
    assert list(last) == list(STEPS)
    assert {step["outcome"] for step in last.values()} == {"ok"}
    assert abs(told["elapsed_ms"] - joined.elapsed_ms) < 1
    for step in ("find", "subscribe", "inbound"):
        assert last[step]["answered"]
        assert set(last[step]["answered"]) <= set(last[step]["asked"])
    assert set(last["subscribe"]["answered"]) <= set(joined.initiators)
    assert joined.alone or last["outbound"]["answered"]


@drawn
@given(links, st.integers(1, 6), st.integers(0, 4), st.sampled_from((0, 1, 4)), st.booleans())
def test_property_13_a_channel_is_created_within_three_seconds(
    link: dict[str, Any], count: int, creator: int, known_s: int, dead: bool
) -> None:
    """Catches a ``Membership._after`` that leaves the first probe to the next renewal.

    And a ``HEDGE_RTOS`` of 3: with a dead initiator the echo waits too long for others to bring it back.
    """

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(known_s)
        if dead and count > 2:
            flock[count - 1].crash()
        joined = await flock[creator % max(1, count - 1)].join("#of-nobody")
        assert joined.created
        assert joined.elapsed_ms <= CREATION_REQUIRED_MS
        assert joined.alone == (count == 1) or not known_s

    story(tell, count, **link)
