"""Properties 21, 22 and 24: who was away is back by itself, a lost path is replaced, a healed network is one.

Topology, links, who goes away, how and for how long, how many are remembered that are gone for good, and what
is written meanwhile are drawn, not the seed alone.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from peernode.events import NodeState, Recovered
from tests.properties.examples import drawn
from tests.pubsub.flock import LOBBY, Bird, Flock, story

REJOINED_S = 10.0
REPLACED_S = 10.0
HEALED_S = 20.0
PUSHED_S = 2.5
"""A push that gets lost has been repeated by then, or has come by another way."""

networks = st.fixed_dictionaries(
    {
        "one_way_ms": st.tuples(st.integers(2, 20), st.integers(20, 80)),
        "jitter_ms": st.sampled_from((0, 5)),
        "loss": st.sampled_from((0.0, 0.01, 0.03)),
        "seed": st.integers(0, 2**32),
    }
)
GONE = 58
"""So many of whom a node remembers are gone for good, where the cache is an aged one."""

OUT_OF_TABLES_S = 40.0
"""So long after they are lost, peers have left the routing table and are only remembered."""

rooms = st.lists(st.sampled_from((LOBBY, "#a")), min_size=1, max_size=2, unique=True)


async def within(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """As ``Flock.expect``, but it looks ten times a second: what it looks at is not cheap."""
    for _ in range(int(seconds * 10)):
        if condition():
            return
        await asyncio.sleep(0.1)
    assert condition(), f"not within {seconds} virtual s: {what}"


def recovered(bird: Bird, since: int) -> dict[str, Recovered]:
    """Channel -> the last word on its recovery, in the events from number ``since`` on."""
    return {event.channel: event for event in bird.events[since:] if isinstance(event, Recovered)}


def noticed(bird: Bird, since: int) -> bool:
    """Whether the node has said since that it had lost the network."""
    return any(isinstance(event, NodeState) and event.state != "online" for event in bird.events[since:])


aways = st.sampled_from(
    [
        *(("cut off", 3, away_s, 0) for away_s in (1, 2, 3, 4, 5, 6, 7, 8, 9, 12)),
        *(("frozen", 3, away_s, 0) for away_s in (1, 2, 4, 5, 6, 7, 8, 9, 12, 600)),
        ("cut off", 4, 8, 0),
        ("frozen", 4, 8, 0),
        *(("cut off", count, OUT_OF_TABLES_S, GONE) for count in (3, 4)),
    ]
)


@drawn
@given(networks, aways, st.integers(0, 5), rooms, st.integers(0, 3))
def test_property_21_a_node_rejoins_all_its_channels_by_itself(
    network: dict[str, Any], away: tuple[str, int, float, int], who: int, names: list[str], messages: int
) -> None:
    """Catches an engine that renews and never recovers: ``PubSub.recover`` without ``recovery.all``."""
    how, count, away_s, gone = away

    async def tell(flock: Flock) -> None:
        for name in names:
            await flock.join(name)
        await asyncio.sleep(0.3)
        lonely, other = flock[who % count], flock[(who + 1) % count]
        cut_at = len(lonely.events)
        cut = flock.cut_off(lonely) if how == "cut off" else lonely.host.pause()
        for number in range(messages):
            await other.say(f"missed {number}", names[number % len(names)])
        await asyncio.sleep(away_s)
        back, back_s = len(lonely.events), flock.world.loop.time()
        flock.mend(cut) if cut is not None else lonely.host.resume()
        await asyncio.sleep(0.6)  # by then a node that stood still knows it
        if away_s > 6 or noticed(lonely, cut_at):
            await within(lambda: recovered(lonely, back).keys() == set(names), REJOINED_S - 0.6, "rejoined")
            assert all(event.verified for event in recovered(lonely, back).values())
        left_s = REJOINED_S - (flock.world.loop.time() - back_s)
        missed = {f"missed {number}" for number in range(messages)}
        await within(lambda: missed <= set(lonely.texts()), left_s, "has what it missed")
        for name in names:
            await other.say(f"to {name}", name)
            await lonely.say(f"from {name}", name)
        await within(lambda: {f"to {name}" for name in names} <= set(lonely.texts()), PUSHED_S, "pushed to")
        others = [bird for bird in flock if bird is not lonely]
        said = {f"from {name}" for name in names}
        await within(lambda: all(said <= set(bird.texts()) for bird in others), PUSHED_S, "heard")

    story(tell, count, gone=gone, **network)


@st.composite
def lost_paths(draw: st.DrawFn) -> tuple[int, list[int], str]:
    """How many nodes there are, which of them lose the path to node 0 or 1, and which way; one keeps it."""
    count = draw(st.sampled_from((3, 3, 4, 5)))
    others = st.integers(2, count - 1)
    lost = draw(st.lists(others, min_size=1, max_size=count - 2, unique=True))
    return count, lost, draw(st.sampled_from(("to it", "from it", "both ways")))


@drawn
@given(networks, lost_paths(), st.integers(0, 1), st.lists(st.sampled_from((0.0, 0.5, 3.0)), max_size=3))
def test_property_22_a_lost_path_is_replaced(
    network: dict[str, Any], lost: tuple[int, list[int], str], who: int, pauses: list[float]
) -> None:
    """Catches the mutants ``initiators-never-push`` and ``only-the-first-pushes``."""
    count, numbers, way = lost

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(0.3)
        lonely, apart = flock[who], [flock[number] for number in numbers]
        if way != "from it":
            flock.block(apart, [lonely])
        if way != "to it":
            flock.block([lonely], apart)
        lost_s = flock.world.loop.time()
        said = []
        for number, pause_s in enumerate([0.0, *pauses]):
            await asyncio.sleep(pause_s)
            said.append(f"around {number}")
            await apart[number % len(apart)].say(said[-1])
        await within(lambda: set(said) <= set(lonely.texts()), REPLACED_S, "another way")
        await asyncio.sleep(max(0.0, lost_s + REPLACED_S - flock.world.loop.time()))
        for bird in apart:
            await bird.say(f"as usual from {bird.index}")
        usual = {f"as usual from {bird.index}" for bird in apart}
        await within(lambda: usual <= set(lonely.texts()), PUSHED_S, "the way is known")

    story(tell, count, **network)


LEASES_ENDED_S = 70.0
"""So long after nobody has been renewed with: no push finds its way to the other side by itself."""

TRIED_S = 100.0
"""So long after they are lost, all peers have been dialled in vain, whoever else is remembered."""

partitions = st.sampled_from(
    [
        *((3, 1, apart_s, "", 0) for apart_s in (0.5, 2.0, 5.0, 8.0)),
        *((4, size, apart_s, "", 0) for size in (1, 2) for apart_s in (1.0, 7.0)),
        *((4, 2, LEASES_ENDED_S, dies, 0) for dies in ("here", "there")),
        *((4, 2, TRIED_S, dies, GONE) for dies in ("", "", "there")),
    ]
)


@drawn
@given(networks, partitions, st.integers(0, 2), st.integers(1, 3), st.integers(1, 3))
def test_property_24_a_healed_partition_converges(
    network: dict[str, Any],
    partition: tuple[int, int, float, str, int],
    early: int,
    here: int,
    there: int,
) -> None:
    """Catches, among others, ``larger-side-wins`` and ``never-redials``: the authors of one side die.

    And one rotation for all who are lost, where most of them are gone for good.
    """
    count, size, apart_s, dies, gone = partition

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(0.3)
        side = {"here": flock.birds[:size], "there": flock.birds[size:]}
        cut = flock.cut_off(*side["here"])
        said: dict[str, Bird] = {}

        async def say(author: Bird, text: str) -> str:
            said[text] = author
            return (await author.say(text)).id

        for number in range(early):
            await say(flock[number], f"early {number}")
        await asyncio.sleep(apart_s)
        sent = {
            name: [await say(side[name][0], f"{name} {number}") for number in range(messages)]
            for name, messages in (("here", here), ("there", there))
        }
        lost = side[dies][0] if dies else None
        if lost is not None:  # its messages are safe, and known on its own side alone
            safe = ("sent", "delivered")
            await within(lambda: all(lost.state(each).state in safe for each in sent[dies]), 6, "safe")
            lost.crash()
        flock.mend(cut)
        birds = [bird for bird in flock if bird is not lost]

        def converged() -> bool:
            logs = [bird.node.log_ids(LOBBY) for bird in birds]
            roots = [bird.node.coordinator(LOBBY)["root"] for bird in birds]
            return all(len(log) == len(said) for log in logs) and len(dict.fromkeys(roots)) == 1

        await within(converged, HEALED_S, "one log everywhere")
        assert all(bird.node.log_ids(LOBBY) == birds[0].node.log_ids(LOBBY) for bird in birds)
        for bird in birds:
            await say(bird, f"again from {bird.index}")

        def heard(bird: Bird) -> bool:
            return Counter(bird.texts()) == Counter(text for text in said if said[text] is not bird)

        await within(lambda: all(heard(bird) for bird in birds), PUSHED_S, "all pushes work")

    story(tell, count, gone=gone, **network)
