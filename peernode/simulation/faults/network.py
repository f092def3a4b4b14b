"""Faults of the network: who can't reach whom, what gets lost, late, doubled or stuck on a slow line.

``coverage`` counts how many datagrams each of them really hit.
"""

from __future__ import annotations

from typing import Any

from peernode.simulation.faults.stage import End, Occurrence, Stage, hosts_of
from peernode.simulation.world.disturbances import (
    Block,
    Disturbance,
    Duplication,
    Latency,
    Loss,
    Partition,
    Reordering,
)


def _disturb(stage: Stage, fault: Occurrence, disturbance: Disturbance, hit: int) -> End:
    calm = stage.disturb(disturbance)
    stage.happened(fault.spec.kind, hit)

    async def end() -> None:
        stage.coverage[f"fault {fault.spec.kind}: datagrams hit"] += calm()

    return end


async def partition(stage: Stage, fault: Occurrence) -> End:
    """Groups that can't reach each other."""
    groups = _groups(stage, fault)
    stage.hits(fault, list(groups))
    cut = stage.cut(groups)
    on_hosts = {stage.participants[index].host.index: group for index, group in groups.items()}
    calm = _disturb(stage, fault, Partition(on_hosts), len(groups))

    async def end() -> None:
        cut.to_s = stage.world.loop.time()
        await calm()

    return end


def _groups(stage: Stage, fault: Occurrence) -> dict[int, int]:
    """Node -> group number; who is in none is in group 0."""
    groups: tuple[Any, ...] = fault.spec.options["groups"]
    if isinstance(groups[0], tuple):
        return {index: number for number, group in enumerate(groups, start=1) for index in group}
    shuffled = fault.rng.sample(stage.participants, len(stage.participants))
    placed: dict[int, int] = {}
    share = 0.0
    for number, fraction in enumerate(groups, start=1):
        begin, share = round(share * len(shuffled)), share + fraction
        for participant in shuffled[begin : round(share * len(shuffled))]:
            placed[participant.index] = number
    return placed


async def block(stage: Stage, fault: Occurrence) -> End:
    """One way only."""
    senders = stage.targets(fault)
    to: tuple[int, ...] = fault.spec.options["to"] or tuple(range(len(stage.participants)))
    receivers = hosts_of([stage.participants[index] for index in to])
    return _disturb(stage, fault, Block(hosts_of(senders), receivers), len(senders))


async def loss(stage: Stage, fault: Occurrence) -> End:
    """Datagrams get lost."""
    targets = stage.targets(fault)
    return _disturb(stage, fault, Loss(hosts_of(targets), fault.spec.options["loss"]), len(targets))


async def latency(stage: Stage, fault: Occurrence) -> End:
    """Datagrams take longer."""
    targets, options = stage.targets(fault), fault.spec.options
    disturbance = Latency(hosts_of(targets), options["extra_ms"], options["jitter_ms"])
    return _disturb(stage, fault, disturbance, len(targets))


async def duplicate(stage: Stage, fault: Occurrence) -> End:
    """Datagrams arrive twice."""
    targets = stage.targets(fault)
    disturbance = Duplication(hosts_of(targets), fault.spec.options["duplicate"])
    return _disturb(stage, fault, disturbance, len(targets))


async def reorder(stage: Stage, fault: Occurrence) -> End:
    """Datagrams overtake each other."""
    targets, options = stage.targets(fault), fault.spec.options
    disturbance = Reordering(hosts_of(targets), options["reorder"], options["extra_ms"])
    return _disturb(stage, fault, disturbance, len(targets))


async def bandwidth(stage: Stage, fault: Occurrence) -> End:
    """Slow lines."""
    targets, options = stage.targets(fault), fault.spec.options
    limits = [(participant.host.uplink, options["up_kbit_s"]) for participant in targets]
    limits += [(participant.host.downlink, options["down_kbit_s"]) for participant in targets]
    passed_before = sum(link.passed for link, _ in limits)
    for link, kbit_s in limits:
        link.limit(fault.name, kbit_s)
    stage.happened(fault.spec.kind, len(targets))

    async def end() -> None:
        passed = sum(link.passed for link, _ in limits) - passed_before
        stage.coverage[f"fault {fault.spec.kind}: datagrams hit"] += passed
        for link, _ in limits:
            link.unlimit(fault.name)

    return end
