"""A message that its initiators have before the author publishes it is pushed all the same."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from peernode.wire.ops import Op
from peernode.wire.payload import KIND_REQUEST, decode_messages
from peernode.wire.sealing import Sealer
from tests.pubsub.flock import LOBBY, Bird, Flock, story

RENEW_S = 50.0
READ_S = 3.0
"""Long before the reader's renewal would find the message."""

SETTLED_S = 8.0
"""After a join its last questions are asked."""


class NoPublish(Sealer):
    """What its node seals can't be opened when a PUBLISH is in it, as long as ``withholds``."""

    withholds = True

    def seal(self, peer_key: bytes, token: bytes, plaintext: bytes, nonce: bytes) -> bytes:
        sealed = super().seal(peer_key, token, plaintext, nonce)
        said = [message.code for message in decode_messages(plaintext) if message.kind == KIND_REQUEST]
        return sealed[:-1] + bytes([sealed[-1] ^ 1]) if self.withholds and Op.PUBLISH in said else sealed


def outsiders(flock: Flock) -> list[Bird]:
    """Members who store nothing of the channel."""
    initiators = flock[0].node.diagnostics()["channels"][0]["initiators"]
    return [bird for bird in flock if bird.node.node_id not in initiators]


@pytest.mark.parametrize("seed", range(2, 6))
def test_what_initiators_caught_up_with_before_it_was_published_reaches_the_others(seed: int) -> None:
    withholding = type("Withholding", (NoPublish,), {})

    async def tell(flock: Flock) -> None:
        await flock.join()
        author, reader = outsiders(flock)[:2]
        flock.block([author], [reader])  # what the reader gets comes from the initiators
        author.crash()
        author.config, author.sealer = replace(author.config, renew_s=1.0), withholding
        await author.restart()
        await flock.expect(lambda: all(author.node.channels().values()), 5, "joined again")
        await asyncio.sleep(SETTLED_S)
        said = await author.say("pulled before it is published")
        initiators = [bird for bird in flock if bird not in outsiders(flock)]
        await flock.expect(
            lambda: all(said.id in bird.node.log_ids(LOBBY) for bird in initiators), 5, "pulled by all"
        )
        assert reader.texts() == []
        withholding.withholds = False
        await author.call(author.node.retry(said.id))
        await flock.expect(lambda: author.state(said.id).state in ("sent", "delivered"), 5, "sent")
        await flock.expect(lambda: reader.texts() == [said.text], READ_S, "read")

    story(tell, 8, seed=seed, one_way_ms=(2, 5), renew_s=RENEW_S)
