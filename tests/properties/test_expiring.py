"""Expiry by policy (ADR 21): the old goes, from below, and never what somebody waits for.

A damaged row goes and stays like a sound one.

One node's tables on a simulated disk and clock, without a network: who writes, what arrives how late and by
which way, how the policy's slices lie between, and when an own message is safe are drawn.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from peernode.channel.message import Kind, Message, sign_message
from peernode.identity import Identity
from peernode.node import PeerNode
from peernode.pubsub.entry import Entry
from peernode.pubsub.ingest import Source
from peernode.simulation.world.host import SimWorld
from peernode.store.base import PutMessage, PutOutbox
from peernode.store.memory import MemoryDisk
from peernode.wire.contact import Contact
from tests.properties.examples import drawn
from tests.properties.stage import taken_often
from tests.pubsub.flock import LOBBY, Bird

KEEP_S = 60.0
STEP_S = KEEP_S / 24
INSTANCE = bytes(8)
OWN = 3
"""The number of the node's own stream; those below are others'."""
WAYS = (Source.PUSH, Source.PUBLISH, Source.SYNC)

arrivals = st.tuples(
    st.just("arrives"),
    st.tuples(
        st.integers(0, OWN - 1),
        st.sampled_from((0.0, 1.0, 30.0, KEEP_S - 1, KEEP_S + 5, 3 * KEEP_S)),
        st.integers(0, 2),
        st.integers(0, 2),
    ),
)
"""Whose, how old, by which of ``WAYS``, and whether a number is left out before it, or one filled in."""
steps = st.lists(
    arrivals
    | st.tuples(st.just("writes"), st.sampled_from((False, False, True)))
    | st.tuples(st.just("safe"), st.integers(0, 9))
    | st.tuples(st.just("rots"), st.integers(0, 9))
    | st.tuples(st.just("passes"), st.sampled_from((1.0, KEEP_S / 2, KEEP_S + STEP_S))),
    min_size=10,
    max_size=30,
)


@dataclass
class Story:
    """One node that keeps messages for a minute, and what it was given."""

    world: SimWorld
    node: PeerNode
    authors: list[Identity]
    disk: MemoryDisk
    given: list[Message] = field(default_factory=list)
    late_s: dict[bytes, float] = field(default_factory=dict)
    """Digest -> when it came, too old already, from somebody who had waited to bring it."""
    rotten: set[bytes] = field(default_factory=set)
    next_seq: Counter[int] = field(default_factory=Counter)
    left_out: dict[int, list[int]] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)

    async def begin(self) -> None:
        self.peer = Contact(self.authors[0].public_key, "10.0.0.2", 7400, True)
        self.replica = await self.node._pubsub.storage.open(LOBBY)
        self.expiry, self.outbox = self.node._pubsub.expiry, self.node._pubsub.outbox

    def _signed(self, author: int, seq: int, age_s: float) -> Message:
        context = self.node._context
        return sign_message(
            self.authors[author],
            channel_id=self.replica.channel_id,
            instance=INSTANCE,
            seq=seq,
            prev=bytes(16) if seq == 1 else b"p" * 16,
            id=context.new_id(),
            hlc=(context.wall_ms() - int(age_s * 1000)) << 16,
            kind=Kind.TEXT,
            body=b"hello",
        )

    async def arrives(self, what: tuple[int, float, int, int]) -> None:
        """A message of somebody else comes."""
        author, age_s, way, place = what
        left_out = self.left_out.setdefault(author, [])
        if place == 1 and left_out:
            seq = left_out.pop()
        else:
            self.next_seq[author] += 1 + (place == 2)
            seq = self.next_seq[author]
            left_out += [seq - 1] * (place == 2)
        message = self._signed(author, seq, age_s)
        too_old = message.hlc >> 16 < self.replica.too_old_ms()
        if WAYS[way] is Source.SYNC:
            came = await self.node._pubsub.ingest.take_all(self.replica, [message.raw], self.peer)
            assert came == (not too_old), "a catch-up brings nothing that is too old, and all that is not"
        else:
            await self.node._pubsub.ingest.take(self.replica, message, WAYS[way], None)
            if too_old:
                self.late_s[message.digest] = self.world.loop.time()
        if self.replica.log.has(message):
            self.given.append(message)

    async def writes(self, safe: bool) -> None:
        """The person at the node writes; ``safe``: enough initiators have it at once."""
        self.next_seq[OWN] += 1
        message = self._signed(OWN, self.next_seq[OWN], 0.0)
        entry = Entry(self.replica, message, "hello", self.node._context.wall_ms())
        await self.node._context.store.commit(PutMessage(message), PutOutbox(entry.row()))
        self.outbox.add(entry)
        self.node._pubsub.ingest.believe(self.replica, [message], Source.OWN)
        self.given.append(message)
        if safe:
            await self._settle(entry)

    async def safe(self, which: int) -> None:
        """Enough initiators have an own message."""
        if waiting := list(self.outbox.waiting.values()):
            await self._settle(waiting[which % len(waiting)])

    async def _settle(self, entry: Entry) -> None:
        entry.receipts = {bytes((number,)) * 32: b"" for number in range(self.node._context.config.replicas)}
        await self.outbox.settle(entry)

    async def passes(self, seconds: float) -> None:
        """Time goes on."""
        await asyncio.sleep(seconds)

    async def rots(self, which: int) -> None:
        """A message's row is damaged, and nobody has it to give."""
        if sound := [message for digest, message in self.held().items() if digest not in self.rotten]:
            message = sound[which % len(sound)]
            self.rotten.add(message.digest)
            self.disk.nodes[self.authors[OWN].node_id].damage((message.channel_id, message.order_key), 0.9)

    # -- what must hold ---------------------------------------------------------------------------

    def owed(self, message: Message) -> str:
        """Why a message must be here, by the policy's words alone; empty when it may go."""
        if (self.node._context.wall_ms() - (message.hlc >> 16)) < KEEP_S * 1000:
            return "young"
        if message.id in self.outbox.waiting:
            return "in the outbox"
        came_s = self.late_s.get(message.digest)
        return "came late" if came_s is not None and self.world.loop.time() - came_s < KEEP_S else ""

    async def slice(self) -> None:
        """One slice of the policy's work, and what it may have taken."""
        held_before = self.held()
        await self.expiry._slice(self.replica)
        held = self.held()
        for message in held_before.values():
            if why := self.owed(message):
                self.taken[why] += message.hlc >> 16 < self.replica.too_old_ms() or why == "young"
                assert message.digest in held, why
        for author in dict.fromkeys(message.author for message in held_before.values()):
            stays = [message.seq for message in held.values() if message.author == author]
            gone = [m.seq for key, m in held_before.items() if m.author == author and key not in held]
            self.taken["gone"] += len(gone)
            self.taken["part of a stream"] += bool(gone and stays)
            self.taken["damaged"] += any(key in self.rotten for key in held_before.keys() - held.keys())
            assert not gone or not stays or max(gone) < min(stays), "a hole"
            # What is gone from below is no gap that somebody would be asked to fill.
            floor = self.replica.log.floor(author, INSTANCE)
            assert not stays or floor == min(stays) - 1
        charged = dict(self.node._context.store.charges(self.replica.channel_id))
        assert self.replica.room.taken == sum(charged.values())

    def held(self) -> dict[bytes, Message]:
        """What the log holds, which is what the disk holds, damaged or not."""
        heads = self.node._context.store.heads(self.replica.channel_id)
        stored = {digest for _, _, _, digest in heads}
        for message in self.given:
            stream = self.replica.log.stream(message.author, message.instance)
            in_log = stream is not None and stream.holds(message.seq)
            assert in_log == (message.digest in stored)
            assert self.replica.log.has(message) == (in_log and message.digest not in self.rotten)
        return {message.digest: message for message in self.given if message.digest in stored}

    async def all_goes(self) -> None:
        """When everything is old and safe, nothing is left of it."""
        while self.outbox.waiting:
            await self.safe(0)
        await asyncio.sleep(2 * KEEP_S + STEP_S)
        await self.slice()
        assert self.held() == {}
        assert self.replica.room.taken == 0


def test_expiry_never_takes_what_a_holder_waits_for() -> None:
    """Catches an ``Expiry`` that does not ask the outbox, forgets what came late, or leaves holes."""
    taken: Counter[str] = Counter()

    @drawn
    @given(st.integers(0, 2**32), steps)
    def holds(seed: int, steps: list[tuple[str, Any]]) -> None:
        with SimWorld(seed=seed) as world:
            bird = Bird(world, 0, {"keep_own_days": KEEP_S / 86_400})
            others = [Identity.generate(bird.host.env.random) for _ in range(OWN)]
            store = bird.disk.store_for(bird.identity.node_id)
            node = PeerNode(bird.config, bird.host.env, store, bird.identity, bird.events.append)
            story = Story(world, node, [*others, bird.identity], bird.disk)

            async def tell() -> None:
                await story.begin()
                for what, how in steps:
                    await getattr(story, what)(how)
                    await story.slice()
                await story.all_goes()

            world.run(tell())
        taken.update({path for path, count in story.taken.items() if count})

    holds()
    taken_often(taken, 20, "young", "in the outbox", "came late", "gone", "part of a stream", "damaged")
