"""Makes the lookups that a scenario asks for, and notes whom they found and whom they should have found.

Who asks for what and when is laid out by the seed; ``lookups`` says what is right.
"""

from __future__ import annotations

import asyncio
import random

from peernode.channel.ids import channel_id_of
from peernode.errors import PeerNodeError
from peernode.identity import network_id_of
from peernode.simulation.evidence import Evidence
from peernode.simulation.lookups import Lookup
from peernode.simulation.participant import Participant
from peernode.simulation.scenario import Scenario
from peernode.simulation.world.host import HostCrashed, SimWorld


class Inquiry:
    """The lookups of one run."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        world: SimWorld,
        evidence: Evidence,
        participants: list[Participant],
    ) -> None:
        self._scenario = scenario
        self._rng = random.Random(f"{seed}/lookups")  # noqa: S311 - seeded on purpose
        self._world = world
        self._evidence = evidence
        self._participants = participants

    async def run(self) -> None:
        """Make all of them; returns when the last has ended."""
        acts = []
        for spec in self._scenario.lookups:
            for number in range(spec.count):
                looker = self._rng.choice(self._participants[: self._scenario.nodes.starting])
                acts.append(self._one(spec.start_s + number * spec.every_s, looker, self._target(number)))
        await asyncio.gather(*acts)

    def _target(self, number: int) -> bytes:
        """A random id; for every second lookup the id of a channel, if there is one."""
        target = self._rng.randbytes(20)
        channels = self._scenario.channels
        if not channels or number % 2 == 0:
            return target
        network_id = network_id_of(self._participants[0].config.network)
        return channel_id_of(network_id, channels[number // 2 % len(channels)].name)

    async def _one(self, at_s: float, looker: Participant, target: bytes) -> None:
        await asyncio.sleep(at_s - self._world.loop.time())
        node, want = looker.node, looker.config.replicas
        if node is None:
            self._evidence.coverage["lookup while down"] += 1
            return
        lives = [(other, other.host.life) for other in self._participants if other.node is not None]
        found: tuple[int, ...] | None = None
        try:
            told = await looker.host.call(node.closest(target.hex(), want))
            index_of = {node_id: index for index, node_id in enumerate(self._evidence.node_ids)}
            found = tuple(index_of[node_id] for node_id in told)
        except HostCrashed:
            self._evidence.coverage["crash in lookup"] += 1
        except PeerNodeError:
            found = ()
        # With no node's power gone meanwhile these are the truly closest; who went needn't be found.
        others = [other for other, life in lives if other is not looker]
        others.sort(key=lambda other: int.from_bytes(other.identity.node_id) ^ int.from_bytes(target))
        stayed = {other.index for other, life in lives if other.node is not None and other.host.life == life}
        closest = tuple(other.index for other in others[:want] if other.index in stayed)
        self._evidence.lookups.append(Lookup(at_s, looker.index, target.hex(), closest, found))
