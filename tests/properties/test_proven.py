"""Property 4: a join is confirmed only when it is proven both ways.

Links, address translators, who is blocked towards whom, when and for how long are drawn. What a join was
proven by is judged by what arrived, as the receivers' sealers opened it, and not by the join's own trace.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from peernode.events import Event, Joined
from peernode.identity import node_id_of
from peernode.simulation.world.disturbances import Block
from peernode.simulation.world.host import SimWorld
from peernode.simulation.world.nat import NAT_KINDS
from peernode.wire.frames import Sealed
from peernode.wire.ops import Op
from peernode.wire.payload import KIND_REQUEST, decode_messages
from peernode.wire.sealing import Sealer
from tests.properties.examples import drawn, links
from tests.pubsub.flock import LOBBY, Bird, Flock


@dataclass(slots=True)
class Wire:
    """Requests as their receivers opened them: (when, op, from, to, nonce); from and to are node ids."""

    heard: list[tuple[float, Op, str, str, bytes]] = field(default_factory=list)

    def sealer(self, base: type[Sealer] = Sealer) -> type[Sealer]:
        """A sealer that notes probes and echoes."""
        wire = self

        class Listening(base):  # type: ignore[valid-type,misc]
            def open(self, frame: Sealed) -> bytes:
                plaintext: bytes = super().open(frame)
                for message in decode_messages(plaintext):
                    if message.kind == KIND_REQUEST and message.code in (Op.PROBE, Op.ECHO):
                        at_s = asyncio.get_running_loop().time()
                        ends = (node_id_of(key).hex() for key in (frame.sender, self._identity.public_key))
                        wire.heard.append((at_s, Op(message.code), *ends, bytes(message.body[1])))
                return plaintext

        return Listening

    def between(self, op: Op, from_s: float, to_s: float) -> list[tuple[str, str, bytes]]:
        return [said[2:] for said in self.heard if said[1] is op and from_s <= said[0] <= to_s]


class Timed(list[Event]):
    """A node's events, and when it told that it has joined."""

    at_s = 0.0

    def append(self, event: Event) -> None:
        if isinstance(event, Joined):
            self.at_s = asyncio.get_running_loop().time()
        super().append(event)


def came_back(wire: Wire, me: str, initiators: set[str], from_s: float, to_s: float) -> bool:
    """Whether a nonce came back that had gone out: from another node than the one that it went to.

    Where there are two others at most, one of which may be the one that is blocked, from that one too.
    """
    given = {nonce: to for by, to, nonce in wire.between(Op.ECHO, from_s, to_s) if by == me}
    probes = [(by, nonce) for by, to, nonce in wire.between(Op.PROBE, from_s, to_s) if to == me]
    back = [(by, given[nonce]) for by, nonce in probes if nonce in given]
    return bool(back) if len(initiators - {me}) <= 2 else any(by != taker for by, taker in back)


def check_proven(wire: Wire, bird: Bird) -> None:
    """In the attempt that was confirmed a quorum's probes came in, and a nonce that went out came back."""
    assert isinstance(bird.events, Timed)
    joined, trace = bird.told(Joined)[0], bird.node.coordinator(LOBBY)["join"]
    began_ms = next(step["began_ms"] for step in trace["steps"] if step["attempt"] == trace["attempts"])
    to_s = bird.events.at_s
    from_s = to_s - (joined.elapsed_ms - began_ms) / 1000 - 1e-6
    me = bird.node.node_id
    probes = [said for said in wire.between(Op.PROBE, from_s, to_s) if said[1] == me]
    reached_by = {by for by, _, _ in probes} | {me}
    assert len(reached_by & {*joined.initiators}) >= len(joined.initiators) // 2 + 1
    assert joined.alone or came_back(wire, me, {*joined.initiators}, from_s, to_s)


def one_way(senders: list[Bird], receivers: list[Bird]) -> Block:
    return Block(frozenset(b.host.index for b in senders), frozenset(b.host.index for b in receivers))


def test_property_04_a_join_is_confirmed_only_when_it_is_proven_both_ways() -> None:
    """Catches a join confirmed when its lease is taken, one without inbound, and one without outbound."""
    attempts: Counter[int] = Counter()

    @drawn
    @given(
        links,
        st.integers(3, 6),
        st.tuples(st.sampled_from(NAT_KINDS), st.sampled_from(NAT_KINDS)),
        st.booleans(),
        st.booleans(),
        st.just({0, 1, 2, 3, 4}) | st.sets(st.integers(0, 4), min_size=1, max_size=5),
        st.sampled_from((0.0, 0.05, 0.1, 0.15, 0.2)),
        st.sampled_from((0.5, 2.5, 5.0)),
    )
    def joins(
        link: dict[str, Any],
        count: int,
        nats: tuple[str, str],
        members: bool,
        deaf: bool,
        blocked: set[int],
        begins_s: float,
        lasts_s: float,
    ) -> None:
        async def tell(flock: Flock) -> None:
            await asyncio.sleep(2)
            others, joiner = flock.birds[:-1], flock.birds[-1]
            if members:
                await asyncio.gather(*(bird.join() for bird in others))
            joining = asyncio.ensure_future(joiner.join())
            await asyncio.sleep(begins_s)
            concerned = [bird for bird in others if bird.index in blocked] or others
            ends = (concerned, [joiner]) if deaf else ([joiner], concerned)
            number = flock.world.network.disturb(one_way(*ends))
            await asyncio.sleep(lasts_s)
            flock.mend(number)
            await flock.expect(lambda: joiner.told(Joined) != [], 30, "joined by itself")
            await asyncio.gather(joining, return_exceptions=True)
            check_proven(wire, joiner)
            attempts[min(2, joiner.node.coordinator(LOBBY)["join"]["attempts"])] += 1

        wire = Wire()
        with SimWorld(**link) as world:
            flock = Flock(world, count, {1: nats[0], count - 1: nats[1]})
            for bird in flock:
                bird.sealer, bird.events = wire.sealer(), Timed()
            world.run(started(flock, tell(flock)))

    joins()
    assert min(attempts[1], attempts[2]) >= 10, "some joins are not disturbed, some have to try again"


async def started(flock: Flock, telling: Any) -> None:
    await flock.start()
    await telling
    flock.check_unharmed()
