"""What is asked when a sweep is over: was anything tried, did every fault matter, does a seed replay?

Idea: the answers need more runs, and runs need processes, so this module only lays out the runs to do
(``Ask``) and judges what came back. ``None`` as a verdict: noted, but no reason to fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from peernode.simulation.checkers import not_vacuous as vacuity
from peernode.simulation.checkers import replayable as replay
from peernode.simulation.scenario import Scenario
from peernode.simulation.sweep import Row, Sweep

TRIES_PER_FAULT = 5
"""Seeds that a kind of fault may take until one of them goes differently without it."""
MANY_SEEDS = 1_000
"""A sweep of so many seeds fails when a path was never taken; a shorter one says so."""
MATTER_SEEDS = 100
"""A sweep of so many seeds fails when a fault changed nothing; a shorter one says so.

Fewer than for paths: only ``TRIES_PER_FAULT`` of them are tried without the fault in any case.
"""
REPLAYED_FAILING = 1
NETWORK = ("loss", "duplicate", "reorder")
"""What the network does to datagrams all the time."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question; ``ok`` None: a note."""

    name: str
    ok: bool | None
    said: list[str] = field(default_factory=list)
    """What is wrong, or how it was found out."""


def not_vacuous(sweep: Sweep, scenario: Scenario) -> list[Verdict]:
    """Whether over all seeds everything happened that the scenario is for.

    Paths of the engine that were never taken are a reason to fail after many seeds with faults.
    """
    coverage = {name: count for name, (count, _) in sweep.coverage.items()}
    paths = vacuity.over([coverage], ())
    faults = [said for said in vacuity.over([coverage], asked_kinds(scenario)) if said not in paths]
    many = len(sweep.rows) >= MANY_SEEDS and bool(scenario.faults)
    return [
        Verdict(vacuity.NAME, not faults, faults),
        Verdict("paths_taken", not paths or (False if many else None), paths),
    ]


def asked_kinds(scenario: Scenario) -> list[str]:
    """The kinds of the scenario's ``[[faults]]``."""
    return list(dict.fromkeys(fault.kind for fault in scenario.faults))


def kinds(scenario: Scenario) -> list[str]:
    """The kinds of faults that a scenario has; those of the network all the time are ``network …``."""
    found = [f"network {name}" for name in NETWORK if getattr(scenario.network, name) > 0]
    return [*found, *asked_kinds(scenario)]


def without(scenario: Scenario, kind: str) -> Scenario:
    """The same without one kind of fault; all other faults draw what they drew."""
    name = kind.removeprefix("network ")
    if name != kind:
        calm: dict[str, Any] = {name: 0.0}
        return replace(scenario, network=replace(scenario.network, **calm))
    return replace(
        scenario, faults=tuple(fault for fault in pinned_draws(scenario).faults if fault.kind != kind)
    )


def pinned_draws(scenario: Scenario) -> Scenario:
    """The same, where each fault draws from its stream wherever it stands."""
    faults = [
        replace(fault, draw=number if fault.draw is None else fault.draw)
        for number, fault in enumerate(scenario.faults)
    ]
    return replace(scenario, faults=tuple(faults))


class FaultsMatter:
    """Whether without a kind of fault something is different for people, in one seed at least."""

    NAME = "faults_matter"

    def __init__(self, scenario: Scenario, rows: Iterable[Row]) -> None:
        ended = [row for row in rows if row.outcome]
        step = max(1, len(ended) // TRIES_PER_FAULT)
        self._scenario = scenario
        self._with = {row.seed: row.outcome for row in ended[::step][:TRIES_PER_FAULT]}
        self._changed: dict[str, int] = {}
        self._tried: dict[str, list[int]] = {kind: [] for kind in kinds(scenario)}

    def next_round(self) -> list[tuple[str, Scenario, int]]:
        """(kind, scenario, seed) of runs to do next; empty when all is known."""
        asks = []
        for kind, tried in self._tried.items():
            left = [seed for seed in self._with if seed not in tried]
            if kind not in self._changed and left:
                asks.append((kind, without(self._scenario, kind), left[0]))
        return asks

    def answer(self, kind: str, seed: int, row: Row | None) -> None:
        """Take in a run without ``kind``; None: it has no result."""
        self._tried[kind].append(seed)
        if row is not None and row.outcome and row.outcome != self._with[seed]:
            self._changed[kind] = seed

    def verdict(self, seeds: int) -> Verdict:
        """After ``seeds`` seeds in all."""
        idle = [kind for kind in self._tried if kind not in self._changed]
        if idle:
            tried = {kind: " ".join(map(str, self._tried[kind])) or "none" for kind in idle}
            said = [f"{kind}: changed nothing that anybody sees (seeds {tried[kind]})" for kind in idle]
            return Verdict(self.NAME, False if seeds >= MATTER_SEEDS else None, said)
        said = [f"{kind}: seed {self._changed[kind]} goes differently without it" for kind in self._tried]
        return Verdict(self.NAME, True, said)


def to_replay(rows: list[Row]) -> list[Row]:
    """The rows whose runs are run again: the first, and one that failed."""
    ended = [row for row in rows if row.trace_hash]
    failing = [row for row in ended[1:] if not row.ok]
    return [*ended[:1], *failing[:REPLAYED_FAILING]]


def replayable(first: list[Row], again: Mapping[int, Row]) -> Verdict:
    """Whether the same seeds gave the same traces in another process."""
    wrong: list[str] = []
    for row in first:
        if other := again.get(row.seed):
            hashes = (row.trace_hash, other.trace_hash or "no result")
            wrong += [f"seed {row.seed}: {words}" for words in replay.violations(hashes)]
    same = [f"seed {row.seed} twice: {row.trace_hash}" for row in first if row.seed in again]
    return Verdict(replay.NAME, not wrong, wrong or same)
