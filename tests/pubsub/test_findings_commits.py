"""Who waits for another's commit of the same message hears why it failed."""

from __future__ import annotations

import asyncio

from peernode.channel.message import decode_message
from peernode.errors import PeerNodeError
from peernode.pubsub.ingest import Source
from tests.pubsub.flock import LOBBY, Flock, story
from tests.pubsub.test_coordinator import stored


def test_two_copies_that_arrive_at_once_hear_that_the_store_is_full() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        author, full = flock[0], flock[1]
        flock.cut_off(full)
        await author.say("one")
        await flock.expect(lambda: stored(author) == 1, 2, "stored by its author")
        replica = full.node._pubsub.storage.member(LOBBY)
        raws = author.disk.store_for(author.identity.node_id).newest(replica.channel_id, None, 1)
        message, ingest = decode_message(raws[0]), full.node._pubsub.ingest
        full.disk.full = True
        takes = (full.call(ingest.take(replica, message, Source.PUSH, None)) for _ in range(2))
        heard = await asyncio.gather(*takes, return_exceptions=True)
        full.disk.full = False
        assert [error.code for error in heard if isinstance(error, PeerNodeError)] == ["STORE_FULL"] * 2

    story(tell, 3)
