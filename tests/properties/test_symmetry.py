"""Property 6: whom some initiators reach the others reach too; what works one way only is found.

Links, how many nodes and initiators there are, whether the channel is a large one, between whom which way
breaks and when, and whether somebody writes meanwhile are drawn.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.examples import drawn, links
from tests.properties.stage import taken_often
from tests.pubsub.flock import LOBBY, Bird, Flock, story

FOUND_REQUIRED_S = 10.0
FOUND_LARGE_S = 45.0
"""In a large channel an initiator that does not push first waits for one and a half renewals to stay away."""

LOOKED_S = 3.0
ASKING_S = 0.4
"""An answer about the paths is on its way for so long at most; what it says is not younger than that."""

TOLD = tuple(itertools.product((False, True), repeat=3))
"""Whether the subscriber is deaf, the channel is a large one, and somebody writes meanwhile."""

SERVED_S = 8.0
"""Of property 10: whoever is not reached is repaired or served by an alternative initiator."""


def initiators_of(flock: Flock) -> list[Bird]:
    """Those of the set that most know; who only subscribes may have that of before a join until it renews."""
    sets = Counter(tuple(bird.node.coordinator(LOBBY)["initiators"]) for bird in flock)
    agreed = sets.most_common(1)[0][0]
    return [bird for bird in flock if bird.node.node_id in agreed]


def parted(flock: Flock, cut: int, pair: tuple[int, int]) -> tuple[list[Bird], Bird, Bird]:
    """Initiators and a subscriber between whom one way breaks, and an initiator with which all is well."""
    subscriber = flock[pair[1] % len(flock.birds)]
    able = [bird for bird in initiators_of(flock) if bird is not subscriber]
    first = pair[0] % len(able)
    able = able[first:] + able[:first]
    broken = able[: min(cut, len(able) - 1)]
    return broken, subscriber, able[-1]


async def named(asked: Bird, broken: list[Bird], subscriber: Bird, direction: str) -> list[Bird]:
    """Those of whose broken path the matrix says which way works."""
    matrix = await asked.call(asked.node.reachability(LOBBY))
    rows = {bird: matrix.get(bird.node.node_id) for bird in broken}
    cells = {bird: row["subscribers"].get(subscriber.node.node_id) for bird, row in rows.items() if row}
    told = {bird: (cell["direction"], cell["asymmetric"]) for bird, cell in cells.items() if cell}
    return [bird for bird in broken if told.get(bird) == (direction, True)]


async def check_named_in_time(
    asked: Bird, broken: list[Bird], subscriber: Bird, direction: str, large: bool
) -> None:
    """In a small channel all at once, wherever one looks.

    In a large one some are found so late that other leases have ended or the set has changed: there each is
    looked at again and again, where it is known.
    """
    if not large:
        await asyncio.sleep(FOUND_REQUIRED_S - ASKING_S)
        assert await named(asked, broken, subscriber, direction) == broken
        return
    found: list[Bird] = []
    for _ in range(int(FOUND_LARGE_S / LOOKED_S)):
        await asyncio.sleep(LOOKED_S)
        for looking in (asked, *broken):
            found += await named(looking, broken, subscriber, direction)
        if set(found) == set(broken):
            return
    raise AssertionError(f"{len(set(found))} of {len(broken)} broken paths were found")


async def expect_gone_round(flock: Flock, broken: list[Bird], subscriber: Bird, wanted: list[str]) -> None:
    """All hear what the first of the broken ones said, and each of these knows a way round."""
    hearers = [bird for bird in flock if bird is not broken[0]]
    await flock.expect(lambda: all(bird.texts() == wanted for bird in hearers), SERVED_S, "all have heard it")
    paths = [bird.node._pubsub.monitor.get(subscriber.identity.node_id) for bird in broken]
    await flock.expect(
        lambda: all(path is not None and path.alternatives for path in paths), SERVED_S, "a way round"
    )


def test_property_06_what_is_reached_one_way_only_is_found_within_ten_seconds_and_gone_round() -> None:
    """Catches, each within ten examples, an ``InitiatorReachabilityMonitor`` whose ``_requested`` or whose
    ``vouched`` notes nothing (it sees no asymmetry), a ``Probing`` with ``SILENT_S`` of 20, and one whose
    ``_repair`` does nothing or asks no relay; and one that takes whom it hears in a large one for reached.
    """
    taken: Counter[str] = Counter()

    @drawn
    @given(
        links,
        st.tuples(st.sampled_from((5, 4, 3)), st.sampled_from((3, 5))),
        st.sampled_from((2, 1)),
        st.tuples(st.integers(0, 4), st.integers(0, 4)),
        st.sampled_from(TOLD),
        st.floats(0.0, 4.0),
    )
    def holds(
        link: dict[str, Any],
        size: tuple[int, int],
        cut: int,
        pair: tuple[int, int],
        told: tuple[bool, bool, bool],
        begins_s: float,
    ) -> None:
        deaf, large, said = told

        async def tell(flock: Flock) -> None:
            await asyncio.sleep(0.5)
            await flock.join()
            await asyncio.sleep(0.5 + begins_s)
            broken, subscriber, asked = parted(flock, cut, pair)
            taken["subscriber only"] += subscriber not in initiators_of(flock)
            flock.block(*((broken, [subscriber]) if deaf else ([subscriber], broken)))
            if said:
                await broken[0].say("during")
            await check_named_in_time(asked, broken, subscriber, "heard" if deaf else "hears", large)
            await broken[0].say("round about")
            await expect_gone_round(flock, broken, subscriber, ["during"] * said + ["round about"])
            taken["deaf" if deaf else "mute"] += 1
            taken["several"] += len(broken) > 1
            taken["silent"] += not said
            taken["large"] += large
            taken["large, deaf and silent"] += large and deaf and not said

        story(tell, size[0], replicas=size[1], small_channel_max=2 if large else 32, **link)

    holds()
    taken_often(taken, 15, "deaf", "mute", "several", "subscriber only", "silent", "large")
    taken_often(taken, 8, "large, deaf and silent")
