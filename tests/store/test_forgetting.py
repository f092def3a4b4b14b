"""Forgotten: a node whose owner leaves, and blocks that nobody needs, on a real and a simulated disk."""

from __future__ import annotations

from peernode.channel.parts import part_digest
from peernode.store.base import (
    ChannelRow,
    DropParts,
    ForgetNode,
    PutChannel,
    PutFate,
    PutMessage,
    PutMeta,
    PutOutbox,
    PutPart,
    PutPeers,
)
from tests.store.disks import CHANNEL, NODE, OTHER_NODE, Disk, message, message_id, outbox_row


async def test_a_node_that_is_forgotten_leaves_nothing_and_no_other_is_touched(disk: Disk) -> None:
    mine, other = disk.store(NODE), disk.store(OTHER_NODE)
    block = b"block"
    everything = (
        PutChannel(ChannelRow(CHANNEL, "#lobby", True, True)),
        PutMessage(message(1)),
        PutPart(part_digest(block), block),
        PutOutbox(outbox_row(1)),
        PutFate(message_id(1), b"fate"),
        PutMeta("key", b"value"),
        PutPeers((b"contact",)),
    )
    await mine.commit(*everything)
    await other.commit(*everything)
    await mine.commit(ForgetNode())
    for store, kept in ((mine, 0), (other, 1)):
        assert len(store.channels()) == store.count(CHANNEL) == kept
        assert len(store.outbox()) == len(store.fates()) == len(store.peers()) == kept
        assert (store.meta("key") is not None) == (store.part(part_digest(block)) is not None) == bool(kept)


async def test_blocks_that_are_given_back_are_gone_and_may_come_again(disk: Disk) -> None:
    store, other = disk.store(), disk.store(OTHER_NODE)
    puts = [PutPart(part_digest(block), block) for block in (b"one", b"two", b"three")]
    one, two, three = (put.digest for put in puts)
    await store.commit(*puts)
    await other.commit(*puts)
    await store.commit(DropParts((one, two, bytes(32))), puts[1])
    disk.restart()
    assert [disk.store().part(digest) for digest in (one, two, three)] == [None, b"two", b"three"]
    assert disk.store(OTHER_NODE).part(one) == b"one"
