"""Whoever brings a message decides how slowly its parts come, and not for how long that keeps us at work."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from peernode.channel.message import Kind, Message, sign_message
from peernode.channel.parts import part_digest
from peernode.config import NodeConfig
from peernode.errors import Refused, RpcTimeout
from peernode.identity import Identity
from peernode.pubsub.earlyparts import EARLY_MAX, SHARE_MAX, EarlyParts
from peernode.pubsub.ingest import PARTS_WITHIN_S
from peernode.rpc.rpc import Rpc
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import PORT, Bird, Flock, story
from tests.pubsub.test_findings_truth import held


class Sluggard:
    """A host that brings messages with sixteen parts each, and never gives a part."""

    def __init__(self, flock: Flock) -> None:
        self.host = flock.world.host()
        self.rng = random.Random(3)
        config = NodeConfig(listen=(self.host.local_ip, PORT), inflight_per_peer_max=64, serves=False)
        self.rpc = Rpc(Identity.generate(self.rng), config, self.host.env)

    def message(self, bird: Bird) -> Message:
        context = bird.node._context
        return sign_message(
            Identity.generate(self.rng),
            channel_id=held(bird).channel_id,
            instance=b"sluggard",
            seq=1,
            prev=bytes(16),
            id=context.new_id(),
            hlc=(context.wall_ms() - 1000) << 16,
            kind=Kind.TEXT,
            body=b"",
            parts=tuple(part_digest(self.rng.randbytes(8)) for _ in range(16)),
        )

    async def publish(self, bird: Bird, message: Message) -> int | None:
        """The status; None when no answer came while it was waited for."""
        try:
            await self.rpc.request(
                Contact(bird.identity.public_key, *bird.address), Op.PUBLISH, [message.raw]
            )
        except Refused as refused:
            return refused.status
        except RpcTimeout:
            return None
        return Status.OK


def test_parts_that_do_not_come_give_their_place_back_in_time() -> None:
    """64 messages with 16 parts each used to keep their places for minutes."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        sluggard, target = Sluggard(flock), flock[1]
        await sluggard.host.call(sluggard.rpc.start())
        await sluggard.host.call(sluggard.rpc.hello(target.address))
        rpc = target.node._context.rpc
        brought = [sluggard.host.spawn(sluggard.publish(target, sluggard.message(target))) for _ in range(64)]
        await asyncio.sleep(1)
        assert rpc.sizes()["working"] >= 60 and sluggard.rpc.counters["unserved"] >= 16
        await asyncio.sleep(PARTS_WITHIN_S)
        assert rpc.sizes()["working"] == 0
        assert set(await asyncio.gather(*brought)) <= {Status.PARTS_MISSING, None}
        assert target.node.happened()["parts.overdue"] >= 32
        assert held(target).pending == {} and rpc.sizes()["requests"] < 32
        state = await target.say("still here")
        await flock.expect(lambda: target.state(state.id).delivered == (2, 2), 5, "delivered to all")
        await sluggard.host.call(sluggard.rpc.close())

    story(tell, 3)


def test_many_who_bring_one_message_do_not_wait_for_its_parts_in_turn() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        sluggard, target = Sluggard(flock), flock[1]
        await sluggard.host.call(sluggard.rpc.start())
        await sluggard.host.call(sluggard.rpc.hello(target.address))
        message = sluggard.message(target)
        brought = [sluggard.host.spawn(sluggard.publish(target, message)) for _ in range(60)]
        await asyncio.sleep(0.5)
        assert target.node._context.rpc.sizes()["working"] == 60
        await asyncio.sleep(2 * PARTS_WITHIN_S)
        assert target.node._context.rpc.sizes()["working"] == 0
        assert held(target).pending == {}
        await asyncio.gather(*brought)
        await sluggard.host.call(sluggard.rpc.close())

    story(tell, 3)


def test_parts_that_came_are_not_fetched_again_when_the_rest_was_late() -> None:
    """Before, each attempt began anew: what a slow line did not bring in one of them never came."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        author, other = flock[0], flock[1]
        served: list[bytes] = []
        servers = author.node._context.rpc._servers
        serve = servers[Op.GET_PART]

        async def six_at_a_time(caller: Any, body: Fields) -> list[Any]:
            served.append(caller.contact.public_key)
            if len(served) % 6 == 0:
                await asyncio.sleep(2 * PARTS_WITHIN_S)
            return await serve(caller, body)

        servers[Op.GET_PART] = six_at_a_time
        text = "".join(chr(97 + number % 26) * 1000 for number in range(15))
        sent = await author.say(text)
        await flock.expect(lambda: other.texts() == [text], 60, "it comes in the end")
        await flock.expect(lambda: author.state(sent.id).state == "delivered", 5, "and is delivered")
        happened = other.node.happened()
        assert happened["parts.early"] >= 10, happened
        assert len(served) <= 15 + 5, "the others came once"
        assert other.node.sizes()["pubsub.early_parts"][0] == 0, "nothing of it is left"

    story(tell, 2, loss=0)


def test_early_parts_are_bounded_and_the_oldest_go() -> None:
    early = EarlyParts()
    blocks = {number.to_bytes(32, "big"): bytes(1024) for number in range(1100)}
    early.keep(blocks, None)
    assert early.sizes()["early_parts"] == (EARLY_MAX, EARLY_MAX)
    assert early.get((0).to_bytes(32, "big")) is None
    assert early.get((1099).to_bytes(32, "big")) == bytes(1024)
    early.drop(blocks)
    assert early.sizes()["early_parts"][0] == 0


def test_one_address_prefix_pushes_out_only_its_own_early_parts() -> None:
    early = EarlyParts()
    honest = {bytes([number]) * 32: b"honest" for number in range(16)}
    early.keep(honest, "10.0.1")
    for number in range(0, 4 * SHARE_MAX, 16):
        early.keep({each.to_bytes(32, "big"): b"" for each in range(number + 1000, number + 1016)}, "10.0.2")
    assert early.sizes()["early_parts"][0] == SHARE_MAX + len(honest)
    assert [early.get(digest) for digest in honest] == [b"honest"] * len(honest)


def test_parts_that_came_stay_when_whoever_waited_for_them_has_gone() -> None:
    """A join waits two seconds for the newest messages, and over a slow line each time anew."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        author, other = flock[0], flock[1]
        text = "".join(chr(97 + number % 26) * 1000 for number in range(12))
        flock.block([author], [other])
        await author.say(text)
        [entry] = author.node._pubsub.outbox.by_digest.values()
        ingest, replica = other.node._pubsub.ingest, held(other)
        given: list[bytes] = []

        async def some(_: Any, digest: bytes, via: Any) -> bytes | None:
            if len(given) >= 5:
                await asyncio.sleep(60)
            given.append(digest)
            return author.node._context.store.part(digest)

        ingest.fetch_part = some
        via = Contact(author.identity.public_key, *author.address)

        async def take() -> None:
            async with asyncio.timeout(1.0):
                await ingest.take_all(replica, [entry.message.raw], via)

        with pytest.raises(TimeoutError):
            await other.call(take())
        assert other.node.sizes()["pubsub.early_parts"][0] == 5

    story(tell, 2, loss=0)
