"""Faults of power and of processes: crashes, restarts, lost disks, churn, replaced nodes, frozen processes.

A power cut may find the disk in the middle of a flush; what is left of it is drawn, or said by the
scenario. ``coverage`` counts the outcomes, only where a flush was really running.
"""

from __future__ import annotations

import asyncio
import random

from peernode.simulation.faults.stage import End, Occurrence, Stage, nothing
from peernode.simulation.participant import Participant

IN_FLUSH_MAX_S = 10.0
"""How long a power cut waits for a flush in whose middle it is to come."""
_OUTCOMES = {
    "lost": "disk in-flight lost",
    "torn": "disk torn",
    "survived": "disk in-flight survived",
}


def _reached(disk: str, rng: random.Random) -> float:
    """How much of a running flush is on the disk when the power goes."""
    if disk == "drawn":
        disk = rng.choice(("lost", "survives", "torn"))
    part = rng.uniform(0.001, 0.999)
    return {"lost": 0.0, "survives": 1.0, "torn": part}[disk]


async def _cut_power(stage: Stage, fault: Occurrence, participant: Participant, reached: float) -> bool:
    """Crash a node; False when it was without power by then."""
    if fault.spec.options.get("in_flush"):
        await _into_a_flush(stage, fault, participant)
    if participant.node is None:
        return False
    outcome = participant.crash(reached)
    if outcome:
        stage.coverage[_OUTCOMES[outcome]] += 1
    return True


async def _into_a_flush(stage: Stage, fault: Occurrence, participant: Participant) -> None:
    disk = participant.disk
    if disk.flushing:
        return
    try:
        async with asyncio.timeout_at(min(fault.end_s, stage.world.loop.time() + IN_FLUSH_MAX_S)):
            await asyncio.shield(disk.next_flush())
            await asyncio.sleep(disk.latency_s / 2)
    except TimeoutError:
        stage.coverage["crash without a flush"] += 1


async def crash(stage: Stage, fault: Occurrence) -> End:
    """Power cut of the targets; with ``for_s`` they start again."""
    targets = stage.running(fault)
    reached = [_reached(fault.spec.options["disk"], fault.rng) for _ in targets]
    cut = await asyncio.gather(
        *(_cut_power(stage, fault, who, part) for who, part in zip(targets, reached, strict=True))
    )
    taken = [who for who, down in zip(targets, cut, strict=True) if down]
    stage.happened(fault.spec.kind, len(taken))
    if fault.spec.kind == "crash" and fault.spec.for_s is None:
        return nothing
    return lambda: _start_all(taken)


async def restart(stage: Stage, fault: Occurrence) -> End:
    """Orderly stop, and a start."""
    taken = stage.running(fault)
    await asyncio.gather(*(participant.stop() for participant in taken))
    stage.happened(fault.spec.kind, len(taken))
    return lambda: _start_all(taken)


async def disk_loss(stage: Stage, fault: Occurrence) -> End:
    """Power cut, and an empty disk."""
    taken = stage.running(fault)
    for participant in taken:
        participant.crash()
        participant.replace_disk()
    stage.happened(fault.spec.kind, len(taken))
    return lambda: _start_all(taken)


async def disk_rollback(stage: Stage, fault: Occurrence) -> End:
    """A backup is taken when the fault begins; when it ends, the power goes and the backup is restored."""
    backups = [(participant, participant.back_up()) for participant in stage.running(fault)]
    stage.happened(fault.spec.kind, 0)

    async def end() -> None:
        restored = [(participant, backup) for participant, backup in backups if participant.node is not None]
        for participant, backup in restored:
            participant.crash()
            participant.restore(backup)
            stage.coverage[f"fault {fault.spec.kind}: nodes hit"] += 1
        await _start_all([participant for participant, _ in restored])

    return end


async def churn(stage: Stage, fault: Occurrence) -> End:
    """Nodes go at random times and come back."""
    rng, options = fault.rng, fault.spec.options
    down_s: float = options["down_s"]
    chosen = rng.sample(stage.participants, round(options["rate"] * len(stage.participants)))
    latest_s = max(fault.begin_s, fault.end_s - down_s)
    times = sorted(rng.uniform(fault.begin_s, latest_s) for _ in chosen)
    stage.hits(fault, [participant.index for participant in chosen])
    stage.happened(fault.spec.kind, 0)

    async def away(at_s: float, participant: Participant, reached: float) -> None:
        await stage.until(at_s)
        if not await _cut_power(stage, fault, participant, reached):
            return
        stage.coverage[f"fault {fault.spec.kind}: nodes hit"] += 1
        await stage.until(min(at_s + down_s, fault.end_s))
        await participant.start()

    goings = asyncio.gather(
        *(away(at_s, who, _reached(options["disk"], rng)) for at_s, who in zip(times, chosen, strict=True))
    )

    async def end() -> None:
        await goings

    return end


async def replace(stage: Stage, fault: Occurrence) -> End:
    """Nodes go for good at random times, and each spare one comes in the place of one of them."""
    rng, nodes = fault.rng, stage.scenario.nodes
    down_s: float = fault.spec.options["down_s"]
    here = stage.participants[nodes.bootstrap : nodes.starting]
    comers = stage.take_spare(len(here))
    goers = rng.sample(here, len(comers))
    latest_s = max(fault.begin_s, fault.end_s - down_s)
    times = sorted(rng.uniform(fault.begin_s, latest_s) for _ in goers)
    stage.hits(fault, [participant.index for participant in goers])
    stage.happened(fault.spec.kind, 0)

    async def swap(at_s: float, goer: Participant, comer: Participant) -> None:
        await stage.until(at_s)
        if await _cut_power(stage, fault, goer, _reached(fault.spec.options["disk"], rng)):
            stage.coverage[f"fault {fault.spec.kind}: nodes hit"] += 1
        await stage.until(min(at_s + down_s, fault.end_s))
        await comer.start()

    swaps = asyncio.gather(*(swap(*item) for item in zip(times, goers, comers, strict=True)))

    async def end() -> None:
        await swaps

    return end


async def pause(stage: Stage, fault: Occurrence) -> End:
    """Frozen processes."""
    taken = stage.running(fault)
    lives = [(participant, participant.host.life) for participant in taken]
    for participant in taken:
        participant.host.pause()
    stage.happened(fault.spec.kind, len(taken))
    cuts = [stage.cut({participant.index: 1}) for participant in taken]

    async def end() -> None:
        for cut in cuts:
            cut.to_s = stage.world.loop.time()
        for participant, life in lives:
            if participant.host.life == life:
                participant.host.resume()

    return end


async def _start_all(participants: list[Participant]) -> None:
    await asyncio.gather(*(participant.start() for participant in participants))
