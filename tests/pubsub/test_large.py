"""Channels too large for lists of names; here all of more than two subscribers are."""

from __future__ import annotations

import asyncio
import uuid

from peernode.channel.assignment import rank
from peernode.channel.message import Kind, Message
from peernode.channel.receipt import sign_ack
from peernode.config import NodeConfig
from peernode.identity import Identity
from peernode.rpc.rpc import Rpc
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, PORT, Bird, Flock, story


def written(bird: Bird, message_id: str) -> Message:
    """A message as its own author's store has it."""
    store = bird.disk.store_for(bird.identity.node_id)
    raw_id = uuid.UUID(message_id).bytes
    (channel,) = store.channels()
    return Message.trusted(store.by_id(channel.channel_id, raw_id)[0])


def introduced(bird: Bird) -> list[bytes]:
    """Whose introductions a node holds, an author of several as often."""
    store = bird.disk.store_for(bird.identity.node_id)
    (channel,) = store.channels()
    return [Message.trusted(raw).author for raw in store.of_kind(channel.channel_id, int(Kind.PROFILE))]


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


def test_who_writes_is_introduced_once_and_who_only_listens_is_not() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        early = introduced(flock[0])
        silent = [bird for bird in flock if bird.identity.public_key not in early]
        assert len(silent) >= 4
        writer = silent[0]
        await asyncio.gather(*(writer.say(f"line {number}") for number in range(6)))
        await asyncio.sleep(3)
        for bird in flock:
            assert sorted(introduced(bird)) == sorted([*early, writer.identity.public_key])

    story(tell, 8, small_channel_max=2, display_name="Robin")


def test_who_wrote_while_joining_is_introduced_too() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        late = flock[7]
        await late.call(late.node.leave(LOBBY))
        away = flock.cut_off(late)
        joining = asyncio.ensure_future(late.join())
        await asyncio.sleep(1)
        await late.say("can you hear me?")
        flock.mend(away)
        await asyncio.gather(joining, return_exceptions=True)  # or it succeeds in the background
        await flock.expect(lambda: late.identity.public_key in introduced(flock[0]), 30, "the name")

    story(tell, 8, small_channel_max=2, display_name="Robin")


def test_a_text_is_accepted_although_its_author_leaves_at_that_moment() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        leaver = flock[2]
        said, _ = await asyncio.gather(leaver.say("bye"), leaver.call(leaver.node.leave(LOBBY)))
        await flock.expect(lambda: "bye" in flock[0].texts(), 5, "the last word")
        assert said.text == "bye"

    story(tell, 3)


def test_who_gets_a_message_by_catching_up_is_counted_as_well() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        author, missing = flock[7], flock[5]
        away = flock.cut_off(missing)
        state = await author.say("wait for it")
        await asyncio.sleep(12)
        assert author.state(state.id).delivered == (6, 7)
        flock.mend(away)
        await flock.expect(lambda: author.state(state.id).delivered == (7, 7), 15, "delivered to all")

    story(tell, 8, small_channel_max=2)


def test_who_caught_up_is_counted_although_its_first_initiator_has_restarted() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        author, missing = flock[7], flock[5]
        away = flock.cut_off(missing)
        state = await author.say("wait for it")
        await asyncio.sleep(12)
        channel_id = written(author, state.id).channel_id
        named = author.node.diagnostics()["channels"][0]["initiators"]
        initiators = {bird.identity.public_key: bird for bird in flock if bird.node.node_id in named}
        order = [initiators[key] for key in rank(missing.identity.node_id, channel_id, list(initiators))]
        first = next(bird for bird in order if bird not in (author, missing))
        first.crash()
        await first.restart()
        await asyncio.sleep(1)
        flock.mend(away)
        await flock.expect(lambda: author.state(state.id).delivered == (7, 7), 15, "delivered to all")

    story(tell, 8, small_channel_max=2)


def test_an_authors_lease_from_before_its_restart_is_no_reader_of_what_it_writes_next() -> None:
    """It said "3 of 4" for ever: the initiators' counts had the author itself among them."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        author = flock[3]
        author.crash()
        away = flock.cut_off(author)
        await author.restart()
        state = await author.say("back again")
        joined = author.node.channels()[LOBBY]
        flock.mend(away)
        await flock.expect(lambda: author.state(state.id).state == "delivered", 20, "its quorum")
        await flock.expect(lambda: author.state(state.id).delivered[0] == 3, 20, "all have it")
        assert not joined
        assert author.state(state.id).delivered == (3, 3)

    story(tell, 4, small_channel_max=2)
