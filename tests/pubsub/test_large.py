"""Channels too large for lists of names; here all of more than two subscribers are."""

from __future__ import annotations

import asyncio
import uuid

from peernode.channel.message import Kind, Message
from peernode.channel.receipt import sign_ack
from peernode.config import NodeConfig
from peernode.identity import Identity
from peernode.rpc.rpc import Rpc
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from tests.pubsub.flock import PORT, Bird, Flock, story


def written(bird: Bird, message_id: str) -> Message:
    """A message as its own author's store has it."""
    store = bird.disk.store_for(bird.identity.node_id)
    raw_id = uuid.UUID(message_id).bytes
    (channel,) = store.channels()
    return Message.trusted(store.by_id(channel.channel_id, raw_id)[0])


def profiles(bird: Bird) -> int:
    """How many introductions a node holds."""
    store = bird.disk.store_for(bird.identity.node_id)
    (channel,) = store.channels()
    return len(store.of_kind(channel.channel_id, int(Kind.PROFILE)))


async def bring_ack(flock: Flock, stranger: Identity, message: Message, author: Bird) -> None:
    """Somebody who subscribes to nothing signs an ack and brings it to the author itself."""
    host = flock.world.host()
    rpc = Rpc(stranger, NodeConfig(listen=(host.local_ip, PORT)), host.env)

    async def bring() -> None:
        await rpc.start()
        await rpc.hello(author.address)
        contact = Contact(author.identity.public_key, *author.address)
        pair = [stranger.public_key, sign_ack(stranger, message)]
        await rpc.request(contact, Op.ACKED, [message.channel_id, [[message.digest, [pair]]]])
        await rpc.close()

    await host.call(bring())


def test_delivered_counts_everybody_without_a_list() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        state = await flock[7].say("to all")
        await flock.expect(lambda: flock[7].state(state.id).delivered == (7, 7), 5, "delivered to all")

    story(tell, 8, small_channel_max=2)


def test_a_strangers_ack_does_not_stand_in_for_a_subscriber() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        author, dead = flock[7], flock[5]
        dead.crash()
        state = await author.say("not to all")
        stranger = Identity.generate(flock.world.host().env.random)
        await bring_ack(flock, stranger, written(author, state.id), author)
        await asyncio.sleep(5)
        assert author.state(state.id).delivered == (6, 7)

    story(tell, 8, small_channel_max=2)


def test_a_strangers_ack_before_the_first_receipt_does_not_count_either() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        author, dead = flock[7], flock[5]
        dead.crash()
        away = flock.cut_off(author)
        state = await author.say("held up")
        flock.mend(away)
        stranger = Identity.generate(flock.world.host().env.random)
        await bring_ack(flock, stranger, written(author, state.id), author)
        await asyncio.sleep(10)
        assert author.state(state.id).delivered == (6, 7)

    story(tell, 8, small_channel_max=2)
