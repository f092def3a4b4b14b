"""Small networks in which two nodes never hear each other end well all the same, whatever people do.

Up to two pairs are blocked for good, one way or both. Nodes start late, crash, stop and come back; people
join, write, leave and join again. Within ``WELL_S`` of the last of it, whoever wants to be in the channel is,
each message that was accepted is sent, and everybody has it. No node is in two pairs: each reaches a quorum.
Everything is drawn by the seed; times are virtual.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from peernode.errors import PeerNodeError
from peernode.simulation.world.host import SimWorld
from tests.pubsub.flock import LOBBY, Bird, Flock

WELL_S = 8.0
"""A peer that is back is dialled within 3 s, a lookup takes 4 s at most, a join's proof 2 s."""

SEEDS = (*range(32), 105, 207, 228)
"""At 5, 24, 30 and the last three somebody was in too late while echoes were asked for in turn."""


@dataclass
class Village:
    """Who is up, who wants to be in the channel, and what was said."""

    flock: Flock
    pairs: list[tuple[Bird, Bird]]
    both_ways: bool
    up: dict[Bird, bool]
    wanting: dict[Bird, None]
    said: list[tuple[Bird, str]]
    joins: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self, bird: Bird) -> None:
        if bird not in self.up:
            self.up[bird] = True
            await bird.start()

    async def crash(self, bird: Bird) -> None:
        if self.up.get(bird):
            self.up[bird] = False
            bird.crash()

    async def stop(self, bird: Bird) -> None:
        if self.up.get(bird):
            await bird.call(bird.node.stop())
            await self.crash(bird)

    async def restart(self, bird: Bird) -> None:
        if self.up.get(bird) is False:
            self.up[bird] = True
            await bird.restart()

    async def join(self, bird: Bird) -> None:
        """Nobody waits for it here; it goes on in the background."""
        if self.up.get(bird):
            self.wanting[bird] = None
            self.joins.append(asyncio.create_task(join_or_not(bird)))

    async def leave(self, bird: Bird) -> None:
        """What its person has not got out is discarded, and what got out need not be known here."""
        if self.up.get(bird) and bird in self.wanting:
            del self.wanting[bird]
            self.said = [(author, message_id) for author, message_id in self.said if author is not bird]
            await bird.call(bird.node.leave(LOBBY))

    async def say(self, bird: Bird) -> None:
        if self.up.get(bird) and bird in self.wanting:
            state = await bird.say(f"{bird.index} says {len(self.said)}")
            self.said.append((bird, state.id))

    async def block(self, _: Bird) -> None:
        for one, other in self.pairs:
            self.flock.block([one], [other])
            if self.both_ways:
                self.flock.block([other], [one])

    def lacking(self) -> list[str]:
        """What is not well, in words."""
        found = []
        joined = [bird for bird in self.wanting if is_joined(bird)]
        found += [f"{bird.index} is not in" for bird in self.wanting if bird not in joined]
        for author, message_id in self.said:
            state = author.state(message_id)
            if state.state not in ("sent", "delivered"):
                found.append(f"{state.text!r} is {state.state}: {state.error and state.error.code}")
            others = [bird for bird in joined if bird is not author]
            found += [
                f"{bird.index} lacks {state.text!r}" for bird in others if state.text not in bird.texts()
            ]
        return found


async def join_or_not(bird: Bird) -> None:
    """It may take longer than somebody waits for it, or its node may go down meanwhile."""
    with suppress(PeerNodeError, asyncio.CancelledError):
        await bird.join()


def is_joined(bird: Bird) -> bool:
    replica = bird.node._pubsub.storage.by_name(LOBBY)
    return replica is not None and replica.joined


Deed = Callable[[Bird], Coroutine[Any, Any, None]]


def drawn_deeds(village: Village, rng: random.Random) -> list[tuple[float, Deed, Bird]]:
    """When who does what, in seconds from the start."""
    birds, found = village.flock.birds, list[tuple[float, Deed, Bird]]()
    for bird in birds:
        found.append((rng.choice((0.0, 0.0, 0.0, rng.uniform(0, 15))), village.start, bird))
        found.append((rng.uniform(1, 21), village.join, bird))
    found += [(rng.uniform(1, 26), village.say, rng.choice(birds)) for _ in range(rng.randint(1, 6))]
    found.append((rng.choice((0.0, 0.0, 5.0, 12.0)), village.block, birds[0]))
    for deed, back, times in (
        (village.crash, village.restart, (0, 0, 1, 2)),
        (village.stop, village.restart, (0, 0, 1)),
        (village.leave, village.join, (0, 0, 1)),
    ):
        for _ in range(rng.choice(times)):
            bird, at_s = rng.choice(birds), rng.uniform(3, 23)
            found += [(at_s, deed, bird), (at_s + rng.choice((0.5, 3.0, 8.0)), back, bird)]
    return sorted(found, key=lambda each: each[0])


def drawn_village(world: SimWorld, rng: random.Random) -> Village:
    count = rng.randint(3, 7)
    flock = Flock(world, count)
    for bird in flock.birds:
        others = tuple(each.address for each in flock.birds if each is not bird)
        bird.config = replace(bird.config, bootstrap=others)
    free = rng.sample(flock.birds, count)
    pairs = [(free.pop(), free.pop()) for _ in range(min(rng.choice((1, 1, 2)), count // 2))]
    return Village(flock, pairs, rng.random() < 0.7, {}, {}, [])


@pytest.mark.parametrize("seed", SEEDS)
def test_who_can_reach_a_quorum_is_in_and_has_everything(seed: int) -> None:
    rng = random.Random(seed)
    link = {
        "one_way_ms": rng.choice(((0.05, 0.3), (10.0, 60.0), (50.0, 120.0))),
        "loss": rng.choice((0.0, 0.0, 0.02, 0.1)),
        "jitter_ms": rng.choice((0.0, 5.0, 60.0)),
    }
    with SimWorld(seed=seed, **link) as world:
        village = drawn_village(world, rng)

        async def main() -> None:
            began_s = world.loop.time()
            for at_s, deed, bird in drawn_deeds(village, rng):
                await asyncio.sleep(max(0.0, began_s + at_s - world.loop.time()))
                try:
                    await deed(bird)
                except PeerNodeError as error:
                    assert error.code == "NOT_A_MEMBER", "who has left has nothing to say"
            ended_s = world.loop.time()
            for _ in range(int(10 * (ended_s + WELL_S - world.loop.time()))):
                if not village.lacking():
                    break
                await asyncio.sleep(0.1)
            assert village.lacking() == []
            village.flock.check_unharmed()
            for join in village.joins:
                join.cancel()

        world.run(main())
