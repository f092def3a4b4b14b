"""Files of which only a part came here: what no message names of them is given back like whole ones."""

from __future__ import annotations

import asyncio
import random

import pytest

from peernode.channel.filetree import LEAF_BYTES, FileRef, root_of
from peernode.errors import PeerNodeError
from peernode.pubsub.fileshelf import SLICE
from tests.pubsub.flock import LOBBY, Flock, story
from tests.pubsub.test_files import shared, whole
from tests.pubsub.test_freeing import GONE_S, blocks
from tests.pubsub.test_relay import replica_of


def test_the_blocks_of_a_file_that_is_refused_halfway_go() -> None:
    """Before, no message and no mark named them, and its leaves came before the tree that leads to them."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        author, large = flock[0], random.Random(9).randbytes(4 * SLICE * LEAF_BYTES)
        for _ in range(2):  # also once its blocks were given back
            author.disk.fill("test", 2 * SLICE * LEAF_BYTES + 100_000)
            with pytest.raises(PeerNodeError, match="STORE_FULL"):
                await author.call(author.node.share(LOBBY, None, large, "large.bin"))
            assert SLICE < len(blocks(author)) <= 2 * SLICE
            author.disk.make_room("test")
            await asyncio.sleep(GONE_S)
            assert blocks(author) == set()
        shelf, file = author.node._pubsub.files.shelf, FileRef(len(large), root_of(large), "large.bin")
        state = await author.call(author.node.share(LOBBY, None, large, "large.bin"))
        assert shelf.whole(file) and await whole(author, state.id, len(large)) == large
        author.disk.fill("test", 2 * SLICE * LEAF_BYTES + 100_000)
        with pytest.raises(PeerNodeError, match="STORE_FULL"):
            await author.call(author.node.share(LOBBY, None, large, "again.bin"))
        assert shelf.whole(file), "a second try takes nothing away from the first"

    story(tell, 1)


def test_of_a_file_that_was_fetched_in_part_it_is_noted_that_some_is_here() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock, random.Random(9).randbytes(2 * SLICE * LEAF_BYTES))
        leaver = next(bird for bird in flock.birds[1:] if not replica_of(bird).serves)
        fetching = asyncio.ensure_future(leaver.call(leaver.node.fetch_file(LOBBY, message_id)))
        await flock.expect(lambda: len(blocks(leaver)) >= SLICE, 30, "some of it")
        flock.cut_off(leaver)
        assert not await fetching
        assert 0 < len(blocks(leaver)) < 2 * SLICE
        kept = [file.size async for file in leaver.node._pubsub.files.shelf.kept()]
        assert kept == [2 * SLICE * LEAF_BYTES], "what no message names of this is given back"

    story(tell, 5, replicas=3)
