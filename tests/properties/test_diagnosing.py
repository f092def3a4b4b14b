"""Property 20: the diagnostic mode slows nothing down: what it does is counted, and it changes nothing else.

Work is counted in calls of functions on the event loop and in lines and bytes, which are the same on every
machine; what that comes to in throughput is measured by ``python -m benchmarks`` (docs/benchmarks.md).
"""

from __future__ import annotations

import asyncio
import cProfile
import gc
import io
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from peernode.diagnostics.jsonlines import LineWriter
from peernode.events import Event, MessageReceived
from peernode.identity import node_id_of, verify
from tests.properties.examples import drawn
from tests.properties.stage import REPLICAS, links, meet, roles, taken_often
from tests.pubsub.flock import Flock, story

MESSAGES = (10, 30)
"""In a burst: so few that a hundred examples, of two runs each, take less than a minute."""

CALLS_MAX, CALLS_SHARE_MAX = 12.5, 0.02
"""Calls on the loop that the mode may add, per line or request, and of all; encoding goes on elsewhere."""

LINES_MAX, LINE_BYTES_MAX = 5.0, 640
"""Per delivery: pushed, taken, and a share of what the author did; so long may they be on average."""


@dataclass(frozen=True, slots=True)
class Told:
    """One run of the same story."""

    calls: int
    trace: str
    events: list[list[Event]]
    requests: int
    """Single ones that are kept, which are no lines."""
    lines: list[dict[str, Any]]
    bytes: int

    @property
    def deliveries(self) -> int:
        """Messages shown, by all nodes together."""
        return sum(isinstance(event, MessageReceived) for each in self.events for event in each)


def run(link: dict[str, Any], role: tuple[int, int], messages: int, on: bool) -> Told:
    """Some messages in a burst, with the mode on or off; no run is spared what another has found out."""
    for cached in (verify, node_id_of):
        cached.cache_clear()
    stream = io.StringIO()
    writer = LineWriter(stream)
    profile = cProfile.Profile()

    async def tell(flock: Flock) -> None:
        cast = await meet(flock, role)
        for bird in flock:
            bird.node.write_records(writer)
            bird.node.diagnostic = on
        gc.disable()  # it calls whoever listens to it, at any time
        profile.enable()
        await asyncio.gather(*(cast.author.say(f"burst {number}") for number in range(messages)))
        await asyncio.sleep(3)
        profile.disable()
        gc.enable()

    flock = story(tell, link["replicas"] + 2, **link)
    assert writer.close(30) == 0
    written = stream.getvalue()
    lines = [json.loads(line) for line in written.splitlines()]
    calls = sum(entry.callcount for entry in profile.getstats())
    events = [list(bird.events) for bird in flock]
    requests = sum(len(bird.node.exchanges()) for bird in flock)
    return Told(calls, flock.world.network.trace.hash(), events, requests, lines, len(written))


def test_property_20_the_diagnostic_mode_costs_next_to_nothing_and_changes_nothing() -> None:
    """Catches a mode that encodes or writes on the event loop, and one that sends or waits for something."""
    taken: Counter[str] = Counter()

    @drawn
    @given(links, roles, st.integers(*MESSAGES))
    def holds(link: dict[str, Any], role: tuple[int, int], messages: int) -> None:
        off, on = run(link, role, messages, on=False), run(link, role, messages, on=True)
        assert on.trace == off.trace
        assert on.events == off.events
        assert on.deliveries == messages * (link["replicas"] + 1)
        assert off.lines == []
        assert on.deliveries <= len(on.lines) <= LINES_MAX * on.deliveries
        assert on.bytes <= LINE_BYTES_MAX * len(on.lines)
        assert on.calls - off.calls <= CALLS_MAX * (len(on.lines) + on.requests)
        assert on.calls <= (1 + CALLS_SHARE_MAX) * off.calls
        taken["lossy"] += link["loss"] > 0
        taken[f"of {link['replicas']}"] += 1

    holds()
    taken_often(taken, 10, "lossy", *(f"of {replicas}" for replicas in REPLICAS))
