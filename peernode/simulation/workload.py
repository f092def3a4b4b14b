"""What people do in a run: come online, join, write.

Everything is laid out by the seed before it happens; nothing here looks at how the run goes.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Coroutine
from typing import Any

from peernode.simulation.clocks import EPOCH_MS
from peernode.simulation.evidence import TEXT_MARK
from peernode.simulation.participant import Participant
from peernode.simulation.scenario import ChannelSpec, PublishSpec, Scenario, When


class Workload:
    """The people of one scenario; ``run`` ends when the last of them has done everything."""

    def __init__(self, scenario: Scenario, seed: int, participants: list[Participant]) -> None:
        self._scenario = scenario
        self._participants = participants
        self._rng = random.Random(f"{seed}/workload")  # noqa: S311 - seeded on purpose
        self.members: dict[str, list[Participant]] = {
            channel.name: self._draw_members(channel) for channel in scenario.channels
        }

    def _draw_members(self, channel: ChannelSpec) -> list[Participant]:
        if channel.members == len(self._participants):
            return list(self._participants)
        return self._rng.sample(self._participants, channel.members)

    async def run(self) -> None:
        """Do everything the scenario says."""
        acts: list[Coroutine[Any, Any, None]] = []
        acts += [
            _at(at_s, participant.start())
            for at_s, participant in _spread(self._scenario.nodes.online, self._participants)
        ]
        for channel in self._scenario.channels:
            acts += [
                _at(at_s, participant.join(channel.name))
                for at_s, participant in _spread(channel.join, self.members[channel.name])
            ]
        for number, publish in enumerate(self._scenario.publish):
            acts += self._messages(number, publish)
        await asyncio.gather(*acts)

    def _messages(self, number: int, publish: PublishSpec) -> list[Coroutine[Any, Any, None]]:
        members = self.members[publish.channel]
        authors = self._rng.sample(members, publish.authors)
        acts = []
        for count in range(publish.messages):
            at_s = publish.start_s + count * publish.every_s
            author = authors[count % len(authors)]
            text = _text(f"{number}.{count}{TEXT_MARK}{author.index} ", publish.size_bytes)
            acts.append(_at(at_s, author.publish(publish.channel, self._uuid7(at_s), text)))
        return acts

    def _uuid7(self, at_s: float) -> str:
        """A UUIDv7 (RFC 9562, section 5.7) as the browser would make it."""
        stamp = EPOCH_MS + int(at_s * 1000)
        random_bits = self._rng.getrandbits(74)
        value = stamp << 80 | 7 << 76 | (random_bits >> 62) << 64 | 2 << 62 | random_bits & (1 << 62) - 1
        return str(uuid.UUID(int=value))


def _spread(when: When, participants: list[Participant]) -> list[tuple[float, Participant]]:
    count = len(participants)
    return [
        (when.at_s + when.over_s * number / count, participant)
        for number, participant in enumerate(participants)
    ]


async def _at(at_s: float, act: Coroutine[Any, Any, None]) -> None:
    try:
        await asyncio.sleep(at_s - asyncio.get_running_loop().time())
    except BaseException:
        act.close()
        raise
    await act


def _text(beginning: str, size_bytes: int) -> str:
    return (beginning + "." * size_bytes)[:size_bytes]
