"""PUBLISH from addresses that nobody has proven: it counts against nobody, and honest senders pay once."""

from __future__ import annotations

import asyncio
import random

from peernode.identity import Identity, network_id_of
from peernode.wire.frames import NO_TOKEN
from peernode.wire.ops import Op
from peernode.wire.payload import encode_request
from peernode.wire.sealing import Sealer
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_findings_strangers import Stranger
from tests.pubsub.test_findings_truth import apart, held

STREAMS_MAX = 64
BURST = 4


async def write_in_the_names_of(flock: Flock, prefixes: list[str]) -> None:
    """Somebody who receives nothing writes as ``2 * BURST`` new authors from each prefix, to everybody."""
    stranger, rng = Stranger(flock), random.Random(3)
    sealer = Sealer(stranger.identity, network_id_of(flock[0].config.network), 64)
    for prefix in prefixes:
        for number in range(2 * BURST):
            author = Identity.generate(rng)
            stranger.write(author, 1)
            body = [stranger.raws[author.public_key, 1]]
            for bird in flock:
                plaintext = encode_request(rng.getrandbits(64), Op.PUBLISH, body)
                key, nonce = bird.identity.public_key, rng.randbytes(24)
                data = sealer.seal(key, NO_TOKEN, plaintext, nonce)
                flock.world.network.carry(stranger.host, (f"{prefix}.9", 1000 + number), data, bird.address)
            await asyncio.sleep(0.01)


def test_invented_addresses_take_no_streams_of_a_channel_and_nobodys_allowance() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        newcomer = Bird(flock.world, len(flock.birds), {"bootstrap": (flock[0].address,)})
        honest = newcomer.host.ip.rpartition(".")[0]
        before = held(flock[0]).log.sizes()["streams"][0]
        await write_in_the_names_of(flock, [honest, *(f"198.18.{n}" for n in range(STREAMS_MAX // BURST))])
        await asyncio.sleep(1)
        assert [held(bird).log.sizes()["streams"][0] for bird in flock] == [before] * 9
        await newcomer.start()
        await newcomer.join()
        said = await newcomer.say("there is room for me")
        await flock.expect(lambda: newcomer.state(said.id).state == "delivered", 5, "delivered")
        assert [error for state in newcomer.states(said.id) if (error := state.error)] == []
        flock.birds.append(newcomer)

    story(tell, 9, loss=0, streams_per_channel_max=STREAMS_MAX, new_streams_burst=float(BURST))


def test_who_has_not_proven_its_address_has_its_message_stored_at_the_second_sending() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await flock[0].say("first")
        await asyncio.sleep(5)
        initiators, (author, *_) = apart(flock)
        sendings = []
        for forgotten in (initiators, []):
            for bird in forgotten:  # as after a new address, or a long silence
                peer = author.node._context.rpc._core.peers.get(bird.identity.public_key)
                known = bird.node._context.rpc._core.peers.get(author.identity.public_key)
                assert peer is not None and known is not None
                peer.token, known.proven_until = NO_TOKEN, 0.0
            before = [bird.node.counters()["op.PUBLISH.in"] for bird in initiators]
            said = await author.say("stored by all of them")
            await flock.expect(lambda: author.state(said.id).stored == (5, 5), 1, "stored")  # noqa: B023
            after = [bird.node.counters()["op.PUBLISH.in"] for bird in initiators]
            sendings.append([now - then for now, then in zip(after, before, strict=True)])
        assert sendings == [[2] * 5, [1] * 5], "one round trip for who is proven"

    story(tell, 7, loss=0)
