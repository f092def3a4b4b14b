"""Makes the faults of a scenario happen, and undoes them in time for the quiet end.

Idea: a kind is a function that begins the fault and returns what ends it (``stage``); this is the
table of them and the clock. Faults overlap freely. Each draws from a stream of its own, so one more
fault doesn't change the others.

``coverage`` counts per kind how often it began and, for those that act on datagrams, how many it hit.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from peernode.simulation.evidence import Evidence
from peernode.simulation.faults import hostile, machine, network, power
from peernode.simulation.faults.stage import End, Occurrence, Stage
from peernode.simulation.observation.timeline import Timeline
from peernode.simulation.participant import Participant
from peernode.simulation.scenario import FaultSpec, Scenario
from peernode.simulation.world.host import SimWorld

RESTART_TAKES_S = 1.0
"""How long a restart without ``for_s`` takes."""

BEGIN: dict[str, Callable[[Stage, Occurrence], Awaitable[End]]] = {
    "crash": power.crash,
    "restart": power.restart,
    "bootstrap_down": power.crash,
    "initiators_crash": power.crash,
    "disk_loss": power.disk_loss,
    "disk_rollback": power.disk_rollback,
    "churn": power.churn,
    "replace": power.replace,
    "pause": power.pause,
    "disk_full": machine.disk_full,
    "disk_slow": machine.disk_slow,
    "bit_rot": machine.bit_rot,
    "clock_skew": machine.clock_skew,
    "partition": network.partition,
    "block": network.block,
    "loss": network.loss,
    "latency": network.latency,
    "duplicate": network.duplicate,
    "reorder": network.reorder,
    "bandwidth": network.bandwidth,
    "hostile": hostile.hostile,
}


class Faults:
    """The faults of one run."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        world: SimWorld,
        participants: list[Participant],
        evidence: Evidence,
        timeline: Timeline,
    ) -> None:
        self._scenario = scenario
        self._seed = seed
        self._stage = Stage(scenario, world, participants, evidence, timeline)

    async def run(self) -> None:
        """Let all faults happen; returns when all have ended."""
        await asyncio.gather(*(self._one(number, spec) for number, spec in enumerate(self._scenario.faults)))

    async def _one(self, number: int, spec: FaultSpec) -> None:
        fault = self._occurrence(number, spec)
        await self._stage.until(fault.begin_s)
        self._stage.begins(fault)
        end = await BEGIN[spec.kind](self._stage, fault)
        await self._stage.until(fault.end_s)
        await end()
        self._stage.is_over(fault)

    def _occurrence(self, number: int, spec: FaultSpec) -> Occurrence:
        stream = f"{self._seed}/fault/{number if spec.draw is None else spec.draw}"
        begin_s = spec.at_s
        if spec.spread_s:
            begin_s += random.Random(f"{stream}/begin").uniform(0, spec.spread_s)  # noqa: S311 - seeded
        for_s = RESTART_TAKES_S if spec.kind == "restart" and spec.for_s is None else spec.for_s
        quiet_s = self._scenario.quiet_from_s
        end_s = quiet_s if for_s is None else min(quiet_s, begin_s + for_s)
        return Occurrence(number, spec, random.Random(stream), begin_s, end_s)  # noqa: S311 - seeded
