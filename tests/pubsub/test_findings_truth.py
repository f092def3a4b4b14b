"""What peers withhold, claim or bring uninvited: found by a reviewer; each story fails unmended."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from peernode.channel.message import Message
from peernode.errors import PeerNodeError, Refused
from peernode.events import Recovered
from peernode.pubsub.replica import Replica
from peernode.rpc.rpc import Caller
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import LOBBY, Bird, Flock, story

Answer = Callable[[], Awaitable[list[Any]]]
Change = Callable[[Caller, Answer], Awaitable[list[Any]]]


def lie(bird: Bird, op: Op, change: Change) -> None:
    """A hostile bird answers an operation with what ``change`` makes of the honest answer."""
    servers = bird.node._context.rpc._servers
    honest = servers[op]

    async def served(caller: Caller, body: Any) -> list[Any]:
        async def ask() -> list[Any]:
            answer = honest(caller, body)
            return list(await answer if inspect.isawaitable(answer) else answer)

        return await change(caller, ask)

    servers[op] = served


def held(bird: Bird) -> Replica:
    found = bird.node._pubsub.storage.by_name(LOBBY)
    assert found is not None
    return found


def apart(flock: Flock) -> tuple[list[Bird], list[Bird]]:
    """The lobby's initiators, closest first, and the other birds."""
    view = held(flock[0]).initiators
    assert view is not None
    by_key = {bird.identity.public_key: bird for bird in flock}
    initiators = [by_key[contact.public_key] for contact in view.contacts]
    return initiators, [bird for bird in flock if bird not in initiators]


def withhold(bird: Bird) -> None:
    """It names a new root to each subscriber and shows nothing of it."""
    random = bird.host.env.random

    async def subscribed(caller: Caller, ask: Answer) -> list[Any]:
        answer = await ask()
        answer[1] = random.randbytes(16)
        return answer

    async def refuse(caller: Caller, ask: Answer) -> list[Any]:
        raise Refused(Status.BUSY)

    lie(bird, Op.SUBSCRIBE, subscribed)
    lie(bird, Op.SUMMARY, refuse)


async def away(flock: Flock, bird: Bird, seconds: float = 30) -> None:
    cut = flock.cut_off(bird)
    await asyncio.sleep(seconds)
    flock.mend(cut)


def test_an_initiator_that_withholds_what_it_names_does_not_keep_a_channel_recovering() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        initiators, others = apart(flock)
        withhold(initiators[2])
        await away(flock, others[0])
        await flock.expect(lambda: others[0].told(Recovered) != [], 10, "recovered")
        assert others[0].told(Recovered)[-1].verified
        assert others[0].node.happened()["recovery.withheld"] >= 1

    story(tell, 8)


def test_with_most_initiators_withholding_nothing_is_called_recovered() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        initiators, others = apart(flock)
        for bird in initiators[:3]:
            withhold(bird)
        await away(flock, others[0])
        await asyncio.sleep(30)
        assert others[0].told(Recovered) == []

    story(tell, 8)


def test_a_subscriber_without_room_for_more_recovers() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        subscriber, author = apart(flock)[1][:2]
        held(subscriber).room._config = replace(subscriber.config, channel_bytes_max=8192)
        for number in range(40):
            await author.say(f"{number} " + "x" * 400)
        await asyncio.sleep(3)
        await away(flock, subscriber)
        await flock.expect(lambda: subscriber.told(Recovered) != [], 10, "recovered")
        assert held(subscriber).room.full

    story(tell, 8)


def test_a_message_whose_parts_nobody_can_give_does_not_keep_a_channel_recovering() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        others = apart(flock)[1]
        cut = flock.cut_off(others[0])
        await others[1].say("long " * 500)
        await asyncio.sleep(30)

        async def refuse(caller: Caller, ask: Answer) -> list[Any]:
            raise Refused(Status.MISSING)

        for bird in flock:
            lie(bird, Op.GET_PART, refuse)
        flock.mend(cut)
        await flock.expect(lambda: others[0].told(Recovered) != [], 10, "recovered")
        assert others[0].node.happened()["ingest.parts_missing"] >= 1
        assert held(others[0]).log.root() != held(others[1]).log.root()

    story(tell, 8)


def test_a_peer_that_shows_nothing_under_an_honest_root_silences_only_itself() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        initiators, others = apart(flock)
        reader, author = others[:2]

        async def nothing(caller: Caller, ask: Answer) -> list[Any]:
            return [(await ask())[0], [], False]

        liar = initiators[2]
        cut = flock.cut_off(reader)
        await author.say("all initiators have it")
        await asyncio.sleep(30)
        lie(liar, Op.SUMMARY, nothing)
        flock.mend(cut)
        contact = Contact(liar.identity.public_key, *liar.address)
        assert await reader.call(reader.node._pubsub.catch_up.run(held(reader), contact)) == 0
        root = held(author).log.root()
        assert held(reader).holds_all_of(liar.identity.public_key, root)
        await flock.expect(
            lambda: "all initiators have it" in reader.texts(), 25, "caught up with another one"
        )

    story(tell, 8)


def test_a_disk_that_can_not_be_read_for_a_while_ends_no_loop_and_is_no_crash() -> None:
    """The reads fail as ``SqliteDatabase.rows`` does; a crash of any node fails the story by itself."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await flock[1].say("hello")
        await asyncio.sleep(3)
        bird, other = apart(flock)[0][:2]
        store = bird.node._context.store
        newest, messages, stream_rows = store.newest, store.messages, store.stream_rows

        def fails(*_: Any) -> Any:
            raise PeerNodeError("STORE_CORRUPT", "disk I/O error")

        store.newest = store.messages = store.stream_rows = fails
        await asyncio.sleep(60)
        page = other.node._context.rpc.request(
            Contact(bird.identity.public_key, *bird.address), Op.HISTORY, [held(bird).channel_id, None, 1]
        )
        with pytest.raises(Refused) as refusal:
            await other.call(page)
        assert refusal.value.status == Status.BUSY
        store.newest, store.messages, store.stream_rows = newest, messages, stream_rows
        before = bird.node.happened()
        assert before["repair.STORE_CORRUPT"] >= 2
        assert before["expiry.STORE_CORRUPT"] >= 2
        message = Message.trusted(newest(held(bird).channel_id, None, 1)[0])
        place = (message.author, message.instance, message.seq)
        bird.node._pubsub.repair._damaged(held(bird).channel_id, *place)
        await flock.expect(lambda: bird.node.happened().get("repair.ok") == 1, 20, "the loop repairs")

    story(tell, 6, keep_days=1.0, keep_own_days=1.0)
