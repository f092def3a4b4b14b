"""Faults of disks and clocks while the machine runs on."""

from __future__ import annotations

from peernode.simulation.faults.stage import End, Occurrence, Stage, nothing


async def disk_full(stage: Stage, fault: Occurrence) -> End:
    """Disks that take so much and no more, also in the middle of a flush."""
    taken = stage.targets(fault)
    disks = [participant.disk for participant in taken]
    stage.evidence.disks_harmed.update(dict.fromkeys(participant.index for participant in taken))
    refused_before = sum(disk.refused for disk in disks)
    for disk in disks:
        disk.fill(fault.name, fault.rng.randint(0, fault.spec.options["free_bytes"]))
    stage.happened(fault.spec.kind, len(taken))

    async def end() -> None:
        refused = sum(disk.refused for disk in disks) - refused_before
        stage.coverage[f"fault {fault.spec.kind}: commits refused"] += refused
        for disk in disks:
            disk.make_room(fault.name)

    return end


async def disk_slow(stage: Stage, fault: Occurrence) -> End:
    """Disks that take longer to flush."""
    taken = stage.targets(fault)
    disks = [participant.disk for participant in taken]
    stage.evidence.disks_harmed.update(dict.fromkeys(participant.index for participant in taken))
    for disk in disks:
        disk.slowed_s[fault.name] = fault.spec.options["flush_ms"] / 1000
    stage.happened(fault.spec.kind, len(taken))

    async def end() -> None:
        for disk in disks:
            del disk.slowed_s[fault.name]

    return end


async def bit_rot(stage: Stage, fault: Occurrence) -> End:
    """Flipped bits."""
    rows = [
        participant.disk.rot(fault.rng, fault.spec.options["rows"]) for participant in stage.targets(fault)
    ]
    stage.happened(fault.spec.kind, len(rows))
    stage.coverage[f"fault {fault.spec.kind}: rows hit"] += sum(rows)
    return nothing


async def clock_skew(stage: Stage, fault: Occurrence) -> End:
    """Wall clocks that are wrong, and more so from second to second if they drift."""
    taken, options = stage.targets(fault), fault.spec.options
    for participant in taken:
        participant.host.clock.go_wrong(fault.name, options["skew_ms"], options["drift_ppm"])
    stage.happened(fault.spec.kind, len(taken))

    async def end() -> None:
        for participant in taken:
            participant.host.clock.go_right(fault.name)

    return end
