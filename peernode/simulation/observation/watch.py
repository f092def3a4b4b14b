"""A look at every running node, over and over: how full its tables are, whose leases it holds.

Idea: bounds and leases must hold all the time, so they are looked at all the time, through what a node
says of itself to anybody who asks. A look reads, it changes nothing: a run is the same without it.

In runs of over ``ALL_NODES_MAX`` nodes a sample of ``SAMPLE`` is looked at, and less often; ``coverage``
says so.
"""

from __future__ import annotations

import asyncio

from peernode.simulation.evidence import Evidence, Unserved
from peernode.simulation.participant import Participant
from peernode.simulation.world.host import SimWorld

SIZES_EVERY_S = 1.0
LEASES_EVERY_S = 4.0
ALL_NODES_MAX = 200
AT_FULL_PACE_MAX = 50
"""With more nodes a look comes less often, so that all looks together cost no more."""
SAMPLE = 50
UNSERVED_KEPT_S = 30.0
"""Shorter times without a lease are not kept."""


class Watch:
    """The looks at the nodes of one run."""

    def __init__(
        self, world: SimWorld, evidence: Evidence, participants: list[Participant], channels: list[str]
    ) -> None:
        self._world = world
        self._evidence = evidence
        self._participants = participants
        count = len(participants)
        step = 1 if count <= ALL_NODES_MAX else count // SAMPLE
        self._looked_at = participants[::step]
        self._closest = {
            channel: sorted(participants, key=lambda participant: participant.distance(channel))
            for channel in channels
        }
        self._unserved: dict[tuple[int, str], Unserved] = {}
        self._pace = max(1.0, len(self._looked_at) / AT_FULL_PACE_MAX) * (4.0 if step > 1 else 1.0)
        if step > 1:
            for checker in ("bounded", "leases_end", "honest_receipt"):
                evidence.coverage[f"looked at samples only: {checker}"] += 1

    async def run(self) -> None:
        """Look until the run is over."""
        leases_due_s = 0.0
        while True:
            await asyncio.sleep(SIZES_EVERY_S * self._pace)
            self.sizes()
            if self._world.loop.time() >= leases_due_s:
                leases_due_s = self._world.loop.time() + LEASES_EVERY_S * self._pace
                self.leases()

    # -- tables ---------------------------------------------------------------------------------

    def sizes(self) -> None:
        """Note every table that holds more than it may."""
        for participant in self._looked_at:
            if participant.node is None:
                continue
            for table, (size, cap) in participant.node.sizes().items():
                if size > cap:
                    self._over(participant.index, table, size, cap)
            if participant.disk.waiting > participant.disk.waiting_max:
                self._over(
                    participant.index, "disk.queue", participant.disk.waiting, participant.disk.waiting_max
                )

    def _over(self, node: int, table: str, size: int, cap: int) -> None:
        first_s, most, _ = self._evidence.oversized.get((node, table), (self._world.loop.time(), 0, cap))
        self._evidence.oversized[(node, table)] = (first_s, max(most, size), cap)

    # -- leases ---------------------------------------------------------------------------------

    def leases(self) -> None:
        """Note since when a live subscriber, in touch with the initiators, has no lease at any of them."""
        now = self._world.loop.time()
        for channel, closest in self._closest.items():
            running = [participant for participant in closest if participant.node is not None]
            initiators = running[: running[0].config.replicas] if running else []
            held: dict[str, None] = {}
            for initiator in initiators:
                if initiator.node is not None:
                    held.update(dict.fromkeys(initiator.node.leaseholders(channel)))
            for participant in self._looked_at:
                key = (participant.index, channel)
                if (
                    self._excused(participant, channel, initiators)
                    or participant.identity.node_id.hex() in held
                ):
                    self._unserved.pop(key, None)
                    continue
                span = self._unserved.setdefault(key, Unserved(participant.index, channel, now, now))
                if now - span.from_s > UNSERVED_KEPT_S and span.to_s - span.from_s <= UNSERVED_KEPT_S:
                    self._evidence.unserved.append(span)
                span.to_s = now

    def _excused(self, participant: Participant, channel: str, initiators: list[Participant]) -> bool:
        """Whether nobody can ask for the node's lease now: not in the channel, down, or disturbed."""
        joining = self._evidence.joinings.get((participant.index, channel))
        if joining is None or joining.joined_at_s is None or participant.node is None:
            return True
        now = self._world.loop.time()
        return bool(self._world.network.disturbances) or any(
            cut.parts(participant.index, initiator.index, now, now)
            for cut in self._evidence.cuts
            for initiator in initiators
        )
