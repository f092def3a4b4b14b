"""A story in which nodes say everything that the protocol has, and what was said in it.

The nodes seal with a sealer of the test's, the seam by which large simulations replace cryptography: it
hears every message and may change what its own node says.
"""

from __future__ import annotations

import asyncio
from typing import Any

from peernode.simulation.world.disturbances import Block
from peernode.simulation.world.host import SimWorld
from peernode.wire.codec import pack, unpack_sequence
from peernode.wire.frames import PLAINTEXT_MAX, Sealed
from peernode.wire.payload import KIND_ANSWER, KIND_REQUEST, MESSAGES_MAX, WireMessage, decode_messages
from peernode.wire.sealing import Sealer
from tests.pubsub.flock import LOBBY, Bird, Flock

NODES = 6
FOREIGN = ["of a later version", 7, [b"x"]]


class Heard:
    """What was said: op -> bodies of requests and of answers."""

    def __init__(self) -> None:
        self.requests: dict[int, list[list[Any]]] = {}
        self.answers: dict[int, list[list[Any]]] = {}
        self.refused: dict[tuple[int, int], int] = {}
        """(op, status) -> how often."""
        self._ops: dict[int, int] = {}

    def hear(self, message: WireMessage) -> None:
        if message.kind == KIND_REQUEST:
            self._ops[message.request_id] = message.code
            self.requests.setdefault(message.code, []).append(list(message.body))
        elif message.kind == KIND_ANSWER and (op := self._ops.get(message.request_id)) is not None:
            if message.code == 0:
                self.answers.setdefault(op, []).append(list(message.body))
            else:
                self.refused[op, message.code] = self.refused.get((op, message.code), 0) + 1


def listening(heard: Heard) -> type[Sealer]:
    """A sealer that notes what its node is told."""

    class Listening(Sealer):
        def open(self, frame: Sealed) -> bytes:
            plaintext = super().open(frame)
            for message in decode_messages(plaintext):
                heard.hear(message)
            return plaintext

    return Listening


def later_version(heard: Heard) -> type[Sealer]:
    """As ``listening``, and its node ends each body and each envelope with fields that nobody knows yet."""

    class LaterVersion(listening(heard)):  # type: ignore[misc]
        def seal(self, peer_key: bytes, token: bytes, plaintext: bytes, nonce: bytes) -> bytes:
            messages = unpack_sequence(plaintext, MESSAGES_MAX)
            longer = b"".join(
                pack([kind, number, code, [*body, FOREIGN], FOREIGN]) for kind, number, code, body in messages
            )
            fits = len(longer) <= PLAINTEXT_MAX
            said: bytes = super().seal(peer_key, token, longer if fits else plaintext, nonce)
            return said

    return LaterVersion


def tell(sealer: type[Sealer], seed: int = 2) -> Flock:
    """Join, write short and long, miss things, restart, ask who is there, type, share a file, leave."""
    with SimWorld(seed=seed, loss=0.02) as world:
        flock = Flock(world, NODES, renew_s=6.0, sync_s=5.0)
        for bird in flock:
            bird.sealer = sealer

        async def main() -> None:
            await flock.start()
            await flock.join()
            await _write(flock)
            flock.check_unharmed()

        world.run(main())
    return flock


async def _write(flock: Flock) -> None:
    await flock[1].say("short")
    await flock[2].say("long " * 800)
    await asyncio.sleep(2)
    cut = flock.cut_off(flock[5])
    for number in range(12):
        await flock[number % 3].say(f"missed {number}")
    await asyncio.sleep(20)  # nobody tries again any more: it is to be pulled
    flock.mend(cut)
    flock[4].crash()
    await asyncio.sleep(1)
    await flock[4].restart()
    await asyncio.sleep(25)
    listed = await flock[3].call(flock[3].node.subscribers(LOBBY))
    assert len(listed) >= 3, listed
    await _break_one_way(flock, [bird for bird in flock if bird.node.node_id in listed])
    logs = [bird.node.log_ids(LOBBY) for bird in flock]
    assert all(log == logs[0] for log in logs)
    assert len(logs[0]) == 14
    await flock[1].call(_type(flock[1]))
    await flock[1].call(flock[1].node.share(LOBBY, None, b"leaves " * 500, "leaves.txt"))
    await asyncio.sleep(5)
    await flock[3].call(flock[3].node.leave(LOBBY))
    await asyncio.sleep(2)


async def _type(bird: Bird) -> None:
    bird.node.typing(LOBBY)


async def _ask_how_it_is(asker: Bird, other: Bird) -> None:
    """By all of what one can ask about a channel's condition."""
    health = await asker.call(asker.node.channel_health(LOBBY))
    assert health["verdict"]["state"] == "degraded"
    assert await asker.call(asker.node.trace_of(LOBBY, asker.node.log_ids(LOBBY)[-1]))
    assert await asker.call(asker.node.repair_now(LOBBY, other.node.node_id))


async def _break_one_way(flock: Flock, initiators: list[Bird]) -> None:
    """One initiator is not heard by another, until a third has relayed for it."""
    senders, receivers = ([bird.host.index] for bird in initiators[:2])
    cut = flock.world.network.disturb(Block(frozenset(senders), frozenset(receivers)))
    await asyncio.sleep(9)
    assert await flock[3].call(flock[3].node.reachability(LOBBY))
    await _ask_how_it_is(flock[3], flock[5])
    flock.mend(cut)
    await asyncio.sleep(3)
