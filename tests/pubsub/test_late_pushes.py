"""Somebody's power fails in the middle of a burst: what waits for it then is not pushed for minutes."""

from __future__ import annotations

import asyncio

from peernode.pubsub.pushroom import FAILING_MAX
from peernode.pubsub.retries import LINE_MAX
from peernode.simulation.checkers.leases_end import GRACE_S
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_relay import replica_of

BURST = 250


def waiting_for(bird: Bird, gone: Bird) -> int:
    """Requests of any kind that wait behind those that are on their way to it."""
    peer = bird.node._context.rpc._core.peers.get(gone.identity.public_key)
    return 0 if peer is None else len(peer.queued)


def test_what_waits_for_who_is_gone_is_not_pushed_one_by_one_until_its_lease_has_long_ended() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        view = flock[0].node._pubsub.storage.member(LOBBY).initiators
        assert view is not None
        initiators = [bird for bird in flock if view.holds(bird.identity.public_key)]
        gone, author = next(bird for bird in flock if bird not in initiators), initiators[0]
        me, began_s = gone.identity.node_id, flock[0].host.env.clock.monotonic()
        ends_s = max(replica_of(bird).leases._held[me].until_s for bird in initiators)
        gone.crash()
        for number in range(BURST):
            await author.say(f"m{number}")
            await asyncio.sleep(0.01)
        queued = 0
        while flock[0].host.env.clock.monotonic() < ends_s + 2 * GRACE_S:
            queued = max(queued, *(waiting_for(bird, gone) for bird in initiators))
            await asyncio.sleep(0.1)
        sizes = [bird.node._pubsub.sizes() for bird in initiators]
        assert all(size["pushes"][0] == size["retry_lines"][0] == 0 for size in sizes)
        assert queued <= 2, "whatever else is asked of it finds no line before it"
        digests = [digest.hex() for digest in author.node._pubsub.delivery._spreads]
        sent = 0
        for bird in initiators:
            told = {text: bird.node.attempts(text) for text in digests}
            tries = [each for found in told.values() for each in found if each.peer == me.hex()]
            assert max(each.sent_s for each in tries if each.sent_s is not None) <= ends_s
            sent += sum(each.sent_s is not None and each.sent_s > began_s + 15 for each in tries)
            ways = {each.outcome for each in tries}
            assert {"timeout", "not answering", "line full"} <= ways
        assert sent < len(initiators) * 40, "a try now and then"
        alive = [bird for bird in flock if bird not in (gone, author)]
        assert all(len(bird.texts()) == BURST for bird in alive)

    assert BURST > FAILING_MAX + LINE_MAX
    story(tell, 7, loss=0)
