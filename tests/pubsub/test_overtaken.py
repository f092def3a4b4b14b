"""A load that takes long counts for nothing beside what was found since it began."""

from __future__ import annotations

import asyncio

from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.wire.frames import VERSION
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_coordinator import distance, happened


async def settled(flock: Flock) -> tuple[Bird, PubSubStorage, Replica]:
    """Three that are no initiators have joined, one has not; the last of them, and what it holds."""
    await asyncio.sleep(3)
    flock.birds.sort(key=distance)
    for bird in flock.birds[6:]:
        await bird.join()
    await asyncio.sleep(2)
    storage = flock[8].node._pubsub.storage
    replica = storage.member(LOBBY)
    storage.coordination.doubt(replica)
    replica.sync_due = False  # nobody but the test loads it
    return flock[8], storage, replica


def test_a_load_begun_while_mute_does_not_undo_what_a_fresh_lookup_has_found() -> None:
    async def tell(flock: Flock) -> None:
        bird, storage, replica = await settled(flock)
        mute = flock.block([bird], flock.birds[:6])
        flock.block([bird], flock.birds[6:8])  # the participants
        old = asyncio.ensure_future(bird.call(storage.load_coordinator_resilient(replica)))
        await flock.expect(
            lambda: happened(bird)["coordinator.lookup.failed"] > 0, 5, "its lookup has failed"
        )
        flock.mend(mute)
        ping = bird.node._context.rpc.request(flock[0].node._context.me(), Op.PING, [VERSION, VERSION])
        await bird.call(ping)
        await flock.expect(lambda: bird.node._context.overlay.peers() != [], 0.5, "somebody is there again")
        await bird.call(storage.initiators(replica, fresh=True))
        found = replica.load_trace
        assert not old.done()
        storage.coordination.doubt(replica)  # the next renewal asks again: no reason to believe the old load
        assert (await old).state == "ACTIVE"
        assert happened(bird)["coordinator.participants.failed"] == 1
        assert replica.load_state == "ACTIVE"
        assert replica.load_trace == found

    story(tell, 9, seed=2)


def test_a_load_that_took_long_does_not_put_an_older_set_back() -> None:
    async def tell(flock: Flock) -> None:
        bird, storage, replica = await settled(flock)
        before = replica.initiators
        assert before is not None
        silent = flock.block(flock.birds[:3], [bird])
        looking = asyncio.ensure_future(bird.call(storage.initiators(replica, fresh=True)))
        await flock.expect(lambda: happened(bird)["coordinator.lookup.failed"] > 0, 5, "one lookup")
        old = asyncio.ensure_future(bird.call(storage.load_coordinator_resilient(replica)))
        found = await looking  # two lookups have named the same other set
        assert found.hash != before.hash
        assert not old.done()
        flock.mend(silent)
        assert (await old).set_hash == found.hash
        assert replica.initiators is not None
        assert replica.initiators.hash == found.hash

    story(tell, 9)
