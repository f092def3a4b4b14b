"""Paths of large channels in which nobody writes: what breaks one way is found there too."""

from __future__ import annotations

import asyncio

import pytest

from peernode.pubsub.probing import LARGE_EVERY_TICKS, RELAY
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_findings_truth import held

FIRST_S = 15.0
RENEWED_S = 26.0
"""A renewal, a repeated request, a look and a test."""

IDLE_S = 60


def ranked(flock: Flock, subscriber: Bird) -> list[Bird]:
    """The initiators in the order in which they push to a subscriber."""
    replica = held(flock[0])
    assert replica.initiators is not None
    birds = {bird.identity.public_key: bird for bird in flock}
    return [birds[key] for key in replica.ranking(subscriber.identity.node_id, replica.initiators)]


def direction(initiator: Bird, subscriber: Bird) -> str:
    record = initiator.node._pubsub.monitor.get(subscriber.identity.node_id)
    return record.direction if record is not None else "no record"


def test_who_no_longer_reaches_a_subscriber_that_it_hears_finds_it_in_an_idle_large_channel() -> None:
    """Before, the renewals that it heard stood for answers, for ever."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(30)
        subscriber = next(bird for bird in flock if bird not in ranked(flock, bird))
        first, *later = ranked(flock, subscriber)
        flock.block([first, later[1]], [subscriber])
        await flock.expect(lambda: direction(first, subscriber) == "heard", FIRST_S, "by its own test")
        await flock.expect(
            lambda: direction(later[1], subscriber) == "heard", RENEWED_S, "by a repeated request"
        )
        assert {direction(bird, subscriber) for bird in (later[0], *later[2:])} == {"both"}

    story(tell, 8, small_channel_max=4)


def test_what_was_on_its_way_when_a_path_broke_does_not_say_that_this_way_works() -> None:
    """It is heard after the test has begun that fails; its later word that it hears us stands."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(10)
        subscriber = next(bird for bird in flock if bird not in ranked(flock, bird))
        first = ranked(flock, subscriber)[0]
        me = subscriber.identity.node_id
        record, contact = first.node._pubsub.monitor.get(me), held(first).leases.contact(me)
        assert record is not None
        assert contact is not None

        async def renew() -> None:
            subscriber.node._pubsub.renewal.all_now()

        await subscriber.call(renew())
        await asyncio.sleep(0.05)
        began_s = first.host.env.clock.monotonic()
        test = asyncio.ensure_future(first.call(first.node._pubsub.probing.test_now(held(first), contact)))
        await asyncio.sleep(0.09)
        assert record.heard_s is not None
        assert began_s < record.heard_s, "the renewal came while the test was under way"
        flock.block([subscriber], [first])
        assert await test == RELAY
        assert direction(first, subscriber) == "hears"

    story(tell, 7, loss=0, one_way_ms=(100.0, 100.0), jitter_ms=0)


async def begun_idle(flock: Flock) -> list[int]:
    """How many each initiator begins in a channel in which nobody writes for ``IDLE_S``."""
    await flock.join()
    await asyncio.sleep(20)
    initiators = ranked(flock, flock[0])
    before = [bird.node.counters()["op.PROBE.out"] for bird in initiators]
    await asyncio.sleep(IDLE_S)
    return [
        bird.node.counters()["op.PROBE.out"] - begun for bird, begun in zip(initiators, before, strict=True)
    ]


def test_in_a_larger_channel_one_initiator_alone_tests_a_path_and_more_rarely() -> None:
    """Catches mutants in which all three test it, or after the pause of a small channel."""
    begun: list[int] = []

    async def tell(flock: Flock) -> None:
        begun.append(sum(await begun_idle(flock)))

    for small_channel_max in (13, 7):
        story(tell, 13, loss=0, replicas=3, small_channel_max=small_channel_max)
    small, larger = begun
    assert 0 < larger <= small / (3 * 13 / 7), begun  # one of three, after 13 / 7 of the pause


def test_an_initiator_of_a_large_channel_begins_tests_in_every_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, it looked at all paths every tenth tick: what that one could not begin waited for ten more."""
    monkeypatch.setattr("peernode.pubsub.probing.PROBES_PER_TICK", 1)
    monkeypatch.setattr("peernode.pubsub.probing.SILENT_S", 0.3)

    async def tell(flock: Flock) -> None:
        begun = sum(await begun_idle(flock))
        assert begun >= 3 * 2 * IDLE_S / LARGE_EVERY_TICKS, begun

    story(tell, 20, loss=0, replicas=2, small_channel_max=1)
