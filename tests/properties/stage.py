"""Stories about one subscriber whose paths break: who plays what, what breaks, and what was tried.

The subscriber is never an initiator, so that a push is all that brings it a message at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import strategies as st

from peernode.channel.assignment import rank
from peernode.diagnostics.records import Attempt
from peernode.simulation.world.disturbances import Block
from tests.pubsub.flock import LOBBY, Bird, Flock

SETTLE_S = 1.0
AGREED_S = 30.0
"""By then all nodes see the same initiators, whatever got lost when they joined."""

REPLICAS = (2, 3)

links = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32),
        "one_way_ms": st.tuples(st.integers(5, 25), st.integers(26, 35)),
        "jitter_ms": st.integers(0, 5),
        "loss": st.sampled_from((0.0, 0.01)),
        "replicas": st.sampled_from(REPLICAS),
    }
)
roles = st.tuples(st.integers(0, 9), st.integers(0, 9))
"""Numbers that become a subscriber and an author."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays what in a story."""

    flock: Flock
    subscriber: Bird
    author: Bird
    initiators: list[Bird]
    """In the order in which they push to the subscriber."""

    @property
    def pushers(self) -> list[Bird]:
        """All that push to the subscriber by themselves, the primary first."""
        return list(dict.fromkeys((*self.initiators, self.author)))

    @property
    def others(self) -> list[Bird]:
        """All but the subscriber."""
        return [bird for bird in self.flock if bird is not self.subscriber]

    @property
    def bystanders(self) -> list[Bird]:
        """Who neither pushes nor is pushed to: they can only relay."""
        return [bird for bird in self.others if bird not in self.pushers]

    def now(self) -> float:
        """Virtual seconds."""
        return self.flock.world.loop.time()

    def break_paths(self, kind: str, pushers: Iterable[Bird]) -> list[int]:
        """Break what is between these and the subscriber; numbers for ``mend``.

        ``deaf``: what they send gets lost; ``mute``: what it sends to them; ``cut``: both. ``crash``: they
        are gone.
        """
        disturb = self.flock.world.network.disturb
        here = frozenset((self.subscriber.host.index,))
        there = frozenset(bird.host.index for bird in pushers)
        if kind == "crash":
            for bird in pushers:
                bird.crash()
        ways = {"deaf": ((there, here),), "mute": ((here, there),), "cut": ((there, here), (here, there))}
        return [disturb(Block(*way)) for way in ways.get(kind, ())]

    def mend(self, numbers: Iterable[int]) -> None:
        """The paths are as they were."""
        for number in numbers:
            self.flock.mend(number)

    def breakable(self, kind: str, mask: int) -> list[Bird]:
        """Pushers drawn by ``mask``, the primary among them; not all of them where nobody else could help.

        Of initiators that crash there is one, for the others have to be a quorum.
        """
        chosen = [bird for bit, bird in enumerate(self.pushers) if bit == 0 or mask >> bit & 1]
        if kind == "crash":
            return [next(bird for bird in self.initiators if bird is not self.author)]
        if len(chosen) == len(self.pushers) and not self.bystanders:
            chosen.pop()
        return chosen

    @property
    def digests(self) -> list[str]:
        """The author's messages."""
        return [digest.hex() for digest in self.author.node._pubsub.outbox.by_digest]

    def attempts(self, digest: str, bird: Bird) -> list[Attempt]:
        """A node's attempts to bring a message to the subscriber, the oldest first."""
        found = bird.node.attempts(digest)
        return [attempt for attempt in found if attempt.peer == self.subscriber.node.node_id]

    def tries(self) -> list[tuple[Bird, Attempt]]:
        """All attempts to bring one of the author's messages to the subscriber, and whose they are."""
        return [(bird, a) for bird in self.flock for d in self.digests for a in self.attempts(d, bird)]


def began_s(attempt: Attempt) -> float:
    """When it began, in virtual seconds."""
    return attempt.at_s - attempt.elapsed_ms / 1000


def agreed(flock: Flock) -> bool:
    """Whether all nodes see the same initiators, so that roles are the same from wherever one looks."""
    views = [bird.node._pubsub.storage.by_name(LOBBY) for bird in flock]
    return len({view.initiators.hash if view and view.initiators else b"" for view in views}) == 1


async def meet(flock: Flock, role: tuple[int, int]) -> Cast:
    """All join; the numbers become roles."""
    await flock.join()
    await asyncio.sleep(SETTLE_S)
    await flock.expect(lambda: agreed(flock), AGREED_S, "all see the same initiators")
    replica = flock[0].node._pubsub.storage.by_name(LOBBY)
    assert replica is not None
    assert replica.initiators is not None
    birds = {bird.identity.public_key: bird for bird in flock}
    keys = [contact.public_key for contact in replica.initiators.contacts]
    plain = [bird for key, bird in birds.items() if key not in keys]
    subscriber = plain[role[0] % len(plain)]
    authors = [bird for bird in flock if bird is not subscriber]
    order = rank(subscriber.identity.node_id, replica.channel_id, keys)
    return Cast(flock, subscriber, authors[role[1] % len(authors)], [birds[key] for key in order])


def taken_often(taken: Counter[str], least: int, *paths: str) -> None:
    """Each of the paths was taken in so many examples: the test was about something."""
    assert {path: taken[path] for path in paths if taken[path] < least} == {}
