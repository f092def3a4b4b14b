"""What people do in a run: come online, join, write.

Everything is laid out by the seed before it happens; nothing here looks at how the run goes.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from peernode.simulation.evidence import TEXT_MARK
from peernode.simulation.node_keys import When
from peernode.simulation.participant import Participant
from peernode.simulation.scenario import PublishSpec, Scenario
from peernode.simulation.world.clocks import EPOCH_MS


@dataclass(frozen=True, slots=True)
class Planned:
    """A message that is to be sent; ``author`` is the index of a node."""

    channel: str
    author: int
    at_s: float
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """What people will do, as far as the seed decides it."""

    members: dict[str, list[int]]
    """Channel -> its members in the order in which they join."""
    authors: list[list[int]]
    """Per ``[[publish]]``: who writes, in turn."""
    messages: list[list[Planned]]
    """Per ``[[publish]]``."""


def lay_out(scenario: Scenario, seed: int) -> Layout:
    """Draw it. Whom the scenario names itself is drawn too and not taken: naming changes no other draw."""
    rng = random.Random(f"{seed}/workload")  # noqa: S311 - seeded on purpose
    layout = Layout({}, [], [])
    for channel in scenario.channels:
        members = list(range(scenario.nodes.count))
        if channel.members < len(members):
            members = rng.sample(members, channel.members)
        layout.members[channel.name] = members if channel.who is None else list(channel.who)
    for number, publish in enumerate(scenario.publish):
        authors = rng.sample(layout.members[publish.channel], publish.authors)
        if publish.who is not None:
            authors = list(publish.who)
        layout.authors.append(authors)
        layout.messages.append(
            [_plan(publish, number, count, authors, rng) for count in range(publish.messages)]
        )
    return layout


def _plan(publish: PublishSpec, number: int, count: int, authors: list[int], rng: random.Random) -> Planned:
    at_s = publish.start_s + count * publish.every_s
    author = authors[count % len(authors)]
    text = f"{number}.{count}{TEXT_MARK}{author} " + "." * publish.size_bytes
    return Planned(publish.channel, author, at_s, _uuid7(rng, at_s), text[: publish.size_bytes])


def _uuid7(rng: random.Random, at_s: float) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) as the browser would make it."""
    stamp = EPOCH_MS + int(at_s * 1000)
    random_bits = rng.getrandbits(74)
    value = stamp << 80 | 7 << 76 | (random_bits >> 62) << 64 | 2 << 62 | random_bits & (1 << 62) - 1
    return str(uuid.UUID(int=value))


class Workload:
    """The people of one scenario; ``run`` ends when the last of them has done everything."""

    def __init__(self, scenario: Scenario, seed: int, participants: list[Participant]) -> None:
        self._scenario = scenario
        self._participants = participants
        self._layout = lay_out(scenario, seed)

    async def run(self) -> None:
        """Do everything the scenario says."""
        acts: list[Coroutine[Any, Any, None]] = []
        acts += [
            _at(at_s, participant.start())
            for at_s, participant in _spread(
                self._scenario.nodes.online, self._participants[: self._scenario.nodes.starting]
            )
        ]
        for channel in self._scenario.channels:
            members = [self._participants[index] for index in self._layout.members[channel.name]]
            acts += [
                _at(at_s, participant.join(channel.name))
                for at_s, participant in _spread(channel.join, members)
            ]
        acts += [
            _at(plan.at_s, self._participants[plan.author].publish(plan.channel, plan.id, plan.text))
            for messages in self._layout.messages
            for plan in messages
        ]
        await asyncio.gather(*acts)


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
