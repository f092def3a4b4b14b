"""A failing scenario made small: the fewest faults and messages, then nodes and seconds, that still fail.

Idea: delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002).
First everything that the seed draws is written down, so that leaving one thing out changes no other;
then parts are left out as long as the rest fails in the same way.

Invariants: every scenario that is kept has failed with all wanted kinds; at most ``runs_max`` runs are
made; what comes out does not depend on how many runs are made side by side.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from peernode.simulation.expect import Expect
from peernode.simulation.faults.kinds import KINDS
from peernode.simulation.faults.stage import drawn
from peernode.simulation.questions import NETWORK, pinned_draws
from peernode.simulation.scenario import FaultSpec, Scenario, parse
from peernode.simulation.scenario_text import scenario_text
from peernode.simulation.schema import ScenarioError
from peernode.simulation.shrink_messages import Message, as_publish, messages_of
from peernode.simulation.sweep import EXPECTED
from peernode.simulation.workload import lay_out

RUNS_MAX = 200
"""Runs that a shrinking may take."""

Judge = Callable[[Sequence[Scenario]], int | None]
"""The index of the first of these scenarios that still fails, or None."""
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What is left, and what it took."""

    scenario: Scenario
    runs: int
    exhausted: bool
    """Whether the runs were used up before there was nothing left to try."""


def shrink(
    scenario: Scenario, seed: int, wanted: Sequence[str], judge: Judge, runs_max: int = RUNS_MAX
) -> Shrunk:
    """Make ``scenario`` small, which fails with this seed in the ``wanted`` ways."""
    search = _Search(judge, runs_max)
    start = replace(pinned_draws(scenario), seed=seed, expect=_expected(scenario, wanted))
    found = search.first([_pinned(start, seed)]) or start
    for step in (
        _fewer_faults,
        _fewer_messages,
        _fewer_faults,
        _calmer,
        _fewer_victims,
        _fewer_nodes,
        _shorter,
    ):
        found = step(found, search)
    return Shrunk(found, search.runs, search.exhausted)


class _Search:
    """The runs so far; what is known to hold is not run again."""

    def __init__(self, judge: Judge, runs_max: int) -> None:
        self._judge = judge
        self._runs_max = runs_max
        self._holding: list[Scenario] = []
        self.runs = 0
        self.exhausted = False

    def first(self, candidates: Sequence[Scenario]) -> Scenario | None:
        """The first candidate that still fails."""
        new = [item for item in candidates if item not in self._holding and _can_be_written(item)]
        tried = new[: self._runs_max - self.runs]
        self.exhausted = self.exhausted or len(tried) < len(new)
        found = self._judge(tried) if tried else None
        held = tried if found is None else tried[:found]
        self._holding += held
        self.runs += len(held) + (found is not None)
        return None if found is None else tried[found]


def _can_be_written(scenario: Scenario) -> bool:
    """Whether a file can say it: what is left out must not be named anywhere."""
    try:
        return parse(scenario_text(scenario)) == scenario
    except ScenarioError:
        return False


def _minimal(items: list[Item], build: Callable[[list[Item]], Scenario], search: _Search) -> list[Item]:
    """ddmin: the fewest of ``items`` whose scenario fails; each one left is needed, if the runs suffice."""
    if not items or search.first([build([])]) is not None:
        return []
    parts = 2
    while len(items) > 1:
        bounds = [len(items) * number // parts for number in range(parts + 1)]
        chunks = [items[begin:end] for begin, end in itertools.pairwise(bounds)]
        rests = [items[:begin] + items[end:] for begin, end in itertools.pairwise(bounds)]
        options = chunks if parts == 2 else chunks + rests
        built = [build(option) for option in options]
        found = search.first(built)
        if found is not None:
            place = built.index(found)
            items = options[place]
            parts = 2 if place < len(chunks) else max(parts - 1, 2)
        elif parts >= len(items):
            break
        else:
            parts = min(2 * parts, len(items))
    return items


# -- what can be left out -----------------------------------------------------------------------------


def _fewer_faults(scenario: Scenario, search: _Search) -> Scenario:
    def build(faults: list[FaultSpec]) -> Scenario:
        return replace(scenario, faults=tuple(faults))

    return build(_minimal(list(scenario.faults), build, search))


def _fewer_messages(scenario: Scenario, search: _Search) -> Scenario:
    everything = messages_of(scenario)

    def build(messages: list[Message]) -> Scenario:
        return scenario if messages == everything else replace(scenario, publish=as_publish(messages))

    return build(_minimal(everything, build, search))


def _calmer(scenario: Scenario, search: _Search) -> Scenario:
    """Without what the network does all the time."""
    for name in (*NETWORK, "jitter_ms"):
        if getattr(scenario.network, name):
            calm: dict[str, Any] = {name: 0.0}
            scenario = (
                search.first([replace(scenario, network=replace(scenario.network, **calm))]) or scenario
            )
    return scenario


def _fewer_victims(scenario: Scenario, search: _Search) -> Scenario:
    """One node per fault that hits several, if one is enough."""
    for place, fault in enumerate(scenario.faults):
        if fault.nodes is not None and len(fault.nodes) > 1:
            before, after = scenario.faults[:place], scenario.faults[place + 1 :]
            singles = [
                replace(scenario, faults=(*before, replace(fault, nodes=(node,)), *after))
                for node in fault.nodes
            ]
            scenario = search.first(singles) or scenario
    return scenario


def _fewer_nodes(scenario: Scenario, search: _Search) -> Scenario:
    """The nodes with the highest indices go, as far as nobody needs them."""
    needed = max(scenario.nodes.bootstrap, 2, *(1 + index for index in _named(scenario)), 1)
    count = scenario.nodes.count
    sizes = sorted({needed, *(needed + (count - needed) * part // 4 for part in (1, 2, 3))})
    return search.first([_with_nodes(scenario, size) for size in sizes if size < count]) or scenario


def _named(scenario: Scenario) -> list[int]:
    named = [index for publish in scenario.publish for index in publish.who or ()]
    for fault in scenario.faults:
        named += [*(fault.nodes or ()), *(fault.options.get("to") or ())]
        named += [
            item for group in fault.options.get("groups", ()) if isinstance(group, tuple) for item in group
        ]
        named.append((fault.count or 1) - 1)
        named.append(fault.options.get("count", 1) - 1)
    return named


def _with_nodes(scenario: Scenario, count: int) -> Scenario:
    """The first ``count`` nodes, which come and join when they did."""
    online, channels = scenario.nodes.online, []
    for channel in scenario.channels:
        before = tuple(range(channel.members)) if channel.who is None else channel.who
        who = tuple(index for index in before if index < count)
        over_s = channel.join.over_s * len(who) / len(before)
        pinned = None if len(who) == count and channel.who is None else who
        channels.append(
            replace(channel, members=len(who), who=pinned, join=replace(channel.join, over_s=over_s))
        )
    spare = max(0, scenario.nodes.spare - (scenario.nodes.count - count))
    over_s = online.over_s * (count - spare) / scenario.nodes.starting
    nodes = replace(scenario.nodes, count=count, spare=spare, online=replace(online, over_s=over_s))
    return replace(scenario, nodes=nodes, channels=tuple(channel for channel in channels if channel.members))


def _shorter(scenario: Scenario, search: _Search) -> Scenario:
    """The quiet time begins as soon as everything has happened."""
    ends = [
        0.0,
        *(publish.start_s + (publish.messages - 1) * publish.every_s for publish in scenario.publish),
    ]
    ends += [
        when.at_s + when.over_s for when in (scenario.nodes.online, *(c.join for c in scenario.channels))
    ]
    for fault in scenario.faults:
        until_s = scenario.quiet_from_s if fault.for_s is None else fault.at_s + fault.spread_s + fault.for_s
        ends.append(min(until_s, scenario.quiet_from_s))
    duration_s = float(int(max(ends)) + 1) + scenario.settle_s
    if duration_s >= scenario.duration_s:
        return scenario
    return search.first([replace(scenario, duration_s=duration_s)]) or scenario


# -- what the seed draws, written down -----------------------------------------------------------------


def _expected(scenario: Scenario, wanted: Sequence[str]) -> Expect:
    """Only the bounds that the failure is about."""
    asked = {item.name: getattr(scenario.expect, item.name) for item in fields(Expect)}
    return Expect(**{name: bound for name, bound in asked.items() if EXPECTED + name in wanted})


def _pinned(scenario: Scenario, seed: int) -> Scenario:
    """Members, authors and victims by name, so that they stay the same whatever else goes."""
    layout = lay_out(scenario, seed)
    channels = [
        channel
        if channel.members == scenario.nodes.count and channel.who is None
        else replace(channel, who=tuple(layout.members[channel.name]))
        for channel in scenario.channels
    ]
    publish = [
        replace(item, who=tuple(authors))
        for item, authors in zip(scenario.publish, layout.authors, strict=True)
    ]
    faults = [_pinned_fault(fault, scenario, seed) for fault in scenario.faults]
    return replace(scenario, channels=tuple(channels), publish=tuple(publish), faults=tuple(faults))


def _pinned_fault(fault: FaultSpec, scenario: Scenario, seed: int) -> FaultSpec:
    which = KINDS[fault.kind].targets
    if fault.nodes is not None or which == "own" or (which == "all" and fault.count is None):
        return fault
    rng = random.Random(f"{seed}/fault/{fault.draw}")  # noqa: S311 - the fault's own stream
    nodes = drawn(fault, rng, scenario.nodes.count, scenario.nodes.bootstrap)
    return replace(fault, nodes=tuple(nodes), count=None)
