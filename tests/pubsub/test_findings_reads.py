"""Parts are given to who may read the channel; what proved a path once does not prove it again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.channel.message import parts_named
from peernode.errors import Refused
from peernode.pubsub.joinrun import Proofs
from peernode.pubsub.nonces import PEERS_MAX, PER_PEER_MAX, Nonces
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_coordinator import distance
from tests.pubsub.test_findings_strangers import Stranger
from tests.pubsub.test_findings_truth import apart, held

LONG = "long " * 500 + "end"


def at(bird: Bird) -> Contact:
    return Contact(bird.identity.public_key, *bird.address)


async def status_of(bird: Bird, other: Bird, op: Op, body: list[Any]) -> Status:
    """What ``other`` answers to a request of ``bird``."""
    try:
        await bird.call(bird.node._context.rpc.request(at(other), op, body))
    except Refused as refusal:
        return Status(refusal.status)
    return Status.OK


def test_a_part_is_given_to_who_may_read_the_channel_alone() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        initiators, others = apart(flock)
        await others[0].say(LONG)
        readers = [bird for bird in flock if bird is not others[0]]
        await flock.expect(lambda: all(LONG in bird.texts() for bird in readers), 5, "all have it")
        channel_id = held(flock[0]).channel_id
        digest = parts_named(others[0].node._context.store.newest(channel_id, None, 1)[0])[0]
        stranger = Stranger(flock)
        await stranger.host.call(stranger.start())
        for bird in (initiators[0], others[0]):
            await stranger.host.call(stranger.rpc.hello(bird.address))
            asking = stranger.rpc.request(at(bird), Op.GET_PART, [channel_id, digest])
            with pytest.raises(Refused) as refusal:
                await stranger.host.call(asking)
            assert refusal.value.status == Status.NOT_SUBSCRIBED
        for bird in (others[1], initiators[1]):
            assert await status_of(bird, initiators[0], Op.GET_PART, [channel_id, digest]) is Status.OK

    story(tell, 9)


def test_a_long_text_goes_through_a_relay_that_knows_its_reader_by_an_initiators_word_alone() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        flock.birds.sort(key=distance)
        author, relay, reader = flock.birds[-3:]
        unheard = [bird for bird in flock if bird not in (relay, reader)]
        flock.block(unheard, [reader])
        flock.block([reader], unheard)
        said = await author.say(LONG)
        for _ in range(200):
            held(relay).subscribers = {}
            await asyncio.sleep(0.05)
        assert LONG in reader.texts()
        assert author.state(said.id).state == "delivered"
        assert relay.node.happened()["relay.passed_on"] >= 1
        assert relay.node.counters()["op.GET_PART.in"] >= 3
        assert not relay.node._pubsub.storage.near(held(relay), at(reader))

    story(tell, 12)


def test_a_probe_that_was_recorded_proves_no_path() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        initiators, others = apart(flock)
        teller, subscriber = initiators[0], others[0]
        channel_id, key = held(subscriber).channel_id, teller.identity.public_key
        proofs = Proofs()
        subscriber.node._pubsub.joiner.proving[channel_id] = proofs
        probe = [channel_id, b"sixteen bytes in"]
        assert await status_of(teller, subscriber, Op.PROBE, probe) is Status.OK
        assert key in proofs.reached_by
        proofs.forget()
        assert await status_of(teller, subscriber, Op.PROBE, probe) is Status.INVALID
        assert proofs.reached_by == {}
        assert await status_of(initiators[1], subscriber, Op.PROBE, probe) is Status.OK, "by another path"
        assert subscriber.node.happened()["nonce.replayed"] == 1

    story(tell, 8)


def test_an_echo_that_was_recorded_makes_no_traffic() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        initiators, others = apart(flock)
        asked, through, subscriber = initiators[0], initiators[1], others[0]
        body = [held(subscriber).channel_id, b"sixteen bytes in"]
        assert await status_of(subscriber, asked, Op.ECHO, body) is Status.OK
        assert await status_of(subscriber, asked, Op.ECHO, body) is Status.INVALID
        body = [*body[:1], b"another nonce...", at(subscriber).encode()]
        assert await status_of(asked, through, Op.ECHO_VIA, body) is Status.OK
        assert await status_of(asked, through, Op.ECHO_VIA, body) is Status.INVALID

    story(tell, 8)


def test_nobodys_nonces_push_out_anothers() -> None:
    nonces = Nonces()
    assert nonces.use(b"peer", b"its nonce", initiator=True)
    for number in range(PER_PEER_MAX + 10):
        assert nonces.use(b"flooder", number.to_bytes(16, "big"), initiator=True)
    assert not nonces.use(b"peer", b"its nonce", initiator=True)
    assert nonces.use(b"flooder", bytes(16), initiator=True), "only its own oldest are forgotten"
    for number in range(PEERS_MAX + 10):
        nonces.use(number.to_bytes(32, "big"), bytes(16), initiator=False)
    assert not nonces.use(b"peer", b"its nonce", initiator=True), "strangers push no initiator's out"
    assert not nonces.use(b"peer", b"its nonce", initiator=False), "nor does who left the set use it again"
    assert all(size <= bound for size, bound in nonces.sizes().values())
