"""What the machines of a run are like: their lines and their clocks, each drawn by the seed.

Invariant: a draw belongs to one machine and one property, so that one more key or node changes no other.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from peernode.simulation.node_keys import NodesSpec
from peernode.simulation.world.host import SimHost

_OWN = "own"
"""The name of what a machine has from the start, among limits and errors of faults."""


def equip(nodes: NodesSpec, seed: int, hosts: Sequence[SimHost]) -> None:
    """Give each host its line and its clocks."""
    for host in hosts:
        rng = random.Random(f"{seed}/machine/{host.index}")  # noqa: S311 - seeded on purpose
        up, down, skew, drift = (rng.random() for _ in range(4))
        if nodes.up_kbit_s is not None:
            host.uplink.limit(_OWN, _between(nodes.up_kbit_s, up))
        if nodes.down_kbit_s is not None:
            host.downlink.limit(_OWN, _between(nodes.down_kbit_s, down))
        if nodes.clock_skew_ms:
            host.clock.go_wrong(_OWN, _between((-nodes.clock_skew_ms, nodes.clock_skew_ms), skew))
        if nodes.clock_drift_ppm:
            host.clock.oscillate(_between((-nodes.clock_drift_ppm, nodes.clock_drift_ppm), drift))


def _between(span: tuple[float, float], where: float) -> float:
    return span[0] + (span[1] - span[0]) * where
