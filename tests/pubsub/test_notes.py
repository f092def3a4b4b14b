"""What a node notes of a channel goes with the channel; what a person has read of it stays."""

from __future__ import annotations

import asyncio

from peernode.channel.kinds import Kind
from peernode.channel.message import Message, sign_message
from peernode.identity import Identity
from peernode.pubsub.ingest import Source
from peernode.pubsub.keptleases import keep_leases
from peernode.pubsub.notes import KINDS, LEASES, PAGE, TORN, note_key
from peernode.pubsub.replica import DAY_MS
from peernode.store.base import PutMeta
from peernode.wire.codec import pack
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_bounds_delivery import counted
from tests.pubsub.test_relay import replica_of
from tests.store.disks import message_id

KEEP_DAYS = 1.0


def noted(bird: Bird) -> list[str]:
    """Kinds of notes on the disk, of whatever channel."""
    return [kind for kind in KINDS if bird.node._context.store.metas(kind, kind, 1)]


def late(bird: Bird, author: Identity) -> Message:
    """A message that its author has kept in the outbox for longer than messages are kept."""
    written_ms = bird.node._context.wall_ms() - 2 * int(KEEP_DAYS * DAY_MS)
    return sign_message(
        author,
        channel_id=replica_of(bird).channel_id,
        instance=bytes(8),
        seq=1,
        prev=bytes(16),
        id=message_id(1),
        hlc=written_ms << 16,
        kind=Kind.TEXT,
        body=b"late",
    )


def test_a_channel_that_is_let_go_leaves_no_notes_and_they_are_made_anew_when_it_is_back() -> None:
    async def tell(flock: Flock) -> None:
        bird, author = flock[0], Identity.generate(flock[0].host.env.random)
        for _ in range(2):
            await flock.join()
            await flock[1].say("hello")
            await asyncio.sleep(2)
            order = bird.node.history(LOBBY)[-1].order
            await bird.call(bird.node.mark_read(LOBBY, order))
            taken = bird.node._pubsub.ingest.take(replica_of(bird), late(bird, author), Source.PUSH, None)
            await bird.call(taken)
            await bird.call(keep_leases(bird.node._context, replica_of(bird)))
            await bird.call(bird.node.leave(LOBBY))
            replica = replica_of(bird)
            replica.initiators = None  # as one that others are closer to by now
            bird.node._pubsub.retention.look(replica)
            await asyncio.sleep(0.01)
            torn = PutMeta(
                note_key(TORN, replica.channel_id), pack([])
            )  # as ``ForkWatch`` notes where tears are
            await bird.call(bird.node._context.store.commit(torn))
            assert noted(bird) == list(KINDS)
            await bird.call(bird.node._pubsub.storage.drop(replica))
            assert noted(bird) == []
            assert bird.node._context.store.metas("read ", "read ", 2) != []
            await asyncio.sleep(2 * bird.config.sync_s)

    story(tell, 2, loss=0, keep_days=KEEP_DAYS, keep_own_days=KEEP_DAYS)


def test_an_empty_channel_that_gives_way_is_not_noted_again_by_a_round_under_way() -> None:
    async def tell(flock: Flock) -> None:
        bird = flock[0]
        await flock[1].join()
        await asyncio.sleep(5)
        await flock[1].call(flock[1].node.leave(LOBBY))
        await asyncio.sleep(5)
        replica = replica_of(bird)
        await bird.call(bird.node._pubsub.storage.drop(replica))
        await bird.call(keep_leases(bird.node._context, replica))
        assert noted(bird) == []

    story(tell, 2, loss=0)


def test_notes_that_an_earlier_version_left_behind_go_at_the_start_and_others_stay() -> None:
    async def tell(flock: Flock) -> None:
        bird = flock[0]
        await bird.join()
        await bird.call(keep_leases(bird.node._context, replica_of(bird)))
        store, own = bird.node._context.store, note_key(LEASES, replica_of(bird).channel_id)
        kept = store.meta(own)
        for number in range(2 * PAGE):
            await bird.call(store.commit(PutMeta(note_key(KINDS[number % 3], bytes([number] * 20)), b"x")))
        bird.crash()
        await bird.restart()
        await asyncio.sleep(1)
        store = bird.node._context.store
        assert kept is not None and store.meta(own) is not None
        assert [key for kind in KINDS for key, _ in store.metas(kind, kind, 3 * PAGE)] == [own]
        assert counted(bird, "notes.orphans") == 2 * PAGE

    story(tell, 1)
