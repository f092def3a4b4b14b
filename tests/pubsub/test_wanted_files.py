"""Which files an initiator fetches by itself, when, and what does not stop it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import pytest

from peernode.channel.filetree import file_in
from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.errors import PeerNodeError
from peernode.pubsub import wantedfiles
from peernode.pubsub.filescrub import EVERY_S
from peernode.pubsub.wantedfiles import AGAIN_S, LOOK_S, TURN_S
from peernode.rpc.rpc import Caller
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_files import CONTENT, got, name_a_file_of_nobody, shared, whole
from tests.pubsub.test_findings_truth import Answer, lie
from tests.pubsub.test_relay import replica_of

OTHER = "#other"


async def holders(flock: Flock, message_id: str) -> list[Bird]:
    return [bird for bird in flock if await whole(bird, message_id) == CONTENT]


def files_named(bird: Bird) -> list[Message]:
    """The messages on its disk that name files."""
    raws = bird.node._context.store.of_kind(replica_of(bird).channel_id, int(Kind.FILE))
    return [Message.trusted(raw) for raw in raws]


def initiators(flock: Flock) -> list[Bird]:
    return [bird for bird in flock if replica_of(bird).serves]


def test_only_initiators_fetch_and_who_becomes_one_does() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        await asyncio.sleep(30)
        ours = initiators(flock)
        able = [bird for bird in flock if bird in ours or bird is flock[0]]
        assert await holders(flock, message_id) == able
        gone = next(bird for bird in ours if bird is not flock[0])
        left = [bird for bird in flock if bird is not gone]
        gone.crash()
        await flock.expect(lambda: sum(replica_of(bird).serves for bird in left) == 3, 60, "another one")
        await asyncio.sleep(LOOK_S + AGAIN_S)
        new = next(bird for bird in left if replica_of(bird).serves and bird not in able)
        assert await whole(new, message_id) == CONTENT

    story(tell, 6, replicas=3)


def test_a_file_that_two_channels_name_is_wanted_for_each() -> None:
    """Of the first nobody has the contents; the other's author has."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await flock.join(OTHER)
        author = flock[0]
        first = await author.call(author.node.share(LOBBY, None, CONTENT, "one.bin"))
        second = await author.call(author.node.share(OTHER, None, CONTENT, "one.bin"))
        await asyncio.sleep(1)
        wanted = flock[1].node._pubsub.wanted
        assert {key[0] for key in wanted._wanted} <= {replica_of(author).channel_id} | {
            author.node._pubsub.storage.by_name(OTHER).channel_id
        }
        await asyncio.sleep(AGAIN_S)
        assert await whole(flock[1], first.id) == CONTENT
        read = flock[2].node.read_file(OTHER, second.id, 0, len(CONTENT))
        assert await flock[2].call(read) == CONTENT
        assert not wanted._wanted

    story(tell, 3)


def test_one_that_drips_holds_up_no_other() -> None:
    """Its holder answers each question for a block after four seconds."""

    async def tell(flock: Flock) -> None:
        await flock.join()

        async def slowly(caller: Caller, ask: Answer) -> list[Any]:
            await asyncio.sleep(4)
            return await ask()

        lie(flock[0], Op.GET_PART, slowly)
        dripped = await flock[0].call(flock[0].node.share(LOBBY, None, CONTENT, "drips.bin"))
        await asyncio.sleep(1)
        second = await flock[1].call(flock[1].node.share(LOBBY, None, CONTENT[:100_000], "fast.bin"))
        await asyncio.sleep(AGAIN_S)
        assert await whole(flock[2], second.id, 100_000) is not None
        assert await holders(flock, dripped.id) == [flock[0]]

    story(tell, 3)


def test_those_that_drip_take_turns_with_others_and_keep_what_they_have() -> None:
    """Two of a slow holder have all the room; a third is due, and no block is asked for twice."""
    slow_bytes = 1_600_000

    async def tell(flock: Flock) -> None:
        await flock.join()
        asked: Counter[bytes] = Counter()

        async def slowly(caller: Caller, ask: Answer) -> list[Any]:
            answer = await ask()
            if caller.contact.id == flock[2].identity.node_id:
                asked[answer[0]] += 1
            await asyncio.sleep(0.3)
            return answer

        lie(flock[0], Op.GET_PART, slowly)
        dripped = [
            await flock[0].call(flock[0].node.share(LOBBY, None, content, "drips.bin"))
            for content in (random.Random(seed).randbytes(slow_bytes) for seed in (1, 2))
        ]
        await flock.expect(lambda: len(flock[2].node._pubsub.wanted._trying) == 2, 5, "no room")
        await flock[1].call(flock[1].node.share(LOBBY, None, CONTENT, "fast.bin"))
        await flock.expect(lambda: len(files_named(flock[2])) == 3, 5, "the message")
        named = [file_in(each.body) for each in files_named(flock[2])]
        (content,) = [file for file in named if file.size == len(CONTENT)]
        shelf = flock[2].node._pubsub.files.shelf
        await flock.expect(lambda: shelf.whole(content), TURN_S + AGAIN_S, "the fast one")
        assert flock[2].node.happened()["files.gave_way"] >= 1
        await asyncio.sleep(120)
        for state in dripped:
            assert await whole(flock[2], state.id, slow_bytes) is not None
        assert set(asked.values()) == {1}, "what a turn has brought is kept"

    story(tell, 3)


def test_a_disk_that_cannot_be_read_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        store = flock[1].node._context.store
        real, failures = store.by_id, 0

        def unreadable(channel_id: bytes, message_id: bytes) -> list[bytes]:
            nonlocal failures
            if asyncio.current_task().get_name() == "files.wanted" and failures < 2:  # type: ignore[union-attr]
                failures += 1
                raise PeerNodeError("STORE_CORRUPT", "a page")
            return real(channel_id, message_id)

        monkeypatch.setattr(store, "by_id", unreadable)
        state = await flock[0].call(flock[0].node.share(LOBBY, None, CONTENT, "notes.txt"))
        await flock.expect(lambda: got(flock[1]) is not None, 5, "the message")
        await asyncio.sleep(4 * AGAIN_S)
        assert (failures, flock[1].node.happened()["files.STORE_CORRUPT"]) == (2, 2)
        assert await whole(flock[1], state.id) == CONTENT

    story(tell, 3)


def test_at_the_bound_the_most_hopeless_gives_way_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wantedfiles, "WANTED_MAX", 2)

    async def tell(flock: Flock) -> None:
        await flock.join()
        for _ in range(2):
            await name_a_file_of_nobody(flock[0])
            await asyncio.sleep(2 * AGAIN_S)
        state = await flock[0].call(flock[0].node.share(LOBBY, None, CONTENT, "notes.txt"))
        await asyncio.sleep(AGAIN_S)
        assert await holders(flock, state.id) == list(flock)
        assert len(flock[1].node._pubsub.wanted._wanted) <= 2

    story(tell, 3)


def test_a_rotten_block_that_nobody_looks_at_is_found_and_fetched_again() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        await asyncio.sleep(AGAIN_S)
        parts = flock[1].disk.nodes[flock[1].identity.node_id].parts
        digest = next(iter(parts))
        sound = parts[digest]
        parts[digest] = sound[:-1] + bytes([sound[-1] ^ 1])
        found = await flock[2].call(flock[2].node.file_available(LOBBY, message_id))
        assert found.nodes == 3, "it does not know yet"
        await asyncio.sleep(2 * EVERY_S + AGAIN_S)
        assert flock[1].node.happened()["files.block_lost"] == 1
        assert parts[digest] == sound

    story(tell, 3)


def test_who_waits_for_a_file_of_a_node_that_stops_is_not_left_waiting() -> None:
    """Before, a fetch that was cancelled before its first step was waited for for ever."""

    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        view = replica_of(flock[0]).initiators
        reader = next(
            bird for bird in flock if not view.holds(bird.identity.public_key) and bird is not flock[0]
        )

        async def fetch_and_stop() -> None:
            fetched = asyncio.ensure_future(reader.node.fetch_file(LOBBY, message_id))
            await asyncio.sleep(0)
            await reader.node.stop()
            async with asyncio.timeout(5):
                assert await fetched is False

        await reader.call(fetch_and_stop())

    story(tell, 6, replicas=3)
