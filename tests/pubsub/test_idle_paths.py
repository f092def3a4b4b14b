"""Paths of large channels in which nobody writes: what breaks one way is found there too."""

from __future__ import annotations

import asyncio

from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_findings_truth import held

FIRST_S = 15.0
RENEWED_S = 26.0
"""A renewal, a repeated request, a look and a test."""


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
