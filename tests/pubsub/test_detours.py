"""Messages that no initiator brings to their subscriber: how soon they go round by somebody who does."""

from __future__ import annotations

import asyncio

import pytest

from peernode.channel.message import Message
from tests.pubsub.flock import Flock, story
from tests.pubsub.test_bounds_delivery import stored
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


def relayed(flock: Flock) -> int:
    return sum(bird.node.counters().get("op.RELAY.out", 0) for bird in flock)


def test_no_relay_is_asked_for_what_waits_for_its_turn_while_the_path_is_not_known_to_fail() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        pusher, subscriber = primary_and_subscriber(flock)
        contact = replica_of(pusher).leases.contact(subscriber.identity.node_id)
        messages = await pusher.call(stored(pusher, 40))
        before, began = relayed(flock), asyncio.get_running_loop().time()

        async def push_all() -> None:
            for message in messages:
                pusher.node._pubsub.delivery.push(replica_of(pusher), message, contact, "initiator")

        await pusher.call(push_all())
        await flock.expect(lambda: len(subscriber.texts()) == len(messages), 20, "one after the other")
        assert asyncio.get_running_loop().time() - began > ALTERNATIVE_S, "the last one has waited for long"
        assert relayed(flock) == before

    story(tell, 6, replicas=3, loss=0, one_way_ms=(50, 50), inflight_per_peer_max=1, sync_s=1000.0)


def test_what_waits_for_its_turn_on_a_path_that_fails_goes_by_a_relay_meanwhile() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        author, subscriber = primary_and_subscriber(flock)
        view = replica_of(author).initiators
        helper = next(
            bird for bird in flock if bird is not subscriber and not view.holds(bird.identity.public_key)
        )
        flock.block([bird for bird in flock if bird not in (helper, subscriber)], [subscriber])
        await asyncio.sleep(12)
        assert author.node._pubsub.monitor.failing(subscriber.identity.node_id)
        said = [f"m{number}" for number in range(8)]
        for text in said:
            await author.say(text)
        await flock.expect(lambda: subscriber.texts() == said, ALTERNATIVE_S, "all are there")

    story(tell, 6, replicas=3, loss=0)


def test_a_message_that_is_missed_again_waits_once_for_the_way_that_is_looked_for() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        pusher, subscriber = primary_and_subscriber(flock)
        contact = replica_of(pusher).leases.contact(subscriber.identity.node_id)
        subscriber.crash()
        first, second = await pusher.call(stored(pusher, 2))
        delivery = pusher.node._pubsub.delivery

        def waiting() -> tuple[int, int]:
            sizes = pusher.node._pubsub.sizes()
            return sizes["detours"][0], sizes["detours_waiting"][0]

        async def push(*messages: Message) -> None:
            for message in messages:
                delivery.push(replica_of(pusher), message, contact, "initiator")

        async def missed_again() -> None:
            delivery._pushes._detours.prepare(delivery.find(second.digest), contact, 0.0, True)

        await pusher.call(push(first, second))
        await flock.expect(lambda: waiting() == (1, 1), 5, "one looks, one waits")
        await pusher.call(missed_again())
        again = delivery.find(second.digest).pushing[contact.id]
        await flock.expect(lambda: asyncio.get_running_loop().time() > again.when(), 5, "missed again")
        assert not again.cancelled()
        assert waiting() == (1, 1)

    story(tell, 6, replicas=3, loss=0, one_way_ms=(100, 100))
