"""A stranger names a log root to the initiators: what they pull from it is rationed, initiators' is not."""

from __future__ import annotations

import asyncio
from typing import Any

from peernode.channel.log import ChannelLog
from peernode.channel.message import Kind, sign_message
from peernode.channel.summary import encode_summary
from peernode.config import NodeConfig
from peernode.identity import Identity
from peernode.pubsub import rations
from peernode.rpc.rpc import Caller, Rpc
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, PORT, Bird, Flock, story
from tests.pubsub.test_findings_truth import apart, held


class Stranger:
    """A host without a lease, far from the channel, that shows the initiators messages it made up."""

    def __init__(self, flock: Flock) -> None:
        self.host = flock.world.host()
        self.bird = flock[0]
        self.log = ChannelLog(NodeConfig(), lambda author, instance, seq: [])
        self.raws: dict[tuple[bytes, int], bytes] = {}
        self.identity = self.far()
        self.rpc = Rpc(self.identity, NodeConfig(listen=(self.host.local_ip, PORT)), self.host.env)
        self.rpc.serve(Op.SUMMARY, self.summary)
        self.rpc.serve(Op.PULL, self.pull)

    def far(self) -> Identity:
        """An identity that is not among the R + 2 closest for anybody."""
        while True:
            identity = Identity.generate(self.host.env.random)
            contact = Contact(identity.public_key, self.host.ip, PORT)
            if not self.bird.node._pubsub.storage.near(held(self.bird), contact):
                return identity

    def write(self, author: Identity, count: int) -> None:
        context, prev = self.bird.node._context, bytes(16)
        for seq in range(1, count + 1):
            message = sign_message(
                author,
                channel_id=held(self.bird).channel_id,
                instance=b"stranger",
                seq=seq,
                prev=prev,
                id=context.new_id(),
                hlc=(context.wall_ms() - 1000 + seq) << 16,
                kind=Kind.TEXT,
                body=b"x" * 600,
                parts=(),
            )
            prev = message.digest
            self.raws[author.public_key, seq] = message.raw
            self.log.add(message)

    async def summary(self, caller: Caller, body: Fields) -> list[Any]:
        body.take_bytes(20), body.take_bytes(16), body.take_bytes_list(64, 8)
        streams = self.log.differing_streams([b""] * 64, body.take_bytes_or_none(40), 12)
        return [self.log.root(), [encode_summary(each) for each in streams[:11]], len(streams) > 11]

    async def pull(self, caller: Caller, body: Fields) -> list[Any]:
        body.take_bytes(20)
        author, _, low, high = body.take_list(16)[0]
        return [[self.raws[author, low]], int(low == high), 0 if low == high else low + 1]

    async def start(self) -> None:
        await self.rpc.start()

    async def offer(self, bird: Bird) -> None:
        await self.rpc.hello(bird.address)
        body = [held(bird).channel_id, LOBBY, self.log.root(), bytes(16), []]
        await self.rpc.request(Contact(bird.identity.public_key, *bird.address), Op.SYNC, body)


def test_what_a_stranger_brings_by_anti_entropy_counts_against_its_authors_quota() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        target = apart(flock)[0][0]
        stranger = Stranger(flock)
        stranger.write(stranger.identity, 60)
        await stranger.host.call(stranger.start())
        for _ in range(3):
            await stranger.host.call(stranger.offer(target))
            await asyncio.sleep(5)
            pulled = target.node.counters()["op.PULL.out"]
        assert 20_000 < held(target).room.of_author(stranger.identity.public_key) <= 30_000
        await stranger.host.call(stranger.offer(target))
        await asyncio.sleep(5)
        assert target.node.counters()["op.PULL.out"] == pulled, "what would be refused is asked for"
        state = await apart(flock)[1][0].say("there is room for others")
        await asyncio.sleep(3)
        assert apart(flock)[1][0].state(state.id).state == "delivered"

    story(tell, 9, author_bytes_max=30_000)


def test_made_up_authors_are_rationed_by_the_address_that_brings_them(monkeypatch: Any) -> None:
    monkeypatch.setattr(rations, "BYTES_BURST", 10.0 * rations.STREAM_BYTES)
    debt_s = 20 * rations.STREAM_BYTES / rations.BYTES_PER_S

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        target = apart(flock)[0][0]
        stranger = Stranger(flock)
        before = held(target).sizes()["streams"][0]
        await stranger.host.call(stranger.start())
        for _ in range(3):
            for _ in range(30):
                stranger.write(Identity.generate(stranger.host.env.random), 1)
            await stranger.host.call(stranger.offer(target))
            await asyncio.sleep(debt_s / 4)
        assert held(target).sizes()["streams"][0] == before + 30
        assert target.node.happened()["sync.rationed"] >= 2
        await asyncio.sleep(debt_s)
        await stranger.host.call(stranger.offer(target))
        await asyncio.sleep(3)
        assert held(target).sizes()["streams"][0] == before + 90

    story(tell, 9)


def test_initiators_hand_over_what_an_authors_quota_would_not_let_in() -> None:
    """Two sides of a split let an author's quota in once each; the healed set holds both."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        first, second = apart(flock)[0][:2]
        stranger = Stranger(flock)
        author = Identity.generate(stranger.host.env.random)
        stranger.write(author, 60)
        replica = held(first)
        contact = Contact(second.identity.public_key, *second.address)
        taken = await first.call(
            first.node._pubsub.ingest.take_all(replica, list(stranger.raws.values()), contact)
        )
        assert taken == 60
        await flock.expect(lambda: held(second).log.root() == replica.log.root(), 40, "handed over")
        assert held(second).room.of_author(author.public_key) > 30_000

    story(tell, 9, author_bytes_max=30_000)
