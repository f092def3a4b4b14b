"""Files: named by a message, brought to the initiators and to who wants them, block by checked block."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest

from peernode.channel.draft import Draft
from peernode.channel.filetree import FILE_MAX_BYTES, FileRef, root_of
from peernode.channel.kinds import Kind
from peernode.channel.parts import PART_DIGEST_BYTES, part_digest
from peernode.errors import PeerNodeError
from peernode.events import ChatMessage, MessageReceived, OutboxState
from peernode.pubsub.wantedfiles import AGAIN_S
from peernode.rpc.rpc import Caller
from peernode.store.base import PutPart
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_findings_truth import Answer, lie
from tests.pubsub.test_relay import replica_of

CONTENT = random.Random(7).randbytes(150_000)
"""147 leaves, 5 blocks above them, the root."""

MUTE_MAX_S = 8.0
"""The mute one is asked for a few blocks at once, each given up after its retransmissions; not for all."""


def got(bird: Bird) -> ChatMessage | None:
    """The file's message as a page that is read anew shows it."""
    return next((message for message in bird.node.history(LOBBY) if message.file), None)


async def shared(flock: Flock, content: bytes = CONTENT, name: str = "notes.txt") -> str:
    await flock.join()
    state = await flock[0].call(flock[0].node.share(LOBBY, None, content, name))
    assert (state.kind, state.file and state.file.size) == ("file", len(content))
    await flock.expect(lambda: all(got(bird) for bird in flock), 5, "the message everywhere")
    return state.id


async def whole(bird: Bird, message_id: str, size: int = len(CONTENT)) -> bytes | None:
    return await bird.call(bird.node.read_file(LOBBY, message_id, 0, size))


async def everywhere(flock: Flock, message_id: str, seconds: float = 30) -> None:
    for _ in range(int(seconds)):
        if all([await whole(bird, message_id) == CONTENT for bird in flock]):
            return
        await asyncio.sleep(1)
    raise AssertionError("not everywhere")


def test_a_file_gets_to_all_initiators_and_they_say_so() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        shown = got(flock[1])
        assert shown is not None
        assert shown.file is not None
        assert (shown.text, shown.file.name, shown.file.size) == ("", "notes.txt", len(CONTENT))
        assert [event.message.file for event in flock[1].told(MessageReceived)] == [shown.file]
        await everywhere(flock, message_id)
        for bird in flock:
            found = await bird.call(bird.node.file_available(LOBBY, message_id))
            assert (found.here, found.nodes, found.asked) == (len(CONTENT), 3, 3)
        read = await flock[2].call(flock[2].node.read_file(LOBBY, message_id, 1000, 100))
        assert read == CONTENT[1000:1100]
        end = await flock[2].call(flock[2].node.read_file(LOBBY, message_id, len(CONTENT) - 3, 100))
        assert end == CONTENT[-3:]

    story(tell, 3)


def test_who_is_no_initiator_has_it_when_he_wants_it_also_without_the_author() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        initiators = flock[0].node.diagnostics()["channels"][0]["initiators"]
        reader = next(bird for bird in flock.birds[1:] if bird.node.node_id not in initiators)
        holders = [bird for bird in flock if bird.node.node_id in initiators and bird is not flock[0]]
        for _ in range(60):
            if all([await whole(bird, message_id) for bird in holders]):
                break
            await asyncio.sleep(1)
        assert await whole(reader, message_id) is None
        flock[0].crash()
        assert await reader.call(reader.node.fetch_file(LOBBY, message_id))
        assert await whole(reader, message_id) == CONTENT

    story(tell, 8)


def test_a_file_survives_restarts_and_loss_on_the_way() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        late = flock[2]
        late.crash()
        await late.restart()
        await flock.expect(lambda: bool(late.node.channels().get(LOBBY)), 20, "joined again")
        await everywhere(flock, message_id, 90)

    story(tell, 3, loss=0.05)


def test_a_lost_block_is_noticed_and_fetched_again() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        await everywhere(flock, message_id)
        reader = flock[1]
        assert reader.disk.rot(random.Random(3), 20) == 20
        assert await whole(reader, message_id) is None
        assert (await reader.call(reader.node.file_available(LOBBY, message_id))).nodes == 2
        assert await reader.call(reader.node.fetch_file(LOBBY, message_id))
        assert await whole(reader, message_id) == CONTENT

    story(tell, 3)


def test_nobody_has_it_is_told_and_tried_again_until_somebody_has() -> None:
    async def tell(flock: Flock) -> None:
        author = flock[0]
        await flock.join()
        real = author.node._pubsub.files.shelf.put

        async def put_nothing(content: bytes, file: FileRef) -> None:
            await real(content, file)
            for digest in list(author.disk.nodes[author.identity.node_id].parts):
                await author.node._context.store.commit(PutPart(digest, b"gone"))

        author.node._pubsub.files.shelf.put = put_nothing  # type: ignore[method-assign]
        state = await author.call(author.node.share(LOBBY, None, CONTENT, "gone.bin"))
        await flock.expect(lambda: got(flock[1]) is not None, 5, "the message")
        assert not await flock[1].call(flock[1].node.fetch_file(LOBBY, state.id))
        await author.call(real(CONTENT, FileRef(len(CONTENT), root_of(CONTENT), "gone.bin")))
        await asyncio.sleep(4 * AGAIN_S)
        await everywhere(flock, state.id, 90)

    story(tell, 3)


def test_a_tree_of_another_size_than_its_message_says_is_never_whole() -> None:
    async def tell(flock: Flock) -> None:
        liar, reader = flock[0], flock[1]
        await flock.join()
        honest = FileRef(len(CONTENT), root_of(CONTENT), "small.bin")

        async def lie() -> OutboxState:
            await liar.node._pubsub.files.shelf.put(CONTENT, honest)
            draft = Draft(Kind.FILE, file=replace(honest, size=FILE_MAX_BYTES))
            return await liar.node._pubsub.publish(LOBBY, liar.node._context.new_id(), draft)

        state = await liar.call(lie())
        await flock.expect(lambda: got(reader) is not None, 5, "the message")
        assert not await reader.call(reader.node.fetch_file(LOBBY, state.id))
        found = await reader.call(reader.node.file_available(LOBBY, state.id))
        assert (found.here, found.nodes) == (0, 0)
        true = await liar.call(liar.node.share(LOBBY, None, CONTENT, "small.bin"))
        await flock.expect(lambda: len(reader.node.history(LOBBY)) == 2, 5, "the honest message")
        await everywhere(flock, true.id)  # the lie about the same root does not keep it away

    story(tell, 2)


def test_contents_that_no_message_will_name_are_not_written() -> None:
    async def tell(flock: Flock) -> None:
        author = flock[0]
        await flock.join()
        first = await author.call(author.node.share(LOBBY, None, CONTENT, "one.bin"))
        parts = author.disk.nodes[author.identity.node_id].parts
        written = len(parts)
        for attempt in range(3):
            with pytest.raises(PeerNodeError) as reused:
                await author.call(author.node.share(LOBBY, first.id, bytes([attempt]) * 5000, "two.bin"))
            assert reused.value.code == "ID_REUSED"
        again = await author.call(author.node.share(LOBBY, first.id, CONTENT, "one.bin"))
        assert again.id == first.id
        assert len(parts) == written

    story(tell, 2)


async def name_a_file_of_nobody(bird: Bird) -> str:
    """A message of a file whose contents are nowhere."""
    draft = Draft(Kind.FILE, file=FileRef(5000, bytes(PART_DIGEST_BYTES), "nowhere.bin"))
    return (await bird.call(bird.node._pubsub.publish(LOBBY, bird.node._context.new_id(), draft))).id


def test_a_file_that_nobody_has_holds_up_no_other() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await name_a_file_of_nobody(flock[0])
        await asyncio.sleep(30 * AGAIN_S)
        state = await flock[0].call(flock[0].node.share(LOBBY, None, CONTENT, "notes.txt"))
        await flock.expect(lambda: len(flock[2].node.history(LOBBY)) == 2, 5, "the message")
        await everywhere(flock, state.id, AGAIN_S / 2)

    story(tell, 3)


def test_a_holder_that_gives_nothing_is_soon_passed_over() -> None:
    """It says that it has the file, and answers no question for a block."""

    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        view = replica_of(flock[0]).initiators
        assert view is not None
        holders = [bird for bird in flock if view.holds(bird.identity.public_key)]
        reader = next(bird for bird in flock if bird not in holders and bird is not flock[0])

        async def say_nothing(caller: Caller, ask: Answer) -> list[Any]:
            await asyncio.sleep(3600)
            return []

        await asyncio.sleep(15)
        assert all([await whole(bird, message_id) == CONTENT for bird in holders])
        lie(next(bird for bird in holders if bird is not flock[0]), Op.GET_PART, say_nothing)
        assert await whole(reader, message_id) is None
        began_s = flock.world.loop.time()
        assert await reader.call(reader.node.fetch_file(LOBBY, message_id))
        assert flock.world.loop.time() - began_s < MUTE_MAX_S

    story(tell, 6, replicas=3)


def test_what_is_no_file_is_refused_and_a_deleted_one_is_gone() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await shared(flock)
        author = flock[0]
        for content, code in ((b"", "FILE_EMPTY"), (bytes(FILE_MAX_BYTES + 1), "FILE_TOO_LARGE")):
            with pytest.raises(PeerNodeError) as refused:
                await author.call(author.node.share(LOBBY, None, content, "x"))
            assert refused.value.code == code
        said = await author.say("no file")
        await author.call(author.node.delete(LOBBY, None, message_id))
        for wanted in (said.id, message_id, "nonsense"):
            with pytest.raises(PeerNodeError) as unknown:
                await author.call(author.node.fetch_file(LOBBY, wanted))
            assert unknown.value.code == "MESSAGE_UNKNOWN"
        assert got(author) is None

    story(tell, 2)


def test_an_author_shares_no_more_than_his_quota_holds() -> None:
    async def tell(flock: Flock) -> None:
        author = flock[0]
        await flock.join()
        await author.call(author.node.share(LOBBY, None, CONTENT, "one.bin"))
        with pytest.raises(PeerNodeError) as full:
            await author.call(author.node.share(LOBBY, None, CONTENT[::-1], "two.bin"))
        assert full.value.code == "AUTHOR_QUOTA"
        await author.say("a text still fits")

    story(tell, 2, author_bytes_max=200_000)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Users\\ann\\photo.jpeg", "photo.jpeg"),
        ("../../etc/passwd", "passwd"),
        ("  ", "file"),
        ("x" * 300 + ".tar", "x" * 156 + ".tar"),
        ("ü" * 200, "ü" * 80),
        ("\ud800.txt", "?.txt"),
        ("a\u202egnp.exe", "agnp.exe"),
    ],
)
def test_a_files_name_is_the_end_of_its_path_and_fits(given: str, kept: str) -> None:
    async def tell(flock: Flock) -> None:
        await shared(flock, b"x", given)
        shown = got(flock[0])
        assert shown is not None
        assert shown.file is not None
        assert shown.file.name == kept
        assert shown.file.root == part_digest(b"x").hex()

    story(tell, 1)
