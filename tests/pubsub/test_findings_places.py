"""Where the streams of a timeline go on is remembered within a bound, and forgotten only of what is gone."""

from __future__ import annotations

from peernode.channel.message import Kind, Message, sign_message
from peernode.identity import Identity
from peernode.pubsub.timeline import PLACES_FACTOR
from peernode.wire.contact import Contact
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_findings_truth import held

STREAMS = 6


def written(bird: Bird, author: Identity, seq: int, prev: bytes = bytes(16)) -> Message:
    context = bird.node._context
    return sign_message(
        author,
        channel_id=held(bird).channel_id,
        instance=b"instance",
        seq=seq,
        prev=prev,
        id=context.new_id(),
        hlc=context.wall_ms() << 16,
        kind=Kind.TEXT,
        body=f"number {seq}".encode(),
        parts=(),
    )


def test_streams_that_have_expired_leave_no_place_behind() -> None:
    async def tell(flock: Flock) -> None:
        bird = flock[0]
        await bird.join()
        replica, random = held(bird), bird.host.env.random
        brought_by = Contact(Identity.generate(random).public_key, "10.9.9.9", 7400)

        async def arrives(message: Message) -> None:
            take = bird.node._pubsub.ingest.take_all
            assert await bird.call(take(replica, [message.raw], brought_by)) == 1

        faithful = Identity.generate(random)
        first = written(bird, faithful, 1)
        await arrives(first)
        for _ in range(5 * STREAMS):
            author = Identity.generate(random)
            await arrives(written(bird, author, 1))
            places, bound = bird.node.sizes()["pubsub.places"]
            assert places <= bound == PLACES_FACTOR * STREAMS
            replica.log.expire(author.public_key, b"instance", 1)
        assert bird.node.happened()["timeline.places_cleared"] >= 2
        await arrives(written(bird, faithful, 2, first.digest))
        assert bird.texts()[-1] == "number 2", "told at once: its place was not forgotten"

    story(tell, 1, streams_per_channel_max=STREAMS)
