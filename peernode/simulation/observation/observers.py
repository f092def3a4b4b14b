"""All that looks on while a run goes on; what it sees goes into the run's ``Evidence``."""

from __future__ import annotations

from peernode.simulation.evidence import Evidence
from peernode.simulation.observation.disks import DiskWatch
from peernode.simulation.observation.pushes import PushWatch
from peernode.simulation.observation.wire import WireWatch
from peernode.simulation.world.host import SimWorld


class Observation:
    """The observers of one run: of its disks, its wire and its nodes' pushes."""

    def __init__(self, world: SimWorld, evidence: Evidence, nodes: int) -> None:
        now = world.loop.time
        self.evidence = evidence
        self.disks = DiskWatch(evidence, now)
        self.wire = WireWatch(evidence, now, nodes)
        self.pushes = PushWatch(evidence)
        world.network.wire = self.wire
