"""A node that was away is back in its channels by itself, and says so only when that is proven both ways."""

from __future__ import annotations

import asyncio

import pytest

from peernode.events import Recovered, Recovering
from peernode.node import FROZEN_S
from peernode.pubsub.recovery import AT_ONCE
from tests.pubsub.flock import LOBBY, Bird, Flock, story


def recovered(bird: Bird, since: int = 0) -> list[Recovered]:
    return [event for event in bird.events[since:] if isinstance(event, Recovered)]


async def joined(flock: Flock) -> None:
    await flock.join()
    await asyncio.sleep(2)


def test_a_node_that_lost_the_network_recovers_all_channels_and_says_when() -> None:
    names = [f"#room-{number}" for number in range(2 * AT_ONCE)]

    async def tell(flock: Flock) -> None:
        await joined(flock)
        lonely = flock[4]
        for name in names:
            await lonely.join(name)
            await flock[1].join(name)
        cut = flock.cut_off(lonely)
        await asyncio.sleep(30)
        await flock[1].say("while you were away", names[0])
        await asyncio.sleep(1)
        before = len(lonely.events)
        flock.mend(cut)
        every = {LOBBY, *names}
        await flock.expect(
            lambda: {e.channel for e in recovered(lonely, before)} == every, 10, "all recovered"
        )
        told = recovered(lonely, before)
        assert all(event.verified for event in told)
        assert all(0 < event.elapsed_ms < 10_000 for event in told)
        begun = {e.channel for e in lonely.events[before:] if isinstance(e, Recovering)}
        assert begun == every
        assert "while you were away" in lonely.texts()
        steps = ["find", "subscribe", "inbound", "outbound", "history"]
        assert all(lonely.node.happened()[f"recovery.{step}.ok"] >= len(names) for step in steps)

    story(tell, 6)


@pytest.mark.parametrize("seconds", [FROZEN_S + 1, 600])
def test_a_frozen_process_recovers_when_it_runs_again(seconds: float) -> None:
    async def tell(flock: Flock) -> None:
        await joined(flock)
        sleeper = flock[3]
        sleeper.host.pause()
        await asyncio.sleep(seconds)
        await flock[1].say("you slept")
        await asyncio.sleep(1)
        before = len(sleeper.events)
        sleeper.host.resume()
        await flock.expect(lambda: recovered(sleeper, before) != [], 10, "recovered")
        assert recovered(sleeper, before)[0].verified
        await flock.expect(lambda: "you slept" in sleeper.texts(), 5, "caught up")
        await flock[1].say("awake?")
        await flock.expect(lambda: "awake?" in sleeper.texts(), 1, "pushed to")

    story(tell, 5)


@pytest.mark.parametrize("seed", range(1, 7))
def test_after_a_long_sleep_a_lost_datagram_is_not_waited_for_as_long_as_the_node_slept(seed: int) -> None:
    """Before, the lateness of its timers, ten minutes, was added to every timeout."""

    async def tell(flock: Flock) -> None:
        await joined(flock)
        sleeper = flock[3]
        sleeper.host.pause()
        await asyncio.sleep(600)
        before = len(sleeper.events)
        sleeper.host.resume()
        await flock.expect(lambda: recovered(sleeper, before) != [], 10, "recovered")
        assert recovered(sleeper, before)[0].verified

    story(tell, 5, loss=0.1, seed=seed)


def test_late_initiators_are_waited_for_a_little_only_though_the_clock_runs_slow() -> None:
    """Before, the wait ended by a look at the clock: one that was a trifle early looked never again."""

    async def tell(flock: Flock) -> None:
        await joined(flock)
        bird = flock[1]
        bird.host.clock.oscillate(-200)
        flock.cut_off(flock[4])
        pubsub = bird.node._pubsub
        replica = next(iter(pubsub.storage.replicas.values()))
        begun_s = flock.world.loop.time()
        taken = await bird.call(pubsub.subscriber.subscribe(replica))
        assert len(taken.accepted) == 4
        assert flock.world.loop.time() - begun_s < 1.0

    story(tell, 5)


def test_both_sides_of_a_partition_verify_their_channels() -> None:
    async def tell(flock: Flock) -> None:
        await joined(flock)
        left = [flock[index] for index in range(4)]
        cut = flock.cut_off(*left)
        await asyncio.sleep(40)
        for bird in (flock[0], flock[7]):
            await bird.say(f"from side {bird.index}")
        await asyncio.sleep(2)
        before = [len(bird.events) for bird in flock]
        flock.mend(cut)
        await flock.expect(
            lambda: all(recovered(bird, before[bird.index]) for bird in flock), 20, "all have recovered"
        )
        assert all(recovered(bird, before[bird.index])[0].verified for bird in flock)
        await flock.expect(
            lambda: len({bird.node.diagnostics()["channels"][0]["root"] for bird in flock}) == 1, 5, "one log"
        )
        await flock[0].say("together")
        await flock.expect(
            lambda: all("together" in bird.texts() for bird in flock if bird.index), 1, "pushed to all"
        )

    story(tell, 8)
