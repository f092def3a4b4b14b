"""Messages that no initiator brings to their subscriber: how soon they go round by somebody who does."""

from __future__ import annotations

import asyncio

import pytest

from tests.pubsub.flock import Flock, story
from tests.pubsub.test_relay import primary_and_subscriber, replica_of

ALTERNATIVE_S = 2.0
"""Property 8."""


@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize("broken_s", [0.0, 2.0])
def test_relays_that_are_no_use_keep_a_message_from_none_of_the_others(seed: int, broken_s: float) -> None:
    """Each waits in vain for the subscriber, for up to a second. Before, the next was asked only then.

    ``broken_s``: and what else has got lost on the path meanwhile, to lookups and pings, made it wait longer
    before the first one was asked.
    """

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        author, subscriber = primary_and_subscriber(flock)
        view = replica_of(author).initiators
        plain = [bird for bird in flock if not view.holds(bird.identity.public_key)]
        helper = next(bird for bird in plain if bird is not subscriber)
        flock.block([bird for bird in flock if bird not in (helper, subscriber)], [subscriber])
        await asyncio.sleep(broken_s)
        await author.say("by the only one")
        await flock.expect(lambda: subscriber.texts() == ["by the only one"], ALTERNATIVE_S, "it is there")

    story(tell, 6, replicas=3, seed=seed, loss=0)


def test_relays_that_are_dead_keep_a_probe_from_none_of_the_others() -> None:
    """Before, each was waited for until it was given up: three and a half seconds for one that has died."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        prober, subscriber = primary_and_subscriber(flock)
        view = replica_of(prober).initiators
        mute = [bird for bird in flock if view.holds(bird.identity.public_key) and bird is not prober]
        helper = next(bird for bird in flock if bird not in (prober, subscriber, *mute))
        flock.block(mute, [bird for bird in flock if bird not in mute])
        flock.block([prober], [subscriber])
        contact = replica_of(prober).leases.contact(subscriber.identity.node_id)
        candidates = prober.node._pubsub.relays.candidates(replica_of(prober), contact)
        assert {relay.id for relay in candidates[:2]} == {bird.identity.node_id for bird in mute}
        began = asyncio.get_running_loop().time()
        assert await prober.call(prober.node._pubsub.relays.probe(replica_of(prober), contact))
        assert asyncio.get_running_loop().time() - began < ALTERNATIVE_S
        path = prober.node._pubsub.monitor.get(contact.id)
        assert path.alternatives.keys() == {helper.identity.node_id}

    story(tell, 5, replicas=3, seed=1, loss=0)
