"""A newcomer comes in while somebody floods every node with senders that do not exist."""

from __future__ import annotations

import asyncio
import random

import pytest

from peernode.rpc import agreements
from peernode.wire.frames import NO_TOKEN, Sealed
from tests.pubsub.flock import Bird, Flock, story

PER_S = 400


async def flood(flock: Flock, targets: list[Bird]) -> None:
    """Until cancelled, each of these gets twenty times what it may spend on strangers."""
    rng = random.Random(5)
    while True:
        for target in targets:
            data = Sealed(rng.randbytes(32), NO_TOKEN, bytes(24), rng.randbytes(60)).encode()
            source = (f"198.51.{rng.randrange(256)}.{rng.randrange(1, 255)}", rng.randrange(1, 65536))
            flock.world.network.carry(target.host, source, data, target.address)
        await asyncio.sleep(1 / PER_S)


def test_a_newcomer_joins_and_writes_while_invented_senders_flood_everybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(agreements, "DERIVATIONS_PER_S", PER_S / 20)
    monkeypatch.setattr(agreements, "DERIVATIONS_BURST", PER_S / 20)

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        flooding = asyncio.ensure_future(flood(flock, flock.birds))
        await asyncio.sleep(2)
        newcomer = Bird(flock.world, len(flock.birds), {"bootstrap": (flock[0].address,)})
        await newcomer.start()
        joined = await newcomer.join()
        state = await newcomer.say("let in")
        await flock.expect(lambda: all(bird.texts() == ["let in"] for bird in flock), 5, "shown to all")
        await flock.expect(lambda: newcomer.state(state.id).state == "delivered", 5, "delivered")
        flooding.cancel()
        assert joined.elapsed_ms < 5000
        assert all(bird.node.counters()["rejected.load"] > PER_S for bird in flock)
        assert newcomer.node.counters()["hello.out"] > 1
        assert newcomer.crashes == []

    story(tell, 6)
