"""What faults act on, and one fault as it happens.

Idea: a kind of fault is a function of the ``Stage`` and an ``Occurrence``; it begins the fault and
returns what ends it. Invariants: an occurrence draws from a stream of its own, so one more fault
changes no other; what it does to a thing that others may do too, it does under its own ``name``, and
takes back only that; it brings back only nodes that it took down itself.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from peernode.simulation.evidence import Cut, Evidence
from peernode.simulation.faults.kinds import KINDS
from peernode.simulation.observation.timeline import Timeline
from peernode.simulation.participant import Participant
from peernode.simulation.scenario import FaultSpec, Scenario
from peernode.simulation.world.disturbances import Disturbance
from peernode.simulation.world.host import SimWorld

End = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Fault ``number`` of the scenario, with its own stream of randomness, from when to when."""

    number: int
    spec: FaultSpec
    rng: random.Random
    begin_s: float
    end_s: float

    @property
    def name(self) -> str:
        """What it does its things under."""
        return f"fault {self.number}"


class Stage:
    """The world of one run, and what is noted of its faults."""

    def __init__(
        self,
        scenario: Scenario,
        world: SimWorld,
        participants: list[Participant],
        evidence: Evidence,
        timeline: Timeline,
    ) -> None:
        self.scenario = scenario
        self.world = world
        self.participants = participants
        self.evidence = evidence
        self.coverage = evidence.coverage
        self._timeline = timeline
        self._spare = participants[scenario.nodes.starting :]

    async def until(self, at_s: float) -> None:
        """Wait for a moment; one that has passed is now."""
        await asyncio.sleep(at_s - self.world.loop.time())

    # -- whom it hits ---------------------------------------------------------------------------

    def targets(self, fault: Occurrence) -> list[Participant]:
        """Whom the scenario names, or the draw; whether they run or not."""
        targets = self._drawn(fault.spec, fault.rng)
        self.hits(fault, [participant.index for participant in targets])
        return targets

    def running(self, fault: Occurrence) -> list[Participant]:
        """Those of ``targets`` that run."""
        return [participant for participant in self.targets(fault) if participant.node is not None]

    def take_spare(self, most: int) -> list[Participant]:
        """Nodes that have never had power; nobody else is given the same."""
        taken, self._spare = self._spare[:most], self._spare[most:]
        return taken

    def _drawn(self, spec: FaultSpec, rng: random.Random) -> list[Participant]:
        if spec.kind == "initiators_crash":
            channel = spec.options["channel"]
            up = [participant for participant in self.participants if participant.node is not None]
            return sorted(up, key=lambda participant: participant.distance(channel))[: spec.options["count"]]
        nodes = self.scenario.nodes
        return [self.participants[index] for index in drawn(spec, rng, nodes.count, nodes.bootstrap)]

    # -- what is noted --------------------------------------------------------------------------

    def hits(self, fault: Occurrence, nodes: list[int]) -> None:
        """Tell the report whom a fault hits."""
        self._timeline.fault_hits(fault.number, nodes)

    def begins(self, fault: Occurrence) -> None:
        """Note the beginning."""
        self.world.network.trace.note(f"FAULT {fault.spec.kind} begins")
        self._timeline.fault_begins(fault.number, fault.spec.kind, self.world.loop.time())

    def is_over(self, fault: Occurrence) -> None:
        """Note the end."""
        self.world.network.trace.note(f"FAULT {fault.spec.kind} is over")
        self._timeline.fault_is_over(fault.number, self.world.loop.time())

    def happened(self, kind: str, hit: int) -> None:
        """Count a fault that has really begun, and the nodes that it has really hit."""
        self.coverage[f"fault {kind}"] += 1
        self.coverage[f"fault {kind}: nodes hit"] += hit

    def cut(self, group_of: dict[int, int]) -> Cut:
        """Note that nodes are apart from now on."""
        cut = Cut(self.world.loop.time(), None, group_of)
        self.evidence.cuts.append(cut)
        return cut

    def disturb(self, disturbance: Disturbance) -> Callable[[], int]:
        """Put a disturbance into the network; what is returned takes it out and says how many it hit."""
        network = self.world.network
        number = network.disturb(disturbance)

        def calm() -> int:
            network.calm(number)
            return network.disturbed.pop(number, 0)

        return calm


def drawn(spec: FaultSpec, rng: random.Random, nodes: int, bootstrap: int) -> list[int]:
    """Whom a fault hits, by index. With ``draw``, naming them changes no later draw of the fault."""
    which = KINDS[spec.kind].targets
    among = range(bootstrap if which == "bootstrap" else nodes)
    count = spec.count if spec.count is not None else (1 if which == "one" else len(among))
    if spec.nodes is None:
        return rng.sample(among, min(count, len(among)))
    if spec.draw is not None:
        rng.sample(among, min(len(spec.nodes), len(among)))
    return list(spec.nodes)


def hosts_of(participants: list[Participant]) -> frozenset[int]:
    """How the network knows them."""
    return frozenset(participant.host.index for participant in participants)


async def nothing() -> None:
    """The end of what can't be undone."""
