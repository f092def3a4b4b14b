"""Channels in which servers test themselves fill no disk, wherever they are stored."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from peernode.channel.ids import CANARY_KEEP_MS, CANARY_PREFIX, is_canary
from peernode.pubsub.expiry import EXPIRE_S
from peernode.pubsub.replica import Replica
from peernode.simulation.world.host import SimWorld
from tests.pubsub.flock import LOBBY, Bird, Flock

CANARY = f"{CANARY_PREFIX}0123"
KEEP_S = 60.0


def held(bird: Bird, name: str) -> int:
    replica = bird.node._pubsub.storage.by_name(name)
    return bird.node._context.store.count(replica.channel_id) if replica else 0


@pytest.mark.parametrize("keep_days", [0.0, 365.0])
def test_messages_of_a_canary_go_from_every_node_that_stores_them(
    keep_days: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peernode.pubsub.replica.CANARY_KEEP_MS", int(1000 * KEEP_S))
    with SimWorld(seed=5) as world:
        flock = Flock(world, 6, keep_days=keep_days, keep_own_days=keep_days)

        async def main() -> None:
            await flock.start()
            await flock.join()
            await flock[0].join(CANARY)
            kept = await flock[0].say("kept", LOBBY)
            for number in range(12):
                await flock[0].say(f"test {number}", CANARY)
                await asyncio.sleep(KEEP_S / 4)
            assert max(held(bird, CANARY) for bird in flock) <= 8
            assert sum(held(bird, CANARY) > 0 for bird in flock) >= 3
            await asyncio.sleep(KEEP_S + KEEP_S / 24 + 3 * EXPIRE_S)
            assert [held(bird, CANARY) for bird in flock] == [0] * 6
            assert all(kept.id in bird.node.log_ids(LOBBY) for bird in flock)
            flock.check_unharmed()

        world.run(main())


def test_a_stricter_policy_of_the_node_goes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    with SimWorld(seed=6) as world:
        bird = Bird(world, 0, {})
        bird.config = replace(bird.config, keep_days=0.01)

        async def main() -> None:
            await bird.start()
            context = bird.node._context
            assert Replica(context, b"c" * 20, CANARY, False).keep_ms == 864_000
            assert Replica(context, b"c" * 20, CANARY, True).keep_ms == CANARY_KEEP_MS
            assert Replica(context, b"c" * 20, LOBBY, True).keep_ms == 0

        world.run(main())


def test_what_is_a_canary_is_decided_by_the_name() -> None:
    assert is_canary(CANARY)
    assert not is_canary(LOBBY) and not is_canary("#canary-1")
