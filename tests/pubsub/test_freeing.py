"""Files whose messages were deleted: their blocks go, and no block that anything else names."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from peernode.channel.filetree import FileRef, blocks_of, root_of
from peernode.channel.kinds import Kind
from peernode.channel.message import decode_message, sign_message
from peernode.channel.parts import part_digest, split_parts
from peernode.identity import Identity
from peernode.pubsub.freeing import GRACE_S, LOOK_S
from peernode.pubsub.ingest import Source
from peernode.store.base import DropParts, Write
from tests.channel.making import unchecked
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_files import CONTENT, everywhere, got, shared, whole
from tests.pubsub.test_relay import replica_of
from tests.store.disks import message_id as message_id_of

GONE_S = GRACE_S + 2 * LOOK_S + 60
KEEP_S = 3600.0
STEP_S = KEEP_S / 24
TEXT = "".join(random.Random(8).choices("abcdefgh ", k=3000))
"""Three parts, the first two of which are blocks of a file that begins with it."""


def blocks(bird: Bird) -> set[bytes]:
    """What is on the disk."""
    return set(bird.disk.nodes[bird.identity.node_id].parts)


def digests(content: bytes) -> set[bytes]:
    return {digest for digest, _ in blocks_of(content)}


async def delete(bird: Bird, message_id: str) -> str:
    return (await bird.call(bird.node.delete(LOBBY, None, message_id))).id


async def share_again(flock: Flock, content: bytes, name: str) -> str:
    state = await flock[0].call(flock[0].node.share(LOBBY, None, content, name))
    await flock.expect(lambda: all(len(bird.node.history(LOBBY)) == 2 for bird in flock), 5, "the message")
    await asyncio.sleep(60)
    assert all([await whole(bird, state.id, len(content)) == content for bird in flock])
    return state.id


def test_the_blocks_of_a_deleted_file_go_and_the_file_may_come_again() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        await everywhere(flock, message_id)
        await delete(flock[0], message_id)
        await asyncio.sleep(GRACE_S - 60)
        assert all(blocks(bird) == digests(CONTENT) for bird in flock), "not before its grace has ended"
        await asyncio.sleep(GONE_S)
        assert [blocks(bird) for bird in flock] == [set(), set(), set()]
        await share_again(flock, CONTENT, "again.txt")

    story(tell, 3)


def test_a_file_of_two_messages_stays_until_the_second_is_deleted() -> None:
    async def tell(flock: Flock) -> None:
        first = await shared(flock)
        second = await share_again(flock, CONTENT, "the same.txt")
        await delete(flock[0], first)
        await asyncio.sleep(GONE_S)
        assert [await whole(bird, second) for bird in flock] == [CONTENT] * 3
        await delete(flock[0], second)
        await asyncio.sleep(GONE_S)
        assert [blocks(bird) for bird in flock] == [set(), set(), set()]

    story(tell, 3)


def test_blocks_of_another_file_and_of_a_text_stay() -> None:
    async def tell(flock: Flock) -> None:
        author = flock[0]
        doomed = TEXT.encode() + CONTENT
        message_id = await shared(flock, doomed)
        kept = doomed[40 * 1024 : 80 * 1024] + bytes(5000)
        other = await share_again(flock, kept, "other.bin")
        said = await author.say(TEXT)
        await flock.expect(lambda: all(TEXT in bird.texts() for bird in flock.birds[1:]), 5, "the text")
        await delete(author, message_id)
        await asyncio.sleep(GONE_S)
        parts = {part_digest(part) for part in split_parts(TEXT.encode(), 1024)}
        assert parts & digests(doomed), "they have blocks in common"
        for bird in flock:
            assert blocks(bird) == digests(kept) | parts
            assert await whole(bird, other, len(kept)) == kept
            assert bird.node.history(LOBBY)[-1].text == TEXT
        assert author.state(said.id).state == "delivered"

    story(tell, 3)


def test_a_text_that_comes_in_the_middle_keeps_its_parts() -> None:
    """Its blocks were on the disk already, as those of the file that is about to go."""

    async def tell(flock: Flock) -> None:
        doomed = TEXT.encode() + CONTENT
        message_id = await shared(flock, doomed)
        await asyncio.sleep(60)
        said: list[int] = []
        kept: list[bool] = []
        parts = {part_digest(part) for part in split_parts(TEXT.encode(), 1024)}
        for bird in flock.birds[1:]:
            files = bird.node._pubsub.files
            still = files.still

            @asynccontextmanager
            async def told_before(bird: Bird = bird, still: object = still) -> AsyncIterator[None]:
                async with still():  # type: ignore[operator]
                    said.append(bird.index)
                    for _ in range(1000):
                        if TEXT in bird.texts():
                            break
                        await asyncio.sleep(0.1)
                    yield
                    kept.append(blocks(bird) >= parts)  # before anybody could give them again

            files.still = told_before  # type: ignore[method-assign]
        await delete(flock[0], message_id)
        await flock.expect(lambda: bool(said), GONE_S, "somebody about to give blocks back")
        await flock[0].say(TEXT)
        await asyncio.sleep(GONE_S)
        assert kept == [True, True]
        for bird in flock:
            assert blocks(bird) == parts
            assert bird.node.history(LOBBY)[-1].text == TEXT

    story(tell, 3)


def test_a_text_that_comes_while_its_blocks_go_has_them_again() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock, TEXT.encode() + CONTENT)
        await asyncio.sleep(60)
        bird, author = flock[1], Identity.from_seed(bytes(32))
        parts = split_parts(TEXT.encode(), 1024)[:2]  # the last one is shorter than the file's block
        message = sign_message(
            author,
            channel_id=replica_of(bird).channel_id,
            instance=bytes(8),
            seq=1,
            prev=bytes(16),
            id=message_id_of(1),
            hlc=bird.node._context.hlc.now(),
            kind=Kind.TEXT,
            body=b"",
            parts=tuple(part_digest(part) for part in parts),
        )
        store, said = bird.node._context.store, list[bytes]()
        commit = store.commit

        async def commit_and_hear(*writes: Write) -> None:
            dropping = asyncio.ensure_future(commit(*writes))
            if not said and any(isinstance(write, DropParts) for write in writes):
                said.append(message.digest)
                await asyncio.sleep(0)
                await bird.node._pubsub.ingest.take(replica_of(bird), message, Source.PUSH, None)
            await dropping

        store.commit = commit_and_hear  # type: ignore[method-assign]
        await delete(flock[0], message_id)
        await asyncio.sleep(GONE_S)
        assert said == [message.digest]
        assert blocks(bird) == {part_digest(part) for part in parts}

    story(tell, 3)


def test_a_deletion_that_nobody_has_yet_gives_nothing_back_and_may_be_discarded() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        await everywhere(flock, message_id)
        for bird in flock.birds[1:]:
            bird.crash()
        deletion = await delete(flock[0], message_id)
        await asyncio.sleep(GONE_S)
        assert blocks(flock[0]) >= digests(CONTENT)
        await flock[0].call(flock[0].node.discard(deletion))
        assert got(flock[0]) is not None
        await asyncio.sleep(GONE_S)
        assert await whole(flock[0], message_id) == CONTENT

    story(tell, 3)


def test_what_was_deleted_before_a_restart_goes_after_it_and_is_not_fetched_again() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        await everywhere(flock, message_id)
        await delete(flock[0], message_id)
        await asyncio.sleep(60)
        flock[1].crash()
        await flock[1].restart()
        await asyncio.sleep(GONE_S)
        assert [blocks(bird) for bird in flock] == [set(), set(), set()]
        flock[2].crash()
        await flock[2].restart()
        await asyncio.sleep(60)
        assert blocks(flock[2]) == set()

    story(tell, 3)


def test_a_message_that_names_no_file_though_it_is_of_that_kind_stops_nothing() -> None:
    """What does not fit its kind is kept, and was taken for a file: nothing was given back ever again."""

    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        await everywhere(flock, message_id)
        misfit = unchecked(
            Identity.from_seed(bytes(32)), Kind.FILE, b"no file", replica_of(flock[1]).channel_id
        )
        taken = flock[1].node._pubsub.ingest.take(
            replica_of(flock[1]), decode_message(misfit), Source.PUSH, None
        )
        await flock[1].call(taken)
        await delete(flock[0], message_id)
        await asyncio.sleep(GONE_S)
        assert [blocks(bird) for bird in flock] == [set(), set(), set()]

    story(tell, 3)


def test_the_blocks_of_a_file_go_when_its_message_expires_and_those_of_another_stay() -> None:
    async def tell(flock: Flock) -> None:
        first = await shared(flock)
        await everywhere(flock, first)
        await asyncio.sleep(KEEP_S)
        kept = CONTENT[::-1]
        state = await flock[0].call(flock[0].node.share(LOBBY, None, kept, "young.txt"))
        await asyncio.sleep(STEP_S + GONE_S)
        assert [first in {each.id for each in bird.node.history(LOBBY)} for bird in flock] == [False] * 3
        assert [blocks(bird) for bird in flock] == [digests(kept)] * 3
        assert await whole(flock[1], state.id) == kept

    story(tell, 3, keep_own_days=KEEP_S / 86_400)


def test_the_blocks_of_a_file_that_no_message_names_go() -> None:
    """As after a crash between its last block and its message."""

    async def tell(flock: Flock) -> None:
        await everywhere(flock, await shared(flock))
        keeper, orphan = flock[2], CONTENT[::-1]
        shelf = keeper.node._pubsub.files.shelf
        await keeper.call(shelf.put(orphan, FileRef(len(orphan), root_of(orphan), "unsaid.txt")))
        keeper.crash()
        await keeper.restart()
        assert blocks(keeper) == digests(CONTENT) | digests(orphan)
        await asyncio.sleep(GONE_S)
        assert blocks(keeper) == digests(CONTENT)

    story(tell, 3)


def test_the_blocks_of_a_file_go_when_its_channel_was_left() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        leaver = next(bird for bird in flock if not replica_of(bird).serves)
        assert await whole(leaver, message_id) == CONTENT
        replica = replica_of(leaver)
        await asyncio.sleep(2 * LOOK_S)  # by then nobody looks any more: there is nothing to give back
        await leaver.call(leaver.node.leave(LOBBY))
        await leaver.call(leaver.node._pubsub.storage.drop(replica))
        assert blocks(leaver) == digests(CONTENT)
        await asyncio.sleep(GONE_S)
        assert blocks(leaver) == set()

    story(tell, 8)
