"""Whether logs are equal again after nodes were apart: looked at since the last partition or pause.

Idea: two logs hold the same messages exactly when their roots are the same, and a node tells its own.
Invariants: a look changes nothing; nobody looks while nodes are apart, or after equal logs were seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from peernode.simulation.evidence import Evidence
from peernode.simulation.participant import Participant
from peernode.simulation.world.host import SimWorld

LOOK_EVERY_S = 0.25


class Logs:
    """The looks at the logs of one run."""

    def __init__(
        self, world: SimWorld, evidence: Evidence, participants: list[Participant], channels: Sequence[str]
    ) -> None:
        self._world = world
        self._evidence = evidence
        self._participants = participants
        self._channels = channels

    async def run(self) -> None:
        """Look until the run is over."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self.look()

    def look(self) -> None:
        """Note each channel whose members have equal logs for the first time since they were apart."""
        ends = [cut.to_s for cut in self._evidence.cuts]
        together_s = max((end_s for end_s in ends if end_s is not None), default=None)
        if together_s is None or None in ends:
            return
        for channel in self._channels:
            key = (channel, together_s)
            if key not in self._evidence.alike_s and self._alike(channel):
                self._evidence.alike_s[key] = self._world.loop.time()

    def _alike(self, channel: str) -> bool:
        roots: set[str | None] = set()
        for participant in self._participants:
            joining = self._evidence.joinings.get((participant.index, channel))
            node = participant.node
            if node is None or joining is None or joining.joined_at_s is None:
                continue
            if participant.index not in self._evidence.hostile:
                roots.add(node.root(channel) if channel in node.channels() else None)
        return len(roots) == 1 and None not in roots
