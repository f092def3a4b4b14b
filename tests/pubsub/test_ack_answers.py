"""Who is asked for acks answers a message's author alone, within bounds, and strangers cost it nothing."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from peernode.channel.message import Message
from peernode.channel.receipt import sign_ack
from peernode.errors import Refused
from peernode.pubsub.ackanswers import ANSWERED_MAX, ASKS_BURST
from peernode.pubsub.ackpages import MESSAGES
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.frames import NO_TOKEN
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_findings_paths import closest, counted
from tests.pubsub.test_findings_truth import apart, held

OTHER = "#other"


def about(ackers: list[Bird], *messages: Message) -> list[Any]:
    """The question for these birds' acks of messages of one channel."""
    names = b"".join(bird.identity.node_id[:8] for bird in ackers)
    items = [[message.id, message.digest, names] for message in messages]
    return [messages[0].channel_id, [], [], items]


async def ask(asker: Bird, asked: Bird, body: list[Any], prove: bool = True) -> list[Any]:
    contact = Contact(asked.identity.public_key, *asked.address)
    rpc = asker.node._context.rpc
    answer: Fields = await asker.call(rpc.request(contact, Op.ACKED, body, prove=prove, sends=2))
    return answer.take_list(64)


def ack(acker: Bird, message: Message) -> list[bytes]:
    """As an answer has it."""
    return [message.digest, acker.identity.public_key, sign_ack(acker.identity, message)]


async def said(flock: Flock, author: Bird, *texts: str) -> list[Message]:
    """What the author said to all who have joined, once they have had time to ack it."""
    states = [await author.say(text) for text in texts]
    await asyncio.sleep(3)
    store, channel_id = author.node._context.store, held(author).channel_id
    raws = [store.by_id(channel_id, uuid.UUID(state.id).bytes)[0] for state in states]
    return [Message.trusted(raw) for raw in raws]


def test_only_its_author_hears_the_acks_of_a_message_and_not_too_often() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(25)
        (initiator, *_), (author, other, subscriber) = apart(flock)
        (message,) = await said(flock, author, "hello")
        await said(flock, other, "who writes as well")
        body = about([subscriber, other], message)
        for asked, ackers in ((initiator, [subscriber, other]), (subscriber, [subscriber])):
            told = await ask(author, asked, body)
            assert sorted(told) == sorted(ack(acker, message) for acker in ackers)
            assert await ask(other, asked, body) == []
        body[3][0][1] = bytes(16)
        assert await ask(author, subscriber, body) == []
        asking = [ask(author, subscriber, body) for _ in range(2 * int(ASKS_BURST))]
        ends = await asyncio.gather(*asking, return_exceptions=True)
        assert Status.RATE_LIMITED in [end.status for end in ends if isinstance(end, Refused)]

    story(tell, 8, loss=0)


def test_who_has_written_nothing_costs_no_look_into_the_store_and_no_place() -> None:
    """Keys are free: before, each question of a new one cost as many looks as it has messages."""

    async def tell(flock: Flock) -> None:
        stranger, author, asked = closest(flock)[-3:]
        await asyncio.gather(*(bird.join() for bird in flock if bird is not stranger))
        await asyncio.sleep(5)
        (message,) = await said(flock, author, "hello")
        store, looks = asked.node._context.store, list[bytes]()
        by_id = store.by_id

        def counting(channel_id: bytes, message_id: bytes) -> list[bytes]:
            looks.append(message_id)
            return by_id(channel_id, message_id)

        store.by_id = counting  # type: ignore[method-assign]
        invented = [asked.host.env.random.randbytes(16) for _ in range(MESSAGES)]
        body = about([asked], message)
        body[3] = [[message_id, message.digest, asked.identity.node_id[:8]] for message_id in invented]
        for _ in range(3):
            assert await ask(stranger, asked, body) == []
        assert looks == []
        assert asked.node._pubsub.sizes()["ack_askers"][0] == 0
        assert await ask(author, asked, body) == []
        assert looks == invented

    story(tell, 8, loss=0)


def test_an_address_that_is_not_proven_hears_no_acks() -> None:
    """Else an answer, longer than its question, would go to whoever is named as the sender."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        _, (author, subscriber, *_) = apart(flock)
        (message,) = await said(flock, author, "hello")
        peer = author.node._context.rpc._core.peers.get(subscriber.identity.public_key)
        known = subscriber.node._context.rpc._core.peers.get(author.identity.public_key)
        assert peer is not None and known is not None
        peer.token, known.proven_until = NO_TOKEN, 0.0  # as after a new address, or a long silence
        sendings = []
        for _ in range(2):
            before = counted(subscriber)["op.ACKED.in"]
            told = await ask(author, subscriber, about([subscriber], message), prove=False)
            assert told == [ack(subscriber, message)]
            sendings.append(counted(subscriber)["op.ACKED.in"] - before)
        assert sendings == [2, 1], "the first was refused, which had the address proven"

    story(tell, 8, loss=0)


def test_who_stores_a_channel_without_being_in_it_acks_nothing() -> None:
    async def tell(flock: Flock) -> None:
        outside, inside, *others = closest(flock)
        await asyncio.gather(*(bird.join() for bird in flock if bird is not outside))
        await asyncio.sleep(5)
        (message,) = await said(flock, others[-1], "hello")
        assert held(outside).log.has(message)
        body = about([outside, inside], message)
        assert await ask(others[-1], outside, body) == [ack(inside, message)]

    story(tell, 8, loss=0)


def test_who_has_lost_a_part_of_a_message_acks_it_no_more() -> None:
    """As it would not ack a push of it: whoever counts on the ack counts on the whole."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        _, (author, subscriber, *_) = apart(flock)
        message, short = await said(flock, author, "long " * 1000, "short")
        body = about([subscriber], message, short)
        whole = [ack(subscriber, message), ack(subscriber, short)]
        assert await ask(author, subscriber, body) == whole
        for bird in flock:  # nobody can give it any more
            del bird.disk.nodes[bird.identity.node_id].parts[message.parts[-1]]
        subscriber.node.history(LOBBY)
        assert await ask(author, subscriber, body) == whole[1:]

    story(tell, 8, loss=0)


def test_acks_are_told_in_the_channel_of_their_message_alone() -> None:
    """Who is heard in one channel may be blocked, or limited, in another."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await flock.join(OTHER)
        await asyncio.sleep(5)
        (initiator, *_), (author, subscriber, *_) = apart(flock)
        (message,) = await said(flock, author, "hello")
        await author.say("hello there", OTHER)
        await asyncio.sleep(3)
        other = initiator.node._pubsub.storage.by_name(OTHER)
        assert other is not None and other.room.of_author(author.identity.public_key)
        body = about([subscriber], message)
        assert await ask(author, initiator, body) == [ack(subscriber, message)]
        body[0] = other.channel_id
        assert await ask(author, initiator, body) == []

    story(tell, 8, loss=0)


def test_an_answer_has_so_many_acks_that_it_fits_a_datagram() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        (initiator, *_), (author, *others) = apart(flock)
        messages = await said(flock, author, *(f"number {number}" for number in range(ANSWERED_MAX)))
        for asked, ackers in ((others[0], others[:1]), (initiator, [*others, initiator])):
            told = await ask(author, asked, about(ackers, *messages))
            everything = [ack(acker, message) for message in messages for acker in ackers]
            assert len(told) == ANSWERED_MAX and all(each in everything for each in told)

    story(tell, 8, loss=0)
