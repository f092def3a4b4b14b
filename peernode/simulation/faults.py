"""Makes the faults of a scenario happen, and undoes them in time for the quiet end.

Idea: a kind is a function that begins the fault and returns what ends it. Faults overlap freely: a
fault brings back only nodes that it took down itself, and acts on the network by its own
``Disturbance``. Each draws from a stream of its own, so one more fault doesn't change the others.

``coverage`` counts per kind how often it began and, for those that act on datagrams, how many it hit.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from peernode.simulation.disturbances import Block, Disturbance, Latency, Loss, Partition
from peernode.simulation.evidence import Cut, Evidence
from peernode.simulation.fault_kinds import KINDS
from peernode.simulation.host import SimWorld
from peernode.simulation.participant import Participant
from peernode.simulation.scenario import FaultSpec, Scenario
from peernode.simulation.timeline import Timeline

RESTART_TAKES_S = 1.0
"""How long a restart without ``for_s`` takes."""

End = Callable[[], Awaitable[None]]


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
        self._timeline = timeline
        self._seed = seed
        self._world = world
        self._participants = participants
        self._evidence = evidence
        self._coverage = evidence.coverage
        self._begin: dict[str, Callable[[FaultSpec, random.Random], Awaitable[End]]] = {
            "crash": self._crash,
            "restart": self._restart,
            "bootstrap_down": self._crash,
            "initiators_crash": self._crash,
            "disk_loss": self._disk_loss,
            "disk_full": self._disk_full,
            "disk_slow": self._disk_slow,
            "bit_rot": self._bit_rot,
            "churn": self._churn,
            "pause": self._pause,
            "clock_skew": self._clock_skew,
            "partition": self._partition,
            "block": self._block,
            "loss": self._loss,
            "latency": self._latency,
        }

    async def run(self) -> None:
        """Let all faults happen; returns when all have ended."""
        await asyncio.gather(*(self._one(number, spec) for number, spec in enumerate(self._scenario.faults)))

    async def _one(self, number: int, spec: FaultSpec) -> None:
        rng = random.Random(f"{self._seed}/fault/{number}")  # noqa: S311 - seeded on purpose
        await self._until(spec.at_s)
        self._world.network.trace.note(f"FAULT {spec.kind} begins")
        self._timeline.fault_begins(number, spec.kind, self._world.loop.time())
        end = await self._begin[spec.kind](spec, rng)
        await self._until(self._end_s(spec))
        await end()
        self._world.network.trace.note(f"FAULT {spec.kind} is over")
        self._timeline.fault_is_over(number, self._world.loop.time())

    def _end_s(self, spec: FaultSpec) -> float:
        for_s = RESTART_TAKES_S if spec.kind == "restart" and spec.for_s is None else spec.for_s
        quiet = self._scenario.quiet_from_s
        return quiet if for_s is None else min(quiet, spec.at_s + for_s)

    async def _until(self, at_s: float) -> None:
        await asyncio.sleep(at_s - self._world.loop.time())

    # -- whom it hits ---------------------------------------------------------------------------

    def _targets(self, spec: FaultSpec, rng: random.Random) -> list[Participant]:
        targets = self._drawn(spec, rng)
        self._timeline.fault_hits(self._scenario.faults.index(spec), [item.index for item in targets])
        return targets

    def _drawn(self, spec: FaultSpec, rng: random.Random) -> list[Participant]:
        if spec.kind == "initiators_crash":
            channel = spec.options["channel"]
            up = [participant for participant in self._participants if participant.node is not None]
            return sorted(up, key=lambda participant: participant.distance(channel))[: spec.options["count"]]
        if spec.nodes is not None:
            return [self._participants[index] for index in spec.nodes]
        which = KINDS[spec.kind].targets
        among = self._participants
        if which == "bootstrap":
            among = among[: self._scenario.nodes.bootstrap]
        count = spec.count if spec.count is not None else (1 if which == "one" else len(among))
        return rng.sample(among, min(count, len(among)))

    def _running(self, spec: FaultSpec, rng: random.Random) -> list[Participant]:
        return [participant for participant in self._targets(spec, rng) if participant.node is not None]

    def _happened(self, kind: str, hit: int) -> None:
        self._coverage[f"fault {kind}"] += 1
        self._coverage[f"fault {kind}: nodes hit"] += hit

    # -- power ----------------------------------------------------------------------------------

    async def _crash(self, spec: FaultSpec, rng: random.Random) -> End:
        taken = self._running(spec, rng)
        for participant in taken:
            participant.crash()
        self._happened(spec.kind, len(taken))
        if spec.kind == "crash" and spec.for_s is None:
            return _nothing
        return lambda: _start_all(taken)

    async def _restart(self, spec: FaultSpec, rng: random.Random) -> End:
        taken = self._running(spec, rng)
        await asyncio.gather(*(participant.stop() for participant in taken))
        self._happened(spec.kind, len(taken))
        return lambda: _start_all(taken)

    async def _disk_loss(self, spec: FaultSpec, rng: random.Random) -> End:
        taken = self._running(spec, rng)
        for participant in taken:
            participant.crash()
            participant.replace_disk()
        self._happened(spec.kind, len(taken))
        return lambda: _start_all(taken)

    async def _disk_full(self, spec: FaultSpec, rng: random.Random) -> End:
        taken = self._targets(spec, rng)
        for participant in taken:
            participant.disk.full = True
        self._happened(spec.kind, len(taken))

        async def end() -> None:
            for participant in taken:
                participant.disk.full = False

        return end

    async def _disk_slow(self, spec: FaultSpec, rng: random.Random) -> End:
        taken = self._targets(spec, rng)
        before = [(participant.disk, participant.disk.latency_s) for participant in taken]
        for disk, _ in before:
            disk.latency_s = spec.options["flush_ms"] / 1000
        self._happened(spec.kind, len(taken))

        async def end() -> None:
            for disk, latency_s in before:
                disk.latency_s = latency_s

        return end

    async def _bit_rot(self, spec: FaultSpec, rng: random.Random) -> End:
        rows = [participant.disk.rot(rng, spec.options["rows"]) for participant in self._targets(spec, rng)]
        self._happened(spec.kind, len(rows))
        self._coverage["fault bit_rot: rows hit"] += sum(rows)
        return _nothing

    async def _churn(self, spec: FaultSpec, rng: random.Random) -> End:
        down_s: float = spec.options["down_s"]
        chosen = rng.sample(self._participants, round(spec.options["rate"] * len(self._participants)))
        latest_s = max(spec.at_s, self._end_s(spec) - down_s)
        times = sorted(rng.uniform(spec.at_s, latest_s) for _ in chosen)
        self._happened(spec.kind, 0)

        async def away(at_s: float, participant: Participant) -> None:
            await self._until(at_s)
            if participant.node is None:
                return
            participant.crash()
            self._coverage["fault churn: nodes hit"] += 1
            await self._until(min(at_s + down_s, self._end_s(spec)))
            await participant.start()

        goings = asyncio.gather(*(away(at_s, who) for at_s, who in zip(times, chosen, strict=True)))

        async def end() -> None:
            await goings

        return end

    async def _pause(self, spec: FaultSpec, rng: random.Random) -> End:
        taken = self._running(spec, rng)
        lives = [(participant, participant.host.life) for participant in taken]
        for participant in taken:
            participant.host.pause()
        self._happened(spec.kind, len(taken))
        cuts = [self._cut({participant.index: 1}) for participant in taken]

        async def end() -> None:
            for cut in cuts:
                cut.to_s = self._world.loop.time()
            for participant, life in lives:
                if participant.host.life == life:
                    participant.host.resume()

        return end

    async def _clock_skew(self, spec: FaultSpec, rng: random.Random) -> End:
        taken = self._targets(spec, rng)
        for participant in taken:
            participant.host.skew(int(spec.options["skew_ms"]))
        self._happened(spec.kind, len(taken))

        async def end() -> None:
            for participant in taken:
                participant.host.skew(0)

        return end

    def _cut(self, group_of: dict[int, int]) -> Cut:
        """Note that nodes are apart from now on."""
        cut = Cut(self._world.loop.time(), None, group_of)
        self._evidence.cuts.append(cut)
        return cut

    # -- the network ----------------------------------------------------------------------------

    def _disturb(self, spec: FaultSpec, disturbance: Disturbance, hit: int) -> End:
        number = self._world.network.disturb(disturbance)
        self._happened(spec.kind, hit)

        async def end() -> None:
            self._world.network.calm(number)
            self._coverage[f"fault {spec.kind}: datagrams hit"] += self._world.network.disturbed.pop(
                number, 0
            )

        return end

    async def _partition(self, spec: FaultSpec, rng: random.Random) -> End:
        groups = self._groups(spec.options["groups"], rng)
        cut = self._cut(groups)
        on_hosts = {self._participants[index].host.index: group for index, group in groups.items()}
        calm = self._disturb(spec, Partition(on_hosts), len(groups))

        async def end() -> None:
            cut.to_s = self._world.loop.time()
            await calm()

        return end

    def _groups(self, groups: tuple[Any, ...], rng: random.Random) -> dict[int, int]:
        """Node -> group number; who is in none is in group 0."""
        if isinstance(groups[0], tuple):
            return {index: number for number, group in enumerate(groups, start=1) for index in group}
        shuffled = rng.sample(self._participants, len(self._participants))
        placed: dict[int, int] = {}
        share = 0.0
        for number, fraction in enumerate(groups, start=1):
            begin, share = round(share * len(shuffled)), share + fraction
            for participant in shuffled[begin : round(share * len(shuffled))]:
                placed[participant.index] = number
        return placed

    async def _block(self, spec: FaultSpec, rng: random.Random) -> End:
        senders = self._targets(spec, rng)
        to: tuple[int, ...] = spec.options["to"] or tuple(range(len(self._participants)))
        return self._disturb(
            spec,
            Block(_hosts(senders), _hosts([self._participants[index] for index in to])),
            len(senders),
        )

    async def _loss(self, spec: FaultSpec, rng: random.Random) -> End:
        targets = self._targets(spec, rng)
        return self._disturb(spec, Loss(_hosts(targets), spec.options["loss"]), len(targets))

    async def _latency(self, spec: FaultSpec, rng: random.Random) -> End:
        targets = self._targets(spec, rng)
        latency = Latency(_hosts(targets), spec.options["extra_ms"], spec.options["jitter_ms"])
        return self._disturb(spec, latency, len(targets))


def _hosts(participants: list[Participant]) -> frozenset[int]:
    return frozenset(participant.host.index for participant in participants)


async def _start_all(participants: list[Participant]) -> None:
    await asyncio.gather(*(participant.start() for participant in participants))


async def _nothing() -> None:
    """The end of what can't be undone."""
